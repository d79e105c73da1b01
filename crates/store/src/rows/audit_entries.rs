//! Entries of the ledger as the index holds them, and the questions that it answers.
//!
//! Everything is ordered by moment, log and place in the log ([`Position`]), which no two entries share. Each question
//! goes along the one index that promises the fewest entries, newest first; what else is asked for is looked at in that
//! index alone. So that no question takes longer than another however little fits, one looks at [`WINDOW`] entries at
//! most and says where it stopped.

use crate::{Batch, Db, Param, Row, StoreError};
use domain::{LoginSessionId, RequestId, Timestamp};
use ledger::{Entry, Outcome, Resource, Word};

/// Most entries of an index that one question looks at.
pub const WINDOW: i64 = 100_000;

/// Where an entry stands among all: its moment in milliseconds since 1970, its log's number, its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The log's number.
    pub log: i64,
    /// The place in the log.
    pub seq: i64,
}

impl Position {
    /// Behind everything.
    pub const END: Self = Self { at: i64::MAX, log: 0, seq: 0 };

    /// Before everything at a moment or later, behind everything earlier.
    pub const fn before(at: i64) -> Self {
        Self { at, log: 0, seq: 0 }
    }
}

/// The numbers of an entry's parts; 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the parts of an entry")]
pub struct Numbers {
    pub practice: i64,
    pub actor: i64,
    pub patient: i64,
    pub action: i64,
    pub permission: i64,
    pub address: i64,
    pub role: i64,
    pub purpose: i64,
    pub kind: i64,
    pub reason: i64,
}

/// What is asked for, in numbers; [`ANY`] where it does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the parts of an entry")]
pub struct Question {
    pub practice: i64,
    pub actor: i64,
    pub patient: i64,
    pub action: i64,
    pub permission: i64,
    pub outcome: i64,
    pub address: i64,
    /// Not of this account.
    pub not_actor: i64,
    /// Not earlier, in milliseconds since 1970.
    pub since: i64,
    /// Before this.
    pub before: Position,
}

/// No matter which.
pub const ANY: i64 = -1;

impl Question {
    /// All entries of a practice.
    pub const fn all(practice: i64) -> Self {
        Self {
            practice,
            actor: ANY,
            patient: ANY,
            action: ANY,
            permission: ANY,
            outcome: ANY,
            address: ANY,
            not_actor: ANY,
            since: i64::MIN,
            before: Position::END,
        }
    }
}

/// An entry as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub position: Position,
    /// The name of its log.
    pub log: String,
    /// What it says. Its moment is cut to milliseconds.
    pub entry: Entry,
}

/// The number of an outcome.
pub const fn outcome_number(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Allowed => 0,
        Outcome::Denied => 1,
        Outcome::Failed => 2,
    }
}

