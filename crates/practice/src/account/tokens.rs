//! One's own API tokens: list, issue, revoke.

use super::{AccountError, api_token, person, record};
use crate::House;
use crypto::Zeroizing;
use domain::{PermissionName, Role, Timestamp, TokenId};
use identity::{Full, MAX_API_TOKEN_DAYS, Scopes, Session, TokenLabel};
use ledger::Word;
use std::time::Duration;
use store::{
    Batch, CommitError,
    rows::{
        api_tokens::{self as rows, ApiTokenRow},
        login_sessions,
    },
};

/// Most tokens of an account: so that its owner sees all of them in one list, and none hides behind the others.
const MOST: usize = 100;

/// An API token, as its owner sees it.
pub struct TokenView {
    /// The token.
    pub token_id: TokenId,
    /// What its owner calls it.
    pub label: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token that was just issued.
pub struct IssuedToken {
    /// The token.
    pub token_id: TokenId,
    /// The secret, to be shown once.
    pub secret: Zeroizing<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a token of a role can be for: what the policy could ever allow that role. What it does allow is asked at every
/// use, as in any session. Incidents are handled by people in person, and never by a token.
pub const fn scopes_of(role: Role) -> &'static [PermissionName] {
    use PermissionName as P;
    match role {
        Role::Admin => &[
            P::ReadExercise,
            P::WriteExercise,
            P::ReadNotes,
            P::WriteNotes,
            P::Export,
            P::ReadIdentity,
            P::WriteIdentity,
            P::ReadVisits,
            P::WriteVisits,
            P::ChargeVisit,
            P::ReadAudit,
            P::Govern,
            P::Retain,
            P::AnswerRequests,
            P::Oversee,
        ],
        Role::Therapist => &[
            P::ReadExercise,
            P::WriteExercise,
            P::ReadNotes,
            P::WriteNotes,
            P::ReadVisits,
            P::WriteVisits,
            P::ChargeVisit,
        ],
        Role::Patient => &[P::ReadExercise, P::LogExercise, P::ReadVisits, P::ReadAccessLog, P::TakeOutOwn],
        Role::Billing => &[P::ReadBilling, P::WriteBilling, P::ReadContact],
        Role::FrontDesk => &[P::ReadIdentity, P::WriteIdentity, P::ReadVisits, P::WriteVisits],
        Role::PrivacyOfficer => &[P::ReadAudit, P::Retain, P::AnswerRequests, P::Oversee],
        Role::Operator => &[P::Operate],
        Role::Researcher => &[P::ReleaseDeidentified],
    }
}

/// One's own tokens, newest first.
pub async fn tokens(house: &House, session: &Session<Full>) -> Result<Vec<TokenView>, AccountError> {
    person(session)?;
    let mut views = Vec::new();
    for row in rows::of_account(&house.stores.identity, session.practice(), session.account()).await? {
        let label = house.vault.open_credential(row.practice_id, row.account_id, &row.label).await?;
        views.push(TokenView {
            token_id: row.token_id,
            label: label.expose().clone(),
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
        });
    }
    Ok(views)
}

/// Issues a token for up to 90 days. Needs a fresh factor. An account has at most a hundred.
pub async fn issue_token(
    house: &House,
    session: &Session<Full>,
    label: &str,
    scopes: Vec<PermissionName>,
    days: u16,
) -> Result<IssuedToken, AccountError> {
    let label = TokenLabel::new(label).map_err(|_| AccountError::Label)?;
    if scopes.iter().any(|scope| !scopes_of(session.role()).contains(scope)) {
        return Err(AccountError::Scopes);
    }
    let scopes = Scopes::new(scopes).map_err(|_| AccountError::Scopes)?;
    if u64::from(days) > MAX_API_TOKEN_DAYS {
        return Err(AccountError::Expiry);
    }
    let now = house.clock.now();
    let there = rows::of_account(&house.stores.identity, session.practice(), session.account()).await?;
    if there.iter().filter(|row| row.expires_at > now).count() >= MOST {
        return Err(AccountError::TooMany);
    }
    let lasts = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    let expires_at = now.checked_add(lasts).map_err(|_| AccountError::Expiry)?;
    let (secret, issued) = house.sessions.issue_api_token(session, label, scopes, expires_at, now, &*house.rng)?;
    let row_id = ApiTokenRow::row_id(issued.id);
    let text = issued.label.as_str().to_owned();
    let sealed = house.vault.seal(issued.practice, issued.account, row_id, &text).await?;
    record(house, session, Word::new("issue_token"), api_token(issued.id)).await?;
    let batch = login_sessions::hold(Batch::new(), issued.practice, issued.account, session.id());
    let batch = rows::sweep(batch, issued.practice, issued.account, now);
    let batch = rows::insert(batch, &ApiTokenRow::new(&issued, sealed));
    house.stores.identity.commit(batch).await?;
    Ok(IssuedToken { token_id: issued.id, secret: secret.text(), expires_at })
}

/// Revokes one of one's own tokens: it stops at its next use.
pub async fn revoke_token(house: &House, session: &Session<Full>, token: TokenId) -> Result<(), AccountError> {
    person(session)?;
    let (practice, account) = (session.practice(), session.account());
    record(house, session, Word::new("revoke_token"), api_token(token)).await?;
    match house.stores.identity.commit(rows::revoke(Batch::new(), practice, account, token)).await {
        Err(CommitError::Conflict { .. }) => Err(AccountError::Gone),
        other => Ok(other?),
    }
}
