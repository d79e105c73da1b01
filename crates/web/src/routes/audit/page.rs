//! The audit trail, as a page.

use super::{Asked, api::outcome};
use crate::{
    App, AuditClass, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Column, Field, Head, Tone, card, pagination, recorded_line, submit, table, tag, text_field, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use ledger::Outcome;
use maud::{Markup, html};
use practice::audit::{self, AuditedEntry};

/// Entries on a page.
const AT_ONCE: usize = 50;

const PAGE: Route = Route::page(Verb::Get, "/audit", "The practice's audit trail, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, show)
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let page = audit::entries(app.house(), &session, asked.filter()?, asked.before, AT_ONCE).await?;
    let columns = [
        Column::text("When"),
        Column::text("Who"),
        Column::text("What"),
        Column::text("Patient"),
        Column::text("Outcome"),
        Column::number("Entry"),
    ];
    let rows = page.entries.iter().map(|entry| row(&surround, entry));
    let (patient, actor) = (asked.patient_id.clone().unwrap_or_default(), asked.actor.clone().unwrap_or_default());
    let next = page.next.map(|before| format!("/audit?before={before}&patient_id={patient}&actor={actor}"));
    let content = html! {
        form method="get" action="/audit" class="card stack" {
            div class="two" {
                (text_field(&Field::new("patient_id", "Patient").value(&patient).hint("An id from the list").autocomplete("off")))
                (text_field(&Field::new("actor", "Account").value(&actor).hint("An id from the list").autocomplete("off")))
            }
            (submit("Show", None))
        }
        (card("Entries, newest first", None, table("Entries of the audit trail", &columns, rows)))
        (pagination(None, next.as_deref(), None))
        (recorded_line("Every look at the trail is an entry of its own."))
    };
    let below = html! { p class="soft" { "Who did what, when, to whose record. Nobody can change it; prove it with " code { "patella audit verify" } "." } };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Audit trail", "/audit").head(head), content))
}

fn row(surround: &Surround, AuditedEntry { seq, who, entry }: &AuditedEntry) -> Vec<Markup> {
    let tone = if entry.outcome == Outcome::Allowed { Tone::Info } else { Tone::Warn };
    let filter = |name: &str, id: String| format!("/audit?{name}={id}");
    vec![
        html! { (surround.moment(entry.at)) },
        html! {
            @match (entry.actor, who) {
                (Some(actor), Some(name)) => a href=(filter("actor", actor.to_string())) { (name) },
                _ => span class="soft" { "nobody signed in" },
            }
            @if let Some(role) = entry.role { " " span class="soft small" { (words::role(role)) } }
        },
        html! { (spaced(entry.action.as_str())) " " span class="soft small" { (spaced(entry.resource.kind().as_str())) } },
        html! {
            @if let Some(patient) = entry.patient {
                a href=(filter("patient_id", patient.to_string())) { (patient.to_string().chars().take(8).collect::<String>()) }
            }
        },
        html! { (tag(outcome(entry.outcome), tone)) " " span class="soft small" { (spaced(entry.reason.as_str())) } },
        html! { (seq) },
    ]
}

/// A word of the ledger with spaces: `read_exercise` is "read exercise".
fn spaced(word: &str) -> String {
    word.replace(['_', '-'], " ")
}
