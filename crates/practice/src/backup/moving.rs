//! Taking a practice over to another kind of database, row by row, sealed as it is.
//!
//! The source is only read. Each table is hashed as it leaves and again as it has arrived. The keys go last: until they are
//! there, the new place opens nothing.

use super::{
    AuditBranch, BoxError, Ground, Part,
    create::{Contents, sources},
    destination::{Destination, MediaDestination, TakeError, TrailDestination},
    hex,
    manifest::TableFacts,
    source::{MediaSource, Source, StoreSource, trail},
};
use crypto::Sha256;
use domain::{Clock, TaskObserver};
use ledger::LogName;
use std::{
    io,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};
use store::{
    MigrateError, Store,
    raw::{Fill, RawError, RawTable, Snapshot, raw_tables},
};

/// The transitions of a move, in order.
pub const STEPS: [&str; 7] = ["begun", "identity", "clinical", "billing", "audit", "media", "keys"];

/// Pieces that may wait between reading and filling.
const WAITING: usize = 16;

/// Why a practice was not moved. The source is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The rows could not be read.
    #[error(transparent)]
    Rows(#[from] RawError),
    /// The media could not be read.
    #[error("the media folder cannot be read")]
    Media(#[source] io::Error),
    /// A new place was not opened.
    #[error("the new {what} cannot be opened")]
    Open {
        /// Which one.
        what: &'static str,
        #[source]
        /// Why.
        source: BoxError,
    },
    /// The schema was not made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The new place did not take the rows.
    #[error("the new {part} did not take its rows")]
    Take {
        /// Which part.
        part: &'static str,
        #[source]
        /// Why.
        source: TakeError,
    },
    /// What arrived is not what left.
    #[error("{part}.{table} has arrived otherwise than it left: {left} rows left, {arrived} arrived")]
    Differs {
        /// Which part.
        part: &'static str,
        /// Which table.
        table: String,
        /// How many rows left.
        left: u64,
        /// How many arrived.
        arrived: u64,
    },
}

/// Takes everything over, and verifies it. Blocks: call it in `spawn_blocking`. Nobody may write to the source meanwhile: that
/// its logs are locked is for the caller to see to.
pub fn carry(
    contents: &Contents,
    ground: &Ground<'_>,
    branch: &AuditBranch,
    clock: &dyn Clock,
    observer: &dyn TaskObserver,
) -> Result<Vec<(Part, TableFacts)>, MoveError> {
    let mut from = sources(contents)?;
    let media = MediaSource::list(&contents.media).map_err(MoveError::Media)?;
    from.push((Part::Media, Box::new(MediaSource::new(&contents.media, media))));
    from.sort_by_key(|(part, _)| *part == Part::Keys);
    observer.reached("begun");
    let mut moved = Vec::new();
    for (part, mut source) in from {
        let left = carry_part(part, source.as_mut(), ground, branch, clock)?;
        let mut there = arrived(part, ground)?;
        for (place, left) in left.iter().enumerate() {
            let found = hash(there.as_mut(), place)?;
            if found != *left {
                let table = left.table.clone();
                return Err(MoveError::Differs { part: part.name(), table, left: left.rows, arrived: found.rows });
            }
        }
        moved.extend(left.into_iter().map(|table| (part, table)));
        observer.reached(part.name());
    }
    Ok(moved)
}

fn carry_part(
    part: Part,
    source: &mut dyn Source,
    ground: &Ground<'_>,
    branch: &AuditBranch,
    clock: &dyn Clock,
) -> Result<Vec<TableFacts>, MoveError> {
    let verifier = |log: &LogName| branch.verifier(log);
    let destination: Box<dyn Destination + '_> = match part {
        Part::Media => Box::new(MediaDestination::new(ground.media.clone())),
        Part::Audit => Box::new(TrailDestination::new(ground.trail.clone(), &verifier)),
        Part::Identity | Part::Keys | Part::Clinical | Part::Billing => {
            let store = part.store().expect("it is that of a store");
            match empty(store, ground, clock)? {
                Some(fill) => Box::new(fill),
                // An earlier try has come as far as this; whether it is the same, the hashes say.
                None => return hashes(source).map_err(MoveError::from),
            }
        }
    };
    pump(source, destination).map_err(|failed| match failed {
        Pumped::Rows(error) => error.into(),
        Pumped::Take(source) => MoveError::Take { part: part.name(), source },
    })
}

