//! Care teams, as a page.

use crate::{
    App, AuditClass, Form, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
    look::{
        ButtonKind, Column, Field, RECORDED_ONLY, breadcrumbs, empty_state, post_button, recorded_line, select, submit,
        table,
    },
    routes::people::confirm_first,
    surround::{Sheet, Surround},
};
use axum::{extract::State, response::Response};
use domain::{AccountId, CareLinkId, PatientId, PermissionName};
use identity::EnrollmentError;
use maud::{Markup, html};
use practice::care_team::{self, CareTeamError, NewMember};
use serde::Deserialize;
use store::rows::care_links::CareKind;

const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/care-team", "Who treats a patient, and did.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Patient);
const ASSIGN: Route = Route::page(Verb::Post, "/patients/{patient_id}/care-team", "Gives somebody a place.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Patient);
const END: Route = Route::page(Verb::Post, "/patients/{patient_id}/care-team/{care_link_id}/end", "Ends a place now.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Patient);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, show).add(ASSIGN, assign).add(END, end)
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let members = care_team::members(app.house(), &session, patient).await?;
    let candidates = care_team::candidates(app.house(), &session, patient).await?;
    let now = app.clock.now();
    let columns =
        [Column::text("Name"), Column::text("As"), Column::text("From"), Column::text("Until"), Column::actions("End")];
    let rows = members.iter().map(|member| {
        let open = member.ends_at.is_none_or(|end| end > now);
        let end = format!("/patients/{patient}/care-team/{}/end", member.care_link_id);
        vec![
            html! { (member.display_name) },
            html! { (member.kind.word()) },
            html! { (surround.moment(member.starts_at)) },
            html! { @match member.ends_at { Some(end) => (surround.moment(end)), None => span class="soft" { "open" } } },
            html! {
                @if open {
                    (post_button(&end, "End", ButtonKind::Danger, Some("They lose access at the next request. End it?")))
                }
            },
        ]
    });
    let choices: Vec<(String, &str)> =
        candidates.iter().map(|(account, name)| (account.to_string(), name.as_str())).collect();
    let choices: Vec<(&str, &str)> = choices.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    let content = html! {
        (breadcrumbs(&[("/patients", "Patients")], "Care team"))
        @if members.is_empty() {
            (empty_state("Nobody treats this patient", "Who does stands here, and who did.", None))
        } @else {
            section class="card" { (table("Care team", &columns, rows)) }
        }
        @if choices.is_empty() {
            p class="soft" { "This record was made twice and is closed: places are given on the one that goes on." }
        } @else {
            form method="post" action={ "/patients/" (patient) "/care-team" } class="card stack" {
                h2 { "Give somebody a place" }
                (select(&Field::new("account_id", "Who").required(), &choices))
                (select(&Field::new("kind", "As").required(), &[("assigned", "Their therapist"), ("covering", "Covering for one")]))
                (submit("Give the place", None))
            }
        }
        p { a href={ "/policy/patients/" (patient) } { "Who can see this patient, why, since when" } }
        p { a href={ "/patients/" (patient) "/restrictions" } { "What the patient asked of who sees their record" } }
        (recorded_line(RECORDED_ONLY))
    };
    Ok(surround.page(Sheet::new("Care team", "/patients"), content))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    account_id: AccountId,
    kind: String,
}

async fn assign(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let kind: CareKind = typed.kind.parse().map_err(|why| Problem::invalid("kind", &why))?;
    let new = NewMember { account_id: typed.account_id, kind, starts_at: None, ends_at: None };
    done(patient, care_team::assign(app.house(), &session, patient, new).await)
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, link)): PathId<(PatientId, CareLinkId)>,
) -> Result<Response, Problem> {
    done(patient, care_team::end(app.house(), &session, patient, link).await)
}

/// Back to the care team, over the page that asks for the factor again where that is needed.
fn done<T>(patient: PatientId, result: Result<T, CareTeamError>) -> Result<Response, Problem> {
    let page = format!("/patients/{patient}/care-team");
    match result {
        Ok(_) => Ok(see_other(&page)),
        Err(CareTeamError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(&page)),
        Err(other) => Err(other.into()),
    }
}
