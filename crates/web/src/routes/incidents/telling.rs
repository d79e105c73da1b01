//! What an incident's page asks about those who are told: how many live in which state, and which notices were given.

use super::{
    page::{choices, route},
    working::{Typed, done},
};
use crate::{
    App, Form, PathId, Problem, RouteTable, SignedIn, Verb,
    look::{
        Column, Field, FieldErrors, Tone, card, date_field, number_field, select, submit, table, tag, text_field,
        textarea,
        words::{self, incidents as said},
    },
};
use axum::{extract::State, response::Response};
use domain::{
    BreachNotice, Date, DueNotice, IncidentConclusion, IncidentId, IncidentWords, Invalid, StateCode, StateCount,
    SubstituteWay,
};
use maud::{Markup, html};
use practice::incidents::{self, IncidentView, NewNotice, NoticeView};

/// What is written in the form in place of a state where nobody knows it.
const UNKNOWN: &str = "unknown";

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(route(Verb::Post, "/incidents/{incident_id}/states", "Says how many live in a state."), count)
        .add(route(Verb::Post, "/incidents/{incident_id}/notices", "Notes that notice of a breach was given."), note)
}

/// A notice that is due, in words.
pub(super) fn due_words(due: &DueNotice) -> String {
    to(due.notice, due.state)
}

fn to(notice: BreachNotice, state: Option<StateCode>) -> String {
    match (notice, state) {
        (BreachNotice::Media, Some(state)) => format!("the media of {}", state.as_str()),
        _ => said::notice(notice).to_owned(),
    }
}

/// How many live where, as it stands.
pub(super) fn states(view: &IncidentView) -> Markup {
    html! {
        @if !view.states.is_empty() || view.line.affected > 0 {
            p {
                "By state: "
                @for count in &view.states {
                    (count.state.map_or("nobody knows where", StateCode::as_str)) " " span class="num" { (count.people) } ", "
                }
                @if view.uncounted < 0 {
                    strong class="num" { (view.uncounted.unsigned_abs()) " too many counted" }
                } @else {
                    span class="num" { (view.uncounted) } " not counted yet"
                }
                ". Addresses of patients are not kept here."
            }
        }
    }
}

/// The notices that were given; those too that were corrected.
pub(super) fn given(view: &IncidentView) -> Markup {
    let columns = ["Number", "Given on", "To", "Noted by", ""].map(Column::text);
    let rows = view.notices.iter().map(|one| {
        vec![
            html! { span class="num" { (one.nth) } },
            html! { (words::full_date(one.given_on)) },
            html! {
                (to(one.notice, one.state))
                @if let Some(way) = one.way { span class="soft" { ", " (said::way(way)) } }
            },
            html! { (one.by.name) },
            state_of(one),
        ]
    });
    html! { @if !view.notices.is_empty() { (card("Notices given", None, table("Notices", &columns, rows))) } }
}

fn state_of(one: &NoticeView) -> Markup {
    html! {
        @if let Some(nth) = one.replaced_by { (tag(&format!("corrected by {nth}"), Tone::Neutral)) }
        @else if one.late { (tag("late", Tone::Error)) }
        @if let Some(why) = &one.late_because { " " (why) }
    }
}

/// The form of states.
pub(super) fn count_form(here: &str, typed: &Typed, errors: &FieldErrors) -> Markup {
    html! {
        form method="post" action={ (here) "/states" } class="card stack" {
            h2 { "How many live in a state" }
            p class="soft" { "A breach is closed when everybody is counted. A later count of the same state takes the place of the one before, which stays." }
            (text_field(&Field::new("state", "State").required().value(&typed.state).error(errors.of("state"))
                .hint("Two letters; or “unknown” for those of whom nobody knows where they live").autocomplete("off")))
            (number_field(&Field::new("people", "People").required().value(&typed.people).error(errors.of("people")).between("0", "10000000").step("1")))
            (submit("Count", None))
        }
    }
}

