//! What somebody did in a stretch of time, all of it: for whoever must say whom it affected. Unlike the questions of
//! [`audit_entries`](super::audit_entries) these have no window: they go on, page by page, until nothing is left.

use super::audit_entries::Position;
use crate::{Db, Param, Row, StoreError};
use domain::{LoginSessionId, Timestamp};

/// Sessions that one question takes: each statement has a fixed text.
pub const SESSIONS: usize = 16;

/// By what somebody's entries are found, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Along {
    /// An account.
    Actor(i64),
    /// Login sessions, or API tokens, under their own ids; one may stand there more than once. Looks at all entries of the stretch
    /// of time, which are read in the order in which they lie.
    Sessions(Box<[LoginSessionId; SESSIONS]>),
    /// A network address.
    Address(i64),
}

/// An entry, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchRow {
    /// Where it stands.
    pub position: Position,
    /// Who; 0 for nobody who was signed in.
    pub actor: i64,
    /// Whose record; 0 where it names none.
    pub patient: i64,
    /// With which permission; 0 for none.
    pub permission: i64,
    /// How it went: see [`super::audit_entries::outcome_number`].
    pub outcome: i64,
    /// What kind of thing it was done to.
    pub kind: i64,
    /// What was done.
    pub action: i64,
    /// To which; empty for a whole kind.
    pub resource: String,
}

macro_rules! along {
    ($leads:literal) => {
        concat!(
            "SELECT at, log, seq, actor, patient, permission, outcome, kind, action, resource FROM audit_entries \
             WHERE practice = $1 AND ",
            $leads,
            " AND at < $3 AND (at, log, seq) > ($4, $5, $6) ORDER BY at, log, seq LIMIT $7"
        )
    };
}

/// The next entries of a practice behind a position and before a moment (in milliseconds since 1970), the oldest first, up to
/// `most`: fewer only at the end.
pub async fn behind(
    db: &Db,
    practice: i64,
    along: &Along,
    behind: Position,
    until: i64,
    most: i64,
) -> Result<Vec<TouchRow>, StoreError> {
    // The condition that leads says what the index is limited to, or it would not be taken.
    let (sql, leads, others): (&'static str, Param<'_>, &[LoginSessionId]) = match along {
        Along::Actor(number) => (along!("actor = $2"), (*number).into(), &[]),
        Along::Address(number) => (along!("address = $2 AND address > 0"), (*number).into(), &[]),
        Along::Sessions(ids) => {
            let [first, others @ ..] = &**ids;
            let sql = along!(
                "login_session IN ($2, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
            );
            (sql, (*first).into(), others)
        }
    };
    let Position { at, log, seq } = behind;
    let mut params = vec![practice.into(), leads, until.into(), at.into(), log.into(), seq.into(), most.into()];
    params.extend(others.iter().map(|id| Param::from(*id)));
    let read = |row: &Row| {
        Ok(TouchRow {
            position: Position { at: row.int(0)?, log: row.int(1)?, seq: row.int(2)? },
            actor: row.int(3)?,
            patient: row.int(4)?,
            permission: row.int(5)?,
            outcome: row.int(6)?,
            kind: row.int(7)?,
            action: row.int(8)?,
            resource: row.text(9)?.to_owned(),
        })
    };
    db.rows(sql, &params).await?.iter().map(read).collect()
}

/// An entry that says how a session went on, or what was made in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRow {
    /// When.
    pub at: Timestamp,
    /// Who, in a number; 0 for nobody.
    pub actor: i64,
    /// In which session.
    pub login_session: Option<LoginSessionId>,
    /// Which session, or which token, it was done to.
    pub resource: String,
}

/// What was done with this action, and allowed, in a session or to it, at any time.
pub async fn moves_with(
    db: &Db,
    practice: i64,
    action: i64,
    session: LoginSessionId,
) -> Result<Vec<MoveRow>, StoreError> {
    const SQL: &str = "SELECT at, actor, login_session, resource FROM audit_entries WHERE practice = $1 AND action = $2 \
                       AND outcome = 0 AND (resource = $3 OR login_session = $4) ORDER BY at, log, seq";
    let resource = session.to_string();
    moves(db, SQL, &[practice.into(), action.into(), (&resource).into(), session.into()]).await
}

/// What an account did with this action, and was allowed, at any time.
pub async fn moves_of(db: &Db, practice: i64, action: i64, actor: i64) -> Result<Vec<MoveRow>, StoreError> {
    const SQL: &str = "SELECT at, actor, login_session, resource FROM audit_entries WHERE practice = $1 AND action = $2 \
                       AND outcome = 0 AND actor = $3 ORDER BY at, log, seq";
    moves(db, SQL, &[practice.into(), action.into(), actor.into()]).await
}

async fn moves(db: &Db, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<MoveRow>, StoreError> {
    let read = |row: &Row| {
        Ok(MoveRow {
            at: row.timestamp(0)?,
            actor: row.int(1)?,
            login_session: row.opt_id(2)?,
            resource: row.text(3)?.to_owned(),
        })
    };
    db.rows(sql, params).await?.iter().map(read).collect()
}
