//! Where rows go to: an empty database, logs, the folder of media.

use super::TrailPlace;
use ledger::{FileBackend, Hash, LogName, Refill, RefillError, VerifierKey};
use std::{collections::BTreeMap, io, path::PathBuf};
use store::{
    PostgresBackend,
    raw::{Fields, Fill, Filled, RawError, RawTable, Tuples},
};

/// Why rows were not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The database.
    #[error(transparent)]
    Rows(#[from] RawError),
    /// A log.
    #[error("the log {log}")]
    Log {
        /// Which one.
        log: String,
        #[source]
        /// What is wrong with it.
        source: RefillError,
    },
    /// What was brought is no ledger.
    #[error("the ledger that was brought is not one: {0}")]
    Trail(&'static str),
}

impl From<io::Error> for TakeError {
    fn from(error: io::Error) -> Self {
        Self::Rows(error.into())
    }
}

/// Pieces of whole rows, until there are no more.
pub type More<'a> = &'a mut dyn FnMut() -> io::Result<Option<Vec<u8>>>;
/// Which rows are wanted.
pub type Keep<'a> = &'a dyn Fn(&RawTable, &Fields<'_>) -> bool;

/// Takes tables.
pub trait Destination {
    /// Takes the rows of a table.
    fn table(&mut self, table: &RawTable, more: More<'_>, keep: Keep<'_>) -> Result<Filled, TakeError>;
    /// Makes all of it durable.
    fn finish(self: Box<Self>) -> Result<(), TakeError>;
}

impl Destination for Fill {
    fn table(&mut self, table: &RawTable, more: More<'_>, keep: Keep<'_>) -> Result<Filled, TakeError> {
        Ok(Self::table(self, table, more, &|row| keep(table, row))?)
    }
    fn finish(self: Box<Self>) -> Result<(), TakeError> {
        Ok(Self::finish(*self)?)
    }
}

/// Takes the ledger.
pub struct TrailDestination<'a> {
    place: TrailPlace,
    /// What a log's checkpoints are verified with.
    verifier: &'a dyn Fn(&LogName) -> VerifierKey,
    notes: BTreeMap<String, String>,
    /// What was dropped of each log.
    dropped: BTreeMap<String, String>,
    current: Option<(String, Refill)>,
}

impl<'a> TrailDestination<'a> {
    /// Into this place.
    pub const fn new(place: TrailPlace, verifier: &'a dyn Fn(&LogName) -> VerifierKey) -> Self {
        Self { place, verifier, notes: BTreeMap::new(), dropped: BTreeMap::new(), current: None }
    }

    fn begin(&mut self, log: &str) -> Result<Refill, TakeError> {
        let note = self.notes.remove(log).ok_or(TakeError::Trail("a log has entries and no checkpoint"))?;
        let name = LogName::new(log).map_err(|_| TakeError::Trail("a log has a name that is none"))?;
        let key = (self.verifier)(&name);
        let dropped = self.dropped.remove(log);
        let dropped = dropped.as_deref();
        let refused = |source: RefillError| TakeError::Log { log: log.to_owned(), source };
        match &self.place {
            TrailPlace::Folders(folders) => {
                let folder = folders.iter().find(|(known, _)| *known == name).map(|(_, folder)| folder.clone());
                let folder = folder.ok_or(TakeError::Trail("it has a log that the settings do not name"))?;
                let backend = FileBackend::open(folder).map_err(|error| refused(error.into()))?;
                Refill::begin(backend, note, dropped, &key).map_err(refused)
            }
            TrailPlace::Postgres(options) => {
                let backend = PostgresBackend::connect(options, &name).map_err(RawError::Open)?;
                Refill::begin(backend, note, dropped, &key).map_err(refused)
            }
        }
    }

    fn end(&mut self) -> Result<(), TakeError> {
        match self.current.take() {
            Some((log, refill)) => refill.finish().map(drop).map_err(|source| TakeError::Log { log, source }),
            None => Ok(()),
        }
    }
}

fn text<'a>(row: &Fields<'a>, place: usize) -> Result<&'a str, TakeError> {
    let bytes = row.at(place).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| TakeError::Trail("a text in it is none"))
}

impl Destination for TrailDestination<'_> {
    fn table(&mut self, table: &RawTable, more: More<'_>, _: Keep<'_>) -> Result<Filled, TakeError> {
        let mut filled = Filled::default();
        while let Some(piece) = more()? {
            for row in Tuples::new(&piece, table.columns.len()) {
                let row = row?;
                filled.rows += 1;
                let log = text(&row, 0)?;
                if table.name == "ledger_checkpoints" {
                    self.notes.insert(log.to_owned(), text(&row, 2)?.to_owned());
                    continue;
                }
                if table.name == "ledger_dropped" {
                    self.dropped.insert(log.to_owned(), text(&row, 2)?.to_owned());
                    continue;
                }
                if self.current.as_ref().is_none_or(|(current, _)| current != log) {
                    self.end()?;
                    let refill = self.begin(log)?;
                    self.current = Some((log.to_owned(), refill));
                }
                if let Some((_, refill)) = &mut self.current {
                    let sealed = row.at(3).unwrap_or_default();
                    let pushed = match (sealed, row.at(2).map(<[u8; 32]>::try_from)) {
                        // No sealed entry is empty: it was dropped, and this is its hash.
                        ([], Some(Ok(hash))) => refill.push_dropped(Hash(hash)),
                        _ => refill.push(sealed),
                    };
                    pushed.map_err(|source| TakeError::Log { log: log.to_owned(), source })?;
                }
            }
        }
        Ok(filled)
    }

    fn finish(mut self: Box<Self>) -> Result<(), TakeError> {
        self.end()?;
        // Logs that have a checkpoint and no entry yet.
        for log in self.notes.keys().cloned().collect::<Vec<_>>() {
            let refill = self.begin(&log)?;
            refill.finish().map_err(|source| TakeError::Log { log, source })?;
        }
        Ok(())
    }
}

/// Takes media files.
pub struct MediaDestination(PathBuf);

impl MediaDestination {
    /// Into this folder.
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

impl Destination for MediaDestination {
    fn table(&mut self, table: &RawTable, more: More<'_>, keep: Keep<'_>) -> Result<Filled, TakeError> {
        let mut filled = Filled::default();
        while let Some(piece) = more()? {
            for row in Tuples::new(&piece, table.columns.len()) {
                let row = row?;
                let digest: Option<&[u8; 32]> = row.at(0).and_then(|bytes| bytes.try_into().ok());
                match (digest, row.at(1)) {
                    (Some(digest), Some(content)) if keep(table, &row) => {
                        if crypto::sha256(content) != *digest {
                            let what = "has a file that is not the one that it says";
                            return Err(RawError::Table { table: table.name.clone(), what }.into());
                        }
                        crate::media::keep(&self.0, digest, content)?;
                        filled.rows += 1;
                    }
                    _ => filled.left_out += 1,
                }
            }
        }
        Ok(filled)
    }
    fn finish(self: Box<Self>) -> Result<(), TakeError> {
        Ok(())
    }
}
