//! Reviews of who has access, what is looked at in them, and what a practice set for them.

mod ended;

pub use ended::{EndedRow, ended_of, suspended};

use crate::{Batch, Db, Param, Row, StoreError};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, AccountId, PatientId, PracticeId,
    Quarter, Role, Timestamp, Unusual,
};

/// A review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The review.
    pub review_id: AccessReviewId,
    /// Of which quarter.
    pub quarter: Quarter,
    /// When it began.
    pub started_at: Timestamp,
    /// When what nobody attested ends by itself.
    pub due_at: Timestamp,
    /// How far it has come.
    pub state: AccessReviewState,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When a server looked after it last: in the time between two looks that are far apart, nobody could answer.
    pub looked_at: Option<Timestamp>,
}

/// Who decided what about an item, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: AccessDecision,
    /// Who; none when it came about by itself.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
    /// Of an account that was suspended: its version from then on.
    pub version: Option<i64>,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The review.
    pub review_id: AccessReviewId,
    /// The item.
    pub item_id: AccessItemId,
    /// What kind of access.
    pub kind: AccessKind,
    /// The account, the place on a care team, the token or the opening in an emergency, by the bytes of its id.
    pub subject: [u8; 16],
    /// Whose access it is.
    pub whose: AccountId,
    /// Their role when the review began.
    pub role: Role,
    /// When it was last used, as far as the audit trail says.
    pub last_used_at: Option<Timestamp>,
    /// Why it is looked at by itself; empty where nothing is unusual.
    pub unusual: Vec<Unusual>,
    /// What was decided; none while it waits.
    pub decided: Option<Decided>,
}

macro_rules! reviews {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, review_id, quarter, started_at, due_at, state, closed_at, looked_at FROM access_reviews ",
            $rest
        )
    };
}

macro_rules! items {
    ($rest:literal) => {
        concat!(
            "SELECT i.practice_id, i.review_id, i.item_id, i.kind, i.subject_id, i.whose_id, i.role, i.last_used_at, \
             i.unusual, i.decision, i.decided_by, i.decided_at, i.version FROM access_items i ",
            $rest
        )
    };
}

/// The reviews of a practice, newest first.
pub async fn of_practice(db: &Db, practice: PracticeId) -> Result<Vec<ReviewRow>, StoreError> {
    let sql = reviews!("WHERE practice_id = $1 ORDER BY started_at DESC, review_id LIMIT 100");
    db.rows(sql, &[practice.into()]).await?.iter().map(read_review).collect()
}

/// The review of a quarter.
pub async fn of_quarter(db: &Db, practice: PracticeId, quarter: Quarter) -> Result<Option<ReviewRow>, StoreError> {
    let quarter = quarter.to_string();
    let sql = reviews!("WHERE practice_id = $1 AND quarter = $2");
    db.optional(sql, &[practice.into(), quarter.as_str().into()]).await?.as_ref().map(read_review).transpose()
}

/// One review.
pub async fn by_id(db: &Db, practice: PracticeId, review: AccessReviewId) -> Result<Option<ReviewRow>, StoreError> {
    let sql = reviews!("WHERE practice_id = $1 AND review_id = $2");
    db.optional(sql, &[practice.into(), review.into()]).await?.as_ref().map(read_review).transpose()
}

/// The reviews of all practices that are not closed, oldest first.
pub async fn unfinished(db: &Db) -> Result<Vec<ReviewRow>, StoreError> {
    let sql = reviews!("WHERE state <> 'closed' ORDER BY started_at, practice_id");
    db.rows(sql, &[]).await?.iter().map(read_review).collect()
}

/// What was decided in a closed review, as a signed note; none before.
pub async fn record(db: &Db, practice: PracticeId, review: AccessReviewId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT record FROM access_reviews WHERE practice_id = $1 AND review_id = $2";
    let row = db.optional(SQL, &[practice.into(), review.into()]).await?;
    Ok(row.map(|row| row.opt_text(0).map(|note| note.map(str::to_owned))).transpose()?.flatten())
}

