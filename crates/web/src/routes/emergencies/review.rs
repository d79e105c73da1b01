//! Looking into what was opened in an emergency, as pages.

use crate::{
    App, AuditClass, Form, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, Tone, breadcrumbs, card, definitions, empty_state, link_button,
        notice, pagination, radio_group, recorded_line, submit, table, tabs, tag, textarea,
    },
    paging::Cursor,
    routes::account::{confirm_first, is_fresh},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{EmergencyFinding, EmergencyId, EmergencyWords, PatientId, PermissionName, Role};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::emergencies::{self, EmergencyError, EmergencyView, NewSignature, Signed};
use serde::Deserialize;

const HERE: &str = "/emergencies";
const PAGE: Route = Route::page(Verb::Get, HERE, "What was opened in an emergency, and waits for a signature.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const ONE: Route = Route::page(Verb::Get, "/emergencies/{emergency_id}", "One opening in an emergency, and why.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const SIGN: Route =
    Route::page(Verb::Post, "/emergencies/{emergency_id}", "Signs for having looked into an emergency.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice);

/// Openings on a page.
const SHOWN: usize = 25;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(ONE, one).add(SIGN, sign)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    state: Signed,
    #[serde(default)]
    cursor: Option<Cursor>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    finding: String,
    #[serde(default)]
    words: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let place = Cursor::place(asked.cursor.as_ref())?;
    let page = emergencies::emergencies(app.house(), &session, asked.state, place, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let waiting = asked.state == Signed::Waiting;
    let state = if waiting { "waiting" } else { "signed" };
    let next = page.next.map(|next| format!("{HERE}?state={state}&cursor={}", String::from(Cursor::at(&next))));
    let first = asked.cursor.is_some().then(|| format!("{HERE}?state={state}"));
    let content = html! {
        (tabs("Emergencies", &[
            (HERE, "To sign", waiting),
            ("/emergencies?state=signed", "Signed", !waiting),
        ]))
        @if page.items.is_empty() && waiting {
            (empty_state("Nothing waits for a signature", "What was opened in an emergency stands here until somebody else signed.", None))
        } @else if page.items.is_empty() {
            (empty_state("Nothing was signed yet", "What somebody found stands here.", None))
        } @else {
            (card(if waiting { "To be signed first, first" } else { "Newest first" }, None, listed(&surround, &page.items)))
        }
        (pagination(first.as_deref(), next.as_deref(), None))
        (recorded_line("Reading these reasons was recorded."))
    };
    let beside = html! {
        @if session.role() == Role::Admin { (link_button("/emergencies/open", "Open a record", ButtonKind::Quiet)) }
    };
    let below = html! { "Records that somebody opened who does not treat the patient, and why." };
    let head = Head { below: Some(below), beside: Some(beside), ..Head::default() };
    Ok(surround.page(Sheet::new("Emergencies", HERE).head(head), content))
}

fn listed(surround: &Surround, items: &[EmergencyView]) -> Markup {
    let columns = ["When", "Who", "Why", "Patient", "State"].map(Column::text);
    let rows = items.iter().map(|one| {
        vec![
            html! { a class="num" href={ (HERE) "/" (one.emergency_id) } { (surround.moment(one.opened_at)) } },
            html! { (one.by.name) },
            reason(one),
            patient(one.patient_id),
            state(surround, one),
        ]
    });
    table("Openings in an emergency", &columns, rows)
}

fn reason(one: &EmergencyView) -> Markup {
    html! {
        @match &one.reason {
            Some(reason) => (reason),
            None => span class="soft" { "The record is gone." },
        }
    }
}

fn patient(id: PatientId) -> Markup {
    let id = id.to_string();
    html! {
        a href={ "/audit?patient_id=" (id) } aria-label={ "Patient " (id) } {
            code { (id.chars().take(8).collect::<String>()) }
        }
    }
}

fn state(surround: &Surround, one: &EmergencyView) -> Markup {
    html! {
        @match &one.signature {
            Some(signed) => {
                (tag(finding(signed.finding), if signed.finding == EmergencyFinding::Justified { Tone::Success } else { Tone::Error }))
                br; span class="soft small" { (signed.by.name) }
            }
            None if one.overdue => {
                (tag("overdue", Tone::Error))
                br; span class="soft small num" { "since " (surround.moment(one.sign_by)) }
            }
            None if one.open => (tag("open now", Tone::Warn)),
            None => {
                (tag("to sign", Tone::Warn))
                br; span class="soft small num" { "until " (surround.moment(one.sign_by)) }
            }
        }
    }
}

const fn finding(finding: EmergencyFinding) -> &'static str {
    match finding {
        EmergencyFinding::Justified => "justified",
        EmergencyFinding::NotJustified => "not justified",
    }
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
) -> Result<Markup, Problem> {
    show(&app, &session, emergency, &Typed::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    emergency: EmergencyId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let one = emergencies::emergency(app.house(), session, emergency).await?;
    let surround = Surround::of(app, session).await?;
    let here = format!("{HERE}/{emergency}");
    let content = html! {
        (breadcrumbs(&[(HERE, "Emergencies")], "One opening"))
        (errors.summary())
        (card("Who, why, when", None, facts(&surround, &one)))
        @match &one.signature {
            Some(signed) => (card("Signed", None, html! {
                p { strong { (finding(signed.finding)) } }
                @if let Some(words) = &signed.words { p { (words) } }
                @if signed.made_since {
                    p class="soft" { "This account was made after the record was opened: nobody else could sign at that moment." }
                }
                p class="soft small" { (signed.by.name) ", " (surround.moment(signed.at)) }
            })),
            None if one.own => (notice(Tone::Info, "You opened this record yourself",
                Some(html! { p { "Somebody else looks into it and signs." } }))),
            None if one.reason.is_none() => (notice(Tone::Info, "Somebody else signs",
                Some(html! { p { "The record is gone." } }))),
            None if one.open => (notice(Tone::Info, "The record is open still",
                Some(html! { p { "Sign when it is closed, so that you know what was done." } }))),
            None if !is_fresh(app, session) => (confirm_first(&here)),
            None => form method="post" action=(here) class="card stack" {
                h2 { "Sign for having looked into it" }
                (radio_group(&Field::new("finding", "What you found").required().value(&typed.finding).error(errors.of("finding")), &[
                    ("justified", "Justified", Some("It was an emergency, and what was opened was needed")),
                    ("not_justified", "Not justified", Some("It was none, or more was opened than was needed")),
                ]))
                (textarea(&Field::new("words", "In your words").required().value(&typed.words).rows(4).max_length(2000)
                    .error(errors.of("words")).hint("Whom you asked, what follows. It cannot be changed afterwards.")))
                (submit("Sign", None))
            },
        }
        (recorded_line("Reading this reason was recorded."))
    };
    Ok(surround.page(Sheet::new("Opening in an emergency", HERE), content))
}

fn facts(surround: &Surround, one: &EmergencyView) -> Markup {
    definitions(&[
        ("Who", html! { a href={ "/audit?actor=" (one.by.account_id) } { (one.by.name) } }),
        ("Why", reason(one)),
        ("Whose record", patient(one.patient_id)),
        ("Opened", html! { (surround.moment(one.opened_at)) }),
        (if one.open { "Closes" } else { "Closed" }, html! { (surround.moment(one.closes_at)) }),
        ("State", state(surround, one)),
    ])
}

async fn sign(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let finding = typed.finding.parse::<EmergencyFinding>().ok();
    let words = EmergencyWords::new(&typed.words).ok();
    if finding.is_none() {
        errors.add("finding", "Say what you found");
    }
    if words.is_none() {
        errors.add("words", "Say it in your words: 1 to 2000 characters");
    }
    if let (Some(finding), Some(words)) = (finding, words) {
        match emergencies::sign(app.house(), &session, emergency, &NewSignature { finding, words }).await {
            Ok(()) => return Ok(see_other(HERE)),
            Err(EmergencyError::NotInPerson(EnrollmentError::StepUp)) => {
                return Ok(see_other(&crate::routes::session::confirm_address(&format!("{HERE}/{emergency}"))));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, emergency, &typed, &errors).await?))
}