/// Adds an entry.
pub fn insert(batch: Batch, log: i64, seq: u64, numbers: &Numbers, entry: &Entry) -> Batch {
    const SQL: &str = "INSERT INTO audit_entries (practice, at, log, seq, actor, patient, action, permission, outcome, \
                       address, role, purpose, kind, resource, reason, login_session, request) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let params = &[
        numbers.practice.into(),
        entry.at.into(),
        log.into(),
        (seq as i64).into(),
        numbers.actor.into(),
        numbers.patient.into(),
        numbers.action.into(),
        numbers.permission.into(),
        outcome_number(entry.outcome).into(),
        numbers.address.into(),
        numbers.role.into(),
        numbers.purpose.into(),
        numbers.kind.into(),
        entry.resource.id().into(),
        numbers.reason.into(),
        entry.login_session.into(),
        entry.request.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// How the entries of a question are gone along.
#[derive(Clone, Copy)]
struct Way {
    /// Fitting entries: `$1` practice, `$2` what leads, `$3` since, `$4` to `$6` before, `$7` to `$13` what else is
    /// asked for, `$14` how many are looked at, `$15` how many are wanted.
    fitting: &'static str,
    /// The last entry that was looked at: `$7` how many were looked at before it.
    last: &'static str,
}

/// The way along one index. The condition that leads says what the index is limited to, or it would not be taken.
macro_rules! way {
    ($leads:literal) => {
        Way {
            fitting: concat!(
                "SELECT at, log, seq FROM (SELECT at, log, seq, actor, patient, action, permission, outcome, address \
                 FROM audit_entries WHERE practice = $1 AND ",
                $leads,
                " AND at >= $3 AND (at, log, seq) < ($4, $5, $6) ORDER BY at DESC, log DESC, seq DESC LIMIT $14) \
                 AS newest WHERE ($7 < 0 OR actor = $7) AND ($8 < 0 OR patient = $8) AND ($9 < 0 OR action = $9) \
                 AND ($10 < 0 OR permission = $10) AND ($11 < 0 OR outcome = $11) AND ($12 < 0 OR address = $12) \
                 AND actor <> $13 LIMIT $15"
            ),
            last: concat!(
                "SELECT at, log, seq FROM audit_entries WHERE practice = $1 AND ",
                $leads,
                " AND at >= $3 AND (at, log, seq) < ($4, $5, $6) ORDER BY at DESC, log DESC, seq DESC \
                 LIMIT 1 OFFSET $7"
            ),
        }
    };
}

const BY_PATIENT: Way = way!("patient = $2 AND patient > 0");
const BY_ADDRESS: Way = way!("address = $2 AND address > 0");
const BY_OUTCOME: Way = way!("outcome = $2 AND outcome > 0");
const BY_ACTOR: Way = way!("actor = $2");
const BY_ACTION: Way = way!("action = $2");
const BY_PERMISSION: Way = way!("permission = $2 AND permission > 0");
const BY_TIME: Way = way!("log >= $2");

impl Question {
    /// The way that promises the fewest entries, and the number that leads along it.
    const fn way(&self) -> (Way, i64) {
        if self.patient > 0 {
            (BY_PATIENT, self.patient)
        } else if self.address > 0 {
            (BY_ADDRESS, self.address)
        } else if self.outcome > 0 {
            (BY_OUTCOME, self.outcome)
        } else if self.actor >= 0 {
            (BY_ACTOR, self.actor)
        } else if self.action >= 0 {
            (BY_ACTION, self.action)
        } else if self.permission > 0 {
            (BY_PERMISSION, self.permission)
        } else {
            (BY_TIME, 0)
        }
    }
}

/// The newest entries that fit, and where to go on: none when everything was looked at. There may be fewer than `most`
/// and yet more to be found further back.
///
/// Reads on the calling thread for some tens of milliseconds at worst.
pub async fn newest(db: &Db, question: &Question, most: usize) -> Result<(Vec<Found>, Option<Position>), StoreError> {
    let (way, leads) = question.way();
    let before = question.before;
    let range: [Param<'_>; 6] = [
        question.practice.into(),
        leads.into(),
        question.since.into(),
        before.at.into(),
        before.log.into(),
        before.seq.into(),
    ];
    let mut params = range.to_vec();
    params.extend(
        [
            question.actor,
            question.patient,
            question.action,
            question.permission,
            question.outcome,
            question.address,
            question.not_actor,
            WINDOW,
            most as i64,
        ]
        .map(Param::from),
    );
    let keys = db.rows(way.fitting, &params).await?;
    let keys: Vec<Position> = keys.iter().map(position).collect::<Result<_, _>>()?;
    let next = match keys.last().filter(|_| keys.len() >= most) {
        Some(last) => Some(*last),
        None => {
            let mut params = range.to_vec();
            params.push((WINDOW - 1).into());
            db.optional(way.last, &params).await?.as_ref().map(position).transpose()?
        }
    };
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        found.push(one(db, question.practice, key).await?);
    }
    Ok((found, next))
}

fn position(row: &Row) -> Result<Position, StoreError> {
    Ok(Position { at: row.int(0)?, log: row.int(1)?, seq: row.int(2)? })
}

