//! Charges: what is asked for visits.

use super::super::{opt_sealed, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, BillingAccountId, ChargeId, Date, PracticeId, Timestamp, billing::ChargeState};
use phi::{Draft, RowId, Sealed, fields::charges};

/// A charge.
pub struct ChargeRow {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The account.
    pub account_id: BillingAccountId,
    /// The charge.
    pub charge_id: ChargeId,
    /// The account of the therapist.
    pub therapist_id: AccountId,
    /// The day of the visit.
    pub day: Date,
    /// How far it is.
    pub state: ChargeState,
    /// Codes, minutes and modifiers.
    pub sheet: Sealed<charges::Sheet>,
    /// The diagnosis codes of the claim.
    pub diagnoses: Sealed<charges::Diagnoses>,
    /// The way from minutes to the amount, once it was billed.
    pub price: Option<Sealed<charges::Priced>>,
    /// When it came from the therapist.
    pub received_at: Timestamp,
    /// Counts up at each change.
    pub version: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, account_id, charge_id, therapist_id, day, state, sheet, diagnoses, price, ",
            "received_at, version FROM charges ",
            $rest
        )
    };
}

/// Stores a draft where it is not there yet: a draft that comes twice is one.
pub fn receive(batch: Batch, draft: &Draft, at: Timestamp) -> Batch {
    const SQL: &str = "INSERT INTO charges (practice_id, account_id, charge_id, therapist_id, day, state, sheet, \
                       diagnoses, received_at, version) VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, 1) \
                       ON CONFLICT (practice_id, charge_id) DO NOTHING";
    let params = &[
        draft.branch.into(),
        draft.account.into(),
        draft.charge.into(),
        draft.therapist.into(),
        draft.day.into(),
        draft.sheet.as_bytes().into(),
        draft.diagnoses.as_bytes().into(),
        at.into(),
    ];
    batch.run(SQL, params)
}

/// Moves a charge on from the version that was seen; with a price when it is billed.
pub fn advance(batch: Batch, row: &ChargeRow, state: ChargeState, price: Option<&Sealed<charges::Priced>>) -> Batch {
    const SQL: &str = "UPDATE charges SET state = $1, price = $2, version = version + 1 \
                       WHERE practice_id = $3 AND account_id = $4 AND charge_id = $5 AND version = $6";
    let price = price.or(row.price.as_ref()).map(Sealed::as_bytes);
    let params = &[
        state.word().into(),
        price.into(),
        row.branch.into(),
        row.account_id.into(),
        row.charge_id.into(),
        row.version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// One charge.
pub async fn by_id(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    charge: ChargeId,
) -> Result<Option<ChargeRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 AND charge_id = $3");
    db.optional(sql, &[branch.into(), account.into(), charge.into()]).await?.as_ref().map(read).transpose()
}

/// The charges of an account, newest day first, at most `limit`.
pub async fn of_account(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    limit: i64,
) -> Result<Vec<ChargeRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 ORDER BY day DESC, charge_id LIMIT $3");
    db.rows(sql, &[branch.into(), account.into(), limit.into()]).await?.iter().map(read).collect()
}

/// Drafts, oldest day first: account, charge, day. At most `limit`.
pub async fn drafts(
    db: &Db,
    branch: PracticeId,
    limit: i64,
) -> Result<Vec<(BillingAccountId, ChargeId, Date)>, StoreError> {
    drafts_behind(db, branch, (Date::MIN, ChargeId::from_bytes([0; 16])), limit).await
}

/// The same, of those behind one.
pub async fn drafts_behind(
    db: &Db,
    branch: PracticeId,
    (day, charge): (Date, ChargeId),
    limit: i64,
) -> Result<Vec<(BillingAccountId, ChargeId, Date)>, StoreError> {
    const SQL: &str = "SELECT account_id, charge_id, day FROM charges WHERE practice_id = $1 AND state = 'draft' \
                       AND (day > $2 OR (day = $2 AND charge_id > $3)) ORDER BY day, charge_id LIMIT $4";
    let read = |row: &Row| Ok((row.id(0)?, row.id(1)?, row.date(2)?));
    let params = &[branch.into(), day.into(), charge.into(), limit.into()];
    db.rows(SQL, params).await?.iter().map(read).collect()
}

/// How many charges there are in each state.
pub async fn count(db: &Db, branch: PracticeId) -> Result<Vec<(ChargeState, u64)>, StoreError> {
    const SQL: &str = "SELECT state, COUNT(*) FROM charges WHERE practice_id = $1 GROUP BY state ORDER BY state";
    db.rows(SQL, &[branch.into()]).await?.iter().map(|row| Ok((row.word(0)?, row.number(1)?))).collect()
}

fn read(row: &Row) -> Result<ChargeRow, StoreError> {
    let charge_id: ChargeId = row.id(2)?;
    let id = RowId::new(*charge_id.as_bytes());
    Ok(ChargeRow {
        branch: row.id(0)?,
        account_id: row.id(1)?,
        charge_id,
        therapist_id: row.id(3)?,
        day: row.date(4)?,
        state: row.word(5)?,
        sheet: sealed(row, 6, id)?,
        diagnoses: sealed(row, 7, id)?,
        price: opt_sealed(row, 8, id)?,
        received_at: row.timestamp(9)?,
        version: row.int(10)?,
    })
}
