//! Opening an incident, by hand or from an alert.

use super::{
    asked::Asked,
    page::{HERE, route, views},
};
use crate::{
    App, Form, Problem, Query, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Field, FieldErrors, breadcrumbs, date_field, hidden, recorded_line, select, submit, text_field, textarea, words,
    },
    routes::{
        account::{confirm_first as ask_first, is_fresh},
        people::confirm_first,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AlertId, Date, IncidentSubject, IncidentWords};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::{
    incidents::{self, IncidentError, NewIncident, Whose},
    watch,
};
use serde::Deserialize;

const NEW: &str = "/incidents/new";

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(route(Verb::Get, NEW, "The form of an incident, filled from an alert where there is one."), form)
        .add(route(Verb::Post, NEW, "Opens an incident."), open)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromAlert {
    #[serde(default)]
    alert: Option<AlertId>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    account_id: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    discovered_on: String,
    #[serde(default)]
    alert: String,
    #[serde(default)]
    what: String,
}

async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(from): Query<FromAlert>,
) -> Result<Markup, Problem> {
    let mut typed = Typed::default();
    let surround = Surround::of(&app, &session).await?;
    if let Some(alert) = from.alert {
        let details = watch::alert(app.house(), &session, alert).await?;
        let day = surround.day(details.alert.happened_at).to_string();
        typed.account_id = details.alert.whom.map(|whom| whom.account_id.to_string()).unwrap_or_default();
        (typed.from, typed.to, typed.alert) = (day.clone(), day, alert.to_string());
        typed.discovered_on = surround.day(details.alert.found_at).to_string();
    }
    show(&app, &session, &typed, &FieldErrors::none()).await
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let people = incidents::choices(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let ids: Vec<String> = people.iter().map(|person| person.account.to_string()).collect();
    let names: Vec<String> =
        people.iter().map(|person| format!("{} · {}", person.name, words::role(person.role))).collect();
    let mut options = vec![("", "Choose an account")];
    options.extend(ids.iter().map(String::as_str).zip(names.iter().map(String::as_str)));
    if !typed.account_id.is_empty() && !ids.contains(&typed.account_id) {
        options.push((&typed.account_id, "The account of the alert"));
    }
    let content = html! {
        (views(HERE))
        (breadcrumbs(&[(HERE, "Incidents")], "Open one"))
        (errors.summary())
        @if !is_fresh(app, session) { (ask_first(NEW)) } @else {
            form method="post" action=(NEW) class="card stack" {
                h2 { "What happened?" }
                (hidden("alert", &typed.alert))
                (textarea(&Field::new("what", "What happened").required().value(&typed.what).rows(5).max_length(4000)
                    .error(errors.of("what")).hint("It is sealed, and cannot be changed afterwards. Name no patient.")))
                (date_field(&Field::new("discovered_on", "Discovered on").required().value(&typed.discovered_on).error(errors.of("discovered_on"))
                    .hint("The first day on which anybody of the practice knew, or could have known: the 60 days run from here")))
                (select(&Field::new("account_id", "Whose doing").value(&typed.account_id).error(errors.of("account_id")), &options))
                details open[!typed.session.is_empty() || !typed.address.is_empty()] {
                    summary { "A session, an API token or a network address instead" }
                    (text_field(&Field::new("session", "Session or token").value(&typed.session).error(errors.of("session"))
                        .hint("Its id, as the audit trail has it").autocomplete("off")))
                    (text_field(&Field::new("address", "Network address").value(&typed.address).error(errors.of("address"))
                        .hint("Like 192.0.2.7").autocomplete("off")))
                }
                div class="filters" {
                    (date_field(&Field::new("from", "From").required().value(&typed.from).error(errors.of("from"))))
                    (date_field(&Field::new("to", "Up to and with").required().value(&typed.to).error(errors.of("to"))))
                }
                (submit("Open it", None))
            }
        }
        (recorded_line("Opening an incident is recorded."))
    };
    Ok(surround.page(Sheet::new("Open an incident", HERE), content))
}

async fn open(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let text = |text: &String| Some(text.clone());
    let asked = Asked {
        account_id: text(&typed.account_id),
        session: text(&typed.session),
        address: text(&typed.address),
        from: text(&typed.from),
        to: text(&typed.to),
    };
    let question = asked.question(&app, &session).await?;
    let question = question.map_err(|(field, why)| errors.add(field, format!("This {why}"))).ok();
    let what = errors.keep("what", "What happened", IncidentWords::new(&typed.what));
    let discovered = typed.discovered_on.trim().parse::<Date>().map_err(|_| domain::Invalid::new("is no day"));
    let discovered_on = errors.keep("discovered_on", "This", discovered);
    let alert_id = match typed.alert.trim() {
        "" => None,
        alert => Some(alert.parse::<AlertId>().map_err(|_| Problem::not_found())?),
    };
    if let (Some(question), Some(what), Some(discovered_on)) = (question, what, discovered_on) {
        let (subject, subject_id) = match question.whose {
            Whose::Account(account) => (IncidentSubject::Account, account.to_string()),
            Whose::Session(session) => (IncidentSubject::Session, session.to_string()),
            Whose::Address(address) => (IncidentSubject::Address, address.to_string()),
        };
        let new =
            NewIncident { subject, subject_id, from: question.from, to: question.to, discovered_on, alert_id, what };
        match incidents::open(app.house(), &session, &new).await {
            Ok(incident) => return Ok(see_other(&format!("{HERE}/{incident}"))),
            Err(IncidentError::NotInPerson(EnrollmentError::StepUp)) => return Ok(confirm_first(NEW)),
            Err(IncidentError::Backwards) => errors.add("to", "The end must be after the beginning"),
            Err(IncidentError::NotYet) => errors.add("discovered_on", "This day has not come yet"),
            Err(other) => return Err(other.into()),
        }
    }
    let page = show(&app, &session, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
