//! What is taken out of an incident, in person: letters, their table for mail merge, and everything as one signed file. Each is made
//! when it is asked for (so by POST: no link and no prefetch makes one), and nothing of it stays on the server.

use super::page::{HERE, route};
use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb, answer::attachment, body::Nothing,
    routes::people::confirm_first,
};
use axum::{extract::State, response::Response};
use domain::{IncidentId, Invalid, LetterLanguage, PermissionName};
use identity::{EnrollmentError, Full, Session};
use practice::incidents::{self, IncidentError, LettersAs, WhichLetters};
use serde::Deserialize;
use std::time::Duration;

/// Thousands of letters take a while: each is a grant and an entry.
const LONG: Duration = Duration::from_secs(300);

const fn api(path: &'static str, what: &'static str, media: &'static str) -> Route {
    Route::api(Verb::Post, path, what)
        .permission(PermissionName::HandleIncidents)
        .audit(AuditClass::PatientList)
        .media(media)
        .timeout(LONG)
        .takes_out()
}

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    let pdf = api(
        "/api/v1/incidents/{incident_id}/letters/pdf",
        "Letters to everybody whom a breach affects, as PDF; with a factor proven just now. An entry for each patient.",
        "application/pdf",
    );
    let csv = api(
        "/api/v1/incidents/{incident_id}/letters/csv",
        "The same as a table for mail merge; with a factor proven just now. An entry for each patient.",
        "text/csv",
    );
    let file = api(
        "/api/v1/incidents/{incident_id}/file",
        "Everything about an incident as one signed file, by ids; with a factor proven just now.",
        "text/plain",
    );
    let sheet = api("/api/v1/incidents/{incident_id}/file/pdf", "The same to print.", "application/pdf");
    let page = |path, what| route(Verb::Post, path, what).timeout(LONG).takes_out();
    let list = |path, what| page(path, what).audit(AuditClass::PatientList);
    table
        .add(pdf.body::<WhichLetters>(), letters_pdf)
        .add(csv.body::<WhichLetters>(), letters_csv)
        .add(file.audit(AuditClass::Practice), file_api)
        .add(sheet.audit(AuditClass::Practice), sheet_api)
        .add(list("/incidents/{incident_id}/letters/pdf", "Letters to everybody whom a breach affects."), pdf_page)
        .add(list("/incidents/{incident_id}/letters/csv", "The same as a table for mail merge."), csv_page)
        .add(page("/incidents/{incident_id}/file", "Everything about an incident as one signed file."), file_page)
        .add(page("/incidents/{incident_id}/file/pdf", "The same to print."), sheet_page)
}

async fn letters(
    app: &App,
    session: &Session<Full>,
    incident: IncidentId,
    which: WhichLetters,
    made_as: LettersAs,
) -> Result<Response, IncidentError> {
    let made = incidents::make_letters(app.house(), session, incident, which, made_as).await?;
    Ok(match made_as {
        LettersAs::Pages => attachment("application/pdf", &format!("letters-{incident}.pdf"), made),
        LettersAs::Table => attachment("text/csv; charset=utf-8", &format!("letters-{incident}.csv"), made),
    })
}

async fn file(
    app: &App,
    session: &Session<Full>,
    incident: IncidentId,
    print: bool,
) -> Result<Response, IncidentError> {
    let signed = incidents::incident_file(app.house(), session, incident).await?;
    Ok(match print {
        true => attachment("application/pdf", &format!("incident-{incident}.pdf"), signed.pdf()),
        false => attachment("text/plain; charset=utf-8", &format!("incident-{incident}.txt"), signed.note),
    })
}

async fn letters_pdf(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(which): Json<WhichLetters>,
) -> Result<Response, Problem> {
    Ok(letters(&app, &session, incident, which, LettersAs::Pages).await?)
}

async fn letters_csv(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(which): Json<WhichLetters>,
) -> Result<Response, Problem> {
    Ok(letters(&app, &session, incident, which, LettersAs::Table).await?)
}

async fn file_api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Response, Problem> {
    Ok(file(&app, &session, incident, false).await?)
}

async fn sheet_api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Response, Problem> {
    Ok(file(&app, &session, incident, true).await?)
}

/// Over the page that asks for the factor again where that is needed.
fn or_confirm(made: Result<Response, IncidentError>, back: &str) -> Result<Response, Problem> {
    match made {
        Err(IncidentError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(back)),
        other => Ok(other?),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    #[serde(default)]
    language: String,
}

impl Chosen {
    fn which(&self) -> Result<WhichLetters, Problem> {
        let language = match self.language.as_str() {
            "" => None,
            word => Some(word.parse::<LetterLanguage>().map_err(|why: Invalid| Problem::invalid("language", &why))?),
        };
        Ok(WhichLetters { language })
    }
}

async fn pdf_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let made = letters(&app, &session, incident, chosen.which()?, LettersAs::Pages).await;
    or_confirm(made, &format!("{HERE}/{incident}/letters"))
}

async fn csv_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Problem> {
    let made = letters(&app, &session, incident, chosen.which()?, LettersAs::Table).await;
    or_confirm(made, &format!("{HERE}/{incident}/letters"))
}

async fn file_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    or_confirm(file(&app, &session, incident, false).await, &format!("{HERE}/{incident}"))
}

async fn sheet_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    or_confirm(file(&app, &session, incident, true).await, &format!("{HERE}/{incident}"))
}
