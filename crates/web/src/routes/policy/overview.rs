//! The policies as they are, the table that follows from them, and where to ask.

use super::ASKED;
use crate::{
    App, AuditClass, Json, Problem, Query, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Column, Field, FieldErrors, Head, Tone, card, empty_state, person_line, recorded_line, submit, table, tag,
        text_field, words,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, Role};
use maud::{Markup, html};
use practice::policy::{self, Cell, PolicyView, StaffMember};
use serde::Deserialize;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/policy", "The policies in force, in words and in Cedar, and what each role may.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice)
        .answer::<PolicyView>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/policy", "The policies, and the questions to ask them.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

pub(super) async fn api(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<PolicyView>, Problem> {
    Ok(Json(policy::overview(app.house(), &session).await?))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Whom to ask about.
    #[serde(default)]
    patient: Option<String>,
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let view = policy::overview(app.house(), &session).await?;
    let typed = asked.patient.unwrap_or_default();
    let mut errors = FieldErrors::none();
    if !typed.trim().is_empty() {
        match typed.trim().parse::<PatientId>() {
            Ok(patient) => return Ok(see_other(&format!("/policy/patients/{patient}"))),
            Err(_) => errors.add("patient", "This is not the id of a patient"),
        }
    }
    let staff = policy::staff(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let content = html! {
        (errors.summary())
        div class="two" {
            (card("Who can see this patient?", None, html! {
                form method="get" action="/policy" role="search" class="stack" {
                    (text_field(&Field::new("patient", "The patient’s id").required().value(&typed).error(errors.of("patient"))
                        .autocomplete("off").hint("It stands in the address of their pages, and in the audit trail.")))
                    (submit("Ask", None))
                }
            }))
            (card("What can somebody see?", None, people(&staff)))
        }
        (card("Who may do what", None, matrix(&view.matrix)))
        section class="stack" aria-labelledby="policies" {
            h2 id="policies" { "The policies" }
            p class="soft" { "Everything that no policy allows is denied. These are the rules that the server asks at each look, not a copy of them." }
            @for rule in &view.policies {
                section class="card stack" id=(rule.policy_id) aria-label=(rule.policy_id) {
                    p { (rule.plain) }
                    details class="more" {
                        summary { "As the server reads it" }
                        pre class="source" tabindex="0" aria-label={ "Policy " (rule.policy_id) } { code { (rule.cedar) } }
                    }
                }
            }
            details class="more" {
                summary { "What the policies may speak of" }
                pre class="source" tabindex="0" aria-label="Schema of the policies" { code { (view.schema) } }
            }
        }
        p { a href="/policy/amendments" { "What patients asked to be amended, and by when to answer" } }
        (recorded_line(ASKED))
    };
    let below = html! { "Who may see and do what, why, and since when." };
    let head = Head { below: Some(below), ..Head::default() };
    let page = surround.page(Sheet::new("Policy", "/policy").head(head), content);
    if errors.is_empty() { Ok(page.into_response()) } else { Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page)) }
}

fn people(staff: &[StaffMember]) -> Markup {
    if staff.is_empty() {
        return empty_state("Nobody works here yet", "Invite somebody under “People”.", None);
    }
    html! {
        ul class="list" role="list" {
            @for member in staff {
                li {
                    a href={ "/policy/accounts/" (member.account_id) } {
                        (person_line(&member.name, Some(words::role(member.role))))
                        @if !member.active { " " (tag("cannot sign in", Tone::Neutral)) }
                    }
                }
            }
        }
    }
}

/// On whom a permission is, in a word or two.
fn on(cell: &Cell) -> &'static str {
    match cell.on {
        "registered" => "every patient",
        "care_team" => "care team",
        "self" => "themself",
        "billed" => "who is billed",
        "emergency" => "whose record they opened in an emergency",
        "review" => "whose record was opened in an emergency",
        "affected" => "whom a breach affects",
        "newcomer" => "who has no record yet",
        _ => "the practice",
    }
}

/// Roles that may anything; the others would be empty columns, and are named below.
fn matrix(cells: &[Cell]) -> Markup {
    let columns: Vec<Column<'_>> = std::iter::once(Column::text("May"))
        .chain(Role::ALL.iter().map(|role| Column::text(words::role(*role))))
        .collect();
    let rows = PermissionName::ALL.iter().map(|permission| {
        let mut row = vec![html! { (words::sentence(words::may(*permission))) }];
        for role in Role::ALL {
            let here: Vec<&Cell> =
                cells.iter().filter(|cell| cell.role == *role && cell.permission == *permission).collect();
            row.push(html! {
                @if here.is_empty() { span class="none" { "–" } }
                @for cell in here { a href={ "#" (cell.policy_id) } { (on(cell)) } }
            });
        }
        row
    });
    html! {
        p class="soft small" { "“Care team” is a patient whom they treat at this moment; “themself” a patient’s own record." }
        div class="matrix" { (table("Who may do what", &columns, rows)) }
    }
}
