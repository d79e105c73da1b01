//! One's own API tokens.

use super::{below_account, confirm_first, is_fresh, or_confirm};
use crate::{
    App, AuditClass, Form, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, Field, FieldErrors, Tone, card, checkbox_group, empty_state, link_button, notice,
        number_field, post_button, row, secret, submit, table, text_field,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PermissionName, Timestamp, TokenId};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::account::{self, AccountError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LIST: Route =
    Route::api(Verb::Get, "/api/v1/me/tokens", "One's own API tokens, newest first.").answer::<List>(200);
const ISSUE: Route = Route::api(Verb::Post, "/api/v1/me/tokens", "Issues an API token. Needs a fresh factor.")
    .audit(AuditClass::Session)
    .body::<NewToken>()
    .answer::<Issued>(201);
const REVOKE: Route = Route::api(Verb::Delete, "/api/v1/me/tokens/{token_id}", "Revokes an API token.")
    .audit(AuditClass::Session)
    .no_content();
const PAGE: Route = Route::page(Verb::Get, "/account/tokens", "One's own API tokens.");
const FORM: Route = Route::page(Verb::Post, "/account/tokens", "Issues an API token.").audit(AuditClass::Session);
const REVOKE_FORM: Route =
    Route::page(Verb::Post, "/account/tokens/{token_id}/revoke", "Revokes an API token.").audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(ISSUE, issue)
        .add(REVOKE, revoke)
        .add(PAGE, show)
        .add(FORM, submitted)
        .add(REVOKE_FORM, revoke_form)
}

/// One's own tokens.
#[derive(Serialize, JsonSchema)]
struct List {
    /// Newest first; those that ended too.
    items: Vec<Item>,
}

/// A token, without its secret.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// The token.
    token_id: TokenId,
    /// What its owner calls it.
    label: String,
    /// What it may be used for.
    scopes: Vec<PermissionName>,
    /// When it was issued.
    created_at: Timestamp,
    /// When it ends.
    expires_at: Timestamp,
}

/// A token to be issued.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What its owner calls it: 1 to 60 characters.
    label: String,
    /// What it may be used for: at least one permission of one's role.
    scopes: Vec<PermissionName>,
    /// How many days it lasts: 1 to 90.
    days: u16,
}

/// A token that was issued.
#[derive(Serialize, JsonSchema)]
struct Issued {
    /// The token.
    token_id: TokenId,
    /// What programs present as bearer token. Not shown again.
    secret: String,
    /// When it ends.
    expires_at: Timestamp,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<List>, Problem> {
    let items = account::tokens(app.house(), &session).await?.into_iter().map(|view| Item {
        token_id: view.token_id,
        label: view.label,
        scopes: view.scopes.as_slice().to_vec(),
        created_at: view.created_at,
        expires_at: view.expires_at,
    });
    Ok(Json(List { items: items.collect() }))
}

async fn issue(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let issued = account::issue_token(app.house(), &session, &new.label, new.scopes, new.days).await?;
    let secret = issued.secret.to_string();
    Ok((StatusCode::CREATED, Json(Issued { token_id: issued.token_id, secret, expires_at: issued.expires_at })))
}

async fn revoke(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(token): PathId<TokenId>,
) -> Result<StatusCode, Problem> {
    account::revoke_token(app.house(), &session, token).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(token): PathId<TokenId>,
) -> Result<Response, Problem> {
    account::revoke_token(app.house(), &session, token).await?;
    Ok(see_other("/account/tokens"))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    label: String,
    #[serde(default)]
    scopes: Vec<PermissionName>,
    #[serde(default)]
    days: Option<u16>,
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    page(&app, &session, &Typed::default(), &FieldErrors::none()).await
}

/// Shows the secret in the answer itself: it is stored nowhere, so there is no other page to lead to.
async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let days = typed.days.unwrap_or_default();
    match account::issue_token(app.house(), &session, &typed.label, typed.scopes.clone(), days).await {
        Ok(issued) => {
            let surround = Surround::of(&app, &session).await?;
            let content = html! {
                (notice(Tone::Warn, "Copy the token now", Some(html! { p { "It is not shown again." } })))
                section class="card stack" {
                    (secret("API token", &issued.secret))
                    p class="soft" { "It ends on " (surround.moment(issued.expires_at)) "." }
                    (row(link_button("/account/tokens", "I have copied it", ButtonKind::Primary)))
                }
            };
            Ok(surround.page(Sheet::new("API token", "/account"), content).into_response())
        }
        Err(error @ (AccountError::Label | AccountError::Scopes | AccountError::Expiry)) => {
            let mut errors = FieldErrors::none();
            for error in Problem::from(error).errors() {
                errors.add(error.field.clone(), error.message.clone());
            }
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page(&app, &session, &typed, &errors).await?))
        }
        Err(error) => or_confirm(error, "/account/tokens"),
    }
}

