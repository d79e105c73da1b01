//! The password: from nobody to a half session.

use super::{Attempt, SignInError, Tried, factors, login_session};
use crate::{Actor, Event, House, HouseError, access_reviews};
use domain::{EmailAddress, Timestamp};
use identity::{FactorKind, Origin, Password, PasswordError, PasswordHash, SessionToken, StartError, Verified};
use ledger::{Outcome, Resource, Word};
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountRow},
        login_sessions,
    },
};

/// A password that was right.
pub struct Started {
    /// What the cookie of the half session holds.
    pub token: SessionToken,
    /// The factors that open the account, strongest first. Empty: only a new invitation does.
    pub factors: Vec<FactorKind>,
}

const SIGN_IN: Word = Word::new("sign_in");
const ACCOUNT: Word = Word::new("account");

/// Verifies a typed address and password, and begins a half session.
pub async fn start(house: &House, typed: &str, password: Password, origin: Origin) -> Result<Started, SignInError> {
    let account = match EmailAddress::new(typed) {
        Ok(email) => accounts::by_email(&house.stores.identity, &house.indexes.account_email(&email)).await?,
        Err(_) => None,
    };
    // The try stays counted until a full session clears it: whoever has the password may not guess codes for ever.
    let tried = Tried { actor: actor(account.as_ref()), action: SIGN_IN, resource: resource(account.as_ref()) };
    let attempt = Attempt::count(house, house.indexes.typed_email(typed), origin, tried).await?;
    let verified = match verify(house, account.as_ref(), password).await {
        Ok(verified) => verified,
        Err(SignInError::Refused) => {
            let reason = if account.is_some() { "wrong-password" } else { "unknown-account" };
            return Err(refused(house, account.as_ref(), origin, reason).await);
        }
        Err(busy @ SignInError::Busy) => {
            // The password was not looked at, so it was no failure of theirs.
            house.stores.identity.commit(attempt.right(Batch::new())).await?;
            return Err(busy);
        }
        Err(other) => return Err(other),
    };
    // A proof is only given for a stored password, so there is an account.
    let Some(account) = account else { return Err(SignInError::Refused) };
    let claims = account.claims();
    let begun = house.sessions.start(verified.proof, &claims, house.clock.now(), &*house.rng);
    let (token, record) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let reason = match error {
                StartError::Disabled => "disabled",
                StartError::AnotherAccount | StartError::Inconsistent => "inconsistent",
            };
            let refused = refused(house, Some(&account), origin, reason).await;
            if let (StartError::Disabled, SignInError::Refused) = (&error, &refused) {
                let (practice, id) = (claims.practice, claims.account);
                // The password is right: they may know why it opens nothing any more.
                if let Some(why) = access_reviews::suspension(house, practice, id, account.version).await? {
                    return Err(SignInError::Suspended(why));
                }
            }
            return Err(refused);
        }
    };
    let found = factors(house, claims.practice, claims.account, claims.role).await?;
    let actor = Actor { login_session: Some(record.id), ..actor(Some(&account)) };
    let event = Event {
        action: SIGN_IN,
        resource: login_session(record.id),
        patient: None,
        outcome: Outcome::Allowed,
        reason: Word::new("password"),
    };
    house.record_as(actor, origin, event).await?;
    let lasts = house.sessions.limits().absolute;
    let over = record.created_at.checked_sub(lasts).unwrap_or(Timestamp::MIN);
    // The password was right for the account as it was read: one that was reset meanwhile has another.
    let batch = accounts::hold(Batch::new(), claims.practice, claims.account, account.version);
    let batch = login_sessions::sweep(batch, claims.practice, claims.account, over);
    let mut batch = login_sessions::insert(batch, &record);
    if let Some(hash) = verified.upgraded {
        let row_id = AccountRow::row_id(claims.account);
        let sealed = house.vault.seal(claims.practice, claims.account, row_id, &hash.as_str().to_owned()).await?;
        batch = accounts::set_password(batch, claims.practice, claims.account, &sealed, account.version);
    }
    match house.stores.identity.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict { .. }) => {
            return Err(refused(house, Some(&account), origin, "account-changed").await);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Started { token, factors: found.accepted.kinds().to_vec() })
}

/// Does the same work whether there is an account, and whether it has a password, or not.
async fn verify(house: &House, account: Option<&AccountRow>, password: Password) -> Result<Verified, SignInError> {
    let stored = match account.and_then(|row| row.password.as_ref().map(|sealed| (row, sealed))) {
        Some((row, sealed)) => {
            let hash = house.vault.open_credential(row.practice_id, row.account_id, sealed).await?;
            PasswordHash::parse(hash.expose()).ok().map(|hash| (row.account_id, hash))
        }
        None => None,
    };
    house.passwords.verify(password, stored, &*house.rng).await.map_err(|error| match error {
        PasswordError::Wrong => SignInError::Refused,
        PasswordError::Busy => SignInError::Busy,
        PasswordError::Failed => HouseError::Password(error).into(),
    })
}

fn actor(account: Option<&AccountRow>) -> Actor {
    account.map_or_else(Actor::default, Actor::of_account)
}

fn resource(account: Option<&AccountRow>) -> Resource {
    match account {
        Some(row) => Resource::new(ACCOUNT, row.account_id).expect("an id is short and visible"),
        None => Resource::whole(ACCOUNT),
    }
}

async fn refused(house: &House, account: Option<&AccountRow>, origin: Origin, reason: &'static str) -> SignInError {
    let event = Event::refused(SIGN_IN, resource(account), Word::new(reason));
    house.record_as(actor(account), origin, event).await.map_or_else(Into::into, |_| SignInError::Refused)
}
