//! What letters to those affected say: written once for each language, kept as it was, made into letters in person.

use super::page::{HERE, choices, route, views};
use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Field, FieldErrors, breadcrumbs, card, definitions, recorded_line, select, submit, textarea,
        words::{self, incidents as said},
    },
    routes::{
        account::{confirm_first as ask_first, is_fresh},
        people::confirm_first,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{IncidentId, LetterLanguage, LetterWords, PermissionName};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::incidents::{self, IncidentError, LetterView, Letters, NewLetter};
use serde::Deserialize;

const READ: Route = Route::api(
    Verb::Get,
    "/api/v1/incidents/{incident_id}/letters",
    "What letters to those affected said and say; they name nobody.",
)
.permission(PermissionName::HandleIncidents)
.audit(AuditClass::Practice)
.answer::<Letters>(200);
const WRITE: Route = Route::api(
    Verb::Post,
    "/api/v1/incidents/{incident_id}/letters",
    "Writes what letters of a language say (45 CFR 164.404(c)); what was written before stays.",
)
.permission(PermissionName::HandleIncidents)
.audit(AuditClass::Practice)
.body::<NewLetter>()
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(READ, read)
        .add(WRITE, write)
        .add(route(Verb::Get, "/incidents/{incident_id}/letters", "What letters to those affected say."), page)
        .add(
            route(Verb::Post, "/incidents/{incident_id}/letters", "Writes what letters of a language say."),
            write_in_form,
        )
}

async fn read(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Json<Letters>, Problem> {
    Ok(Json(incidents::letters(app.house(), &session, incident).await?))
}

async fn write(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(new): Json<NewLetter>,
) -> Result<StatusCode, Problem> {
    incidents::write_letter(app.house(), &session, incident, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    language: String,
    #[serde(default)]
    happened: String,
    #[serde(default)]
    advice: String,
    #[serde(default)]
    doing: String,
    #[serde(default)]
    ask: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Markup, Problem> {
    show(&app, &session, incident, &Typed::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    incident: IncidentId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let found = incidents::letters(app.house(), session, incident).await?;
    let surround = Surround::of(app, session).await?;
    let (incident_page, here) = (format!("{HERE}/{incident}"), format!("{HERE}/{incident}/letters"));
    let newest = |language| found.items.iter().rev().find(|letter| letter.language == language);
    let current: Vec<&LetterView> = LetterLanguage::ALL.iter().filter_map(|language| newest(*language)).collect();
    let content = html! {
        (views(HERE))
        (breadcrumbs(&[(HERE, "Incidents"), (&incident_page, "Incident")], "Letters"))
        (errors.summary())
        p class="soft" {
            "Everybody who is affected gets a letter in plain language (45 CFR 164.404(c)). Below stands what you write once; name, days and what could be seen of each come by themselves."
        }
        @for letter in &current { (card(said::language(letter.language), None, letter_parts(&surround, letter))) }
        @if is_fresh(app, session) {
            @if !current.is_empty() { (making(&here, &current)) }
            (form(&here, typed, errors))
        } @else { (ask_first(&here)) }
        @if found.items.len() > current.len() {
            details {
                summary { "What they said before" }
                @for letter in found.items.iter().filter(|one| current.iter().all(|now| now.nth != one.nth)) {
                    (card(said::language(letter.language), None, letter_parts(&surround, letter)))
                }
            }
        }
        (recorded_line("Looking at these letters was recorded. Making them is an entry for each patient."))
    };
    Ok(surround.page(Sheet::new("Letters", HERE), content))
}

fn letter_parts(surround: &Surround, letter: &LetterView) -> Markup {
    html! {
        (definitions(&[
            ("What happened", html! { (letter.happened) }),
            ("What to do", html! { (letter.advice) }),
            ("What we do", html! { (letter.doing) }),
            ("How to ask", html! { (letter.ask) }),
        ]))
        p class="soft small" { (letter.by.name) ", " (surround.moment(letter.at)) }
    }
}

/// The forms that make letters: files to save, which stay nowhere here.
fn making(here: &str, current: &[&LetterView]) -> Markup {
    let mut options = vec![("", "Each that is written: one after the other for everybody")];
    options.extend(current.iter().map(|letter| (letter.language.word(), said::language(letter.language))));
    html! {
        section class="card stack" {
            h2 { "Make the letters" }
            p class="soft" { "The incident must be a breach that was frozen. Postal addresses are not kept here: below each name is room for one, and the table is for mail merge. Who cannot be written to stands at the end." }
            form method="post" action={ (here) "/pdf" } class="stack" {
                (select(&Field::new("language", "Language"), &options))
                (submit("Letters as PDF", None))
            }
            form method="post" action={ (here) "/csv" } class="stack" {
                (select(&Field::new("language", "Language of the table"), &options))
                (submit("Table as CSV", None))
            }
        }
    }
}

fn form(here: &str, typed: &Typed, errors: &FieldErrors) -> Markup {
    let words = |name, label, value, hint| {
        let field = Field::new(name, label).required().value(value).rows(4).max_length(1500);
        textarea(&field.error(errors.of(name)).hint(hint))
    };
    let languages = choices(LetterLanguage::ALL, LetterLanguage::word, said::language);
    html! {
        form method="post" action=(here) class="card stack" {
            h2 { "Write what they say" }
            p class="soft" { "What was written before in the same language stays, and the last one counts." }
            (select(&Field::new("language", "Language").required().value(&typed.language).error(errors.of("language")), &languages))
            (words("happened", "What happened", &typed.happened, "The days are added by themselves."))
            (words("advice", "What people should do to protect themselves", &typed.advice, "One thing a line."))
            (words("doing", "What the practice does", &typed.doing, "To find out more, to make good, and so that it does not happen again."))
            (words("ask", "How to ask", &typed.ask, "A toll-free number, an e-mail address, a web site or a postal address."))
            (submit("Keep it", None))
        }
    }
}

async fn write_in_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let here = format!("{HERE}/{incident}/letters");
    let mut errors = FieldErrors::none();
    let language = errors.keep("language", "This", typed.language.parse::<LetterLanguage>());
    let happened = errors.keep("happened", "This", LetterWords::new(&typed.happened));
    let advice = errors.keep("advice", "This", LetterWords::new(&typed.advice));
    let doing = errors.keep("doing", "This", LetterWords::new(&typed.doing));
    let ask = errors.keep("ask", "This", LetterWords::new(&typed.ask));
    let new =
        (|| Some(NewLetter { language: language?, happened: happened?, advice: advice?, doing: doing?, ask: ask? }))();
    if let Some(new) = new {
        match incidents::write_letter(app.house(), &session, incident, &new).await {
            Ok(()) => return Ok(see_other(&here)),
            Err(IncidentError::NotInPerson(EnrollmentError::StepUp)) => return Ok(confirm_first(&here)),
            Err(IncidentError::Ask) => errors.add("ask", words::sentence(super::ASK)),
            Err(other) => return Err(other.into()),
        }
    }
    let page = show(&app, &session, incident, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
