//! Accepting an invitation, for programs and for `passkey.js`.

use crate::{App, AuditClass, Caller, Json, PathId, Problem, Route, RouteTable, Verb, body::Nothing};
use axum::{extract::State, http::StatusCode};
use domain::Role;
use identity::{FactorKind, Password};
use practice::accounts::{self, InviteeView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const READ: Route = Route::api(Verb::Get, "/api/v1/invitations/{secret}", "Who invites, and what is needed.")
    .public()
    .answer::<InvitationBody>(200);
const TOTP: Route = Route::api(Verb::Post, "/api/v1/invitations/{secret}/totp", "Begins a code generator.")
    .public()
    .audit(AuditClass::Session)
    .body::<Nothing>()
    .answer::<Generator>(200);
const ACCEPT: Route = Route::api(
    Verb::Post,
    "/api/v1/invitations/{secret}/accept",
    "Accepts with a password and the first code of the generator. Leads to sign-in, never to a session.",
)
.public()
.audit(AuditClass::Session)
.body::<WithCode>()
.answer::<RecoveryCodes>(201);
const PASSKEY_START: Route = Route::api(
    Verb::Post,
    "/api/v1/invitations/{secret}/passkey/start",
    "Begins to register a passkey: WebAuthn's options.",
)
.public()
.audit(AuditClass::Session)
.body::<Nothing>()
.answer::<Value>(200);
const PASSKEY_FINISH: Route = Route::api(
    Verb::Post,
    "/api/v1/invitations/{secret}/passkey/finish",
    "Accepts with a password and a passkey. Leads to sign-in, never to a session.",
)
.public()
.audit(AuditClass::Session)
.body::<WithPasskey>()
.answer::<RecoveryCodes>(201);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(READ, read)
        .add(TOTP, totp)
        .add(ACCEPT, accept)
        .add(PASSKEY_START, passkey_start)
        .add(PASSKEY_FINISH, passkey_finish)
}

/// An invitation. Who is invited is told with the first step, which is recorded.
#[derive(Serialize, JsonSchema)]
struct InvitationBody {
    /// The practice that invites.
    practice: String,
    /// The kind of factor that the account needs.
    factor: FactorKind,
}

/// A code generator that awaits its first code, and whose it is.
#[derive(Serialize, JsonSchema)]
struct Generator {
    /// What the account is for.
    role: Role,
    /// Who is invited.
    display_name: String,
    /// The address that will sign in.
    email: String,
    /// Its secret, base32. Not shown again.
    secret: String,
    /// The same as an `otpauth:` address.
    uri: String,
}

/// A password and a code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WithCode {
    /// At least 12 characters, not easy to guess.
    password: String,
    /// The first code of the generator.
    code: String,
}

/// A password and a passkey.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WithPasskey {
    /// At least 12 characters, not easy to guess.
    password: String,
    /// What the passkey is called: 1 to 60 characters.
    label: String,
    /// What the browser answered, as WebAuthn's JSON.
    credential: Value,
}

/// Codes that open the account once each. Shown once.
#[derive(Serialize, JsonSchema)]
struct RecoveryCodes {
    /// The codes.
    recovery_codes: Vec<String>,
}

impl RecoveryCodes {
    fn of(codes: &[crypto::Zeroizing<String>]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.to_string()).collect() }
    }
}

async fn read(State(app): State<App>, PathId(secret): PathId<String>) -> Result<Json<InvitationBody>, Problem> {
    let view = accounts::invitation(app.house(), &secret).await?;
    Ok(Json(InvitationBody { practice: view.practice, factor: view.factor }))
}

async fn totp(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(secret): PathId<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Generator>, Problem> {
    let begun = accounts::begin_totp(app.house(), &secret, origin).await?;
    let InviteeView { role, display_name, email } = begun.invitee;
    let (secret, uri) = (begun.secret.to_string(), begun.uri.to_string());
    Ok(Json(Generator { role, display_name, email, secret, uri }))
}

async fn accept(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(secret): PathId<String>,
    Json(typed): Json<WithCode>,
) -> Result<(StatusCode, Json<RecoveryCodes>), Problem> {
    let password = Password::new(typed.password).map_err(|why| Problem::invalid("password", &why))?;
    let codes = accounts::accept_with_totp(app.house(), &secret, password, &typed.code, origin).await?;
    Ok((StatusCode::CREATED, Json(RecoveryCodes::of(&codes))))
}

async fn passkey_start(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(secret): PathId<String>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(accounts::begin_passkey(app.house(), &secret, origin).await?))
}

async fn passkey_finish(
    State(app): State<App>,
    Caller(origin): Caller,
    PathId(secret): PathId<String>,
    Json(typed): Json<WithPasskey>,
) -> Result<(StatusCode, Json<RecoveryCodes>), Problem> {
    let password = Password::new(typed.password).map_err(|why| Problem::invalid("password", &why))?;
    let joined =
        accounts::accept_with_passkey(app.house(), &secret, password, &typed.label, &typed.credential, origin).await?;
    Ok((StatusCode::CREATED, Json(RecoveryCodes::of(&joined))))
}
