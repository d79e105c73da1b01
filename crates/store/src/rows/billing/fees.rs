//! Fee schedules: what a unit of a code costs, from a day on.

use crate::{Batch, Db, Row, StoreError};
use domain::{
    AccountId, Date, PracticeId, Timestamp,
    billing::{Cents, CptCode, FeeWords},
};

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeRow {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The code.
    pub code: CptCode,
    /// The first day.
    pub valid_from: Date,
    /// For one unit.
    pub fee: Cents,
    /// The practice's own short words for the code.
    pub words: FeeWords,
    /// Who set it.
    pub set_by: AccountId,
    /// When.
    pub set_at: Timestamp,
}

/// Adds a fee. A duplicate where the code has one from that day already: what was in force is not rewritten.
pub fn insert(batch: Batch, row: &FeeRow) -> Batch {
    const SQL: &str = "INSERT INTO fees (practice_id, code, valid_from, cents, words, set_by, set_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = &[
        row.branch.into(),
        row.code.to_string().into(),
        row.valid_from.into(),
        row.fee.into(),
        row.words.as_str().into(),
        row.set_by.into(),
        row.set_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Puts a fee in the place of the one that was seen for its code and day. A conflict where that one was replaced since, or a
/// charge may have been billed with it: one of a visit from its first day to the next fee's, after it was set.
pub fn replace(batch: Batch, seen: &FeeRow, row: &FeeRow) -> Batch {
    // Which codes a charge has is sealed, so every charge of those days counts.
    const SQL: &str = "UPDATE fees SET cents = $1, words = $2, set_by = $3, set_at = $4 \
                       WHERE practice_id = $5 AND code = $6 AND valid_from = $7 AND set_at = $8 AND cents = $9 \
                       AND NOT EXISTS (SELECT 1 FROM bookings WHERE bookings.practice_id = $5 \
                       AND bookings.kind = 'charge' AND bookings.booked_at >= $8 AND bookings.day >= $7 \
                       AND NOT EXISTS (SELECT 1 FROM fees later WHERE later.practice_id = $5 AND later.code = $6 \
                       AND later.valid_from > $7 AND later.valid_from <= bookings.day \
                       AND later.set_at < bookings.booked_at))";
    let params = &[
        row.fee.into(),
        row.words.as_str().into(),
        row.set_by.into(),
        row.set_at.into(),
        seen.branch.into(),
        seen.code.to_string().into(),
        seen.valid_from.into(),
        seen.set_at.into(),
        seen.fee.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict where a fee is not that of its code on a day any more: it was replaced, or another was set that
/// begins between its first day and that one.
pub fn is_in_force(batch: Batch, row: &FeeRow, on: Date) -> Batch {
    const SQL: &str = "UPDATE fees SET cents = cents WHERE practice_id = $1 AND code = $2 AND valid_from = $3 \
                       AND set_at = $4 AND cents = $5 AND NOT EXISTS (SELECT 1 FROM fees later \
                       WHERE later.practice_id = $1 AND later.code = $2 AND later.valid_from > $3 \
                       AND later.valid_from <= $6)";
    let (branch, code, from) = (row.branch.into(), row.code.to_string().into(), row.valid_from.into());
    batch.run(SQL, &[branch, code, from, row.set_at.into(), row.fee.into(), on.into()]).expect(1)
}

/// All fees, by code, the latest first.
pub async fn all(db: &Db, branch: PracticeId) -> Result<Vec<FeeRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, code, valid_from, cents, words, set_by, set_at FROM fees \
                       WHERE practice_id = $1 ORDER BY code, valid_from DESC";
    db.rows(SQL, &[branch.into()]).await?.iter().map(read).collect()
}

/// The fee of a code that is in force on a day, out of [`all`].
pub fn on(fees: &[FeeRow], code: CptCode, day: Date) -> Option<&FeeRow> {
    fees.iter().filter(|fee| fee.code == code && fee.valid_from <= day).max_by_key(|fee| fee.valid_from)
}

fn read(row: &Row) -> Result<FeeRow, StoreError> {
    let code = CptCode::new(row.text(1)?).map_err(|_| StoreError::Column { index: 1, wanted: "a procedure code" })?;
    Ok(FeeRow {
        branch: row.id(0)?,
        code,
        valid_from: row.date(2)?,
        fee: Cents(row.int(3)?),
        words: row.word(4)?,
        set_by: row.id(5)?,
        set_at: row.timestamp(6)?,
    })
}
