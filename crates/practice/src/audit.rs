//! The audit trail of a practice, for those who watch over it. Every look at it is itself an entry.

mod export;
mod week;

pub use export::{Export, ExportedEntry};
pub use week::{PARTS, Week, WeekRow, Whose, week};

use crate::{
    House,
    house::through,
    record::{Names, RecordError},
    trail::{Position, TrailEntry, TrailError, TrailFilter, TrailHealth, TrailPage},
};
use domain::{AccountId, PracticeId, Role};
use identity::{Full, Session};
use ledger::{LedgerError, Resource, Word};
use phi::{AccessError, Purpose, ReadAudit};
use store::StoreError;

/// An entry, with the name of who did it.
pub struct AuditedEntry {
    /// The name that others see; none when nobody was signed in.
    pub who: Option<String>,
    /// Where it stands and what it says.
    pub found: TrailEntry,
}

/// A stretch of the trail.
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditedEntry>,
    /// Where to go on; none when everything was looked at.
    pub next: Option<Position>,
    /// Whether everything that is durable was looked at.
    pub health: TrailHealth,
}

/// What can be chosen to search by.
pub struct Choices {
    /// Everybody of the practice's staff, former members too.
    pub people: Vec<StaffName>,
    /// What was done so far, in the program's words.
    pub actions: Vec<Word>,
}

/// A member of the staff.
pub struct StaffName {
    /// The account.
    pub account: AccountId,
    /// The name that others see.
    pub name: String,
    /// As what.
    pub role: Role,
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
    /// What is to be proved could not be signed.
    #[error(transparent)]
    Unsigned(#[from] LedgerError),
}

through!(AuditError::Record: StoreError);

const AUDIT: Word = Word::new("audit");

/// Leave to read the trail, recorded with what of it is read.
async fn allowed(house: &House, session: &Session<Full>, what: Word) -> Result<PracticeId, AuditError> {
    let purpose = Purpose::operations(Resource::whole(what));
    Ok(house.guard.authorize_practice::<ReadAudit>(session, purpose).await?.practice())
}

/// Up to `limit` entries of the session's practice that fit, newest first, those before a position.
pub async fn entries(
    house: &House,
    session: &Session<Full>,
    filter: &TrailFilter,
    before: Option<Position>,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    let practice = allowed(house, session, AUDIT).await?;
    stretch(house, session, practice, filter, before, limit).await
}

/// The same, with what can be chosen to search by.
pub async fn explore(
    house: &House,
    session: &Session<Full>,
    filter: &TrailFilter,
    before: Option<Position>,
    limit: usize,
) -> Result<(AuditPage, Choices), AuditError> {
    let practice = allowed(house, session, AUDIT).await?;
    let page = stretch(house, session, practice, filter, before, limit).await?;
    let actions = house.trail.actions(practice).await?;
    Ok((page, Choices { people: staff(house, session, practice).await?, actions }))
}

async fn stretch(
    house: &House,
    session: &Session<Full>,
    practice: PracticeId,
    filter: &TrailFilter,
    before: Option<Position>,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    let page = house.trail.search(practice, filter, before.unwrap_or(Position::END), limit).await?;
    let TrailPage { entries: found, next, health } = page;
    let entries = named(&mut Names::new(house, session), found).await?;
    Ok(AuditPage { entries, next, health })
}

/// Puts names to entries.
pub(crate) async fn named(names: &mut Names<'_>, found: Vec<TrailEntry>) -> Result<Vec<AuditedEntry>, AuditError> {
    let mut entries = Vec::with_capacity(found.len());
    for found in found {
        let who = match found.entry.actor {
            // By id, like a patient whom an entry is about: nobody who watches over the trail needs the name.
            Some(_) if found.entry.role == Some(Role::Patient) => Some("a patient".to_owned()),
            Some(account) => Some(names.person(account).await?.name),
            None => None,
        };
        entries.push(AuditedEntry { who, found });
    }
    Ok(entries)
}

/// The staff of a practice by name.
pub(crate) async fn staff(
    house: &House,
    session: &Session<Full>,
    practice: PracticeId,
) -> Result<Vec<StaffName>, AuditError> {
    let mut people = Vec::new();
    for row in crate::staff::everybody(house, practice).await? {
        let opened = house.vault.open_directory(session, row.account_id, &row.display_name).await;
        let name = opened.map_err(RecordError::from)?.expose().as_str().to_owned();
        people.push(StaffName { account: row.account_id, name, role: row.role });
    }
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(people)
}
