//! The audit trail of a practice, for those who watch over it. Every look at it is itself an entry.

use crate::{
    House,
    record::{Names, RecordError},
    trail::{self, TrailError, TrailFilter},
};
use identity::{Full, Session};
use ledger::{Entry, Resource, Word};
use phi::{AccessError, Purpose, ReadAudit};

/// An entry, with the name of who did it.
pub struct AuditedEntry {
    /// Its place in the log.
    pub seq: u64,
    /// The name that others see; none when nobody was signed in.
    pub who: Option<String>,
    /// What it says.
    pub entry: Entry,
}

/// A stretch of the trail.
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditedEntry>,
    /// Where to go on; none when everything was read.
    pub next: Option<u64>,
}

/// Why the trail was not shown.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It could not be read.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

/// Up to `limit` entries of the session's practice that fit, newest first, those before the sequence number `before`.
pub async fn entries(
    house: &House,
    session: &Session<Full>,
    filter: TrailFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    let purpose = Purpose::operations(Resource::whole(Word::new("audit")));
    let grant = house.guard.authorize_practice::<ReadAudit>(session, purpose).await?;
    let page = trail::newest(house, grant.practice(), filter, before, limit).await?;
    let mut names = Names::new(house, session);
    let mut entries = Vec::with_capacity(page.entries.len());
    for (seq, entry) in page.entries {
        let who = match entry.actor {
            Some(account) => Some(names.person(account).await?.name),
            None => None,
        };
        entries.push(AuditedEntry { seq, who, entry });
    }
    Ok(AuditPage { entries, next: page.next })
}