/// One entry, with ids and words in the place of numbers.
async fn one(db: &Db, practice: i64, position: Position) -> Result<Found, StoreError> {
    const SQL: &str = "SELECT e.at, \
        (SELECT name FROM audit_logs WHERE log = e.log), \
        (SELECT id FROM audit_ids WHERE number = e.practice), \
        (SELECT id FROM audit_ids WHERE number = e.actor), \
        (SELECT term FROM audit_terms WHERE number = e.role), \
        e.login_session, \
        (SELECT term FROM audit_terms WHERE number = e.permission), \
        (SELECT term FROM audit_terms WHERE number = e.action), \
        (SELECT term FROM audit_terms WHERE number = e.purpose), \
        (SELECT term FROM audit_terms WHERE number = e.kind), \
        e.resource, \
        (SELECT id FROM audit_ids WHERE number = e.patient), \
        e.outcome, \
        (SELECT term FROM audit_terms WHERE number = e.reason), \
        (SELECT term FROM audit_terms WHERE number = e.address), \
        e.request \
        FROM audit_entries e WHERE e.practice = $1 AND e.at = $2 AND e.log = $3 AND e.seq = $4";
    let key = [practice.into(), position.at.into(), position.log.into(), position.seq.into()];
    let row = db.one(SQL, &key).await?;
    let word = |index: usize| {
        Word::try_from(row.text(index)?.to_owned()).map_err(|_| StoreError::Column { index, wanted: "a word" })
    };
    let resource = Resource::new(word(9)?, row.text(10)?);
    let entry = Entry {
        at: row.timestamp(0)?,
        practice: row.opt_id(2)?,
        actor: row.opt_id(3)?,
        role: row.opt_word(4)?,
        login_session: row.opt_id::<LoginSessionId>(5)?,
        permission: row.opt_word(6)?,
        action: word(7)?,
        purpose: row.opt_word(8)?,
        resource: resource.map_err(|_| StoreError::Column { index: 10, wanted: "an id" })?,
        patient: row.opt_id(11)?,
        outcome: match row.int(12)? {
            0 => Outcome::Allowed,
            1 => Outcome::Denied,
            2 => Outcome::Failed,
            _ => return Err(StoreError::Column { index: 12, wanted: "an outcome" }),
        },
        reason: word(13)?,
        address: row.opt_word(14)?,
        request: row.id::<RequestId>(15)?,
    };
    Ok(Found { position, log: row.text(1)?.to_owned(), entry })
}

/// The actions that stand in a practice's entries, by number.
pub async fn actions(db: &Db, practice: i64) -> Result<Vec<Word>, StoreError> {
    // From one action to the next along the index, so that a look at each is enough.
    const SQL: &str = "WITH RECURSIVE seen(action) AS ( \
            SELECT MIN(action) FROM audit_entries WHERE practice = $1 \
            UNION ALL \
            SELECT (SELECT MIN(action) FROM audit_entries WHERE practice = $1 AND action > seen.action) \
            FROM seen WHERE seen.action IS NOT NULL) \
        SELECT t.term FROM seen JOIN audit_terms t ON t.number = seen.action ORDER BY t.term";
    let rows = db.rows(SQL, &[practice.into()]).await?;
    let read = |row: &Row| {
        Word::try_from(row.text(0)?.to_owned()).map_err(|_| StoreError::Column { index: 0, wanted: "a word" })
    };
    rows.iter().map(read).collect()
}

/// The numbers of all practices that have entries, and 0 for what is of none.
pub async fn practices(db: &Db) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "WITH RECURSIVE seen(practice) AS ( \
            SELECT MIN(practice) FROM audit_entries \
            UNION ALL \
            SELECT (SELECT MIN(practice) FROM audit_entries WHERE practice > seen.practice) \
            FROM seen WHERE seen.practice IS NOT NULL) \
        SELECT practice FROM seen WHERE practice IS NOT NULL";
    db.rows(SQL, &[]).await?.iter().map(|row| row.int(0)).collect()
}

/// Whether the index still has entries of a log below a number; none of them is newer than `newest`.
pub async fn any_below(db: &Db, practice: i64, log: i64, before: u64, newest: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM audit_entries WHERE practice = $1 AND log = $2 AND seq < $3 AND at <= $4 LIMIT 1";
    let params = [practice.into(), log.into(), (before as i64).into(), newest.into()];
    Ok(!db.rows(SQL, &params).await?.is_empty())
}

/// Removes up to `most` of them.
pub fn forget(batch: Batch, practice: i64, log: i64, before: u64, newest: Timestamp, most: i64) -> Batch {
    const SQL: &str = "DELETE FROM audit_entries WHERE (practice, at, log, seq) IN (SELECT practice, at, log, seq \
                       FROM audit_entries WHERE practice = $1 AND log = $2 AND seq < $3 AND at <= $4 LIMIT $5)";
    let params = &[practice.into(), log.into(), (before as i64).into(), newest.into(), most.into()];
    batch.run(SQL, params)
}

/// The hour of a moment, counted from 1970 in UTC.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}
