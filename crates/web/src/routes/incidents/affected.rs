//! Whom somebody's doing affects: which patients, what of them, how often, and which entries show it.

use super::{asked::Asked, page::views};
use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::form_again,
    look::{
        Column, Field, FieldErrors, Head, Tone, card, date_field, empty_state, notice, recorded_line, select, stat,
        submit, table, text_field,
        words::{self, incidents as said, trail},
    },
    routes::account::{confirm_first, is_fresh},
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::PermissionName;
use maud::{Markup, html};
use practice::{
    audit::StaffName,
    incidents::{self, Affected, AffectedPatient, IncidentError, Often},
};

const HERE: &str = "/incidents/affected";

const API: Route = Route::api(
    Verb::Get,
    "/api/v1/incidents/affected",
    "Whom somebody's doing affects: exactly which patients, which classes of data, how often, with the entries that show it. \
     Needs a factor proven just now.",
)
.permission(PermissionName::HandleIncidents)
.audit(AuditClass::Practice)
.takes_out()
.query::<Asked>()
.answer::<Affected>(200);
const PAGE: Route = Route::page(Verb::Get, HERE, "Whom somebody's doing affects.")
    .permission(PermissionName::HandleIncidents)
    .audit(AuditClass::Practice);

/// Patients on the page; the API has them all.
const SHOWN: usize = 500;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(API, api).add(PAGE, page)
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Affected>, Problem> {
    let question = asked.question(&app, &session).await?;
    let question = question.map_err(|(field, why)| Problem::invalid(field, &why))?;
    Ok(Json(incidents::affected(app.house(), &session, &question).await?))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let people = incidents::choices(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let mut errors = FieldErrors::none();
    let mut answer = None;
    let fresh = is_fresh(&app, &session);
    if fresh && !asked.is_empty() {
        match asked.question(&app, &session).await? {
            Ok(question) => match incidents::affected(app.house(), &session, &question).await {
                Ok(affected) => answer = Some(affected),
                Err(IncidentError::Backwards) => errors.add("to", "The end must be after the beginning"),
                Err(other) => return Err(other.into()),
            },
            Err((field, why)) => errors.add(field, format!("This {why}")),
        }
    }
    let failed = !errors.is_empty();
    let content = html! {
        (views(HERE))
        (errors.summary())
        @if fresh { (form(&asked, &people, &errors)) } @else { (confirm_first(HERE)) }
        @if let Some(affected) = &answer { (shown(&surround, &asked, affected)) }
        (recorded_line("Every look at whom somebody's doing affects is an entry of its own."))
    };
    let below = html! { "Computed from the audit trail. Patients stand here by id." };
    let head = Head { below: Some(below), ..Head::default() };
    let page = surround.page(Sheet::new("Whom it affects", "/incidents").head(head), content);
    Ok(if failed { form_again(StatusCode::UNPROCESSABLE_ENTITY, page) } else { page.into_response() })
}

fn form(asked: &Asked, people: &[StaffName], errors: &FieldErrors) -> Markup {
    let [account, session, address, from, to] = asked.fields().map(|(_, text)| text);
    let ids: Vec<String> = people.iter().map(|person| person.account.to_string()).collect();
    let names: Vec<String> =
        people.iter().map(|person| format!("{} · {}", person.name, words::role(person.role))).collect();
    let mut options = vec![("", "Choose an account")];
    options.extend(ids.iter().map(String::as_str).zip(names.iter().map(String::as_str)));
    if !account.is_empty() && !ids.iter().any(|id| id == account) {
        options.push((account, "The account that you chose"));
    }
    html! {
        form method="get" action=(HERE) class="card stack" {
            div class="filters" {
                (select(&Field::new("account_id", "Whose doing").value(account).error(errors.of("account_id")), &options))
                (date_field(&Field::new("from", "From").value(from).error(errors.of("from"))))
                (date_field(&Field::new("to", "Up to and with").value(to).error(errors.of("to"))))
            }
            details open[!session.is_empty() || !address.is_empty()] {
                summary { "A session, an API token or a network address instead" }
                div class="filters" {
                    (text_field(&Field::new("session", "Session or token").value(session).error(errors.of("session"))
                        .hint("Its id, as the audit trail has it").autocomplete("off")))
                    (text_field(&Field::new("address", "Network address").value(address).error(errors.of("address"))
                        .hint("Like 192.0.2.7").autocomplete("off")))
                }
            }
            (submit("Find out whom it affects", None))
        }
    }
}

fn shown(surround: &Surround, asked: &Asked, affected: &Affected) -> Markup {
    html! {
        @if !affected.complete { (missing(affected)) }
        div class="row wrap" {
            (stat(&affected.patients.len().to_string(), "patients of whose record something was opened"))
            (stat(&affected.account_only.len().to_string(), "more, whose account was looked at"))
            (stat(&affected.named_only.len().to_string(), "more, of whom only that they are patients was seen"))
            (stat(&affected.refused_patients.to_string(), "more, who were asked for and refused"))
        }
        @if affected.patients.is_empty() {
            (empty_state("Nobody’s record was opened", "No entry of this time shows it.", None))
        } @else {
            (card("Whose record was opened, the first first", None, patients(surround, asked, &affected.patients)))
        }
        @if !affected.account_only.is_empty() {
            (card("Whose account was looked at", None, patients(surround, asked, &affected.account_only)))
        }
        @if !affected.named_only.is_empty() {
            (card("Only that they are patients", None, patients(surround, asked, &affected.named_only)))
        }
        @if !affected.no_patient_named.is_empty() {
            (notice(Tone::Info, "What the trail names no patient for", Some(html! {
                p { "Whoever was shown in a list has an entry of their own, above. Billing’s accounts name nobody: look into those by hand." }
                ul { @for one in &affected.no_patient_named { li { (trail::part(&one.what)) ": " (words::count(one.times, "entry", "entries")) } } }
            })))
        }
        (as_a_whole(affected))
        @if affected.refused_nobody > 0 || affected.accounts_gone > 0 {
            p class="soft small" {
                @if affected.refused_nobody > 0 {
                    (words::count(affected.refused_nobody, "refused attempt was", "refused attempts were")) " for ids of nobody who is a patient here. "
                }
                @if affected.accounts_gone > 0 {
                    (words::count(affected.accounts_gone, "account", "accounts")) " that was looked at is not there: nobody can say whose it was."
                }
            }
        }
        (session(surround, affected))
        p class="soft small" {
            (words::count(affected.entries, "entry", "entries")) " of the audit trail. Looked at: "
            @for (n, log) in affected.logs.iter().enumerate() {
                @if n > 0 { ", " }
                code { (log.log) } " up to entry " (log.through)
            }
            ". The classes are those whose keys were handed out: what was shown may be less, never more."
        }
    }
}

/// Says what is missing.
fn missing(affected: &Affected) -> Markup {
    notice(Tone::Warn, "This may not be all", Some(html! { @for one in &affected.missing { p { (one.says) } } }))
}

/// What was taken out, or looked at, as a whole.
fn as_a_whole(affected: &Affected) -> Markup {
    html! {
        @if !affected.taken_out.is_empty() || !affected.lists.is_empty() {
            (notice(Tone::Warn, "What was taken out or looked at as a whole", Some(html! {
                p { "No entry names whoever stands in these. In the lists patients stand by id." }
                ul {
                    @for one in &affected.taken_out { li { (trail::action(&one.what)) ": " (words::count(one.times, "time", "times")) } }
                    @for one in &affected.lists { li { (trail::part(&one.what)) ": " (words::count(one.times, "entry", "entries")) } }
                }
            })))
        }
    }
}

/// Under which ids the session went on, and what was made in it.
fn session(surround: &Surround, affected: &Affected) -> Markup {
    html! {
        @if affected.sessions.len() > 1 {
            p class="soft small" {
                "The session went on under new ids, and all of it was looked at: "
                @for (n, id) in affected.sessions.iter().enumerate() { @if n > 0 { ", " } code { (id) } }
            }
        }
        @if !affected.tokens_made.is_empty() {
            (notice(Tone::Warn, "API tokens were made in this session", Some(html! {
                p { "What was done with them was looked at too. Revoke them: freezing an incident about the account does." }
                ul { @for made in &affected.tokens_made { li { code { (made.token_id) } ", " span class="num" { (surround.moment(made.made_at)) } } } }
            })))
        }
    }
}

fn listed(often: &[Often], word: impl Fn(&str) -> String) -> Markup {
    html! {
        @for (n, one) in often.iter().enumerate() {
            @if n > 0 { ", " }
            (word(&one.what)) span class="soft num" { " " (one.times) "×" }
        }
    }
}

fn patients(surround: &Surround, asked: &Asked, patients: &[AffectedPatient]) -> Markup {
    let columns =
        ["Patient", "Could be opened", "Was opened", "How often", "First", "Last", "Entries"].map(Column::text);
    let rows = patients.iter().take(SHOWN).map(|patient| {
        let (id, seen) = (patient.patient_id.to_string(), &patient.seen);
        vec![
            html! {
                a href=(asked.in_the_trail(patient.patient_id)) aria-label={ "Entries about patient " (id) } {
                    code { (id.chars().take(8).collect::<String>()) }
                }
            },
            listed(&seen.classes, |class| said::class(class).to_owned()),
            listed(&seen.parts, |part| trail::part(part).into_owned()),
            html! { span class="num" { (seen.times) } },
            html! { span class="num" { (surround.moment(seen.first)) } },
            html! { span class="num" { (surround.moment(seen.last)) } },
            html! {
                span class="soft small num" {
                    @for of in &seen.entries {
                        @if let (Some(first), Some(last)) = (of.seqs.first(), of.seqs.last()) {
                            @if first == last { (first) } @else { (first) " to " (last) }
                            " "
                        }
                    }
                }
            },
        ]
    });
    html! {
        (table("Patients", &columns, rows))
        @if patients.len() > SHOWN {
            p class="hint" { "The first " (SHOWN) " of " (patients.len()) " stand here. All of them, with the number of each entry, are in the answer of " code { "/api/v1/incidents/affected" } "." }
        }
    }
}
