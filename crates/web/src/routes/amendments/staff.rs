//! What a patient asked to be amended, for who treats them, and the form for an answer.

use super::{
    ground,
    own::{field, text},
    shown,
};
use crate::{
    App, AuditClass, Form, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Field, FieldErrors, Head, RECORDED, empty_state, radio_group, recorded_line, select, submit, textarea, words,
    },
    routes::patients::{TREATS, back_to_patient},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AmendmentGround, AmendmentId, AmendmentStep, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use phi::WriteNotes;
use practice::{
    amendments::{self, AmendmentAnswer, AmendmentError, AmendmentView, NewAnswer},
    notes, patients,
};
use serde::Deserialize;

const LIST: Route = Route::page(
    Verb::Get,
    "/patients/{patient_id}/amendments",
    "What a patient asked to be amended, with every answer.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.roles(TREATS);
const ONE: Route = Route::page(
    Verb::Get,
    "/patients/{patient_id}/amendments/{amendment_id}",
    "One thing that a patient asked to be amended, to be answered.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.roles(TREATS);
const ANSWER: Route = Route::page(
    Verb::Post,
    "/patients/{patient_id}/amendments/{amendment_id}",
    "Answers what a patient asked to be amended.",
)
.permission(PermissionName::WriteNotes)
.audit(AuditClass::Patient)
.roles(TREATS);

/// Notes that are offered as the place of an amendment: the newest.
const OFFERED: usize = 20;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(ONE, one).add(ANSWER, answer)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    ground: String,
    #[serde(default)]
    note_id: String,
    #[serde(default)]
    words: String,
}

const ANSWERS: [(&str, AmendmentAnswer); 4] = [
    ("accepted", AmendmentAnswer::Accepted),
    ("denied", AmendmentAnswer::Denied),
    ("extended", AmendmentAnswer::Extended),
    ("rebutted", AmendmentAnswer::Rebutted),
];

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let asked = amendments::list(app.house(), &session, patient).await?;
    let writes = patients::may_in_care::<WriteNotes>(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let content = html! {
        @if asked.is_empty() {
            (empty_state("Nothing was asked", "What the patient asks to be amended stands here, with what was answered.", None))
        }
        @for view in &asked {
            @let at = format!("/patients/{patient}/amendments/{}", view.amendment_id);
            (shown(view, (writes && answerable(view)).then_some((&at, "Answer")), &surround))
        }
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    Ok(surround.page(Sheet::new("What the patient asked to be amended", "/patients").head(head), content))
}

fn answerable(view: &AmendmentView) -> bool {
    view.waits || view.can(AmendmentStep::Rebutted)
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, amendment)): PathId<(PatientId, AmendmentId)>,
) -> Result<Markup, Problem> {
    show(&app, &session, (patient, amendment), &Typed::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    (patient, amendment): (PatientId, AmendmentId),
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let all = amendments::list(app.house(), session, patient).await?;
    let view = all.into_iter().find(|view| view.amendment_id == amendment).ok_or(Problem::not_found())?;
    let writes = patients::may_in_care::<WriteNotes>(app.house(), session, patient).await?;
    let surround = Surround::of(app, session).await?;
    let form = match writes && answerable(&view) {
        false => html! {},
        true if view.waits => decision(app, session, patient, &view, &surround, (typed, errors)).await?,
        true => html! {
            h2 { "Reply, if there is something to say" }
            input type="hidden" name="answer" value="rebutted";
            (textarea(&field("Your reply", &typed.words, errors)
                .hint("The patient reads it, and it goes out with the record. You need not.")))
            (submit("Reply", None))
        },
    };
    let content = html! {
        (errors.summary())
        (shown(&view, None, &surround))
        @if writes && answerable(&view) {
            form method="post" action={ "/patients/" (patient) "/amendments/" (amendment) } class="card stack" { (form) }
        }
        (recorded_line(RECORDED))
    };
    let above = html! { a href={ "/patients/" (patient) "/amendments" } { "All that the patient asked" } };
    let head = Head { above: Some(above), ..Head::default() };
    Ok(surround.page(Sheet::new("What the patient asked to be amended", "/patients").head(head), content))
}

async fn decision(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    view: &AmendmentView,
    surround: &Surround,
    (typed, errors): (&Typed, &FieldErrors),
) -> Result<Markup, Problem> {
    let notes = notes::list(app.house(), session, patient, None, OFFERED).await?.items;
    let notes: Vec<(String, String)> = notes
        .iter()
        .filter(|note| note.voided.is_none())
        .map(|note| {
            let (at, by) = note.first();
            let day = words::full_date(surround.day(at));
            (note.note_id.to_string(), format!("{day}, {}, version {}", by.name, note.version))
        })
        .collect();
    let mut places = vec![("", "In no note")];
    places.extend(notes.iter().map(|(id, label)| (id.as_str(), label.as_str())));
    let mut grounds = vec![("", "–")];
    grounds.extend(AmendmentGround::ALL.iter().map(|one| (one.word(), ground(*one))));
    let longer = format!("Once, by 30 days: say why, and by when. It waits until {}", words::full_date(view.due_on));
    let mut answers = vec![
        (
            "accepted",
            "It is amended",
            Some("Amend the note, the program or the entry first; then say here what was added"),
        ),
        (
            "denied",
            "It is denied, or a part of it is",
            Some(
                "For one of four reasons. The patient is told their rights beside what you write; say which part was amended",
            ),
        ),
    ];
    if view.can(AmendmentStep::Extended) {
        answers.push(("extended", "It takes longer", Some(&longer)));
    }
    Ok(html! {
        h2 { "Answer it" }
        (radio_group(&Field::new("answer", "Your answer").required().value(&typed.answer).error(errors.of("answer")), &answers))
        (select(&Field::new("ground", "For a denial: why").value(&typed.ground).error(errors.of("ground")), &grounds))
        (select(&Field::new("note_id", "If amended in a note: which").value(&typed.note_id).error(errors.of("note_id")), &places))
        (textarea(&field("What the patient is told", &typed.words, errors).hint(
            "In plain words. For a denial, with the name or title and the telephone number of who takes complaints here.")))
        (submit("Answer", None))
    })
}

fn read(typed: &Typed) -> Result<NewAnswer, FieldErrors> {
    let mut errors = FieldErrors::none();
    let answer = ANSWERS.into_iter().find(|(word, _)| *word == typed.answer).map(|(_, answer)| answer);
    if answer.is_none() {
        errors.add("answer", "Choose an answer");
    }
    let ground = match typed.ground.as_str() {
        "" => None,
        word => word.parse().map(Some).unwrap_or_else(|_| {
            errors.add("ground", "Choose one of these");
            None
        }),
    };
    let note_id = match typed.note_id.as_str() {
        "" => None,
        id => id.parse().map(Some).unwrap_or_else(|_| {
            errors.add("note_id", "Choose one of these");
            None
        }),
    };
    let words = text(&typed.words);
    match (answer, words) {
        (Some(answer), Ok(words)) if errors.is_empty() => Ok(NewAnswer { answer, ground, words, note_id }),
        (_, Err(wrong)) if errors.is_empty() => Err(wrong),
        (_, wrong) => {
            if wrong.is_err() {
                errors.add("words", "Say what the patient is told, in up to 4000 characters");
            }
            Err(errors)
        }
    }
}

async fn answer(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, amendment)): PathId<(PatientId, AmendmentId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let errors = match read(&typed) {
        Ok(new) => match amendments::answer(app.house(), &session, patient, amendment, &new).await {
            Ok(()) => return Ok(see_other(&format!("/patients/{patient}/amendments"))),
            Err(AmendmentError::Ground) => one_error("ground", "A denial has a reason, and nothing else has one"),
            Err(AmendmentError::Note) => {
                one_error("note_id", "Only what was amended stands in a note of this patient's")
            }
            Err(AmendmentError::TooLate) => {
                one_error("answer", "The 60 days are over, so it cannot be put off any more")
            }
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    let again = show(&app, &session, (patient, amendment), &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, again))
}

fn one_error(name: &'static str, text: &str) -> FieldErrors {
    let mut errors = FieldErrors::none();
    errors.add(name, text);
    errors
}
