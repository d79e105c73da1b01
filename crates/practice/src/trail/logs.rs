//! The logs of an installation: where they are, how far they are durable, what opens them.

use crate::backup::AuditBranch;
use crypto::Key;
use ledger::{
    Backend, BackendError, BackendTiles, Checkpoint, Dropped, Hash, LogName, LogTail, ProofError, VerifierKey,
    inclusion_proof,
};
use std::{collections::HashMap, path::PathBuf};
use store::{PostgresBackend, PostgresOptions, StoreError};

/// Logs, and how many entries of each are durable for certain, where that can be told.
pub type LogSizes = Vec<(LogName, Result<u64, BackendError>)>;

/// The logs of an installation, to be followed. Everything here may block.
pub trait Logs: Send {
    /// All logs that there are.
    fn sizes(&mut self) -> Result<LogSizes, BackendError>;
    /// What was dropped of a log, checked; none where nothing was.
    fn dropped(&mut self, log: &LogName) -> Result<Option<Dropped>, BackendError> {
        let _ = log;
        Ok(None)
    }
    /// Sealed entries from `from` on: at least one where one is durable, at most `most`. Of those that were dropped the error
    /// says so, after the note was checked.
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError>;
    /// The newest checkpoint, as it was signed.
    fn checkpoint(&mut self, log: &LogName) -> Result<Option<String>, BackendError>;
    /// The proof that an entry is among the first `size` of its log.
    fn proof(&mut self, log: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>>;
    /// What a log's entries are sealed with.
    fn seal(&self, log: &LogName) -> Key;
    /// What a log's checkpoints are verified with.
    fn verifier(&self, log: &LogName) -> VerifierKey;
}

impl<L: Logs + ?Sized> Logs for Box<L> {
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        (**self).sizes()
    }
    fn dropped(&mut self, log: &LogName) -> Result<Option<Dropped>, BackendError> {
        (**self).dropped(log)
    }
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        (**self).read(log, from, most)
    }
    fn checkpoint(&mut self, log: &LogName) -> Result<Option<String>, BackendError> {
        (**self).checkpoint(log)
    }
    fn proof(&mut self, log: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        (**self).proof(log, seq, size)
    }
    fn seal(&self, log: &LogName) -> Key {
        (**self).seal(log)
    }
    fn verifier(&self, log: &LogName) -> VerifierKey {
        (**self).verifier(log)
    }
}

/// How it is known how far a log in a folder is durable.
enum Durable {
    /// Its writer, in this process, says so.
    Told(Box<dyn Fn() -> u64 + Send>),
    /// Another process writes it: what its newest checkpoint covers.
    Signed,
}

struct Folder {
    log: LogName,
    tail: LogTail,
    durable: Durable,
    /// The last checkpoint that was trusted, and what it covers.
    head: (String, u64),
    /// The last note of what was dropped that was trusted, and what it says.
    gone: Option<(String, Dropped)>,
}

impl Folder {
    fn dropped(&mut self, keys: &AuditBranch) -> Result<Option<&Dropped>, BackendError> {
        match self.tail.dropped()? {
            None => self.gone = None,
            Some(note) => {
                if self.gone.as_ref().is_none_or(|(known, _)| *known != note) {
                    let said = trusted(&note, &keys.verifier(&self.log))?;
                    self.gone = Some((note, said));
                }
            }
        }
        Ok(self.gone.as_ref().map(|(_, said)| said))
    }

    fn size(&mut self, keys: &AuditBranch) -> Result<u64, BackendError> {
        match &self.durable {
            Durable::Told(tell) => Ok(tell()),
            Durable::Signed => {
                let Some(note) = self.tail.checkpoint()? else { return Ok(0) };
                if self.head.0 != note {
                    let opened = Checkpoint::open(&note, &keys.verifier(&self.log));
                    let size = opened.map_err(|error| BackendError::Other(Box::new(error)))?.size;
                    self.head = (note, size);
                }
                Ok(self.head.1)
            }
        }
    }
}

/// Logs that are kept in folders.
pub struct FolderLogs {
    keys: AuditBranch,
    folders: Vec<Folder>,
}

impl FolderLogs {
    /// No log yet.
    pub const fn new(keys: AuditBranch) -> Self {
        Self { keys, folders: Vec::new() }
    }

    /// Adds the log that this process writes; `durable` says how many of its entries are.
    #[must_use]
    pub fn own(self, log: LogName, folder: PathBuf, durable: impl Fn() -> u64 + Send + 'static) -> Self {
        self.add(log, folder, Durable::Told(Box::new(durable)))
    }

    /// Adds a log that another process writes, now or later. Its entries are followed once they are signed.
    #[must_use]
    pub fn other(self, log: LogName, folder: PathBuf) -> Self {
        self.add(log, folder, Durable::Signed)
    }

    fn add(mut self, log: LogName, folder: PathBuf, durable: Durable) -> Self {
        self.folders.push(Folder { log, tail: LogTail::new(folder), durable, head: (String::new(), 0), gone: None });
        self
    }

