//! What somebody did in a stretch of time, all of it: for whoever must say whom it affected. Unlike the questions of
//! [`audit_entries`](super::audit_entries) these have no window: they go on, page by page, until nothing is left.

use super::audit_entries::Position;
use crate::{Db, Param, Row, StoreError};
use domain::LoginSessionId;

/// By what somebody's entries are found, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// An account.
    Actor(i64),
    /// A login session, or an API token, under its own id. Looks at all entries of the stretch of time, which are read in the
    /// order in which they lie.
    Session(LoginSessionId),
    /// A network address.
    Address(i64),
}

/// An entry, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

macro_rules! along {
    ($leads:literal) => {
        concat!(
            "SELECT at, log, seq, actor, patient, permission, outcome, kind FROM audit_entries WHERE practice = $1 AND ",
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
    along: Along,
    behind: Position,
    until: i64,
    most: i64,
) -> Result<Vec<TouchRow>, StoreError> {
    // The condition that leads says what the index is limited to, or it would not be taken.
    let (sql, leads): (&str, Param<'_>) = match along {
        Along::Actor(number) => (along!("actor = $2"), number.into()),
        Along::Address(number) => (along!("address = $2 AND address > 0"), number.into()),
        Along::Session(id) => (along!("login_session = $2"), id.into()),
    };
    let Position { at, log, seq } = behind;
    let params = [practice.into(), leads, until.into(), at.into(), log.into(), seq.into(), most.into()];
    let read = |row: &Row| {
        Ok(TouchRow {
            position: Position { at: row.int(0)?, log: row.int(1)?, seq: row.int(2)? },
            actor: row.int(3)?,
            patient: row.int(4)?,
            permission: row.int(5)?,
            outcome: row.int(6)?,
            kind: row.int(7)?,
        })
    };
    db.rows(sql, &params).await?.iter().map(read).collect()
}
