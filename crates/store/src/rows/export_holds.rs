//! Accounts that take nothing out of their practice because of an alert, until somebody else lifts that.

use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, AlertId, PracticeId, Timestamp};

/// Exports of an account, held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The alert for which they are held.
    pub alert_id: AlertId,
    /// Whose.
    pub account_id: AccountId,
    /// Since when.
    pub held_at: Timestamp,
    /// Who lifted it, and when; none while it is in force.
    pub lifted: Option<(AccountId, Timestamp)>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT practice_id, alert_id, account_id, held_at, lifted_by, lifted_at FROM export_holds ", $rest)
    };
}

/// What holds the exports of an account now; at most one does.
pub async fn in_force(db: &Db, practice: PracticeId, account: AccountId) -> Result<Option<HoldRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 AND lifted_at IS NULL");
    db.optional(sql, &[practice.into(), account.into()]).await?.as_ref().map(read).transpose()
}

/// What an alert brought, also where it was lifted.
pub async fn of_alert(db: &Db, practice: PracticeId, alert: AlertId) -> Result<Option<HoldRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND alert_id = $2");
    db.optional(sql, &[practice.into(), alert.into()]).await?.as_ref().map(read).transpose()
}

/// What held the exports of an account at a moment.
pub async fn at(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    moment: Timestamp,
) -> Result<Option<HoldRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND account_id = $2 AND held_at <= $3 ORDER BY held_at DESC, alert_id DESC LIMIT 1"
    );
    db.optional(sql, &[practice.into(), account.into(), moment.into()]).await?.as_ref().map(read).transpose()
}

/// Holds the exports of an account; [`crate::CommitError::Duplicate`] where they are held already.
pub fn hold(batch: Batch, row: &HoldRow) -> Batch {
    const SQL: &str = "INSERT INTO export_holds (practice_id, alert_id, account_id, held_at) VALUES ($1, $2, $3, $4)";
    let params = &[row.practice_id.into(), row.alert_id.into(), row.account_id.into(), row.held_at.into()];
    batch.run(SQL, params).expect(1)
}

/// Lets an account take things out again; a conflict where somebody lifted it before.
pub fn lift(batch: Batch, practice: PracticeId, alert: AlertId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE export_holds SET lifted_by = $1, lifted_at = $2 \
                       WHERE practice_id = $3 AND alert_id = $4 AND lifted_at IS NULL";
    batch.run(SQL, &[by.into(), at.into(), practice.into(), alert.into()]).expect(1)
}

fn read(row: &Row) -> Result<HoldRow, StoreError> {
    let lifted = match (row.opt_id(4)?, row.opt_timestamp(5)?) {
        (Some(by), Some(at)) => Some((by, at)),
        _ => None,
    };
    Ok(HoldRow {
        practice_id: row.id(0)?,
        alert_id: row.id(1)?,
        account_id: row.id(2)?,
        held_at: row.timestamp(3)?,
        lifted,
    })
}
