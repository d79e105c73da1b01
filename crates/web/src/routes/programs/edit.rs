//! The program editor. It works without its script: then every button sends the form.

use super::{
    draft::{Draft, Shelf, named, wrong},
    prescribe::LIMIT,
};
use crate::{
    App, AuditClass, Form, PathId, Problem, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, date_field, first_button, hidden, item_row,
        item_template, link_button, notice, recorded_line, submit, text_field,
    },
    routes::{
        exercises::Pictures,
        patients::{TREATS, back_to_patient},
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{ExerciseId, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::{
    exercises::{self, ExerciseBrief, Picks},
    programs::{self, PrescribeError},
};

pub(super) const FORM: Route = Route::page(Verb::Get, "/patients/{patient_id}/program/edit", "The program editor.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient)
    .roles(TREATS);
pub(super) const SEND: Route = Route::page(
    Verb::Post,
    "/patients/{patient_id}/program/edit",
    "Signs what the editor holds; its other buttons only change the form.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.roles(TREATS)
.body_limit(LIMIT);

async fn shelf(app: &App, session: &Session<Full>, ids: Vec<ExerciseId>) -> Result<Shelf, Problem> {
    let known = exercises::known(app.house(), session, ids).await?;
    let entry = |(id, exercise): (ExerciseId, ExerciseBrief)| {
        let pictures = Pictures::of(id, exercise.source, exercise.pictures);
        (id.to_string(), (exercise, pictures))
    };
    Ok(known.into_iter().map(entry).collect())
}

pub(super) async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let program = programs::current(app.house(), &session, patient).await?;
    let ids = program.iter().flat_map(|program| &program.items).map(|item| item.exercise_id).collect();
    let shelf = shelf(&app, &session, ids).await?;
    let surround = Surround::of(&app, &session).await?;
    let draft = match &program {
        Some(program) => Draft::of(program, &shelf),
        None => {
            let today = surround.zone().day_of(app.clock.now());
            Draft { starts_on: today.to_string(), ..Draft::default() }
        }
    };
    let picks = draft.search.picks(&app, &session).await?;
    Ok(sheet(&surround, patient, &draft, &picks, &FieldErrors::none(), None))
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let shelf = shelf(&app, &session, named(&pairs)).await?;
    let surround = Surround::of(&app, &session).await?;
    let (mut draft, act) = Draft::read(&pairs, &shelf);
    if let Some(act) = act {
        draft.change(act, &shelf);
        let picks = draft.search.picks(&app, &session).await?;
        return Ok(sheet(&surround, patient, &draft, &picks, &FieldErrors::none(), None).into_response());
    }
    let picks = draft.search.picks(&app, &session).await?;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let again = |status, errors: &FieldErrors, notice| {
        Ok(form_again(status, sheet(&surround, patient, &draft, &picks, errors, notice)))
    };
    let new = match draft.program() {
        Ok(new) => new,
        Err(errors) => return again(unprocessable, &errors, None),
    };
    let seen = draft.seen.trim();
    let seen = if seen.is_empty() { None } else { Some(seen.parse().unwrap_or(u32::MAX)) };
    match programs::prescribe(app.house(), &session, patient, seen, new).await {
        Ok(_) => Ok(see_other(&format!("/patients/{patient}/program"))),
        Err(PrescribeError::Invalid { field, why }) => {
            let mut errors = FieldErrors::none();
            wrong(&mut errors, &field, &why);
            again(unprocessable, &errors, None)
        }
        Err(PrescribeError::Stale | PrescribeError::VersionNeeded) => {
            let link = html! {
                "What you typed is still here, and was not signed. "
                a href={ "/patients/" (patient) "/program" } { "See the version that is in force now" }
            };
            let words = notice(Tone::Error, "Somebody else signed a version since you began", Some(link));
            again(StatusCode::CONFLICT, &FieldErrors::none(), Some(words))
        }
        Err(error) => Err(error.into()),
    }
}

fn sheet(
    surround: &Surround,
    patient: PatientId,
    draft: &Draft<'_>,
    picks: &Picks,
    errors: &FieldErrors,
    notice: Option<Markup>,
) -> Markup {
    let seen = draft.seen.parse::<u32>().ok();
    let (below, sign) = match seen.map(|seen| (seen, seen.saturating_add(1))) {
        None => (html! { "The patient sees it as soon as you sign it." }, "Sign the program".to_owned()),
        Some((seen, next)) => (
            html! { "Version " (seen) " stays as it is. Signing makes version " (next) "." },
            format!("Sign version {next}"),
        ),
    };
    let field = |name, label| Field::new(name, label).error(errors.of(name));
    let back = link_button(&format!("/patients/{patient}"), "Cancel", ButtonKind::Quiet);
    let content = html! {
        (errors.summary())
        form method="post" class="editor" data-unsaved {
            (first_button())
            (hidden("seen", &draft.seen))
            div class="stack" {
                div class="card stack" {
                    (text_field(&field("title", "Title").required().value(&draft.title).max_length(120)
                        .hint("What the program is called on the patient's screen").autocomplete("off")))
                    div class="row wrap" {
                        (date_field(&field("starts_on", "First day").required().value(&draft.starts_on)))
                        (date_field(&field("ends_on", "Last day").value(&draft.ends_on)))
                    }
                }
                p class="soft" data-items-empty hidden[!draft.items.is_empty()] { "Add exercises from the list." }
                ol class="items" data-items {
                    @for (n, item) in draft.items.iter().enumerate() { (item_row(n, item, errors)) }
                }
                p class="hidden" role="status" data-items-said {}
                (item_template())
                (submit(&sign, Some(back)))
            }
            section class="card" aria-labelledby="library" {
                h2 id="library" { "Exercises" }
                (draft.search.library(picks))
            }
        }
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(back_to_patient(patient)), below: Some(below), ..Head::default() };
    let sheet = Sheet::new("Change the program", "/patients").head(head).scripts(&["program.js"]).notice(notice);
    surround.page(sheet, content)
}
