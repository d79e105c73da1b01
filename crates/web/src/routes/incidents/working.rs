//! One incident, and the forms of what is decided about it.

use super::{
    page::{HERE, choices, classes, due, route, state, views, whose},
    telling,
};
use crate::{
    App, Form, PathId, Problem, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Tone, breadcrumbs, card, definitions, link_button, notice, post_button,
        recorded_line, select, submit, table, tag, textarea,
        words::{self, incidents as said},
    },
    routes::{
        account::{confirm_first as ask_first, is_fresh},
        people::confirm_first,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    DataAcquired, DataNature, DataRecipient, IncidentConclusion, IncidentHold, IncidentId, IncidentWords,
    RiskMitigated, Unobserved,
};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::incidents::{
    self, AssessmentView, Frozen, IncidentError, IncidentView, NewAssessment, NewClosing, TimelineDay,
};
use serde::Deserialize;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(
            route(
                Verb::Post,
                "/incidents/{incident_id}/freeze",
                "Ends sessions, writes down whom it affects, holds records.",
            ),
            freeze,
        )
        .add(route(Verb::Post, "/incidents/{incident_id}/assessment", "Assesses the four factors."), assess)
        .add(route(Verb::Post, "/incidents/{incident_id}/closing", "Closes an incident."), close)
}

/// What was typed into any of the forms.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    nature: String,
    #[serde(default)]
    nature_words: String,
    #[serde(default)]
    recipient: String,
    #[serde(default)]
    recipient_words: String,
    #[serde(default)]
    acquired: String,
    #[serde(default)]
    acquired_words: String,
    #[serde(default)]
    mitigated: String,
    #[serde(default)]
    mitigated_words: String,
    #[serde(default)]
    conclusion: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) people: String,
    #[serde(default)]
    pub(super) notice: String,
    #[serde(default)]
    pub(super) given_on: String,
    #[serde(default)]
    pub(super) media_state: String,
    #[serde(default)]
    pub(super) way: String,
    #[serde(default)]
    pub(super) late_because: String,
    #[serde(default)]
    pub(super) replaces: String,
    #[serde(default)]
    lessons: String,
}

/// The page, with what was typed.
pub(super) async fn show(
    app: &App,
    session: &Session<Full>,
    incident: IncidentId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let view = incidents::incident(app.house(), session, incident).await?;
    let surround = Surround::of(app, session).await?;
    let here = format!("{HERE}/{incident}");
    let breach = view.line.conclusion == Some(IncidentConclusion::Breach);
    let content = html! {
        (views(HERE))
        (breadcrumbs(&[(HERE, "Incidents")], &words::full_date(view.line.discovered_on)))
        (errors.summary())
        @if breach && !view.line.closed && !view.notices_missing.is_empty() {
            (notice(if view.line.days_left < 0 { Tone::Error } else { Tone::Warn }, "Notices are to be given", Some(html! {
                ul { @for missing in &view.notices_missing { li { (telling::due_words(missing)) } } }
                p { "Without unreasonable delay, and by " (words::full_date(view.line.due_on)) " at the latest." }
            })))
        }
        @if view.about_oneself || view.by_involved {
            (notice(Tone::Warn, "Handled by somebody whom it may be about", Some(html! {
                p { "It happened from an address that everybody who could handle it uses too. Each step by one of them is marked in the audit trail." }
            })))
        }
        (card("What, whose, when", None, facts(&surround, &view)))
        (card("Whom it affects", None, affected(&surround, &view)))
        (card("Day by day, from the audit trail", None, timeline(&surround, &view.timeline)))
        @for assessment in &view.assessments { (card("Four factors", None, assessed(&surround, assessment))) }
        (telling::given(&view))
        @if let (Some(lessons), Some(closed)) = (&view.lessons, &view.closed_by) {
            (card("Closed", None, html! { p { (lessons) } p class="soft small" { (closed.by.name) ", " (surround.moment(closed.at)) } }))
        }
        @if !is_fresh(app, session) {
            (ask_first(&here))
        } @else {
            @if view.line.closed { (telling::notice_form(&here, &view, typed, errors)) }
            @else { (forms(&here, &view, typed, errors)) }
            (taking_out(&here))
        }
        (recorded_line("Opening this incident was recorded."))
    };
    Ok(surround.page(Sheet::new("Incident", HERE), content))
}

