//! What waits for an answer in the whole practice, for those who see to it that it comes in time.

use crate::{
    App, AuditClass, Problem, Route, RouteTable, SignedIn, Verb,
    look::{Column, Head, Tone, card, empty_state, recorded_line, table, tag, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use maud::{Markup, html};
use practice::amendments;

const PAGE: Route =
    Route::page(Verb::Get, "/policy/amendments", "What patients asked to be amended and waits for an answer.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Practice);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page)
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let waiting = amendments::waiting(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = ["Due", "Asked", "Patient"].map(Column::text);
    let rows = waiting.items.iter().map(|one| {
        vec![
            html! {
                span class="num" { (words::full_date(one.due_on)) }
                @if one.late { " " (tag("late", Tone::Error)) }
                @if one.extended { " " (tag("put off once", Tone::Neutral)) }
            },
            html! { span class="num" { (words::full_date(one.asked_on)) } },
            html! { a href={ "/policy/patients/" (one.patient_id) } { code class="id" { (one.patient_id) } } },
        ]
    });
    let content = html! {
        @if waiting.items.is_empty() {
            (empty_state("Nothing waits", "What patients ask to be amended stands here until it is answered.", None))
        } @else {
            (card("The soonest due first", None, table("What waits for an answer", &columns, rows)))
        }
        @if waiting.more { p { "More waits, that was asked later: it stands here when these are answered." } }
        p class="soft small" {
            "Who treats the patient answers, within 60 days, or within 90 when it was put off once with a written reason "
            "(45 CFR 164.526(b)(2))."
        }
        (recorded_line("Asking was recorded. What was asked is not shown here."))
    };
    let head = Head { below: Some(html! { "What patients asked to be amended" }), ..Head::default() };
    Ok(surround.page(Sheet::new("Amendments that wait", "/policy").head(head), content))
}
