//! How much was done in each hour, by whom: counted while entries are indexed.

use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, Role, Timestamp};

/// Whose count of which hour, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The practice.
    pub practice: i64,
    /// The hour: see [`super::audit_entries::hour_of`].
    pub hour: i64,
    /// The account; 0 for nobody and for all patients together.
    pub actor: i64,
    /// As what.
    pub role: i64,
}

/// What was done in an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When the hour began.
    pub hour: Timestamp,
    /// Who; none for patients, and for nobody.
    pub actor: Option<AccountId>,
    /// As what; none when nobody was signed in.
    pub role: Option<Role>,
    /// How many entries there are.
    pub entries: u64,
    /// How many of them were denied or failed.
    pub refused: u64,
}

/// Adds to the count of an hour.
pub fn count(batch: Batch, slot: Slot, entries: u64, refused: u64) -> Batch {
    const SQL: &str = "INSERT INTO audit_activity (practice, hour, actor, role, entries, refused) \
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (practice, hour, actor, role) DO UPDATE SET \
                       entries = audit_activity.entries + excluded.entries, \
                       refused = audit_activity.refused + excluded.refused";
    let params = &[
        slot.practice.into(),
        slot.hour.into(),
        slot.actor.into(),
        slot.role.into(),
        (entries as i64).into(),
        (refused as i64).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// What was done from one hour up to before another.
pub async fn between(db: &Db, practice: i64, from: i64, to: i64) -> Result<Vec<Activity>, StoreError> {
    const SQL: &str = "SELECT hour, (SELECT id FROM audit_ids WHERE number = actor), \
                       (SELECT term FROM audit_terms WHERE number = role), entries, refused FROM audit_activity \
                       WHERE practice = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, actor, role";
    let read = |row: &Row| {
        let hour = row.int(0)?.checked_mul(3600).and_then(|second| Timestamp::from_second(second).ok());
        Ok(Activity {
            hour: hour.ok_or(StoreError::Column { index: 0, wanted: "an hour" })?,
            actor: row.opt_id(1)?,
            role: row.opt_word(2)?,
            entries: row.number(3)?,
            refused: row.number(4)?,
        })
    };
    db.rows(SQL, &[practice.into(), from.into(), to.into()]).await?.iter().map(read).collect()
}
