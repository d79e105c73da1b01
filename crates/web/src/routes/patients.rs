//! Patients: the list, one of them, registration.

mod details;
mod find;
mod invitation;
mod list;
mod log;
mod one;
mod register;

use crate::{
    RouteTable,
    look::{Icon, tabs},
};
use domain::{PatientId, Role};
use maud::{Markup, html};

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(list::API, list::api)
        .add(list::PAGE, list::page)
        .add(list::FIND, list::find)
        .add(find::API, find::api)
        .add(register::API, register::api)
        .add(register::FORM, register::form)
        .add(register::SEND, register::send)
        .add(one::API, one::api)
        .add(one::PAGE, one::page)
        .add(log::PAGE, log::page)
        .add(details::API, details::api)
        .add(details::FORM, details::form)
        .add(details::SEND, details::send)
        .add(invitation::API, invitation::api)
        .add(invitation::SEND, invitation::send)
}

/// Who treats patients.
pub(super) const TREATS: &[Role] = &[Role::Therapist, Role::Admin];
/// Who registers patients.
pub(super) const REGISTERS: &[Role] = &[Role::FrontDesk, Role::Admin];
/// Who has patients to work with.
pub(super) const STAFF: &[Role] = &[Role::Therapist, Role::Admin, Role::FrontDesk];

/// The views of a patient under care.
pub(super) fn views(patient: PatientId, current: &str) -> Markup {
    let at = |place: &str| format!("/patients/{patient}{place}");
    let (chart, program, log, notes, visits) = (at(""), at("/program"), at("/log"), at("/notes"), at("/visits"));
    tabs(
        "Views of this patient",
        &[
            (&chart, "Overview", current == "chart"),
            (&program, "Program", current == "program"),
            (&log, "Log", current == "log"),
            (&notes, "Notes", current == "notes"),
            (&visits, "Visits", current == "visits"),
        ],
    )
}

/// The link back to the list.
pub(super) fn back_to_list() -> Markup {
    html! { a href="/patients" { "Patients" } }
}

/// The link back to one patient.
pub(super) fn back_to_patient(patient: PatientId) -> Markup {
    html! { a href={ "/patients/" (patient) } { "The patient" } }
}

/// A link into the patient's details.
pub(super) fn details_link(patient: PatientId) -> Markup {
    html! { a class="button quiet" href={ "/patients/" (patient) "/edit" } { (Icon::Person.draw()) span { "Change details" } } }
}
