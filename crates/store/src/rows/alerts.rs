//! Alerts: what was found, the entries that show it, and who looked into it.

use super::opt_sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, AlertAnswer, AlertId, AlertRule, LoginSessionId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::alert_reviews};

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The alert: follows from the rule and the entry with which it came to be.
    pub alert_id: AlertId,
    /// Which rule found it.
    pub rule: AlertRule,
    /// What followed from it, as it was set then.
    pub answer: AlertAnswer,
    /// Whose doing; none when it is nobody's.
    pub who: Option<AccountId>,
    /// The time of the entry with which it came to be.
    pub happened_at: Timestamp,
    /// When it was found.
    pub found_at: Timestamp,
    /// What was counted and compared with what: JSON of numbers.
    pub compared: String,
    /// The login session that is to be ended, or to prove a factor again, where that follows; the name of a token is none, and
    /// is never found.
    pub login_session_id: Option<LoginSessionId>,
    /// When what follows was done; none while it was not.
    pub answered_at: Option<Timestamp>,
}

/// What is to be done for an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToDo {
    /// The practice.
    pub practice_id: PracticeId,
    /// The alert.
    pub alert_id: AlertId,
    /// What.
    pub answer: AlertAnswer,
    /// To whom.
    pub account_id: AccountId,
    /// In which of their sessions.
    pub session: LoginSessionId,
    /// When the alert was found.
    pub found_at: Timestamp,
}

impl ToDo {
    /// What an alert asks to be done, if that was not done yet.
    pub fn of(row: &AlertRow) -> Option<Self> {
        let (account_id, session) = (row.who?, row.login_session_id?);
        let (practice_id, alert_id, answer, found_at) = (row.practice_id, row.alert_id, row.answer, row.found_at);
        let left = row.answered_at.is_none() && answer.is_done_to_somebody();
        left.then_some(Self { practice_id, alert_id, answer, account_id, session, found_at })
    }
}

/// Who looked into an alert.
pub struct ReviewRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The alert.
    pub alert_id: AlertId,
    /// Who.
    pub reviewed_by: AccountId,
    /// When.
    pub reviewed_at: Timestamp,
    /// What they found.
    pub words: Sealed<alert_reviews::Words>,
}

impl ReviewRow {
    /// The row as associated data sees it.
    pub const fn row_id(alert: AlertId) -> RowId {
        RowId::new(*alert.as_bytes())
    }
}

/// An alert and who looked into it, if anybody did.
pub struct Found {
    /// The alert.
    pub alert: AlertRow,
    /// The review.
    pub review: Option<ReviewRow>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.practice_id, a.alert_id, a.rule, a.answer, a.who_id, a.happened_at, a.found_at, a.compared, \
             r.reviewed_by, r.reviewed_at, r.words, a.login_session_id, a.answered_at FROM alerts a LEFT JOIN alert_reviews r \
             ON r.practice_id = a.practice_id AND r.alert_id = a.alert_id ",
            $rest
        )
    };
}

/// Which alerts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Those that wait for somebody to look into them.
    Open,
    /// Those that somebody looked into.
    Reviewed,
    /// All, those too that were only written down.
    All,
}

/// Up to `most` alerts, newest first, those before a moment and an alert.
pub async fn list(
    db: &Db,
    practice: PracticeId,
    listed: Listed,
    before: (Timestamp, AlertId),
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    const OPEN: &str = select!(
        "WHERE a.practice_id = $1 AND r.alert_id IS NULL AND a.answer <> 'note' \
         AND (a.happened_at < $2 OR (a.happened_at = $2 AND a.alert_id < $3)) \
         ORDER BY a.happened_at DESC, a.alert_id DESC LIMIT $4"
    );
    const REVIEWED: &str = select!(
        "WHERE a.practice_id = $1 AND r.alert_id IS NOT NULL \
         AND (a.happened_at < $2 OR (a.happened_at = $2 AND a.alert_id < $3)) \
         ORDER BY a.happened_at DESC, a.alert_id DESC LIMIT $4"
    );
    const ALL: &str = select!(
        "WHERE a.practice_id = $1 \
         AND (a.happened_at < $2 OR (a.happened_at = $2 AND a.alert_id < $3)) \
         ORDER BY a.happened_at DESC, a.alert_id DESC LIMIT $4"
    );
    let sql = match listed {
        Listed::Open => OPEN,
        Listed::Reviewed => REVIEWED,
        Listed::All => ALL,
    };
    let params = &[practice.into(), before.0.into(), before.1.into(), most.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// One alert.
pub async fn by_id(db: &Db, practice: PracticeId, alert: AlertId) -> Result<Option<Found>, StoreError> {
    let sql = select!("WHERE a.practice_id = $1 AND a.alert_id = $2");
    db.optional(sql, &[practice.into(), alert.into()]).await?.as_ref().map(read).transpose()
}

/// The entries that show an alert: logs and numbers, in their order.
pub async fn entries(db: &Db, practice: PracticeId, alert: AlertId) -> Result<Vec<(String, u64)>, StoreError> {
    const SQL: &str = "SELECT log, seq FROM alert_entries WHERE practice_id = $1 AND alert_id = $2 ORDER BY nth";
    let rows = db.rows(SQL, &[practice.into(), alert.into()]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.number(1)?))).collect()
}

