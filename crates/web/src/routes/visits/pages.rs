//! Visits, as a page: what is to come and was, booking, and what became of it.

use crate::{
    App, AuditClass, Form, FormKey, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Column, Field, FieldErrors, Head, RECORDED, Tone, date_field, empty_state, hidden, number_field, pagination,
        recorded_line, select, submit, table, tag, text_field, textarea, words,
    },
    paging::{Cursor, PageQuery},
    routes::{
        patients::{back_to_patient, views},
        voiding::struck,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    ClinicName, Date, Invalid, PatientId, PermissionName, Role, Timestamp, Timezone, VisitId, VisitMinutes,
    VisitRemark, VisitState,
};
use identity::{Full, Session};
use maud::{Markup, html};
use phi::{ChargeVisit, ReadExercise, WriteVisits};
use practice::{
    patients,
    record::Person,
    visits::{self, VisitDetails, VisitError, VisitView, Visits},
};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/visits", "When a patient comes and came.")
    .permission(PermissionName::ReadVisits)
    .audit(AuditClass::Patient);
const BOOK: Route = Route::page(Verb::Post, "/patients/{patient_id}/visits", "Books a visit.")
    .permission(PermissionName::WriteVisits)
    .audit(AuditClass::Patient);
const CHANGE: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/visits/{visit_id}", "Says what became of a visit.")
        .permission(PermissionName::WriteVisits)
        .audit(AuditClass::Patient);

/// Most visits of a page.
const SHOWN: usize = 50;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(BOOK, book).add(CHANGE, change)
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let found = visits::list(app.house(), &session, patient, before, SHOWN).await?;
    let typed = Typed::usual(&app, &session).await?;
    show(&app, &session, patient, &found, &typed, &FieldErrors::none()).await
}

/// A visit as typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice book once.
    key: FormKey,
    #[serde(default)]
    therapist_id: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    clinic: String,
    #[serde(default)]
    remark: String,
}

impl Typed {
    /// An empty form: with oneself, if one treats, half an hour long.
    async fn usual(app: &App, session: &Session<Full>) -> Result<Self, Problem> {
        let zone = practice::account::zone(app.house(), session).await?;
        let treats = session.role() == Role::Therapist;
        Ok(Self {
            key: FormKey::new(&*app.rng),
            therapist_id: if treats { session.account().to_string() } else { String::new() },
            day: zone.day_of(app.clock.now()).to_string(),
            time: String::new(),
            minutes: "30".to_owned(),
            clinic: String::new(),
            remark: String::new(),
        })
    }

    /// What was typed as values; or what is wrong with which field.
    fn read(&self, zone: &Timezone) -> Result<VisitDetails, FieldErrors> {
        let mut errors = FieldErrors::none();
        let bad = Invalid::new;
        let therapist = self.therapist_id.parse().map_err(|_| bad("must be chosen"));
        let therapist = errors.keep("therapist_id", "The therapist", therapist);
        let day = self.day.trim().parse::<Date>().map_err(|_| bad("must be a date"));
        let day = errors.keep("day", "The day", day);
        let time = hour_minute(&self.time).ok_or(bad("must be a time of day, like 14:30"));
        let time = errors.keep("time", "The time", time);
        let minutes = self.minutes.trim().parse::<u16>().map_err(|_| bad("must be a number"));
        let minutes = errors.keep("minutes", "The length", minutes.and_then(VisitMinutes::new));
        let optional = |text: &str| Some(text.trim().replace("\r\n", "\n")).filter(|text| !text.is_empty());
        let clinic = optional(&self.clinic).map(ClinicName::new).transpose();
        let clinic = errors.keep("clinic", "The place", clinic);
        let remark = optional(&self.remark).map(VisitRemark::new).transpose();
        let remark = errors.keep("remark", "The remark", remark);
        match (therapist, day, time, minutes, clinic, remark) {
            (Some(therapist_id), Some(day), Some((hour, minute)), Some(minutes), Some(clinic), Some(remark)) => {
                let starts_at = zone.moment(day, hour, minute);
                Ok(VisitDetails { therapist_id, starts_at, minutes, state: VisitState::Planned, clinic, remark })
            }
            _ => Err(errors),
        }
    }
}

