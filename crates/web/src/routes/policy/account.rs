//! What this user can see.

use super::{ASKED, back, may, patient::places};
use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, SignedIn, Verb,
    look::{
        ButtonKind, Column, Head, Tone, card, empty_state, link_button, notice, pagination, recorded_line, table, words,
    },
    paging::{Cursor, Limit},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{AccountId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::policy::{self, AccountAccess};
use serde::{Deserialize, Serialize};

pub(super) const API: Route = Route::api(
    Verb::Get,
    "/api/v1/policy/accounts/{account_id}",
    "What the policy allows an account at this moment: on the practice, and on which patients, by which policy.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::PatientList)
.query::<Asked>()
.answer::<Seen>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/policy/accounts/{account_id}", "What somebody can see.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::PatientList);

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// How many patients.
    #[serde(default)]
    limit: Limit,
    /// Where the list of patients begins.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// Whether to say who these patients are, for who may read that; each name is recorded as a look.
    #[serde(default)]
    names: bool,
}

/// What somebody can see.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Seen {
    /// What is allowed.
    #[serde(flatten)]
    access: AccountAccess,
    /// Where the list of patients goes on.
    next: Option<Cursor>,
}

async fn asked_of(
    app: &App,
    session: &Session<Full>,
    account: AccountId,
    asked: &Asked,
) -> Result<AccountAccess, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let limit = asked.limit.entries();
    let access = policy::what_can_see(app.house(), session, account, asked.names, after, limit).await?;
    access.ok_or(Problem::not_found())
}

fn cursor(access: &AccountAccess) -> Option<Cursor> {
    access.next.as_ref().map(Cursor::at)
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Seen>, Problem> {
    let access = asked_of(&app, &session, account, &asked).await?;
    let next = cursor(&access);
    Ok(Json(Seen { access, next }))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let access = asked_of(&app, &session, account, &asked).await?;
    let surround = Surround::of(&app, &session).await?;
    let here = format!("/policy/accounts/{account}");
    let named = if asked.names { "&names=true" } else { "" };
    let next = cursor(&access).map(|cursor| format!("{here}?cursor={}{named}", String::from(cursor)));
    let content = html! {
        @if !access.active {
            (notice(Tone::Info, "This account cannot sign in", Some(html! { "It is allowed nothing while it is so." })))
        }
        (card("On the practice as a whole", None, html! {
            @if access.practice.is_empty() { p class="soft" { "Nothing." } } @else { (may(&access.practice)) }
        }))
        @if !access.billed.is_empty() {
            (card("On every patient who is billed", None, html! {
                (may(&access.billed))
                p class="soft small" { "By way of their billing account. They are not listed here: that would say which is whose." }
            }))
        }
        (patients(&access, &here, asked.names, &surround))
        (pagination(None, next.as_deref(), None))
        (recorded_line(if asked.names { "Asking was recorded, and so was each name that is shown." } else { ASKED }))
    };
    let name = access.name.as_deref().unwrap_or("A patient’s own account");
    let below = html! { (words::role(access.role)) };
    let heading = format!("What {name} can see");
    let head = Head { above: Some(back()), heading: Some(&heading), below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("What somebody can see", "/policy").head(head), content))
}

fn patients(access: &AccountAccess, here: &str, named: bool, surround: &Surround) -> Markup {
    if access.patients_in_all == 0 && !access.billed.is_empty() {
        return html! {};
    }
    if access.patients_in_all == 0 {
        return empty_state("No patient", "At this moment this account can see nothing of any patient.", None);
    }
    let columns = [Column::text("Patient"), Column::text("May"), Column::text("Why")];
    let rows = access.patients.iter().map(|line| {
        vec![
            html! {
                a href={ "/policy/patients/" (line.patient_id) } {
                    @match &line.name { Some(name) => (name), None => code class="id" { (line.patient_id) } }
                }
            },
            may(&line.permissions),
            html! {
                @if !line.care_links.is_empty() { (places(&line.care_links, surround)) }
                @else if access.everybody { "Their role" }
                @else if line.emergency_until.is_none() { "It is their own record" }
                @if let Some(until) = line.emergency_until {
                    @if access.everybody || !line.care_links.is_empty() { br; }
                    "Opened it in an emergency, in one session, until " (surround.moment(until))
                }
            },
        ]
    });
    let names = (access.may_name && !named)
        .then(|| link_button(&format!("{here}?names=true"), "Show names", ButtonKind::Quiet));
    let heading = words::count(access.patients_in_all, "patient", "patients");
    card(
        &heading,
        names,
        html! {
            @if access.everybody { p class="soft" { "Their role is enough to see something of every patient of the practice." } }
            (table("Patients of whom they can see something", &columns, rows))
        },
    )
}
