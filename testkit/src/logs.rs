//! Logs in folders whose entries do not all come back.

use crypto::Key;
use ledger::{BackendError, Hash, LogName, ProofError, VerifierKey};
use practice::trail::{FolderLogs, LogSizes, Logs};

/// Which log, from which entry on, at most how many.
pub type Wanted<'a> = (&'a LogName, u64, usize);

/// Logs in folders, where something else answers whoever reads entries; all the rest is as it is.
pub struct ReadThrough<F> {
    logs: FolderLogs,
    read: F,
}

impl<F> ReadThrough<F>
where
    F: FnMut(&mut FolderLogs, Wanted<'_>) -> Result<Vec<Vec<u8>>, BackendError> + Send,
{
    /// Logs of which `read` reads the entries.
    pub const fn new(logs: FolderLogs, read: F) -> Self {
        Self { logs, read }
    }
}

impl<F> Logs for ReadThrough<F>
where
    F: FnMut(&mut FolderLogs, Wanted<'_>) -> Result<Vec<Vec<u8>>, BackendError> + Send,
{
    fn sizes(&mut self) -> Result<LogSizes, BackendError> {
        self.logs.sizes()
    }
    fn read(&mut self, log: &LogName, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        (self.read)(&mut self.logs, (log, from, most))
    }
    fn checkpoint(&mut self, log: &LogName) -> Result<Option<String>, BackendError> {
        self.logs.checkpoint(log)
    }
    fn proof(&mut self, log: &LogName, seq: u64, size: u64) -> Result<Vec<Hash>, ProofError<BackendError>> {
        self.logs.proof(log, seq, size)
    }
    fn seal(&self, log: &LogName) -> Key {
        self.logs.seal(log)
    }
    fn verifier(&self, log: &LogName) -> VerifierKey {
        self.logs.verifier(log)
    }
}
