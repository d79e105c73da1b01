//! The audit trail, as a page.

use super::{asked::Asked, looked};
use crate::{
    App, AuditClass, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{
        ButtonKind, Column, Field, Head, Tone, card, date_field, empty_state, link_button, notice, pagination,
        recorded_line, select, submit, table, tabs, tag, text_field,
        words::{self, trail},
    },
    paging::Cursor,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use ledger::Outcome;
use maud::{Markup, html};
use practice::{
    audit::{self, AuditPage, AuditedEntry, Choices},
    trail::{OldDropped, TrailHealth},
    watch,
};

const HERE: &str = "/audit";

const PAGE: Route = Route::page(Verb::Get, HERE, "The practice's audit trail of all logs, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, show)
}

/// The two views of the trail.
pub(super) fn views(week: bool) -> Markup {
    tabs("Views of the trail", &[(HERE, "Entries", !week), ("/audit/week", "The week", week)])
}

/// Says what is missing, if anything is.
pub(crate) fn missing(health: TrailHealth) -> Option<Markup> {
    if health.is_whole() {
        return None;
    }
    let text = html! {
        @if health.behind > 0 || health.failing {
            p { "The newest entries are safe in the ledger, but not all of them can be searched yet. Load this page again in a moment." }
        }
        @if health.unreadable > 0 {
            p {
                (words::count(health.unreadable, "entry", "entries")) " cannot be opened. Somebody may have changed them: have "
                code { "patella audit verify" } " run on the server."
            }
        }
    };
    Some(notice(Tone::Warn, "Not everything is shown here", Some(text)))
}

/// Says what is not there any more, since its time was over.
pub(crate) fn no_more(surround: &Surround, dropped: OldDropped) -> Markup {
    html! {
        p class="hint" {
            "Entries up to " (words::full_date(surround.day(dropped.until))) " were dropped after " (dropped.years)
            " years, which is how long they are kept here."
        }
    }
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let asked = asked.without_format()?;
    let filter = asked.filter(&app, &session).await?;
    let (page, choices) =
        audit::explore(app.house(), &session, &filter, asked.before()?, asked.limit.entries()).await?;
    let surround = Surround::of(&app, &session).await?;
    let looked = watch::looked_through(app.house(), &session).await?;
    let columns = ["When", "Who", "What", "Patient", "How it went", "From where"].map(Column::text);
    let rows = page.entries.iter().map(|entry| row(&surround, &asked, entry));
    let newest = asked.cursor.is_some().then(|| asked.address_with(HERE, "cursor", ""));
    let older = page.next.map(|next| asked.address_with(HERE, "cursor", &String::from(Cursor::at(&next))));
    let content = html! {
        (views(false))
        (looked::line(&surround, looked.as_ref()))
        @if let Some(missing) = missing(page.health) { (missing) }
        (search(&asked, &choices))
        @if page.entries.is_empty() {
            (nothing(&surround, &asked, &page, older.as_deref()))
        } @else {
            (card("Entries, newest first", Some(exports(&asked)), table("Entries of the audit trail", &columns, rows)))
            (pagination(newest.as_deref(), older.as_deref(), None))
            @if let Some(dropped) = page.health.dropped { (no_more(&surround, dropped)) }
        }
        (recorded_line("Every look at the trail is an entry of its own, and so is every export."))
    };
    let below = html! { "Who did what, when, to whose record. Nobody can change it." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Audit trail", HERE).head(head), content))
}

fn exports(asked: &Asked) -> Markup {
    let link = |format: &str, label: &str| {
        link_button(&asked.address_with("/api/v1/audit/export", "format", format), label, ButtonKind::Quiet)
    };
    html! { div class="row wrap" { (link("csv", "Export as CSV")) (link("json", "Export with proofs")) } }
}

/// What stands there when nothing fits, here or further back.
fn nothing(surround: &Surround, asked: &Asked, page: &AuditPage, older: Option<&str>) -> Markup {
    match (page.next, older) {
        (Some(next), Some(older)) => {
            let at = domain::Timestamp::from_millisecond(next.at).map(|at| surround.moment(at)).unwrap_or_default();
            let action = link_button(older, "Search further back", ButtonKind::Quiet);
            empty_state(&format!("Nothing fits back to {at}"), "There may be more before that.", Some(action))
        }
        _ if asked.is_narrow() => {
            let action = link_button(HERE, "Show everything", ButtonKind::Quiet);
            empty_state("Nothing fits", "No entry is as you asked for.", Some(action))
        }
        _ => empty_state("Nothing here yet", "Whatever is done is written down, and stands here.", None),
    }
}

fn search(asked: &Asked, choices: &Choices) -> Markup {
    let [patient, actor, action, permission, outcome, address, since, until] = asked.fields().map(|(_, text)| text);
    let ids: Vec<String> = choices.people.iter().map(|person| person.account.to_string()).collect();
    let names: Vec<String> =
        choices.people.iter().map(|person| format!("{} · {}", person.name, words::role(person.role))).collect();
    let mut people = vec![("", "Anyone")];
    people.extend(ids.iter().map(String::as_str).zip(names.iter().map(String::as_str)));
    if !actor.is_empty() && !ids.iter().any(|id| id == actor) {
        people.push((actor, "The account that you chose"));
    }
    let said: Vec<_> = choices.actions.iter().map(|word| (word.as_str(), trail::action(word.as_str()))).collect();
    let mut actions = vec![("", "Anything")];
    actions.extend(said.iter().map(|(word, said)| (*word, said.as_ref())));
    if !action.is_empty() && !actions.iter().any(|(word, _)| *word == action) {
        actions.push((action, action));
    }
    let mut permissions = vec![("", "Any")];
    permissions.extend(PermissionName::ALL.iter().map(|name| (name.word(), words::permission(*name))));
    let outcomes = [("", "Any way"), ("allowed", "Allowed"), ("denied", "Refused"), ("failed", "Failed")];
    let more = [patient, address, permission].iter().any(|text| !text.is_empty());
    html! {
        form method="get" action=(HERE) class="card stack" {
            div class="filters" {
                (select(&Field::new("actor", "Who").value(actor), &people))
                (select(&Field::new("action", "What").value(action), &actions))
                (select(&Field::new("outcome", "How it went").value(outcome), &outcomes))
                (date_field(&Field::new("since", "From").value(since)))
                (date_field(&Field::new("until", "Up to").value(until)))
            }
            details open[more] {
                summary { "More to search by" }
                div class="filters" {
                    (text_field(&Field::new("patient_id", "Patient").value(patient).hint("The id that stands in the list").autocomplete("off")))
                    (text_field(&Field::new("address", "Network address").value(address).hint("Like 192.0.2.7").autocomplete("off")))
                    (select(&Field::new("permission", "Permission").value(permission), &permissions))
                }
            }
            (submit("Search", asked.is_narrow().then(|| link_button(HERE, "Show everything", ButtonKind::Bare))))
        }
    }
}

fn row(surround: &Surround, asked: &Asked, AuditedEntry { who, found }: &AuditedEntry) -> Vec<Markup> {
    let entry = &found.entry;
    let tone = if entry.outcome == Outcome::Allowed { Tone::Info } else { Tone::Warn };
    let only = |name: &str, value: &str| asked.address_with(HERE, name, value);
    vec![
        html! { span class="num" { (surround.moment(entry.at)) } },
        html! {
            @match (entry.actor, who) {
                (Some(actor), Some(name)) => a href=(only("actor", &actor.to_string())) { (name) },
                _ => span class="soft" { "nobody signed in" },
            }
            @if let Some(role) = entry.role { br; span class="soft small" { (words::role(role)) } }
        },
        html! {
            (trail::action(entry.action.as_str()))
            br; span class="soft small" { (trail::part(entry.resource.kind().as_str())) }
        },
        html! {
            @if let Some(patient) = entry.patient {
                @let id = patient.to_string();
                a href=(only("patient_id", &id)) aria-label={ "Patient " (id) } { code { (id.chars().take(8).collect::<String>()) } }
            }
        },
        html! {
            (tag(trail::outcome(entry.outcome), tone))
            br; span class="soft small" { (trail::reason(entry.reason.as_str())) }
        },
        html! {
            @if let Some(address) = entry.address {
                @let address = address.to_string();
                a class="num" href=(only("address", &address)) { (address) } br;
            }
            span class="soft small num" { (place(found.log.as_str())) (found.seq) }
        },
    ]
}

/// Where an entry stands, before its number.
fn place(log: &str) -> &'static str {
    if log.ends_with("/commands") { "command line, entry " } else { "entry " }
}