fn facts(surround: &Surround, view: &IncidentView) -> Markup {
    definitions(&[
        ("What happened", html! { (view.what) }),
        ("State", state(&view.line)),
        (
            "Whose doing",
            html! { (whose(&view.line)) ", known by " (said::subject(view.subject)) " " code class="id" { (view.subject_id) } },
        ),
        ("Time", html! { (surround.moment(view.from)) " to " (surround.moment(view.to)) }),
        ("Discovered", html! { (words::full_date(view.line.discovered_on)) }),
        ("Notices due", due(&view.line)),
        (
            "Opened",
            html! {
                (view.opened.by.name) ", " (surround.moment(view.opened.at))
                @if let Some(alert) = view.alert_id { ", from " a href={ "/alerts/" (alert) } { "an alert" } }
            },
        ),
        (
            "Frozen",
            html! {
                @match &view.frozen {
                    Some(frozen) => { (frozen.by.name) ", " (surround.moment(frozen.at)) },
                    None => span class="soft" { "not yet" },
                }
            },
        ),
        (
            "Signed out",
            html! {
                @match &view.ended {
                    Some(ended) => {
                        (surround.moment(ended.at)) ": " (words::count(ended.sessions, "session", "sessions")) ", "
                        (words::count(ended.tokens, "API token", "API tokens"))
                    },
                    None => span class="soft" { "not yet" },
                }
            },
        ),
    ])
}

fn affected(surround: &Surround, view: &IncidentView) -> Markup {
    let columns = ["Patient", "Seen", "Could be opened", "How often", "First", "Last", "Record"].map(Column::text);
    let rows = view.patients.iter().take(500).map(|one| {
        vec![
            html! { code { (one.patient_id.to_string().chars().take(8).collect::<String>()) } },
            html! { (said::seen(one.seen)) },
            html! { (classes(&one.classes)) },
            html! { span class="num" { (one.times) } },
            html! { span class="num" { (surround.moment(one.first)) } },
            html! { span class="num" { (surround.moment(one.last)) } },
            hold(one.hold),
        ]
    });
    html! {
        @if view.complete == Some(false) {
            (notice(Tone::Warn, "This may not be all", Some(html! { @for one in &view.missing { p { (one.says) } } })))
        }
        @if let Some(freezing) = &view.freezing { (underway(freezing)) }
        @if view.frozen.is_none() && view.freezing.is_none() { p class="soft" { "It is written down when the incident is frozen." } }
        @else if view.patients.is_empty() { @if view.freezing.is_none() { p { "Nobody is affected." } } }
        @else { (table("Patients", &columns, rows)) }
        (telling::states(view))
    }
}

/// Letters, and everything as one file.
fn taking_out(here: &str) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Letters, and everything as one file" }
            p class="soft" { "The file holds everything about this incident, names no patient, and is signed: whoever has the public key of the audit trail can verify it." }
            p { (link_button(&format!("{here}/letters"), "Letters", ButtonKind::Quiet)) }
            div class="row wrap" {
                (post_button(&format!("{here}/file"), "Signed file", ButtonKind::Quiet, None))
                (post_button(&format!("{here}/file/pdf"), "The same as PDF", ButtonKind::Quiet, None))
            }
        }
    }
}

/// How far freezing is. It goes on without anybody.
fn underway(freezing: &Frozen) -> Markup {
    notice(
        Tone::Info,
        "This is being frozen",
        Some(html! {
            p {
                @if freezing.sessions_ended { "Sessions and API tokens of the account were ended. " }
                span class="num" { (freezing.held + freezing.lifted) } " of " span class="num" { (freezing.affected) }
                " records are held, " span class="num" { (freezing.waiting) } " wait."
            }
            p { "The server goes on by itself. Open this page again to see how far it is; a breach is closed when it is over." }
        }),
    )
}

