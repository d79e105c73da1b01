//! Retention as pages: what is planned, who goes, who approved it, what is held.

use super::accounts;
use crate::{
    App, AuditClass, Form, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, RECORDED_ONLY, Tone, card, definitions, empty_state, pagination,
        post_button, recorded_line, submit, table, tag, text_field, textarea, words,
    },
    paging::{Cursor, PageQuery},
    routes::people::confirm_first,
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    HoldId, PermissionName, PlanId, Unobserved,
    retention::{HoldReason, IncidentNumber},
};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::retention::{self, HoldView, ItemView, NewHold, PlanDetails, PlanView, RetentionError};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/retention", "Plans of destruction and legal holds.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const MAKE: Route = Route::page(Verb::Post, "/retention", "Looks at every patient and lists who is due.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const HOLD: Route = Route::page(Verb::Post, "/retention/holds", "Places a legal hold.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const LIFT: Route = Route::page(Verb::Post, "/retention/holds/{hold_id}/lift", "Lifts a legal hold.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const ONE: Route = Route::page(Verb::Get, "/retention/plans/{plan_id}", "A plan: who goes, and how far it has come.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const APPROVE: Route = Route::page(Verb::Post, "/retention/plans/{plan_id}/approve", "Approves a plan.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);
const WITHDRAW: Route = Route::page(Verb::Post, "/retention/plans/{plan_id}/withdraw", "Takes a plan back.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice);

/// Patients on a page.
const SHOWN: usize = 50;

/// Adds them. Holds come before plans; see [`super::add`].
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(HOLD, hold)
        .add(LIFT, lift)
        .add(PAGE, page)
        .add(MAKE, make)
        .add(ONE, one)
        .add(APPROVE, approve)
        .add(WITHDRAW, withdraw)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TypedHold {
    #[serde(default)]
    patient_id: String,
    #[serde(default)]
    incident: String,
    #[serde(default)]
    reason: String,
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, &TypedHold::default(), &FieldErrors::none()).await
}

async fn show(app: &App, session: &Session<Full>, typed: &TypedHold, errors: &FieldErrors) -> Result<Markup, Problem> {
    let plans = retention::plans(app.house(), session).await?;
    let holds = retention::holds(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let look = html! {
        (post_button("/retention", "Look who is due", ButtonKind::Primary, None))
        (post_button("/retention/billing", "Look which billing accounts are due", ButtonKind::Quiet, None))
    };
    let content = html! {
        (errors.summary())
        (card("Plans", Some(look), listed_plans(&surround, &plans)))
        (card("Legal holds", None, listed_holds(&surround, &holds)))
        form method="post" action="/retention/holds" class="card stack" {
            h2 { "Place a hold" }
            (text_field(&Field::new("patient_id", "Patient").value(&typed.patient_id).error(errors.of("patient_id"))
                .hint("Their id; empty covers everybody of the practice").autocomplete("off")))
            (text_field(&Field::new("incident", "Incident or case").value(&typed.incident).max_length(64)
                .error(errors.of("incident")).autocomplete("off")))
            (textarea(&Field::new("reason", "Why").required().value(&typed.reason).rows(3).max_length(2000)
                .error(errors.of("reason"))))
            (submit("Place the hold", None))
        }
        (recorded_line(RECORDED_ONLY))
    };
    let below = html! { p class="soft" {
        "How long records are kept, what stops their destruction, and who approved it. Plans are carried out with "
        code { "patella retention run" } "."
    } };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Retention", "/retention").head(head), content))
}

fn listed_plans(surround: &Surround, plans: &[PlanView]) -> Markup {
    if plans.is_empty() {
        return empty_state("No plans yet", "Looking who is due destroys nothing.", None);
    }
    let columns = [
        Column::text("Made"),
        Column::text("Of"),
        Column::text("By"),
        Column::text("State"),
        Column::text("Approved by"),
    ];
    let rows = plans.iter().map(|plan| {
        let approved: Vec<&str> = plan.approved_by.iter().map(|person| person.name.as_str()).collect();
        vec![
            html! { a href={ "/retention/plans/" (plan.plan_id) } { (surround.moment(plan.made_at)) } },
            html! { @if is_of_accounts(plan) { "billing accounts" } @else { "records" } },
            html! { (plan.made_by.as_ref().map_or("the command line", |person| person.name.as_str())) },
            state(plan.state),
            html! { @if approved.is_empty() { "–" } @else { (approved.join(", ")) } },
        ]
    });
    table("Plans, newest first", &columns, rows)
}

fn is_of_accounts(plan: &PlanView) -> bool {
    plan.kind == "billing"
}

fn state(state: &str) -> Markup {
    match state {
        "approved" => tag("approved", Tone::Warn),
        "open" => tag("waits for approval", Tone::Info),
        other => tag(other, Tone::Neutral),
    }
}

fn listed_holds(surround: &Surround, holds: &[HoldView]) -> Markup {
    if holds.is_empty() {
        return empty_state("Nothing is held", "A hold stops every destruction of whom it covers.", None);
    }
    let columns = [
        Column::text("Covers"),
        Column::text("Why"),
        Column::text("Placed"),
        Column::text("State"),
        Column::actions("Lift"),
    ];
    let rows = holds.iter().map(|hold| {
        let ask = Some("What it covered may then be destroyed by a plan. Lift it?");
        let path = format!("/retention/holds/{}/lift", hold.hold_id);
        vec![
            html! { @match hold.patient_id { Some(patient) => code { (patient) }, None => "everybody" } },
            html! { (hold.reason) @if let Some(number) = &hold.incident { br; span class="soft small" { (number) } } },
            html! { (surround.moment(hold.placed_at)) ", " (hold.placed_by.name) },
            html! { @match &hold.lifted_by { Some(person) => { "lifted by " (person.name) }, None => (tag("in force", Tone::Warn)) } },
            html! { @if hold.lifted_by.is_none() { (post_button(&path, "Lift", ButtonKind::Danger, ask)) } },
        ]
    });
    table("Legal holds", &columns, rows)
}

async fn hold(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<TypedHold>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let said = |text: &str| Some(text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
    let patient = said(&typed.patient_id).map(|text| text.parse()).transpose();
    let patient_id = patient.map_err(|why| errors.add("patient_id", format!("The patient {why}")));
    let incident = said(&typed.incident).map(IncidentNumber::new).transpose();
    let incident = incident.map_err(|why| errors.add("incident", format!("The number {why}")));
    let reason = HoldReason::new(typed.reason.replace("\r\n", "\n"));
    let reason = reason.map_err(|why| errors.add("reason", format!("The reason {why}")));
    if let (Ok(patient_id), Ok(incident), Ok(reason)) = (patient_id, incident, reason) {
        match retention::place(app.house(), &session, &NewHold { patient_id, incident, reason }).await {
            Ok(_) => return Ok(see_other("/retention")),
            Err(RetentionError::Unknown) => errors.add("patient_id", "There is no such patient here"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &typed, &errors).await?))
}

async fn lift(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(hold): PathId<HoldId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done("/retention", retention::lift(app.house(), &session, hold).await)
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    let plan = retention::plan(app.house(), &session, &Unobserved).await?;
    Ok(see_other(&format!("/retention/plans/{plan}")))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let details = retention::plan_details(app.house(), &session, plan).await?;
    let surround = Surround::of(&app, &session).await?;
    let of_accounts = is_of_accounts(&details.plan);
    let (listed, next) = if of_accounts {
        let after = Cursor::place(asked.cursor.as_ref())?;
        let (items, next) = retention::plan_account_items(app.house(), &session, plan, after, SHOWN).await?;
        let listed = match items.is_empty() {
            true => empty_state("No account is due", "None whose time is over wants a decision either.", None),
            false => accounts::listed(&items),
        };
        (listed, next.as_ref().map(Cursor::at))
    } else {
        let after = Cursor::place(asked.cursor.as_ref())?;
        let (items, next) = retention::plan_items(app.house(), &session, plan, after, SHOWN).await?;
        let listed = match items.is_empty() {
            true => empty_state("Nobody is due", "Nobody is held or without a visit either.", None),
            false => patients(&items),
        };
        (listed, next.as_ref().map(Cursor::at))
    };
    let next = next.map(|cursor| format!("/retention/plans/{plan}?cursor={}", String::from(cursor)));
    let content = html! {
        (card("How far it has come", Some(buttons(&details)), facts(&surround, &details)))
        section class="card stack" aria-label=(if of_accounts { "Billing accounts" } else { "Patients" }) { (listed) }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED_ONLY))
    };
    let above = html! { a href="/retention" { "Retention" } };
    Ok(surround.page(Sheet::new("Plan", "/retention").head(Head { above: Some(above), ..Head::default() }), content))
}

fn buttons(PlanDetails { plan, verdicts, .. }: &PlanDetails) -> Markup {
    let somebody_is_due = verdicts.get("due").is_some_and(|due| *due > 0);
    let at = |verb: &str| format!("/retention/plans/{}/{verb}", plan.plan_id);
    html! {
        @if plan.state == "open" && somebody_is_due {
            (post_button(&at("approve"), "Approve", ButtonKind::Danger,
                Some("After the second approval and the cooling-off time these records are destroyed for good. Approve it?")))
        }
        @if matches!(plan.state, "open" | "approved" | "draft") {
            (post_button(&at("withdraw"), "Withdraw", ButtonKind::Quiet, None))
        }
    }
}

fn facts(surround: &Surround, details: &PlanDetails) -> Markup {
    let plan = &details.plan;
    let count = |all: &std::collections::BTreeMap<&'static str, u64>, key: &str| all.get(key).copied().unwrap_or(0);
    let due: u64 = count(&details.verdicts, "due");
    let (gone, spared) = (count(&details.steps, "certified"), count(&details.steps, "spared"));
    let approved: Vec<&str> = plan.approved_by.iter().map(|person| person.name.as_str()).collect();
    let counted = |name, key: &str| (name, html! { (count(&details.verdicts, key)) });
    let (looked_at, others) = if is_of_accounts(plan) {
        let others = vec![
            counted("Not balanced", "balance"),
            counted("With a charge to bill", "draft"),
            ("Held", html! { "not listed: that would say whose they are" }),
        ];
        (words::count(plan.looked_at, "billing account", "billing accounts"), others)
    } else {
        let others = vec![counted("Held", "hold"), counted("Without a visit", "no_visit")];
        (words::count(plan.looked_at, "patient", "patients"), others)
    };
    let mut facts = vec![
        ("State", state(plan.state)),
        ("Judged for", html! { (words::full_date(plan.today)) ", " (looked_at) " looked at" }),
        ("Due", html! { (due) }),
    ];
    facts.extend(others);
    facts.extend([
        (
            "Done",
            html! {
                progress max=(due.max(1)) value=(gone + spared) { (gone + spared) " of " (due) }
                " " (gone) " destroyed, " (spared) " spared"
            },
        ),
        ("Approved by", html! { @if approved.is_empty() { "nobody yet" } @else { (approved.join(", ")) } }),
        ("Not before", html! { @match plan.not_before { Some(at) => (surround.moment(at)), None => "–" } }),
        ("Carried out", html! { @match plan.finished_at { Some(at) => (surround.moment(at)), None => "–" } }),
    ]);
    definitions(&facts)
}

/// How many rows of which table go, in words.
pub(super) fn what_goes(goes: &serde_json::Value) -> String {
    let words = |(table, rows): (&String, &serde_json::Value)| format!("{rows} in {}", table.replace('_', " "));
    goes.as_object().into_iter().flatten().map(words).collect::<Vec<_>>().join(", ")
}

fn patients(items: &[ItemView]) -> Markup {
    let columns = [
        Column::text("Patient"),
        Column::text("Why"),
        Column::text("Last care"),
        Column::text("Kept until"),
        Column::text("Rule"),
        Column::text("What goes"),
        Column::text("Step"),
    ];
    let day = |day: Option<domain::Date>| day.map_or_else(|| "–".to_owned(), words::full_date);
    let rows = items.iter().map(|item| {
        let why = match item.verdict {
            "due" => tag("due", Tone::Warn),
            "hold" => tag("held", Tone::Info),
            "billed" => tag("known to billing", Tone::Info),
            _ => tag("no visit: decide", Tone::Neutral),
        };
        vec![
            html! { code { (item.patient_id) } },
            why,
            html! { (day(item.last_care)) },
            html! { (day(item.kept_until)) },
            html! { (item.rule) },
            html! {
                (what_goes(&item.goes))
                @if item.billing_keeps { "; name and contact stay with billing until its own retention is over" }
            },
            html! { (item.step.replace('_', " ")) },
        ]
    });
    table("Patients of the plan, by id", &columns, rows)
}

async fn approve(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(&format!("/retention/plans/{plan}"), retention::approve(app.house(), &session, plan).await)
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(&format!("/retention/plans/{plan}"), retention::withdraw(app.house(), &session, plan).await)
}

/// Back to the page, over the one that asks for the factor again where that is needed.
fn done<T>(page: &str, result: Result<T, RetentionError>) -> Result<Response, Problem> {
    match result {
        Ok(_) => Ok(see_other(page)),
        Err(RetentionError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(page)),
        Err(other) => Err(other.into()),
    }
}