/// Begins a review. A duplicate when another server began one for the quarter.
pub fn begin(batch: Batch, row: &ReviewRow) -> Batch {
    const SQL: &str = "INSERT INTO access_reviews (practice_id, review_id, quarter, started_at, due_at, state, looked_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let quarter = row.quarter.to_string();
    let params = &[
        row.practice_id.into(),
        row.review_id.into(),
        quarter.as_str().into(),
        row.started_at.into(),
        row.due_at.into(),
        row.state.word().into(),
        row.looked_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict where a review is not being listed any more.
pub fn is_listing(batch: Batch, practice: PracticeId, review: AccessReviewId) -> Batch {
    const SQL: &str = "UPDATE access_reviews SET state = state \
                       WHERE practice_id = $1 AND review_id = $2 AND state = 'listing'";
    batch.run(SQL, &[practice.into(), review.into()]).expect(1)
}

/// Everything is listed: from now on it waits for answers, until then. A conflict when another server said so.
pub fn open(batch: Batch, practice: PracticeId, review: AccessReviewId, due_at: Timestamp, now: Timestamp) -> Batch {
    const SQL: &str = "UPDATE access_reviews SET state = 'open', due_at = $1, looked_at = $2 \
                       WHERE practice_id = $3 AND review_id = $4 AND state = 'listing'";
    batch.run(SQL, &[due_at.into(), now.into(), practice.into(), review.into()]).expect(1)
}

/// A server looked after a review.
pub fn looked(batch: Batch, practice: PracticeId, review: AccessReviewId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE access_reviews SET looked_at = $1 WHERE practice_id = $2 AND review_id = $3 \
                       AND (looked_at IS NULL OR looked_at < $1)";
    batch.run(SQL, &[at.into(), practice.into(), review.into()])
}

/// A server looked after a review, for the first time after long, and gives more time. A conflict when another server did.
pub fn put_off(batch: Batch, seen: &ReviewRow, due_at: Timestamp, now: Timestamp) -> Batch {
    const SQL: &str = "UPDATE access_reviews SET due_at = $1, looked_at = $2 \
                       WHERE practice_id = $3 AND review_id = $4 AND state = 'open' AND due_at = $5";
    let params = &[due_at.into(), now.into(), seen.practice_id.into(), seen.review_id.into(), seen.due_at.into()];
    batch.run(SQL, params).expect(1)
}

/// Closes a review with its signed record. A conflict when another server did.
pub fn close(batch: Batch, practice: PracticeId, review: AccessReviewId, at: Timestamp, record: &str) -> Batch {
    const SQL: &str = "UPDATE access_reviews SET state = 'closed', closed_at = $1, record = $2 \
                       WHERE practice_id = $3 AND review_id = $4 AND state = 'open'";
    batch.run(SQL, &[at.into(), record.into(), practice.into(), review.into()]).expect(1)
}

/// Adds an item; one that is there already stays as it is.
pub fn add(batch: Batch, row: &ItemRow) -> Batch {
    const SQL: &str = "INSERT INTO access_items (practice_id, review_id, item_id, kind, subject_id, whose_id, role, \
                       last_used_at, unusual) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                       ON CONFLICT (practice_id, review_id, item_id) DO NOTHING";
    let unusual = row.unusual.iter().map(|word| word.word()).collect::<Vec<_>>().join(",");
    let params = &[
        row.practice_id.into(),
        row.review_id.into(),
        row.item_id.into(),
        row.kind.word().into(),
        Param::from(&row.subject),
        row.whose.into(),
        row.role.word().into(),
        row.last_used_at.into(),
        unusual.as_str().into(),
    ];
    batch.run(SQL, params)
}

/// Says what was decided about an item that waits. A conflict when it does not any more.
pub fn decide(batch: Batch, row: &ItemRow, decided: &Decided) -> Batch {
    const SQL: &str = "UPDATE access_items SET decision = $1, decided_by = $2, decided_at = $3, version = $4 \
                       WHERE practice_id = $5 AND review_id = $6 AND item_id = $7 AND decision IS NULL";
    let params = &[
        decided.decision.word().into(),
        decided.by.into(),
        decided.at.into(),
        decided.version.into(),
        row.practice_id.into(),
        row.review_id.into(),
        row.item_id.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Which items of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Those that wait.
    Waiting,
    /// All.
    All,
}

/// Up to `limit` items of a review after one, by their ids.
pub async fn items(
    db: &Db,
    (practice, review): (PracticeId, AccessReviewId),
    listed: Listed,
    after: AccessItemId,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    const WAITING: &str = items!(
        "WHERE i.practice_id = $1 AND i.review_id = $2 AND i.item_id > $3 AND i.decision IS NULL \
         ORDER BY i.item_id LIMIT $4"
    );
    const ALL: &str =
        items!("WHERE i.practice_id = $1 AND i.review_id = $2 AND i.item_id > $3 ORDER BY i.item_id LIMIT $4");
    let sql = match listed {
        Listed::Waiting => WAITING,
        Listed::All => ALL,
    };
    let params = &[practice.into(), review.into(), after.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read_item).collect()
}

/// One item.
pub async fn item(
    db: &Db,
    practice: PracticeId,
    review: AccessReviewId,
    item: AccessItemId,
) -> Result<Option<ItemRow>, StoreError> {
    let sql = items!("WHERE i.practice_id = $1 AND i.review_id = $2 AND i.item_id = $3");
    let row = db.optional(sql, &[practice.into(), review.into(), item.into()]).await?;
    row.as_ref().map(read_item).transpose()
}

/// Of each review of a practice how many items wait, and how many there are.
pub async fn counts_of_practice(
    db: &Db,
    practice: PracticeId,
) -> Result<Vec<(AccessReviewId, (u64, u64))>, StoreError> {
    const SQL: &str = "SELECT review_id, COUNT(*) - COUNT(decision), COUNT(*) FROM access_items \
                       WHERE practice_id = $1 GROUP BY review_id ORDER BY review_id";
    let rows = db.rows(SQL, &[practice.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, (row.number(1)?, row.number(2)?)))).collect()
}

/// How many items of a review wait, and how many there are.
pub async fn counts(db: &Db, practice: PracticeId, review: AccessReviewId) -> Result<(u64, u64), StoreError> {
    const SQL: &str = "SELECT COUNT(*) - COUNT(decision), COUNT(*) FROM access_items \
                       WHERE practice_id = $1 AND review_id = $2";
    let row = db.one(SQL, &[practice.into(), review.into()]).await?;
    Ok((row.number(0)?, row.number(1)?))
}

/// Whom the places on care teams and the emergencies of a review are about: of the items after one, up to another.
pub async fn patients(
    db: &Db,
    (practice, review): (PracticeId, AccessReviewId),
    after: AccessItemId,
    last: AccessItemId,
) -> Result<Vec<(AccessItemId, PatientId)>, StoreError> {
    const SQL: &str = "SELECT i.item_id, COALESCE(l.patient_id, e.patient_id) FROM access_items i \
                       LEFT JOIN care_links l ON i.kind = 'care_link' AND l.practice_id = i.practice_id \
                       AND l.care_link_id = i.subject_id \
                       LEFT JOIN emergencies e ON i.kind = 'emergency' AND e.practice_id = i.practice_id \
                       AND e.emergency_id = i.subject_id \
                       WHERE i.practice_id = $1 AND i.review_id = $2 AND i.item_id > $3 AND i.item_id <= $4 \
                       AND COALESCE(l.patient_id, e.patient_id) IS NOT NULL ORDER BY i.item_id";
    let rows = db.rows(SQL, &[practice.into(), review.into(), after.into(), last.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}

/// The tokens of an account that wait for an answer in a review.
pub async fn waiting_tokens(
    db: &Db,
    practice: PracticeId,
    review: AccessReviewId,
    whose: AccountId,
) -> Result<Vec<ItemRow>, StoreError> {
    let sql = items!(
        "WHERE i.practice_id = $1 AND i.review_id = $2 AND i.whose_id = $3 AND i.kind = 'token' \
         AND i.decision IS NULL ORDER BY i.item_id"
    );
    db.rows(sql, &[practice.into(), review.into(), whose.into()]).await?.iter().map(read_item).collect()
}

/// Whose accounts were listed in a review with a role that answers reviews.
pub async fn overseers(db: &Db, practice: PracticeId, review: AccessReviewId) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str = "SELECT whose_id FROM access_items WHERE practice_id = $1 AND review_id = $2 \
                       AND kind = 'account' AND role IN ('admin', 'privacy_officer') ORDER BY whose_id";
    let rows = db.rows(SQL, &[practice.into(), review.into()]).await?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// What a practice set, by name.
pub async fn settings(db: &Db, practice: PracticeId) -> Result<Vec<(String, String)>, StoreError> {
    const SQL: &str = "SELECT name, value FROM oversight_settings WHERE practice_id = $1 ORDER BY name";
    let rows = db.rows(SQL, &[practice.into()]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Sets something.
pub fn set(batch: Batch, practice: PracticeId, (name, value): (&str, &str), by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "INSERT INTO oversight_settings (practice_id, name, value, changed_by, changed_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (practice_id, name) DO UPDATE SET \
                       value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at";
    batch.run(SQL, &[practice.into(), name.into(), value.into(), by.into(), at.into()]).expect(1)
}

fn read_review(row: &Row) -> Result<ReviewRow, StoreError> {
    Ok(ReviewRow {
        practice_id: row.id(0)?,
        review_id: row.id(1)?,
        quarter: row.word(2)?,
        started_at: row.timestamp(3)?,
        due_at: row.timestamp(4)?,
        state: row.word(5)?,
        closed_at: row.opt_timestamp(6)?,
        looked_at: row.opt_timestamp(7)?,
    })
}

fn read_item(row: &Row) -> Result<ItemRow, StoreError> {
    let unusual = row.text(8)?.split(',').filter(|word| !word.is_empty()).map(str::parse).collect::<Result<_, _>>();
    let decided = match (row.opt_word(9)?, row.opt_timestamp(11)?) {
        (Some(decision), Some(at)) => Some(Decided { decision, by: row.opt_id(10)?, at, version: row.opt_int(12)? }),
        _ => None,
    };
    Ok(ItemRow {
        practice_id: row.id(0)?,
        review_id: row.id(1)?,
        item_id: row.id(2)?,
        kind: row.word(3)?,
        subject: row.array(4)?,
        whose: row.id(5)?,
        role: row.word(6)?,
        last_used_at: row.opt_timestamp(7)?,
        unusual: unusual.map_err(|_| StoreError::Column { index: 8, wanted: "words of what is unusual" })?,
        decided,
    })
}