/// The form of a notice: of any as long as it is open, then of what is told after the end.
pub(super) fn notice_form(here: &str, view: &IncidentView, typed: &Typed, errors: &FieldErrors) -> Markup {
    if view.line.conclusion != Some(IncidentConclusion::Breach) {
        return Markup::default();
    }
    let numbers: Vec<(String, String)> = view
        .notices
        .iter()
        .filter(|one| one.replaced_by.is_none())
        .map(|one| {
            (
                one.nth.to_string(),
                format!("{}: {}, {}", one.nth, to(one.notice, one.state), words::full_date(one.given_on)),
            )
        })
        .collect();
    let mut replaces = vec![("", "Nothing: it is a notice that was not noted yet")];
    replaces.extend(numbers.iter().map(|(nth, words)| (nth.as_str(), words.as_str())));
    let choice = |name, label, value, options: &[(&str, &str)]| {
        select(&Field::new(name, label).required().value(value).error(errors.of(name)), options)
    };
    let optional = |name, label, value, options: &[(&str, &str)]| {
        select(&Field::new(name, label).value(value).error(errors.of(name)), options)
    };
    html! {
        form method="post" action={ (here) "/notices" } class="card stack" {
            h2 { "A notice was given" }
            @if view.line.closed { p class="soft" { "The incident is closed. That the Secretary was told of a breach under 500 is noted here, and what was noted wrong is corrected." } }
            (choice("notice", "To", &typed.notice, &choices(BreachNotice::ALL, BreachNotice::word, said::notice)))
            (date_field(&Field::new("given_on", "On").required().value(&typed.given_on).error(errors.of("given_on"))))
            details open[!typed.media_state.is_empty() || !typed.way.is_empty() || !typed.late_because.is_empty() || !typed.replaces.is_empty() || !errors.is_empty()] {
                summary { "The media of a state, in place of letters, late, or a correction" }
                (text_field(&Field::new("media_state", "State of the media").value(&typed.media_state).error(errors.of("media_state")).hint("Two letters: one notice for each state").autocomplete("off")))
                (optional("way", "How, in place of letters", &typed.way, &choices(SubstituteWay::ALL, SubstituteWay::word, said::way)))
                (textarea(&Field::new("late_because", "Why so late").value(&typed.late_because).rows(2).max_length(4000).error(errors.of("late_because"))
                    .hint("Where it was given after its last day")))
                (optional("replaces", "Takes the place of", &typed.replaces, &replaces))
            }
            (submit("Note it", None))
        }
    }
}

async fn count(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let state = match typed.state.trim() {
        UNKNOWN => Some(None),
        letters => errors.keep("state", "This", StateCode::new(letters)).map(Some),
    };
    let people = typed.people.trim().parse::<u32>().map_err(|_| Invalid::new("is no number of people"));
    let people = errors.keep("people", "This", people);
    let result = match (state, people) {
        (Some(state), Some(people)) => {
            let new = StateCount { state, people };
            Some(incidents::count(app.house(), &session, incident, &new).await)
        }
        _ => None,
    };
    done(&app, &session, incident, &typed, errors, result).await
}

/// What was typed and may be left empty.
fn given_or_not<T>(
    errors: &mut FieldErrors,
    field: &'static str,
    typed: &str,
    read: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Option<Option<T>> {
    match typed.trim() {
        "" => Some(None),
        text => errors.keep(field, "This", read(text)).map(Some),
    }
}

async fn note(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let notice = errors.keep("notice", "This", typed.notice.parse::<BreachNotice>());
    let day = typed.given_on.trim().parse::<Date>().map_err(|_| Invalid::new("is no day"));
    let given_on = errors.keep("given_on", "This", day);
    let state = given_or_not(&mut errors, "media_state", &typed.media_state, StateCode::new);
    let way = given_or_not(&mut errors, "way", &typed.way, str::parse::<SubstituteWay>);
    let late_because = given_or_not(&mut errors, "late_because", &typed.late_because, |text| IncidentWords::new(text));
    let number = |text: &str| text.parse::<u32>().map_err(|_| Invalid::new("is no number of a notice"));
    let replaces = given_or_not(&mut errors, "replaces", &typed.replaces, number);
    let new = (|| {
        Some(NewNotice {
            notice: notice?,
            state: state?,
            way: way?,
            given_on: given_on?,
            late_because: late_because?,
            replaces: replaces?,
        })
    })();
    let result = match new {
        Some(new) => Some(incidents::notice(app.house(), &session, incident, &new).await),
        None => None,
    };
    done(&app, &session, incident, &typed, errors, result).await
}