/// When the oldest alert was found that waits for somebody to look into it; none where none waits. That nobody looks is told of by
/// itself, and is not one of them.
pub async fn oldest_open(db: &Db, practice: PracticeId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT MIN(a.found_at) FROM alerts a LEFT JOIN alert_reviews r \
                       ON r.practice_id = a.practice_id AND r.alert_id = a.alert_id \
                       WHERE a.practice_id = $1 AND r.alert_id IS NULL AND a.answer <> 'note' AND a.rule <> 'unreviewed'";
    db.one(SQL, &[practice.into()]).await?.opt_timestamp(0)
}

/// The number of the newest alert of a practice; 0 where there is none. They are numbered in the order in which they were stored,
/// without a gap, so that who sends them misses none.
pub async fn newest(db: &Db, practice: PracticeId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COALESCE(MAX(nth), 0) FROM alerts WHERE practice_id = $1";
    db.one(SQL, &[practice.into()]).await?.number(0)
}

/// The alert with a number.
pub async fn by_number(db: &Db, practice: PracticeId, nth: u64) -> Result<Option<AlertRow>, StoreError> {
    let sql = select!("WHERE a.practice_id = $1 AND a.nth = $2");
    let nth = i64::try_from(nth).unwrap_or(i64::MAX);
    let found = db.optional(sql, &[practice.into(), nth.into()]).await?;
    Ok(found.as_ref().map(read).transpose()?.map(|found| found.alert))
}

/// Adds an alert and its entries; one that is there already stays as it is. What follows is not done yet: see
/// [`answered`].
pub fn insert(batch: Batch, row: &AlertRow, entries: &[(&str, u64)]) -> Batch {
    const SQL: &str = "INSERT INTO alerts (practice_id, alert_id, rule, answer, who_id, happened_at, found_at, compared, \
                       login_session_id, nth) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
                       (SELECT COALESCE(MAX(nth), 0) + 1 FROM alerts WHERE practice_id = $1)) ON CONFLICT (practice_id, alert_id) DO NOTHING";
    const ENTRY: &str = "INSERT INTO alert_entries (practice_id, alert_id, nth, log, seq) VALUES ($1, $2, $3, $4, $5) \
                         ON CONFLICT (practice_id, alert_id, nth) DO NOTHING";
    let params = &[
        row.practice_id.into(),
        row.alert_id.into(),
        row.rule.word().into(),
        row.answer.word().into(),
        row.who.into(),
        row.happened_at.into(),
        row.found_at.into(),
        (&row.compared).into(),
        row.login_session_id.into(),
    ];
    let batch = batch.run(SQL, params);
    (0_i64..).zip(entries).fold(batch, |batch, (nth, (log, seq))| {
        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
        batch.run(ENTRY, &[row.practice_id.into(), row.alert_id.into(), nth.into(), (*log).into(), seq.into()])
    })
}

/// What is to be done for alerts found since, and was not, in the order in which they were found. Exports are held however late
/// it is: an account does not end by itself, as sessions do.
pub async fn to_do(db: &Db, since: Timestamp) -> Result<Vec<ToDo>, StoreError> {
    const SQL: &str = "SELECT practice_id, alert_id, who_id, login_session_id, found_at, answer FROM alerts \
                       WHERE (found_at >= $1 OR answer = 'hold_exports') AND who_id IS NOT NULL \
                       AND login_session_id IS NOT NULL AND answered_at IS NULL \
                       AND answer IN ('ask_factor', 'hold_exports', 'end_session') \
                       ORDER BY found_at, alert_id";
    let read = |row: &Row| {
        let (practice_id, alert_id, account_id, session) = (row.id(0)?, row.id(1)?, row.id(2)?, row.id(3)?);
        let (found_at, answer) = (row.timestamp(4)?, row.word(5)?);
        Ok(ToDo { practice_id, alert_id, answer, account_id, session, found_at })
    };
    db.rows(SQL, &[since.into()]).await?.iter().map(read).collect()
}

/// What follows from an alert was done, in the batch that does it.
pub fn answered(batch: Batch, practice: PracticeId, alert: AlertId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE alerts SET answered_at = $1 \
                       WHERE practice_id = $2 AND alert_id = $3 AND answered_at IS NULL";
    batch.run(SQL, &[at.into(), practice.into(), alert.into()]).expect(1)
}

/// Adds a review; [`crate::CommitError::Duplicate`] when somebody else looked into it meanwhile.
pub fn review(batch: Batch, row: &ReviewRow) -> Batch {
    const SQL: &str = "INSERT INTO alert_reviews (practice_id, alert_id, reviewed_by, reviewed_at, words) \
                       VALUES ($1, $2, $3, $4, $5)";
    let params = &[
        row.practice_id.into(),
        row.alert_id.into(),
        row.reviewed_by.into(),
        row.reviewed_at.into(),
        row.words.as_bytes().into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(row: &Row) -> Result<Found, StoreError> {
    let (practice_id, alert_id) = (row.id(0)?, row.id(1)?);
    let words = opt_sealed(row, 10, ReviewRow::row_id(alert_id))?;
    let review = match words {
        Some(words) => {
            Some(ReviewRow { practice_id, alert_id, reviewed_by: row.id(8)?, reviewed_at: row.timestamp(9)?, words })
        }
        None => None,
    };
    Ok(Found {
        alert: AlertRow {
            practice_id,
            alert_id,
            rule: row.word(2)?,
            answer: row.word(3)?,
            who: row.opt_id(4)?,
            happened_at: row.timestamp(5)?,
            found_at: row.timestamp(6)?,
            compared: row.text(7)?.to_owned(),
            login_session_id: row.opt_id(11)?,
            answered_at: row.opt_timestamp(12)?,
        },
        review,
    })
}