    fn folder(&mut self, log: &LogName) -> Result<&mut Folder, BackendError> {
        self.folders.iter_mut().find(|folder| folder.log == *log).ok_or_else(|| unknown(log))
    }
}

/// What a note says that tells what was dropped.
fn trusted(note: &str, key: &VerifierKey) -> Result<Dropped, BackendError> {
    let forged = |error| BackendError::Damaged(format!("the note of what was dropped cannot be trusted: {error}"));
    Dropped::open(note, key).map_err(forged)
}

fn unknown(log: &LogName) -> BackendError {
    BackendError::Damaged(format!("there is no log {log}"))
}

impl Logs for FolderLogs {
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        let Self { keys, folders } = self;
        Ok(folders.iter_mut().map(|folder| (folder.log.clone(), folder.size(keys))).collect())
    }
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        let Self { keys, folders } = self;
        let folder = folders.iter_mut().find(|folder| folder.log == *log).ok_or_else(|| unknown(log))?;
        let durable = folder.size(keys)?;
        match folder.tail.read(from, durable, most) {
            // The reader does not know who signed the note.
            Err(BackendError::Dropped { .. }) => Err(match folder.dropped(keys)? {
                Some(gone) if from < gone.before => BackendError::Dropped { before: gone.before },
                _ => BackendError::Damaged(format!("entry {from} is missing")),
            }),
            read => read,
        }
    }
    fn dropped(&mut self, log: &LogName) -> Result<Option<Dropped>, BackendError> {
        let Self { keys, folders } = self;
        let folder = folders.iter_mut().find(|folder| folder.log == *log).ok_or_else(|| unknown(log))?;
        Ok(folder.dropped(keys)?.cloned())
    }
    fn checkpoint(&mut self, log: &LogName) -> Result<Option<String>, BackendError> {
        self.folder(log)?.tail.checkpoint()
    }
    fn proof(&mut self, log: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        let folder = self.folder(log).map_err(ProofError::Source)?;
        inclusion_proof(seq, size, &mut folder.tail)
    }
    fn seal(&self, log: &LogName) -> Key {
        self.keys.seal(log)
    }
    fn verifier(&self, log: &LogName) -> VerifierKey {
        self.keys.verifier(log)
    }
}

/// All logs in an audit database of PostgreSQL: those of every node and its command line.
pub struct PostgresLogs {
    keys: AuditBranch,
    options: PostgresOptions,
    reader: Option<PostgresBackend>,
    /// The last notes of what was dropped that were trusted, and what they say.
    gone: HashMap<LogName, (String, Dropped)>,
}

impl PostgresLogs {
    /// Reads over one connection of its own, which is made when it is needed.
    pub fn new(options: PostgresOptions, keys: AuditBranch) -> Self {
        Self { keys, options, reader: None, gone: HashMap::new() }
    }

    fn reader(&mut self, log: Option<&LogName>) -> Result<&mut PostgresBackend, BackendError> {
        if self.reader.is_none() {
            let any = LogName::new("any").expect("a valid name");
            let reader = PostgresBackend::reader(&self.options, &any);
            self.reader = Some(reader.map_err(|error| BackendError::Other(Box::new(error)))?);
        }
        let gone = || BackendError::Other(Box::new(StoreError::Unavailable { code: "not connected".to_owned() }));
        let reader = self.reader.as_mut().ok_or_else(gone)?;
        if let Some(log) = log {
            reader.turn_to(log);
        }
        Ok(reader)
    }
}

impl Logs for PostgresLogs {
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        Ok(self.reader(None)?.logs()?.into_iter().map(|(log, size)| (log, Ok(size))).collect())
    }
    fn dropped(&mut self, log: &LogName) -> Result<Option<Dropped>, BackendError> {
        let Some(note) = self.reader(Some(log))?.dropped()? else { return Ok(None) };
        if let Some((_, said)) = self.gone.get(log).filter(|(known, _)| *known == note) {
            return Ok(Some(said.clone()));
        }
        let said = trusted(&note, &self.keys.verifier(log))?;
        self.gone.insert(log.clone(), (note, said.clone()));
        Ok(Some(said))
    }
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        match self.reader(Some(log))?.read(from, most) {
            // The reader does not know who signed the note.
            Err(BackendError::Dropped { .. }) => Err(match self.dropped(log)? {
                Some(gone) if from < gone.before => BackendError::Dropped { before: gone.before },
                _ => BackendError::Damaged(format!("entry {from} is missing")),
            }),
            read => read,
        }
    }
    fn checkpoint(&mut self, log: &LogName) -> Result<Option<String>, BackendError> {
        self.reader(Some(log))?.checkpoint()
    }
    fn proof(&mut self, log: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        let reader = self.reader(Some(log)).map_err(ProofError::Source)?;
        inclusion_proof(seq, size, &mut BackendTiles(reader))
    }
    fn seal(&self, log: &LogName) -> Key {
        self.keys.seal(log)
    }
    fn verifier(&self, log: &LogName) -> VerifierKey {
        self.keys.verifier(log)
    }
}
