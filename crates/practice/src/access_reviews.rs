//! Reviews of who has access: begun by the server once a quarter, answered one by one, closed with a signed record.
//!
//! ```text
//! quarter begins ──▶ listing ──▶ open ──(all answered, or due: what nobody attested ends)──▶ closed, signed
//! ```
//!
//! Listed are accounts of staff with their roles, places on care teams, API tokens, and what was opened in an emergency since the
//! review before. Whatever ends does so by the mechanism
//! by which it always ends, which records it; the review's own row follows in the same write.

mod attest;
mod campaign;
mod ending;
mod hand;
mod listing;
mod others;
mod record;
mod settings;
mod standing;
mod told;
mod views;

pub use attest::{Kept, attest, keep_usual};
pub use campaign::{REVIEW_STEPS, round};
pub use record::{ACCESS_REVIEW, ReviewRecord, ReviewedAccess, record, record_pdf, verify_review};
pub use settings::{Bounds, OverseeSettings, SETTINGS, change_settings, settings};
pub use told::{EndedAccess, Suspension, ended_lately, suspension};
pub use views::{ItemView, ReviewView, items, review, reviews};

use crate::{
    House, HouseError,
    house::through_house,
    record::{RecordError, resource},
    retention::CertificateError,
    trail::TrailError,
};
use domain::{AccountId, PracticeId, Role};
use identity::{EnrollmentError, Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Oversee, Purpose};
use store::rows::accounts::{AccountRow, AccountState};

const REVIEW: Word = Word::new("access_review");
const ITEM: Word = Word::new("access_item");

/// Why something about a review was not done.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such review or item, or no record yet.
    #[error("there is no such thing")]
    Unknown,
    /// Nobody attests what they have themself, while there is somebody else who may.
    #[error("one's own access is attested by somebody else")]
    Oneself,
    /// Without this account nobody could give access to anybody any more.
    #[error("nobody else could give access to anybody")]
    Last,
    /// It was decided already, or the review is over.
    #[error("it was decided already, or the review is over")]
    Decided,
    /// The number is too small or too large.
    #[error("{name} must be from {least} to {most}")]
    Bounds {
        /// Which setting.
        name: &'static str,
        /// The least that it may be.
        least: u32,
        /// The most.
        most: u32,
    },
    /// Needs a factor proven just now.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The audit trail could not be read: last uses are in it.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The index of the audit trail does not hold everything yet: nobody can tell when anything was used last.
    #[error("the index of the audit trail lags behind")]
    Lagging,
    /// The audit trail does not prove yet that it records the closing.
    #[error("the audit trail does not prove the closing of the review yet")]
    Unproved,
    /// Something in the review is not decided: there is no record of it.
    #[error("something in the review is not decided")]
    Undecided,
    /// The record is not what was signed.
    #[error(transparent)]
    Record(#[from] CertificateError),
    /// A name could not be read.
    #[error(transparent)]
    Name(#[from] RecordError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(ReviewError);

async fn allowed(house: &House, session: &Session<Full>, what: Resource) -> Result<PracticeId, AccessError> {
    Ok(house.guard.authorize_practice::<Oversee>(session, Purpose::operations(what)).await?.practice())
}

/// Whether the policy gives a role leave to answer reviews.
const fn overseer(role: Role) -> bool {
    matches!(role, Role::Admin | Role::PrivacyOfficer)
}

/// Whether it is the account of somebody who can answer reviews now.
fn oversees(row: &AccountRow) -> bool {
    overseer(row.role) && row.state == AccountState::Active
}

/// Who could still give access without an account.
enum Without {
    /// Whoever could with it: it gives none.
    Anybody,
    /// This account, as long as it has this version.
    Somebody(AccountId, i64),
    /// Nobody: it is the last administrator, or, where there is no administrator, the last privacy officer.
    Nobody,
}

/// Who could still give access without an account; whoever asks comes first.
fn without(rows: &[AccountRow], account: AccountId, asks: Option<AccountId>) -> Without {
    let Some(own) = rows.iter().find(|row| row.account_id == account && oversees(row)) else { return Without::Anybody };
    let others = rows.iter().filter(|row| row.account_id != account && oversees(row));
    // An administrator is replaced by another one only.
    let fit = others.filter(|row| own.role != Role::Admin || row.role == Role::Admin);
    let best = fit.max_by_key(|row| (row.role == Role::Admin, Some(row.account_id) == asks, row.account_id));
    best.map_or(Without::Nobody, |row| Without::Somebody(row.account_id, row.version))
}

/// Whether nobody could give access to anybody any more without this account.
fn is_last(rows: &[AccountRow], account: AccountId) -> bool {
    matches!(without(rows, account, None), Without::Nobody)
}

fn item_resource(item: domain::AccessItemId) -> Resource {
    resource(ITEM, item)
}
