//! The trail of a log that is kept in a directory.

use super::{Inclusion, Trail, TrailError, prove};
use crypto::Key;
use ledger::{Entry, LogName, LogReader, ReadError, VerifierKey};
use std::{ops::ControlFlow, path::PathBuf};

/// Reads the log that a server writes, beside its writer.
pub struct LogTrail {
    folder: PathBuf,
    log: LogName,
    seal: Key,
}

impl LogTrail {
    /// The log `log` in `folder`, whose entries are sealed with `seal`.
    pub const fn new(folder: PathBuf, log: LogName, seal: Key) -> Self {
        Self { folder, log, seal }
    }

    /// The entries from `first` to before `end`, oldest first.
    fn stretch(&self, reader: &LogReader, first: u64, end: u64) -> Result<Vec<(u64, Entry)>, ReadError> {
        reader.entries(&self.seal, &self.log, first).take((end - first) as usize).collect()
    }
}

/// Entries that are opened at a time: as many as a bundle of the log holds.
const STRETCH: u64 = 256;

impl Trail for LogTrail {
    fn walk(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>,
    ) -> Result<(), TrailError> {
        let reader = LogReader::open(&self.folder)?;
        let mut end = before.unwrap_or(u64::MAX).min(reader.size());
        while end > 0 {
            // From the beginning of a bundle on, so that none is read twice.
            let first = (end - 1) / STRETCH * STRETCH;
            for (seq, entry) in self.stretch(&reader, first, end)?.into_iter().rev() {
                if visit(seq, entry).is_break() {
                    return Ok(());
                }
            }
            end = first;
        }
        Ok(())
    }

    fn inclusion(&self, entry: u64, key: &VerifierKey) -> Result<Option<Inclusion>, TrailError> {
        let mut reader = LogReader::open(&self.folder)?;
        let note = reader.checkpoint_note()?;
        let sealed = reader.read(entry, 1)?.into_iter().next();
        prove(note, key, entry, sealed, &mut reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::{Signer, SystemRng};
    use domain::{FixedClock, RequestId, Timestamp};
    use ledger::{FileBackend, Ledger, Outcome, Resource, Settings, Word};
    use std::sync::Arc;

    fn entry(n: i64) -> Entry {
        Entry {
            at: Timestamp::from_second(n).expect("a moment"),
            practice: None,
            actor: None,
            role: None,
            login_session: None,
            permission: None,
            action: Word::new("sign_in"),
            purpose: None,
            resource: Resource::whole(Word::new("account")),
            patient: None,
            outcome: Outcome::Allowed,
            reason: Word::new("factor"),
            address: None,
            request: RequestId::random(&SystemRng),
        }
    }

    #[tokio::test]
    async fn a_log_is_walked_from_its_end_to_its_beginning_over_all_bundles() {
        let folder = tempfile::tempdir().expect("a folder");
        let (log, seal) = (LogName::new("node.example/audit").expect("a name"), Key::random(&SystemRng));
        let clock = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
        let signer = Signer::from_seed(&Key::random(&SystemRng));
        let copy = Key::from_bytes(*seal.expose());
        let settings = Settings::new(log.clone(), copy, signer, clock, Arc::new(SystemRng));
        let ledger = Ledger::open(FileBackend::open(folder.path()).expect("a log"), settings).expect("opened");
        ledger.handle().append((0..600).map(entry).collect()).await.expect("appended");

        let trail = LogTrail::new(folder.path().to_owned(), log, seal);
        let mut seen = Vec::new();
        let mut visit = |seq, entry: Entry| {
            assert_eq!(entry.at.as_second(), i64::try_from(seq).expect("small"));
            seen.push(seq);
            ControlFlow::Continue(())
        };
        trail.walk(None, &mut visit).expect("read");
        assert_eq!(seen, (0..600).rev().collect::<Vec<_>>());

        let mut first = None;
        let stop = |seq, _| {
            first = Some(seq);
            ControlFlow::Break(())
        };
        trail.walk(Some(300), &mut { stop }).expect("read");
        assert_eq!(first, Some(299));
        ledger.close();
    }
}