fn hold(hold: IncidentHold) -> Markup {
    match hold {
        IncidentHold::Held => tag("held", Tone::Success),
        IncidentHold::Lifted => tag("hold lifted", Tone::Neutral),
        IncidentHold::NotHeld => tag("could not be held", Tone::Warn),
        IncidentHold::Waiting | IncidentHold::Placing => tag("not held yet", Tone::Warn),
    }
}

fn timeline(surround: &Surround, days: &[TimelineDay]) -> Markup {
    let columns = ["Day", "From", "To", "Entries", "Patients", "Refused"].map(Column::text);
    let rows = days.iter().map(|day| {
        vec![
            html! { (words::full_date(day.day)) },
            html! { span class="num" { (surround.moment(day.first)) } },
            html! { span class="num" { (surround.moment(day.last)) } },
            html! { span class="num" { (day.entries) } },
            html! { span class="num" { (day.patients) } },
            html! { span class="num" { (day.refused) } },
        ]
    });
    html! { @if days.is_empty() { p class="soft" { "No entries." } } @else { (table("Days", &columns, rows)) } }
}

fn assessed(surround: &Surround, one: &AssessmentView) -> Markup {
    let factor = |choice: &'static str, words: &str| html! { strong { (choice) } p { (words) } };
    html! {
        (definitions(&[
            ("Nature and extent", factor(said::nature(one.nature.choice), &one.nature.words)),
            ("Who used it", factor(said::recipient(one.recipient.choice), &one.recipient.words)),
            ("Acquired or viewed", factor(said::acquired(one.acquired.choice), &one.acquired.words)),
            ("Mitigated", factor(said::mitigated(one.mitigated.choice), &one.mitigated.words)),
            ("Conclusion", html! { strong { (said::conclusion(one.conclusion)) } }),
        ]))
        p class="soft small" { (one.by.name) ", " (surround.moment(one.at)) }
    }
}

fn forms(here: &str, view: &IncidentView, typed: &Typed, errors: &FieldErrors) -> Markup {
    let words = |name, label, value| {
        textarea(&Field::new(name, label).required().value(value).rows(2).max_length(4000).error(errors.of(name)))
    };
    let choice = |name, label, value, options: &[(&str, &str)]| {
        select(&Field::new(name, label).required().value(value).error(errors.of(name)), options)
    };
    let again = match (&view.freezing, &view.frozen) {
        (Some(_), _) => "Go on freezing",
        (None, Some(_)) => "Freeze again",
        (None, None) => "Freeze",
    };
    let ask = Some(
        "Sessions and API tokens of the account are ended, and the records of everybody affected are held. Freeze?",
    );
    html! {
        section class="card stack" {
            h2 { (again) }
            p class="soft" { "Ends all sessions and API tokens of the account, writes down whom it affects, and holds their records from destruction. The account itself is closed under People." }
            p { (post_button(&format!("{here}/freeze"), again, ButtonKind::Danger, ask)) }
        }
        form method="post" action={ (here) "/assessment" } class="card stack" {
            h2 { "Assess the risk" }
            p class="soft" { "What is not shown to be of low probability is a breach (45 CFR 164.402(2)). It can be assessed again when more is known; what was written stays." }
            (choice("nature", "Nature and extent of the data", &typed.nature, &choices(DataNature::ALL, DataNature::word, said::nature)))
            (words("nature_words", "Why", &typed.nature_words))
            (choice("recipient", "Who used it, or to whom it was disclosed", &typed.recipient, &choices(DataRecipient::ALL, DataRecipient::word, said::recipient)))
            (words("recipient_words", "Why", &typed.recipient_words))
            (choice("acquired", "Was it acquired or viewed", &typed.acquired, &choices(DataAcquired::ALL, DataAcquired::word, said::acquired)))
            (words("acquired_words", "Why", &typed.acquired_words))
            (choice("mitigated", "To what extent the risk was mitigated", &typed.mitigated, &choices(RiskMitigated::ALL, RiskMitigated::word, said::mitigated)))
            (words("mitigated_words", "Why", &typed.mitigated_words))
            (choice("conclusion", "What follows", &typed.conclusion, &choices(IncidentConclusion::ALL, IncidentConclusion::word, said::conclusion)))
            (submit("Assess", None))
        }
        (telling::count_form(here, typed, errors))
        (telling::notice_form(here, view, typed, errors))
        @if view.line.conclusion.is_some() {
            form method="post" action={ (here) "/closing" } class="card stack" {
                h2 { "Close it" }
                p class="soft" { "Somebody closes it who did not assess it." }
                (textarea(&Field::new("lessons", "What was learned, and what changes").required().value(&typed.lessons).rows(4)
                    .max_length(4000).error(errors.of("lessons"))))
                (submit("Close", None))
            }
        }
    }
}

