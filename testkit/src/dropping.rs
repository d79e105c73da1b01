//! Old segments of a log in a folder, dropped as whoever does it must, and recorded in the log itself.

use anyhow::{Context, Result};
use domain::{RequestId, Timestamp};
use ledger::{
    Dropped, Entry, FileBackend, FileSegments, Ledger, LogReader, Outcome, Recorded, Resource, Segments, Settings,
    VerifierKey, Word, inclusion_proof, leaf_hash,
};
use std::path::Path;

/// An entry of the server's own, of this moment: it is of no practice and about nobody.
pub fn entry(at: Timestamp) -> Entry {
    Entry {
        at,
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
        reason: Word::new("own-account"),
        address: None,
        request: RequestId::from_bytes([6; 16]),
    }
}

/// Appends entries to a log in small journal files, so that its segments are soon kept once, and closes it.
pub async fn append(folder: &Path, settings: Settings, entries: Vec<Entry>) -> Result<()> {
    let ledger = Ledger::open(FileBackend::open_with_segments(folder, 20_000)?, settings)?;
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        ledger.handle().append(entries.by_ref().take(50).collect()).await?;
    }
    ledger.close();
    Ok(())
}

/// Drops the entries below `before`, the newest of which is of the moment `newest`. Nobody may have the log open.
pub async fn drop_before(folder: &Path, settings: impl Fn() -> Settings, before: u64, newest: Timestamp) -> Result<()> {
    let Settings { log, signer, .. } = settings();
    let key = VerifierKey::new(log.clone(), signer.public());
    let (action, resource, reason) = Dropped::said(&log, before, 6)?;
    let entry = Entry { action, resource, reason, ..entry(newest) };
    append(folder, settings(), vec![entry]).await?;
    let mut reader = LogReader::open(folder)?;
    let (size, checkpoint) = (reader.checkpoint(&key)?.size, reader.checkpoint_note()?.context("signed")?);
    let seq = size - 1;
    let leaf = leaf_hash(reader.read(seq, 1)?.first().context("the entry")?);
    let path = inclusion_proof(seq, size, &mut reader).context("a proof")?;
    let recorded = Recorded::new(&log, seq, leaf, &path, checkpoint);
    let note = Dropped { before, newest, years: 6, at: newest, recorded }.sign(&log, &signer);
    let mut segments = FileSegments::new(folder);
    anyhow::ensure!(segments.kept_once()? >= before, "the journal holds some of it too");
    segments.put_note(&note)?;
    let left = segments.left(before)?;
    Ok(segments.destroy(&left)?)
}
