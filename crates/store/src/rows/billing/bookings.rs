//! Bookings with their postings: only ever added.

use crate::{Batch, Db, Row, StoreError};
use domain::{
    AccountId, BillingAccountId, BookingId, ChargeId, Date, PayerId, PracticeId, Timestamp,
    billing::{BookAccount, BookingKind, Cents, Posting, Postings},
};

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRow {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The booking.
    pub booking_id: BookingId,
    /// The account.
    pub account_id: BillingAccountId,
    /// What it is.
    pub kind: BookingKind,
    /// The day that it counts from.
    pub day: Date,
    /// The charge, where it is one.
    pub charge_id: Option<ChargeId>,
    /// The booking that it voids.
    pub voids: Option<BookingId>,
    /// Who paid, where it was not the patient.
    pub payer_id: Option<PayerId>,
    /// Who booked it.
    pub booked_by: AccountId,
    /// When.
    pub booked_at: Timestamp,
}

/// A booking with what it adds to what is owed: below zero for a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The booking.
    pub row: BookingRow,
    /// Its amount on the account of what is owed.
    pub owed: Cents,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT b.practice_id, b.booking_id, b.account_id, b.kind, b.day, b.charge_id, b.voids, b.payer_id, ",
            "b.booked_by, b.booked_at, p.cents FROM bookings b JOIN postings p ON p.practice_id = b.practice_id ",
            "AND p.booking_id = b.booking_id AND p.book = 'receivable' ",
            $rest
        )
    };
}

/// Adds a booking with its postings. A duplicate where it is there, or where what it voids is voided already.
pub fn insert(batch: Batch, row: &BookingRow, postings: &Postings) -> Batch {
    const SQL: &str = "INSERT INTO bookings (practice_id, booking_id, account_id, kind, day, charge_id, voids, \
                       payer_id, booked_by, booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    const LINE: &str = "INSERT INTO postings (practice_id, booking_id, line, account_id, book, cents) \
                        VALUES ($1, $2, $3, $4, $5, $6)";
    let params = &[
        row.branch.into(),
        row.booking_id.into(),
        row.account_id.into(),
        row.kind.word().into(),
        row.day.into(),
        row.charge_id.into(),
        row.voids.into(),
        row.payer_id.into(),
        row.booked_by.into(),
        row.booked_at.into(),
    ];
    let mut batch = batch.run(SQL, params).expect(1);
    for (line, posting) in (0_u32..).zip(postings.iter()) {
        let params = &[
            row.branch.into(),
            row.booking_id.into(),
            line.into(),
            row.account_id.into(),
            posting.account.word().into(),
            posting.amount.into(),
        ];
        batch = batch.run(LINE, params).expect(1);
    }
    batch
}

/// One booking of an account.
pub async fn by_id(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    booking: BookingId,
) -> Result<Option<Booked>, StoreError> {
    let sql = select!("WHERE b.practice_id = $1 AND b.account_id = $2 AND b.booking_id = $3");
    db.optional(sql, &[branch.into(), account.into(), booking.into()]).await?.as_ref().map(read).transpose()
}

/// The booking by which a charge stands in the books: not voided. None when it does not.
pub async fn standing(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
    charge: ChargeId,
) -> Result<Option<BookingId>, StoreError> {
    const SQL: &str = "SELECT booking_id FROM bookings WHERE practice_id = $1 AND account_id = $2 AND charge_id = $3 \
                       AND kind = 'charge' AND NOT EXISTS (SELECT 1 FROM bookings undo \
                       WHERE undo.practice_id = bookings.practice_id AND undo.voids = bookings.booking_id)";
    let row = db.optional(SQL, &[branch.into(), account.into(), charge.into()]).await?;
    row.as_ref().map(|row| row.id(0)).transpose()
}

/// The bookings of an account in the order in which they were booked.
pub async fn of_account(db: &Db, branch: PracticeId, account: BillingAccountId) -> Result<Vec<Booked>, StoreError> {
    let sql = select!("WHERE b.practice_id = $1 AND b.account_id = $2 ORDER BY b.booked_at, b.booking_id");
    db.rows(sql, &[branch.into(), account.into()]).await?.iter().map(read).collect()
}

/// Up to `limit` bookings of all accounts behind one, in the order in which they were booked.
pub async fn page(
    db: &Db,
    branch: PracticeId,
    after: Option<(Timestamp, BookingId)>,
    limit: i64,
) -> Result<Vec<Booked>, StoreError> {
    let sql = select!(
        "WHERE b.practice_id = $1 AND (b.booked_at > $2 OR (b.booked_at = $2 AND b.booking_id > $3)) \
         ORDER BY b.booked_at, b.booking_id LIMIT $4"
    );
    let (at, id) = after.unwrap_or((Timestamp::UNIX_EPOCH, BookingId::from_bytes([0; 16])));
    db.rows(sql, &[branch.into(), at.into(), id.into(), limit.into()]).await?.iter().map(read).collect()
}

/// The accounts on which something is owed or paid too much.
pub async fn with_balance(db: &Db, branch: PracticeId) -> Result<Vec<BillingAccountId>, StoreError> {
    const SQL: &str = "SELECT account_id FROM postings WHERE practice_id = $1 AND book = 'receivable' \
                       GROUP BY account_id HAVING SUM(cents) <> 0 ORDER BY account_id";
    db.rows(SQL, &[branch.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// The postings of a booking.
pub async fn postings(db: &Db, branch: PracticeId, booking: BookingId) -> Result<Vec<Posting>, StoreError> {
    const SQL: &str = "SELECT book, cents FROM postings WHERE practice_id = $1 AND booking_id = $2 ORDER BY line";
    let read = |row: &Row| Ok(Posting { account: row.word(0)?, amount: Cents(row.int(1)?) });
    db.rows(SQL, &[branch.into(), booking.into()]).await?.iter().map(read).collect()
}

/// What stands on each account of the books: together they are zero.
pub async fn sums(db: &Db, branch: PracticeId) -> Result<Vec<(BookAccount, Cents)>, StoreError> {
    // A sum of BIGINT is a NUMERIC on PostgreSQL.
    const SQL: &str = "SELECT book, CAST(SUM(cents) AS BIGINT) FROM postings WHERE practice_id = $1 GROUP BY book \
                       ORDER BY book";
    db.rows(SQL, &[branch.into()]).await?.iter().map(|row| Ok((row.word(0)?, Cents(row.int(1)?)))).collect()
}

fn read(row: &Row) -> Result<Booked, StoreError> {
    let booking = BookingRow {
        branch: row.id(0)?,
        booking_id: row.id(1)?,
        account_id: row.id(2)?,
        kind: row.word(3)?,
        day: row.date(4)?,
        charge_id: row.opt_id(5)?,
        voids: row.opt_id(6)?,
        payer_id: row.opt_id(7)?,
        booked_by: row.id(8)?,
        booked_at: row.timestamp(9)?,
    };
    Ok(Booked { row: booking, owed: Cents(row.int(10)?) })
}
