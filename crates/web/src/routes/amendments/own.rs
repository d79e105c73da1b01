//! A patient's own requests, and the form for a new one.

use super::shown;
use crate::{
    App, AuditClass, Form, FormKey, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{Field, FieldErrors, Head, empty_state, hidden, recorded_line, submit, textarea},
    routes::log::own,
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AmendmentId, AmendmentStep, AmendmentText, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::amendments::{self, AmendmentView, Disagreement, NewAmendment};
use serde::Deserialize;

const HERE: &str = "/amendments";
const OWN: &str = "This is your own record. Opening it was recorded.";

const PAGE: Route = Route::page(Verb::Get, HERE, "What one asked to be amended in one's own record.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);
const ASK: Route = Route::page(Verb::Post, HERE, "Asks that something in one's own record be amended.")
    .permission(PermissionName::LogExercise)
    .audit(AuditClass::Patient);
const ONE: Route = Route::page(Verb::Get, "/amendments/{amendment_id}", "One request, to be disagreed with.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);
const DISAGREE: Route =
    Route::page(Verb::Post, "/amendments/{amendment_id}", "Files a statement of disagreement with a denial.")
        .permission(PermissionName::LogExercise)
        .audit(AuditClass::Patient);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(ASK, ask).add(ONE, one).add(DISAGREE, disagree)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice write once.
    key: FormKey,
    #[serde(default)]
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(default)]
    words: String,
}

/// What was typed, or what is wrong with it. Browsers send a line break as two characters.
pub(super) fn text(typed: &str) -> Result<AmendmentText, FieldErrors> {
    AmendmentText::new(typed.replace("\r\n", "\n")).map_err(|why| {
        let mut errors = FieldErrors::none();
        errors.add("words", format!("This {why}"));
        errors
    })
}

/// The field for it.
pub(super) fn field<'a>(label: &'a str, typed: &'a str, errors: &'a FieldErrors) -> Field<'a> {
    Field::new("words", label).required().value(typed).rows(5).max_length(4000).error(errors.of("words"))
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, &FormKey::new(&*app.rng), "", &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    key: &FormKey,
    typed: &str,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let asked = amendments::list(app.house(), session, own(session)?).await?;
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        form method="post" action=(HERE) class="card stack" {
            h2 { "Is something in your record wrong?" }
            p class="soft" {
                "Say what, and why. You get an answer within 60 days. What the record says now is never erased: what is added "
                "stands beside it. What you did yourself you can correct at once, in your week."
            }
            (hidden("key", key))
            (textarea(&field("What should be amended, and why?", typed, errors)))
            (submit("Ask for it", None))
        }
        @if asked.is_empty() {
            (empty_state("You asked for nothing yet", "What you ask and what you are answered stands here.", None))
        }
        @for view in &asked {
            @let at = format!("{HERE}/{}", view.amendment_id);
            (shown(view, view.can(AmendmentStep::Disagreed).then_some((&at, "Disagree")), &surround))
        }
        (recorded_line(OWN))
    };
    let head = Head { below: Some(html! { "Your right to have your record amended" }), ..Head::default() };
    Ok(surround.page(Sheet::new("Ask for an amendment", "/who-looked").head(head), content))
}

async fn ask(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let patient = own(&session)?;
    match text(&typed.words) {
        Ok(words) => {
            let new = NewAmendment { words };
            amendments::ask(app.house(), &session, patient, &new, Some(typed.key.as_str())).await?;
            Ok(see_other(HERE))
        }
        Err(errors) => {
            let again = show(&app, &session, &typed.key, &typed.words, &errors).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, again))
        }
    }
}

async fn found(app: &App, session: &Session<Full>, id: AmendmentId) -> Result<AmendmentView, Problem> {
    let all = amendments::list(app.house(), session, own(session)?).await?;
    all.into_iter().find(|view| view.amendment_id == id).ok_or(Problem::not_found())
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(amendment): PathId<AmendmentId>,
) -> Result<Markup, Problem> {
    show_one(&app, &session, amendment, "", &FieldErrors::none()).await
}

async fn show_one(
    app: &App,
    session: &Session<Full>,
    amendment: AmendmentId,
    typed: &str,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let view = found(app, session, amendment).await?;
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        (shown(&view, None, &surround))
        @if view.can(AmendmentStep::Disagreed) {
            form method="post" action={ (HERE) "/" (amendment) } class="card stack" {
                h2 { "Do you disagree?" }
                p class="soft" { "Your statement stays with your record and goes out with it. It cannot be changed afterwards." }
                (textarea(&field("Why you disagree", typed, errors)))
                (submit("File the statement", None))
            }
        }
        (recorded_line(OWN))
    };
    let head = Head { above: Some(html! { a href=(HERE) { "What you asked" } }), ..Head::default() };
    Ok(surround.page(Sheet::new("What you asked to be amended", "/who-looked").head(head), content))
}

async fn disagree(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(amendment): PathId<AmendmentId>,
    Form(typed): Form<Statement>,
) -> Result<Response, Problem> {
    let patient = own(&session)?;
    match text(&typed.words) {
        Ok(words) => {
            amendments::disagree(app.house(), &session, patient, amendment, &Disagreement { words }).await?;
            Ok(see_other(HERE))
        }
        Err(errors) => {
            let again = show_one(&app, &session, amendment, &typed.words, &errors).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, again))
        }
    }
}
