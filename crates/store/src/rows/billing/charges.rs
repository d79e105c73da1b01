//! Charges: what is asked for visits.

use super::super::{opt_sealed, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{
    AccountId, BillingAccountId, ChargeId, Date, OccasionId, PracticeId, Timestamp,
    billing::{ChargeState, TakenBack},
};
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
    /// What it is for: the same as that of what it corrects. None for a charge that came before there were corrections.
    pub occasion_id: Option<OccasionId>,
    /// 0 for the first charge of the occasion, then each correction.
    pub number: i64,
    /// Who asks nothing for it. None where something is asked for it, or a correction took its place.
    pub voided_by: Option<AccountId>,
    /// Since when.
    pub voided_at: Option<Timestamp>,
    /// Who takes back with it what was charged before, when and why. Such a row charges nothing and is never billed.
    pub taken_back: Option<TakenBack>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, account_id, charge_id, therapist_id, day, state, sheet, diagnoses, price, ",
            "received_at, version, occasion_id, number, voided_by, voided_at, taken_back_by, taken_back_at, ",
            "taken_back_because FROM charges ",
            $rest
        )
    };
}

/// What takes a charge back has done its work, and is void, when the first charge of the visit has come and none of them is
/// in the books. Until then it is a draft, for somebody to see to: without the first one, that may be a charge that has no
/// occasion.
const SETTLE: &str = "UPDATE charges SET state = 'void', version = version + 1 WHERE practice_id = $1 AND account_id = $2 \
                      AND occasion_id = $3 AND state = 'draft' AND taken_back_at IS NOT NULL \
                      AND EXISTS (SELECT 1 FROM charges one WHERE one.practice_id = charges.practice_id \
                      AND one.occasion_id = charges.occasion_id AND one.number = 0) \
                      AND NOT EXISTS (SELECT 1 FROM charges one WHERE one.practice_id = charges.practice_id \
                      AND one.occasion_id = charges.occasion_id AND one.state = 'billed')";

