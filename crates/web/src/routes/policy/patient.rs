//! Who can see this patient, why, since when.

use super::{ASKED, back, may};
use crate::{
    App, AuditClass, Json, PathId, Problem, Route, SignedIn, Verb,
    look::{Column, Head, card, empty_state, recorded_line, table, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PatientId, PermissionName};
use maud::{Markup, html};
use practice::policy::{self, PatientAccess, Place, Seer};

pub(super) const API: Route = Route::api(
    Verb::Get,
    "/api/v1/policy/patients/{patient_id}",
    "Every account that the policy allows anything on a patient at this moment, why, and since when.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Patient)
.answer::<PatientAccess>(200);
pub(super) const PAGE: Route =
    Route::page(Verb::Get, "/policy/patients/{patient_id}", "Who can see a patient, why, since when.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Patient);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<PatientAccess>, Problem> {
    Ok(Json(policy::who_can_see(app.house(), &session, patient).await?))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let access = policy::who_can_see(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = [Column::text("Who"), Column::text("May"), Column::text("Why"), Column::text("Since")];
    let rows = access.accounts.iter().map(|seer| {
        vec![
            html! {
                a href={ "/policy/accounts/" (seer.account_id) } { (seer.name.as_deref().unwrap_or("The patient’s own account")) }
                br; span class="soft small" { (words::role(seer.role)) }
            },
            may(&seer.permissions),
            why(seer, &surround),
            html! { (surround.moment(seer.since)) },
        ]
    });
    let content = html! {
        @if access.accounts.is_empty() {
            (empty_state("Nobody can see this patient", "No account that can sign in is allowed anything on them.", None))
        } @else {
            (card("At this moment", None, table("Who can see this patient", &columns, rows)))
        }
        p { a href={ "/patients/" (patient) "/restrictions" } { "What the patient asked of who sees their record" } }
        p { a href={ "/patients/" (patient) "/merge" } { "Was this person registered twice?" } }
        (recorded_line(ASKED))
    };
    let below = html! { "Patient " code class="id" { (patient) } };
    let head = Head { above: Some(back()), below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Who can see this patient", "/policy").head(head), content))
}

fn why(seer: &Seer, surround: &Surround) -> Markup {
    html! {
        @if seer.own { "It is their own record" }
        @else if !seer.care_links.is_empty() { (places(&seer.care_links, surround)) }
        @else if seer.emergency_until.is_none() { "Their role: " (words::role(seer.role)) }
        @if let Some(until) = seer.emergency_until {
            @if !seer.care_links.is_empty() { br; }
            "Opened it in an emergency, in one session, until " (surround.moment(until))
        }
    }
}

/// Places in a care team, each with its time.
pub(super) fn places(places: &[Place], surround: &Surround) -> Markup {
    html! {
        @for (n, place) in places.iter().enumerate() {
            @if n > 0 { br; }
            @if place.kind == "covering" { "Covering on the care team, " } @else { "On the care team, " }
            "from " (words::full_date(surround.day(place.starts_at)))
            @if let Some(end) = place.ends_at { " until " (surround.moment(end)) } @else { ", without an end" }
        }
    }
}
