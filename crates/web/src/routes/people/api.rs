//! The accounts of a practice, for programs.

use crate::{
    App, AuditClass, Cursor, IfMatch, Json, Limit, Page, PathId, Problem, Query, Route, RouteTable, SignedIn, Tag, Verb,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{AccountId, EmailAddress, PatientId, PermissionName, PersonName, Role, Timestamp};
use identity::InvitationSecret;
use practice::accounts::{self, AccountView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::accounts::AccountState;

const LIST: Route = Route::api(Verb::Get, "/api/v1/accounts", "The accounts of staff.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice)
    .query::<Asked>()
    .answer::<Page<AccountBody>>(200);
const READ: Route = Route::api(Verb::Get, "/api/v1/accounts/{account_id}", "An account.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice)
    .answer::<AccountBody>(200);
const CHANGE: Route =
    Route::api(Verb::Put, "/api/v1/accounts/{account_id}", "Changes role and state; its sessions and tokens end.")
        .permission(PermissionName::Govern)
        .audit(AuditClass::Practice)
        .if_match()
        .body::<RoleAndState>()
        .answer::<AccountBody>(200);
const INVITE: Route = Route::api(Verb::Post, "/api/v1/invitations", "Adds an account and invites it.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Practice)
    .body::<NewInvitation>()
    .answer::<InvitedBody>(201);
const INVITE_AGAIN: Route = Route::api(
    Verb::Post,
    "/api/v1/accounts/{account_id}/invitation",
    "Takes password and factors of an account away and invites it again; the link to a patient's is made at the front desk.",
)
.permission(PermissionName::Govern)
.audit(AuditClass::Practice)
.answer::<ResetBody>(201);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(READ, read).add(CHANGE, change).add(INVITE, invite).add(INVITE_AGAIN, invite_again)
}

/// Which accounts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// How many.
    #[serde(default)]
    limit: Limit,
}

/// An account.
#[derive(Serialize, JsonSchema)]
struct AccountBody {
    /// The account.
    account_id: AccountId,
    /// What it is for.
    role: Role,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
    /// The name that others see.
    display_name: String,
    /// The address that signs in.
    email: String,
    /// The patient whose account it is, if any.
    patient_id: Option<PatientId>,
    /// When it was made.
    created_at: Timestamp,
    /// Counts up at each change; the ETag.
    version: i64,
}

impl From<AccountView> for AccountBody {
    fn from(view: AccountView) -> Self {
        Self {
            account_id: view.account_id,
            role: view.role,
            state: view.state.word(),
            display_name: view.display_name,
            email: view.email,
            patient_id: view.patient_id,
            created_at: view.created_at,
            version: view.version,
        }
    }
}

/// What an account is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleAndState {
    /// What it is for.
    role: Role,
    /// `active` or `disabled`.
    state: String,
}

/// Who is to be invited.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// The address that will sign in.
    email: EmailAddress,
    /// The name that others see.
    display_name: PersonName,
    /// What the account is for. Patients are invited at the front desk: `POST /api/v1/patients/{patient_id}/invitation`.
    role: Role,
}

/// An account that was reset. The link is shown once.
#[derive(Serialize, JsonSchema)]
struct ResetBody {
    /// The account.
    account_id: AccountId,
    /// Where the invited person sets a password and a factor; none for a patient's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// An invitation. The link is shown once.
#[derive(Serialize, JsonSchema)]
pub(in crate::routes) struct InvitedBody {
    /// The account.
    pub(in crate::routes) account_id: AccountId,
    /// Where the invited person sets a password and a factor.
    pub(in crate::routes) link: String,
}

/// The link of an invitation.
pub(in crate::routes) fn link(app: &App, secret: &InvitationSecret) -> String {
    format!("{}/join/{}", app.settings.origin.as_str(), secret.text().as_str())
}

fn tagged(view: AccountView) -> Response {
    let tag = Tag(u64::try_from(view.version).unwrap_or(0));
    ([tag.pair()], Json(AccountBody::from(view))).into_response()
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<AccountBody>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let views = accounts::staff(app.house(), &session, after, asked.limit.entries() + 1).await?;
    let bodies: Vec<AccountBody> = views.into_iter().map(AccountBody::from).collect();
    Ok(Json(Page::from_surplus(bodies, asked.limit, |last| Cursor::at(&last.account_id))))
}

async fn read(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
) -> Result<Response, Problem> {
    Ok(tagged(accounts::account(app.house(), &session, account).await?))
}

async fn change(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<AccountId>,
    IfMatch(seen): IfMatch,
    Json(wanted): Json<RoleAndState>,
) -> Result<Response, Problem> {
    let state: AccountState = wanted.state.parse().map_err(|why| Problem::invalid("state", &why))?;
    let seen = i64::try_from(seen).unwrap_or(i64::MAX);
    Ok(tagged(accounts::change(app.house(), &session, account, wanted.role, state, seen).await?))
}

async fn invite(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Json<InvitedBody>), Problem> {
    let NewInvitation { email, display_name, role } = new;
    let (account_id, secret) = accounts::invite_new(app.house(), &session, role, email, display_name).await?;
    Ok((StatusCode::CREATED, Json(InvitedBody { account_id, link: link(&app, &secret) })))
}

async fn invite_again(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account_id): PathId<AccountId>,
) -> Result<(StatusCode, Json<ResetBody>), Problem> {
    let secret = accounts::invite_again(app.house(), &session, account_id).await?;
    let link = secret.map(|secret| link(&app, &secret));
    Ok((StatusCode::CREATED, Json(ResetBody { account_id, link })))
}
