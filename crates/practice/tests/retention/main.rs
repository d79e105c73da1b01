//! Retention: who is due, who is spared, what is destroyed, and that nothing is left half done.

mod accounts;
mod accounts_held;
mod accounts_killed;
mod amendments;
mod approvals;
mod archived;
mod archiving;
mod between;
mod billed;
mod cohort;
mod emergencies;
mod fixture;
mod killed;
mod look_again;
mod many;
mod meanwhile;
mod merges;
mod requests;
mod segments;
mod till;
mod together;
