//! What keys there are, which of them are in use, and what is under way. Shows ids, versions, counts and dates only.

use super::rotation::RotateError;
use crate::House;
use crypto::RootId;
use domain::{PracticeId, Timestamp};
use phi::{AUDIT, SERVER, roots_of};
use store::rows::rotations::{self, RotationRow};

/// The keys of a server.
#[derive(Debug)]
pub struct KeyStatus {
    /// The root in force, and since when.
    pub root: Option<(RootId, Timestamp)>,
    /// The practices.
    pub practices: Vec<PracticeStatus>,
}

/// The keys of one practice.
#[derive(Debug)]
pub struct PracticeStatus {
    /// The practice.
    pub practice: PracticeId,
    /// Whether it is one of the server's own keys and no practice's.
    pub own: bool,
    /// Versions of its key: number, when it was made, how many roots wrap it, how many patients' keys it wraps.
    pub versions: Vec<(u32, Timestamp, usize, i64)>,
    /// Rotations that have not ended.
    pub under_way: Vec<RotationRow>,
    /// The last rotation that has ended.
    pub last: Option<RotationRow>,
}

/// Looks.
pub async fn status(house: &House) -> Result<KeyStatus, RotateError> {
    let db = &house.stores.keys;
    let mut practices: Vec<PracticeStatus> = Vec::new();
    for row in rotations::practice_keys(db).await? {
        if practices.last().is_none_or(|last| last.practice != row.practice_id) {
            let (done, under_way): (Vec<_>, Vec<_>) = rotations::rotations(db, row.practice_id, true)
                .await?
                .into_iter()
                .partition(|r| r.finished_at.is_some());
            let own = [SERVER, AUDIT].contains(&row.practice_id);
            let last = done.into_iter().max_by_key(|row| row.finished_at);
            practices.push(PracticeStatus { practice: row.practice_id, own, versions: Vec::new(), under_way, last });
        }
        let wrapped = rotations::wrapped_by(db, row.practice_id).await?;
        let count = wrapped.iter().find(|(version, _)| *version == row.key.version).map_or(0, |(_, count)| *count);
        if let Some(last) = practices.last_mut() {
            last.versions.push((row.key.version, row.created_at, roots_of(&row.key).len(), count));
        }
    }
    Ok(KeyStatus { root: rotations::root_in_force(db).await?, practices })
}