/// The new database of a store, ready to be filled; none when it holds rows already.
fn empty(store: Store, ground: &Ground<'_>, clock: &dyn Clock) -> Result<Option<Fill>, MoveError> {
    let runtime = tokio::runtime::Handle::current();
    let db = (ground.database)(store).map_err(|source| MoveError::Open { what: store.name(), source })?;
    runtime.block_on(store::migrate(&db, store, clock))?;
    let mut snapshot = Snapshot::of(&db)?;
    for table in runtime.block_on(raw_tables(&db, store))? {
        if snapshot.count(&table)? > 0 {
            return Ok(None);
        }
    }
    drop(snapshot);
    Ok(Some(Fill::begin(db)?))
}

/// What has arrived, to be read again.
fn arrived(part: Part, ground: &Ground<'_>) -> Result<Box<dyn Source>, MoveError> {
    Ok(match part {
        Part::Media => {
            let media = MediaSource::list(&ground.media).map_err(MoveError::Media)?;
            Box::new(MediaSource::new(&ground.media, media))
        }
        Part::Audit => trail(&ground.trail)?,
        Part::Identity | Part::Keys | Part::Clinical | Part::Billing => {
            let store = part.store().expect("it is that of a store");
            let runtime = tokio::runtime::Handle::current();
            let db = (ground.database)(store).map_err(|source| MoveError::Open { what: store.name(), source })?;
            let tables = runtime.block_on(raw_tables(&db, store))?;
            Box::new(StoreSource::new(Snapshot::of(&db)?, tables))
        }
    })
}

fn hashes(source: &mut dyn Source) -> Result<Vec<TableFacts>, RawError> {
    (0..source.tables().len()).map(|place| hash(source, place)).collect()
}

fn hash(source: &mut dyn Source, place: usize) -> Result<TableFacts, RawError> {
    let mut sha256 = Sha256::new();
    let rows = source.export(place, &mut |rows| {
        sha256.update(rows);
        Ok(())
    })?;
    Ok(TableFacts { table: source.tables()[place].name.clone(), rows, sha256: hex(&sha256.finish()) })
}

enum Pumped {
    Rows(RawError),
    Take(TakeError),
}

/// Reads on this thread and fills on another, hashing what goes through.
fn pump(source: &mut dyn Source, destination: Box<dyn Destination + '_>) -> Result<Vec<TableFacts>, Pumped> {
    let tables = source.tables().to_vec();
    let (sender, receiver) = sync_channel::<Option<Vec<u8>>>(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut left = Vec::new();
            for place in 0..source.tables().len() {
                let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
                let mut sha256 = Sha256::new();
                let rows = source.export(place, &mut |rows| {
                    sha256.update(rows);
                    sender.send(Some(rows.to_vec())).map_err(|_| gone())
                })?;
                sender.send(None).map_err(|_| gone())?;
                let table = source.tables()[place].name.clone();
                left.push(TableFacts { table, rows, sha256: hex(&sha256.finish()) });
            }
            Ok::<_, RawError>(left)
        });
        let filled = take_all(&tables, &receiver, destination);
        drop(receiver);
        let left = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (filled, left) {
            (Ok(()), left) => left.map_err(Pumped::Rows),
            // Whoever read only found that nobody took: the taker's error is the true one, unless reading failed by itself.
            (Err(_), Err(error)) if !is_broken_pipe(&error) => Err(Pumped::Rows(error)),
            (Err(error), _) => Err(Pumped::Take(error)),
        }
    })
}

fn is_broken_pipe(error: &RawError) -> bool {
    matches!(error, RawError::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

fn take_all(
    tables: &[RawTable],
    pieces: &Receiver<Option<Vec<u8>>>,
    mut destination: Box<dyn Destination + '_>,
) -> Result<(), TakeError> {
    for table in tables {
        let mut more = || pieces.recv().map_err(|_| io::Error::other("the source has stopped"));
        destination.table(table, &mut more, &|_, _| true)?;
    }
    destination.finish()
}
