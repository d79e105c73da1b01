//! Signing out, here and everywhere.

use crate::{
    App, AuditClass, Caller, PathId, Problem, Route, RouteTable, SignedIn, Verb, Visitor,
    answer::{see_other, with_cookie},
    cookie,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::LoginSessionId;
use identity::Origin;
use practice::account;

const SIGN_OUT: Route =
    Route::api(Verb::Delete, "/api/v1/session", "Signs out.").half().proves().audit(AuditClass::Session).no_content();
const EVERYWHERE: Route = Route::api(Verb::Delete, "/api/v1/sessions", "Signs out everywhere.")
    .proves()
    .audit(AuditClass::Session)
    .no_content();
const END_ONE: Route = Route::api(Verb::Delete, "/api/v1/sessions/{session_id}", "Ends one of one's own sessions.")
    .audit(AuditClass::Session)
    .no_content();
const SIGN_OUT_FORM: Route = Route::page(Verb::Post, "/sign-out", "Signs out.").public().audit(AuditClass::Session);
const EVERYWHERE_FORM: Route =
    Route::page(Verb::Post, "/account/sessions/end-all", "Signs out everywhere.").proves().audit(AuditClass::Session);
const END_ONE_FORM: Route =
    Route::page(Verb::Post, "/account/sessions/{session_id}/end", "Ends one of one's own sessions.")
        .audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(SIGN_OUT, sign_out)
        .add(EVERYWHERE, everywhere)
        .add(END_ONE, end_one)
        .add(SIGN_OUT_FORM, sign_out_form)
        .add(EVERYWHERE_FORM, everywhere_form)
        .add(END_ONE_FORM, end_one_form)
}

async fn end(app: &App, visitor: Visitor, origin: Origin) -> Result<(), Problem> {
    match visitor {
        Visitor::Nobody => {}
        Visitor::Half(session) => {
            let who = (session.practice(), session.account(), session.role());
            account::sign_out(app.house(), who, session.id(), origin).await?;
        }
        Visitor::Full(session) if session.token().is_some() => {
            return Err(Problem::forbidden().detail("An API token cannot do this."));
        }
        Visitor::Full(session) => {
            let who = (session.practice(), session.account(), session.role());
            account::sign_out(app.house(), who, session.id(), origin).await?;
        }
    }
    Ok(())
}

async fn sign_out(State(app): State<App>, Caller(origin): Caller, visitor: Visitor) -> Result<Response, Problem> {
    end(&app, visitor, origin).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), cookie::clear_session()))
}

/// Public, so that somebody whose session ended by itself is not told to sign in first.
async fn sign_out_form(State(app): State<App>, Caller(origin): Caller, visitor: Visitor) -> Result<Response, Problem> {
    end(&app, visitor, origin).await?;
    Ok(with_cookie(see_other("/sign-in"), cookie::clear_session()))
}

async fn everywhere(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    account::end_all_sessions(app.house(), &session).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), cookie::clear_session()))
}

async fn everywhere_form(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    account::end_all_sessions(app.house(), &session).await?;
    Ok(with_cookie(see_other("/sign-in"), cookie::clear_session()))
}

async fn end_one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(ended): PathId<LoginSessionId>,
) -> Result<StatusCode, Problem> {
    account::end_session(app.house(), &session, ended).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_one_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(ended): PathId<LoginSessionId>,
) -> Result<Response, Problem> {
    account::end_session(app.house(), &session, ended).await?;
    Ok(see_other("/account/sessions"))
}