async fn page(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let tokens = account::tokens(app.house(), session).await?;
    let columns = [Column::text("Name"), Column::text("May"), Column::text("Ends"), Column::actions("Revoke")];
    let rows = tokens.iter().map(|token| {
        let revoke = format!("/account/tokens/{}/revoke", token.token_id);
        vec![
            html! { (token.label) },
            html! { (token.scopes.as_slice().iter().map(|scope| scope_words(*scope)).collect::<Vec<_>>().join("; ")) },
            html! { (surround.moment(token.expires_at)) },
            post_button(&revoke, "Revoke", ButtonKind::Danger, Some("Revoke this token? It stops at once.")),
        ]
    });
    let scopes: Vec<(&str, &str, bool)> = account::scopes_of(session.role())
        .iter()
        .map(|scope| (scope.word(), scope_words(*scope), typed.scopes.contains(scope)))
        .collect();
    let days = typed.days.unwrap_or(30).to_string();
    let content = html! {
        @if tokens.is_empty() {
            (empty_state("No tokens", "A token lets a program do for you what you allow it.", None))
        } @else {
            div class="card" { (table("Your API tokens", &columns, rows)) }
        }
        @if is_fresh(app, session) {
            (card("A new token", None, html! {
                form method="post" action="/account/tokens" class="stack" {
                    (errors.summary())
                    (text_field(&Field::new("label", "Name").required().max_length(60).value(&typed.label)
                        .error(errors.of("label")).autocomplete("off")))
                    (checkbox_group(&Field::new("scopes", "What it may do").required().error(errors.of("scopes")), &scopes))
                    (number_field(&Field::new("days", "Lasts").required().unit("days").between("1", "90").value(&days)
                        .error(errors.of("days"))))
                    (submit("Issue the token", None))
                }
            }))
        } @else { (confirm_first("/account/tokens")) }
    };
    Ok(surround.page(Sheet::new("API tokens", "/account").head(below_account("API tokens")), content))
}

/// What a scope lets a program do.
const fn scope_words(scope: PermissionName) -> &'static str {
    match scope {
        PermissionName::ReadExercise => "See programs and what was done",
        PermissionName::WriteExercise => "Prescribe and change programs",
        PermissionName::ReadNotes => "Read notes and comments",
        PermissionName::WriteNotes => "Write notes",
        PermissionName::Export => "Take records out of the practice",
        PermissionName::LogExercise => "Write down what was done",
        PermissionName::ReadIdentity => "See names and contacts",
        PermissionName::WriteIdentity => "Register patients and change names and contacts",
        PermissionName::ReadVisits => "See visits",
        PermissionName::WriteVisits => "Book and change visits",
        PermissionName::ChargeVisit => "Say what to charge for visits",
        PermissionName::ReadContact => "See name and contact of who is billed",
        PermissionName::ReadAccessLog => "See who looked",
        PermissionName::TakeOutOwn => "Take out a copy of one's own record",
        PermissionName::BreakGlass => "Open records in an emergency",
        PermissionName::ReviewEmergency => "Look into openings in an emergency",
        PermissionName::NotifyAffected => "Tell those whom a breach affects",
        PermissionName::ImportRecord => "Bring in records from an earlier program",
        PermissionName::ReadBilling => "See billing",
        PermissionName::WriteBilling => "Charge and book payments",
        PermissionName::ReadAudit => "Read the audit trail",
        PermissionName::Govern => "Manage accounts and care teams",
        PermissionName::Retain => "Plan the destruction of records and hold them",
        PermissionName::AnswerRequests => "Answer what patients ask about their record",
        PermissionName::HandleIncidents => "Handle incidents",
        PermissionName::Oversee => "See who has access, and what reviews decided",
        PermissionName::Operate => "Run keys, backups and health of the server",
        PermissionName::ReleaseDeidentified => "Release data without names",
    }
}