/// Stores a draft where it is not there yet: a draft that comes twice is one. A draft that it corrects is void from then
/// on; what is in the books already stays there. One that comes after what corrects it is void at once, and so is one that
/// takes back what is not in the books.
///
/// Another charge may have its number, when care was brought back from a backup and counts anew: it is what care says now, so
/// it gets the next number behind all that are there.
pub fn receive(batch: Batch, draft: &Draft, at: Timestamp) -> Batch {
    const SUPERSEDE: &str = "UPDATE charges SET state = 'void', version = version + 1 WHERE practice_id = $1 \
                             AND occasion_id = $2 AND state = 'draft' \
                             AND NOT EXISTS (SELECT 1 FROM charges it WHERE it.practice_id = $1 AND it.charge_id = $3) \
                             AND (number < $4 OR EXISTS (SELECT 1 FROM charges it WHERE it.practice_id = $1 \
                             AND it.occasion_id = $2 AND it.number = $4))";
    const SQL: &str = "INSERT INTO charges (practice_id, account_id, charge_id, occasion_id, number, therapist_id, \
                       day, state, sheet, diagnoses, received_at, version, taken_back_by, taken_back_at, \
                       taken_back_because) \
                       SELECT $1, $2, $3, $4, CASE WHEN taken.one IS NULL THEN $5 ELSE taken.next END, $6, $7, \
                       CASE WHEN taken.one IS NULL AND taken.next > $5 + 1 THEN 'void' ELSE 'draft' END, \
                       $8, $9, $10, 1, $11, $12, $13 \
                       FROM (SELECT MAX(number) + 1 AS next, MAX(CASE WHEN number = $5 THEN 1 END) AS one \
                       FROM charges WHERE practice_id = $1 AND occasion_id = $4) taken \
                       WHERE NOT EXISTS (SELECT 1 FROM charges WHERE practice_id = $1 AND charge_id = $3) \
                       ON CONFLICT (practice_id, charge_id) DO NOTHING";
    let number = i64::try_from(draft.number).unwrap_or(i64::MAX);
    // Whatever account it is on: one whose link was lost with an older identity store got another.
    let earlier = &[draft.branch.into(), draft.occasion.into(), draft.charge.into(), number.into()];
    let params = &[
        draft.branch.into(),
        draft.account.into(),
        draft.charge.into(),
        draft.occasion.into(),
        number.into(),
        draft.therapist.into(),
        draft.day.into(),
        draft.sheet.as_bytes().into(),
        draft.diagnoses.as_bytes().into(),
        at.into(),
        draft.taken_back.map(|taken| taken.by).into(),
        draft.taken_back.map(|taken| taken.at).into(),
        draft.taken_back.map(|taken| taken.because.word()).into(),
    ];
    batch
        .run(SUPERSEDE, earlier)
        .run(SQL, params)
        .run(SETTLE, &[draft.branch.into(), draft.account.into(), draft.occasion.into()])
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

/// Asks nothing for a charge from now on, which somebody decided. A conflict where its version is not the one that was seen.
pub fn void(batch: Batch, row: &ChargeRow, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE charges SET state = 'void', voided_by = $1, voided_at = $2, version = version + 1 \
                       WHERE practice_id = $3 AND account_id = $4 AND charge_id = $5 AND version = $6";
    let params =
        &[by.into(), at.into(), row.branch.into(), row.account_id.into(), row.charge_id.into(), row.version.into()];
    batch.run(SQL, params).expect(1)
}

/// Asks for it after all: a draft again. A conflict where its version is not the one that was seen, or a correction of it has
/// come, or it takes a charge back; a duplicate where another charge of its occasion is a draft.
pub fn restore(batch: Batch, row: &ChargeRow) -> Batch {
    const SQL: &str = "UPDATE charges SET state = 'draft', voided_by = NULL, voided_at = NULL, version = version + 1 \
                       WHERE practice_id = $1 AND account_id = $2 AND charge_id = $3 AND version = $4 \
                       AND taken_back_at IS NULL AND NOT EXISTS (SELECT 1 FROM charges later WHERE later.practice_id = charges.practice_id \
                       AND later.occasion_id = charges.occasion_id AND later.number > charges.number)";
    let params = &[row.branch.into(), row.account_id.into(), row.charge_id.into(), row.version.into()];
    batch.run(SQL, params).expect(1)
}

/// Takes a charge out of the books: a draft again, or void where a correction of it has come; what took it back is void with
/// it. A conflict where its version is not the one that was seen.
pub fn reopen(batch: Batch, row: &ChargeRow) -> Batch {
    const SQL: &str = "UPDATE charges SET state = CASE WHEN EXISTS (SELECT 1 FROM charges later \
                       WHERE later.practice_id = charges.practice_id AND later.occasion_id = charges.occasion_id \
                       AND later.number > charges.number) THEN 'void' ELSE 'draft' END, version = version + 1 \
                       WHERE practice_id = $1 AND account_id = $2 AND charge_id = $3 AND version = $4";
    let params = &[row.branch.into(), row.account_id.into(), row.charge_id.into(), row.version.into()];
    let batch = batch.run(SQL, params).expect(1);
    batch.run(SETTLE, &[row.branch.into(), row.account_id.into(), row.occasion_id.into()])
}

/// The charges of one occasion, the first one first.
pub async fn of_occasion(db: &Db, row: &ChargeRow) -> Result<Vec<ChargeRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 AND occasion_id = $3 ORDER BY number");
    let params = &[row.branch.into(), row.account_id.into(), row.occasion_id.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
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

/// Up to `limit` charges of an account behind `after`, newest day first.
pub async fn of_account(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    after: Option<(Date, ChargeId)>,
    limit: i64,
) -> Result<Vec<ChargeRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND account_id = $2 AND (day < $3 OR (day = $3 AND charge_id > $4)) \
         ORDER BY day DESC, charge_id LIMIT $5"
    );
    let (day, charge) = after.unwrap_or((Date::MAX, ChargeId::from_bytes([0; 16])));
    let params = &[branch.into(), account.into(), day.into(), charge.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Up to `limit` drafts behind `after`, oldest day first: account, charge, day.
pub async fn drafts(
    db: &Db,
    branch: PracticeId,
    after: Option<(Date, ChargeId)>,
    limit: i64,
) -> Result<Vec<(BillingAccountId, ChargeId, Date)>, StoreError> {
    const SQL: &str = "SELECT account_id, charge_id, day FROM charges WHERE practice_id = $1 AND state = 'draft' \
                       AND (day > $2 OR (day = $2 AND charge_id > $3)) ORDER BY day, charge_id LIMIT $4";
    let (day, charge) = after.unwrap_or((Date::MIN, ChargeId::from_bytes([0; 16])));
    let read = |row: &Row| Ok((row.id(0)?, row.id(1)?, row.date(2)?));
    let params = &[branch.into(), day.into(), charge.into(), limit.into()];
    db.rows(SQL, params).await?.iter().map(read).collect()
}

/// How many charges there are in each state.
pub async fn count(db: &Db, branch: PracticeId) -> Result<Vec<(ChargeState, u64)>, StoreError> {
    const SQL: &str = "SELECT state, COUNT(*) FROM charges WHERE practice_id = $1 GROUP BY state ORDER BY state";
    db.rows(SQL, &[branch.into()]).await?.iter().map(|row| Ok((row.word(0)?, row.number(1)?))).collect()
}

/// What takes a charge of this account back and waits for billing: the oldest day first. At most `limit`.
pub async fn taken_back(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    limit: i64,
) -> Result<Vec<(ChargeId, Date)>, StoreError> {
    const SQL: &str = "SELECT charge_id, day FROM charges WHERE practice_id = $1 AND account_id = $2 AND state = 'draft' \
                       AND taken_back_at IS NOT NULL ORDER BY day, charge_id LIMIT $3";
    let rows = db.rows(SQL, &[branch.into(), account.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.date(1)?))).collect()
}

/// How many wait so on all accounts.
pub async fn count_taken_back(db: &Db, branch: PracticeId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM charges WHERE practice_id = $1 AND state = 'draft' \
                       AND taken_back_at IS NOT NULL";
    db.one(SQL, &[branch.into()]).await?.number(0)
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
        occasion_id: row.opt_id(11)?,
        number: row.int(12)?,
        voided_by: row.opt_id(13)?,
        voided_at: row.opt_timestamp(14)?,
        taken_back: who_took_back(row)?,
    })
}

/// The three are there together or not at all.
fn who_took_back(row: &Row) -> Result<Option<TakenBack>, StoreError> {
    let (Some(by), Some(at), Some(because)) = (row.opt_id(15)?, row.opt_timestamp(16)?, row.opt_word(17)?) else {
        return Ok(None);
    };
    Ok(Some(TakenBack { by, at, because }))
}
