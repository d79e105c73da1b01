//! Every route of the program beyond the shell's own: one module for each noun, one file for each verb.

mod access_reviews;
mod account;
mod agreements;
mod alerts;
mod amendments;
mod audit;
mod billing;
mod care_team;
mod charging;
pub(crate) mod emergencies;
mod exercises;
mod home;
mod incidents;
mod join;
mod log;
mod merging;
mod notes;
mod own_progress;
mod patients;
mod people;
mod policy;
mod programs;
mod progress;
mod restrictions;
mod retention;
mod session;
mod today;
pub(crate) mod training;
mod visits;
mod voiding;
mod week;
mod who_looked;

pub(crate) use session::confirm_before;

use crate::RouteTable;

/// The whole table: the shell's own routes and all of these.
pub fn table() -> RouteTable {
    all(RouteTable::new())
}

/// Adds them all.
pub fn all(table: RouteTable) -> RouteTable {
    table
        .with(home::add)
        .with(session::add)
        .with(account::add)
        .with(join::add)
        .with(people::add)
        .with(care_team::add)
        .with(restrictions::add)
        .with(amendments::add)
        .with(merging::add)
        .with(audit::add)
        .with(alerts::add)
        .with(incidents::add)
        .with(agreements::add)
        .with(access_reviews::add)
        .with(training::add)
        .with(emergencies::add)
        .with(retention::add)
        .with(policy::add)
        .with(patients::add)
        .with(programs::add)
        .with(notes::add)
        .with(visits::add)
        .with(charging::add)
        .with(billing::add)
        .with(progress::add)
        .with(exercises::add)
        .with(log::add)
        .with(today::add)
        .with(week::add)
        .with(own_progress::add)
        .with(who_looked::add)
        .with(voiding::add)
}