/// Back to the incident, over the page that asks for the factor again where that is needed.
pub(super) async fn done(
    app: &App,
    session: &Session<Full>,
    incident: IncidentId,
    typed: &Typed,
    mut errors: FieldErrors,
    result: Option<Result<(), IncidentError>>,
) -> Result<Response, Problem> {
    let here = format!("{HERE}/{incident}");
    match result {
        Some(Ok(())) => return Ok(see_other(&here)),
        Some(Err(IncidentError::NotInPerson(EnrollmentError::StepUp))) => return Ok(confirm_first(&here)),
        Some(Err(IncidentError::NotYet)) => errors.add("given_on", "This day has not come yet"),
        Some(Err(IncidentError::TooEarly)) => errors.add("given_on", "This is before the breach was discovered"),
        Some(Err(IncidentError::LateWhy)) => errors.add("late_because", "Say why it was given after its last day"),
        Some(Err(IncidentError::Notice(field, why))) => {
            errors.add(if field == "state" { "media_state" } else { field }, format!("This {why}"));
        }
        Some(Err(other)) => return Err(other.into()),
        None => {}
    }
    let page = show(app, session, incident, typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

async fn freeze(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    let result = incidents::freeze(app.house(), &session, incident, &Unobserved).await.map(|_| ());
    done(&app, &session, incident, &Typed::default(), FieldErrors::none(), Some(result)).await
}

async fn assess(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let nature = errors.keep("nature", "This", typed.nature.parse::<DataNature>());
    let nature_words = errors.keep("nature_words", "This", IncidentWords::new(&typed.nature_words));
    let recipient = errors.keep("recipient", "This", typed.recipient.parse::<DataRecipient>());
    let recipient_words = errors.keep("recipient_words", "This", IncidentWords::new(&typed.recipient_words));
    let acquired = errors.keep("acquired", "This", typed.acquired.parse::<DataAcquired>());
    let acquired_words = errors.keep("acquired_words", "This", IncidentWords::new(&typed.acquired_words));
    let mitigated = errors.keep("mitigated", "This", typed.mitigated.parse::<RiskMitigated>());
    let mitigated_words = errors.keep("mitigated_words", "This", IncidentWords::new(&typed.mitigated_words));
    let conclusion = errors.keep("conclusion", "This", typed.conclusion.parse::<IncidentConclusion>());
    let new = (|| {
        Some(NewAssessment {
            nature: nature?,
            nature_words: nature_words?,
            recipient: recipient?,
            recipient_words: recipient_words?,
            acquired: acquired?,
            acquired_words: acquired_words?,
            mitigated: mitigated?,
            mitigated_words: mitigated_words?,
            conclusion: conclusion?,
        })
    })();
    let result = match new {
        Some(new) => Some(incidents::assess(app.house(), &session, incident, &new).await),
        None => None,
    };
    done(&app, &session, incident, &typed, errors, result).await
}

async fn close(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let lessons = errors.keep("lessons", "This", IncidentWords::new(&typed.lessons));
    let result = match lessons {
        Some(lessons) => Some(incidents::close(app.house(), &session, incident, &NewClosing { lessons }).await),
        None => None,
    };
    done(&app, &session, incident, &typed, errors, result).await
}