fn hour_minute(text: &str) -> Option<(i8, i8)> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}

async fn book(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let zone = practice::account::zone(app.house(), &session).await?;
    let errors = match typed.read(&zone) {
        Ok(details) => match visits::book(app.house(), &session, patient, &details, Some(typed.key.as_str())).await {
            Ok(_) => return Ok(see_other(&format!("/patients/{patient}/visits"))),
            Err(VisitError::Invalid { field, why }) => {
                let mut errors = FieldErrors::none();
                errors.add(if field == "starts_at" { "day" } else { field }, format!("This {why}"));
                errors
            }
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    let found = visits::list(app.house(), &session, patient, None, SHOWN).await?;
    let page = show(&app, &session, patient, &found, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Became {
    state: String,
    seen: u64,
}

async fn change(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    Form(typed): Form<Became>,
) -> Result<Response, Problem> {
    let state: VisitState = typed.state.parse().map_err(|why| Problem::invalid("state", &why))?;
    let view = visits::one(app.house(), &session, patient, visit).await?;
    // What stands in the record fits; a text that did not would be a fault of ours and is left out.
    let details = VisitDetails {
        therapist_id: view.therapist.account_id,
        starts_at: view.starts_at,
        minutes: view.minutes,
        state,
        clinic: view.clinic.and_then(|text| ClinicName::new(text).ok()),
        remark: view.remark.and_then(|text| VisitRemark::new(text).ok()),
    };
    visits::change(app.house(), &session, patient, visit, typed.seen, &details).await?;
    Ok(see_other(&format!("/patients/{patient}/visits")))
}

async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    found: &Visits,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let house = app.house();
    let own = session.role() == Role::Patient;
    let treats = !own && patients::may::<ReadExercise>(house, session, patient).await?;
    let offers = Offers {
        tells: !own,
        books: patients::may::<WriteVisits>(house, session, patient).await?,
        charges: patients::may::<ChargeVisit>(house, session, patient).await?,
    };
    let therapists = visits::therapists(house, session).await?;
    let now = app.clock.now();
    let next = found.next.map(|last| format!("/patients/{patient}/visits?cursor={}", String::from(Cursor::at(&last))));
    let content = html! {
        @if treats { (views(patient, "visits")) }
        (errors.summary())
        section class="card stack" aria-label="Visits" {
            @if found.items.is_empty() {
                (empty_state("No visits yet", "What is booked stands here, those furthest ahead first.", None))
            } @else { (list(&surround, patient, &found.items, now, offers)) }
        }
        (pagination(None, next.as_deref(), None))
        @if offers.books { (form(patient, &therapists, typed, errors)) }
        (recorded_line(RECORDED))
    };
    let (above, place) =
        if own { (html! { a href="/today" { "Today" } }, "/today") } else { (back_to_patient(patient), "/patients") };
    Ok(surround.page(Sheet::new("Visits", place).head(Head { above: Some(above), ..Head::default() }), content))
}

/// What the one who looks can do with a visit.
#[derive(Clone, Copy)]
struct Offers {
    /// Reads which ones were charged.
    tells: bool,
    /// Books, and says what became of one.
    books: bool,
    /// Says what to charge.
    charges: bool,
}

fn list(surround: &Surround, patient: PatientId, items: &[VisitView], now: Timestamp, offers: Offers) -> Markup {
    let mut columns = vec![Column::text("When"), Column::text("With"), Column::text("Where"), Column::text("State")];
    if offers.books {
        columns.push(Column::actions("What became of it"));
    }
    let rows = items.iter().map(|visit| {
        let mut cells = vec![
            html! {
                (surround.moment(visit.starts_at)) ", "
                (words::count(u64::from(visit.minutes.value()), "minute", "minutes"))
                @if let Some(remark) = &visit.remark { br; span class="soft small" { (remark) } }
            },
            html! { (visit.therapist.name) },
            html! { (visit.clinic.as_deref().unwrap_or("–")) },
            html! {
                (struck(&state(visit.state), visit.voided.as_ref(), surround.zone()))
                @if offers.tells && visit.charged { " " (tag("charged", Tone::Success)) }
            },
        ];
        if offers.books {
            let charge = offers.charges && visit.state == VisitState::Held;
            cells.push(html! {
                @if visit.voided.is_none() {
                    div class="row wrap visit-acts" {
                        @if charge { (charge_link(patient, visit, surround)) }
                        (outcomes(patient, visit, now))
                        @if !visit.charged {
                            a class="small" href={ "/patients/" (patient) "/visits/" (visit.visit_id) "/void" } {
                                "Entered in error" span class="hidden" { ": " (surround.moment(visit.starts_at)) }
                            }
                        }
                    }
                }
            });
        }
        cells
    });
    table("Visits, those furthest ahead first", &columns, rows)
}

fn state(state: VisitState) -> Markup {
    match state {
        VisitState::Planned => tag("planned", Tone::Info),
        VisitState::Held => tag("held", Tone::Neutral),
        VisitState::Cancelled => tag("cancelled", Tone::Warn),
        VisitState::NoShow => tag("did not come", Tone::Warn),
    }
}

fn charge_link(patient: PatientId, visit: &VisitView, surround: &Surround) -> Markup {
    let label = if visit.charged { "Correct the charge" } else { "Charge" };
    html! {
        a href={ "/patients/" (patient) "/visits/" (visit.visit_id) "/charge" } {
            (label) span class="hidden" { " of " (surround.moment(visit.starts_at)) }
        }
    }
}

/// What can be said about a visit now. One that was marked by mistake is put back to planned.
fn outcomes(patient: PatientId, visit: &VisitView, now: Timestamp) -> Markup {
    let choices: &[(VisitState, &str)] = match visit.state {
        VisitState::Planned if visit.starts_at <= now => {
            &[(VisitState::Held, "Held"), (VisitState::NoShow, "Did not come"), (VisitState::Cancelled, "Cancelled")]
        }
        VisitState::Planned => &[(VisitState::Cancelled, "Cancel")],
        _ if visit.settled => return html! {},
        _ => &[(VisitState::Planned, "Put back")],
    };
    html! {
        form method="post" action={ "/patients/" (patient) "/visits/" (visit.visit_id) } class="row" {
            (hidden("seen", visit.version.to_string()))
            @for (state, label) in choices {
                button type="submit" name="state" value=(state.word()) class="button quiet" { (label) }
            }
        }
    }
}

fn form(patient: PatientId, therapists: &[Person], typed: &Typed, errors: &FieldErrors) -> Markup {
    let ids: Vec<String> = therapists.iter().map(|person| person.account_id.to_string()).collect();
    let choices: Vec<(&str, &str)> =
        ids.iter().zip(therapists).map(|(id, person)| (id.as_str(), person.name.as_str())).collect();
    let field = |name, label| Field::new(name, label).error(errors.of(name));
    html! {
        form method="post" action={ "/patients/" (patient) "/visits" } class="card stack" {
            h2 { "Book a visit" }
            (hidden("key", &typed.key))
            (select(&field("therapist_id", "With").required().value(&typed.therapist_id), &choices))
            (date_field(&field("day", "Day").required().value(&typed.day)))
            (text_field(&field("time", "Time").required().value(&typed.time).hint("Like 14:30").max_length(5)))
            (number_field(&field("minutes", "Length").required().value(&typed.minutes).between("5", "480")
                .unit("minutes")))
            (text_field(&field("clinic", "Place").value(&typed.clinic).max_length(100)
                .hint("Which of your places, if there are several")))
            (textarea(&field("remark", "Remark").value(&typed.remark).rows(2).max_length(1000)
                .hint("What to bring or to mind. Findings belong into a note.")))
            (submit("Book it", None))
        }
    }
}
