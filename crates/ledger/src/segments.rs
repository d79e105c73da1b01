//! Old segments of a log, found and destroyed beside its writer.
//!
//! Only segments are touched that are full, signed, and kept once: neither the writer nor its journal needs them. So no lock is
//! asked for; that only one process drops is for the caller to see to.

use crate::{
    BackendError, Checkpoint, CheckpointError, Dropped, Hash, LogName, SEGMENT, Tile, VerifierKey, durable,
    file::{
        DROPPED, JOURNAL, archived, bundle_of, dropped_before, failed, journal, put_note, read_bundle, read_checkpoint,
        read_note, read_tile,
    },
    leaf_hash, open_entry,
    tile::WIDTH,
};
use crypto::Key;
use domain::Timestamp;
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Segments of one log, from the oldest on. Everything here may block.
pub trait Segments: Send {
    /// The newest checkpoint, as it was signed.
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError>;
    /// The note that says which entries were dropped, as it was signed.
    fn dropped(&mut self) -> Result<Option<String>, BackendError>;
    /// Entries below this are in segments that nobody but readers needs.
    fn kept_once(&mut self) -> Result<u64, BackendError>;
    /// The sealed entries of a segment.
    fn read(&mut self, segment: u64) -> Result<Vec<Vec<u8>>, BackendError>;
    /// The leaf hashes of a segment.
    fn hashes(&mut self, segment: u64) -> Result<Option<Vec<Hash>>, BackendError>;
    /// Puts a note in the place of the one that is there, durably.
    fn put_note(&mut self, note: &str) -> Result<(), BackendError>;
    /// The segments below `before` of which anything is left.
    fn left(&mut self, before: u64) -> Result<Vec<u64>, BackendError>;
    /// Destroys the entries of these segments, durably; their hashes stay. May be repeated.
    fn destroy(&mut self, segments: &[u64]) -> Result<(), BackendError>;
}

/// What can go of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Old {
    /// All entries below this number.
    pub before: u64,
    /// The moment of the newest of them.
    pub newest: Timestamp,
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The log cannot be read.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A signed note cannot be trusted.
    #[error("a signed note of the log cannot be trusted")]
    Note(#[from] CheckpointError),
    /// An entry is not what its hash says, or does not open: nothing is dropped that may be evidence.
    #[error("entry {seq} is damaged: run `patella audit verify`")]
    Damaged {
        /// Which.
        seq: u64,
    },
}

/// Finds how far a log can be dropped: up to the first segment with an entry that is not older than `older_than`, that is not
/// wholly below `below`, or that is the last. Every entry is opened, and held against its hash. None when nothing more can go
/// than went before.
pub fn find_old(
    segments: &mut dyn Segments,
    seal: &Key,
    key: &VerifierKey,
    older_than: Timestamp,
    below: u64,
) -> Result<Option<Old>, FindError> {
    let gone = segments.dropped()?.map(|note| Dropped::open(&note, key)).transpose()?;
    let Some(head) = segments.checkpoint()? else { return Ok(None) };
    let size = Checkpoint::open(&head, key)?.size;
    // The segment with the last entry stays: a log has an end.
    let most = size.saturating_sub(1).min(segments.kept_once()?).min(below) / SEGMENT;
    let first = gone.as_ref().map_or(0, |gone| gone.before / SEGMENT);
    let (mut newest, mut next) = (gone.map_or(Timestamp::MIN, |gone| gone.newest), first);
    while next < most {
        match newest_of(segments, seal, key.name(), next)? {
            Some(moment) if moment < older_than => newest = newest.max(moment),
            _ => break,
        }
        next += 1;
    }
    Ok((next > first).then_some(Old { before: next * SEGMENT, newest }))
}

/// The moment of the newest entry of a segment; none where it is not whole.
fn newest_of(
    segments: &mut dyn Segments,
    seal: &Key,
    log: &LogName,
    segment: u64,
) -> Result<Option<Timestamp>, FindError> {
    let (first, sealed) = (segment * SEGMENT, segments.read(segment)?);
    let hashes = segments.hashes(segment)?.ok_or(FindError::Damaged { seq: first })?;
    if sealed.len() != WIDTH {
        return Err(FindError::Damaged { seq: first + sealed.len() as u64 });
    }
    let mut newest = None;
    for ((seq, sealed), hash) in (first..).zip(&sealed).zip(hashes) {
        let damaged = || FindError::Damaged { seq };
        if leaf_hash(sealed) != hash {
            return Err(damaged());
        }
        newest = newest.max(Some(open_entry(seal, log, seq, sealed).map_err(|_| damaged())?.at));
    }
    Ok(newest)
}

/// The segments of a log in a folder.
#[derive(Debug)]
pub struct FileSegments(PathBuf);

impl FileSegments {
    /// Of the log in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// What there is of a segment: its bundle, and bundles of a part of it that were not removed in their time.
    fn files(&self, segment: u64) -> Result<Vec<PathBuf>, BackendError> {
        let full = bundle_of(&self.0, segment * SEGMENT);
        let partial = partial_folder(&full);
        let mut files: Vec<PathBuf> = match fs::read_dir(&partial) {
            Ok(listing) => {
                let files = listing.map(|item| item.map(|item| item.path())).collect::<io::Result<_>>();
                files.map_err(failed("listed", &partial))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("listed", &partial)(error)),
        };
        files.extend(full.is_file().then_some(full));
        Ok(files)
    }
}

fn partial_folder(full: &Path) -> PathBuf {
    let mut name = full.as_os_str().to_owned();
    name.push(".p");
    name.into()
}

impl Segments for FileSegments {
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        read_checkpoint(&self.0)
    }

    fn dropped(&mut self) -> Result<Option<String>, BackendError> {
        read_note(&self.0, DROPPED)
    }

    fn kept_once(&mut self) -> Result<u64, BackendError> {
        let scan = journal::scan(&self.0.join(JOURNAL), archived(&self.0)?)?;
        Ok(scan.segments.iter().find_map(journal::Segment::first).unwrap_or(0))
    }

    fn read(&mut self, segment: u64) -> Result<Vec<Vec<u8>>, BackendError> {
        read_bundle(&self.0, segment * SEGMENT, WIDTH)
    }

    fn hashes(&mut self, segment: u64) -> Result<Option<Vec<Hash>>, BackendError> {
        read_tile(&self.0, Tile { level: 0, index: segment }, WIDTH)
    }

    fn put_note(&mut self, note: &str) -> Result<(), BackendError> {
        put_note(&self.0, note)
    }

    fn left(&mut self, before: u64) -> Result<Vec<u64>, BackendError> {
        let mut left = Vec::new();
        for segment in 0..before / SEGMENT {
            let full = bundle_of(&self.0, segment * SEGMENT);
            if full.is_file() || partial_folder(&full).is_dir() {
                left.push(segment);
            }
        }
        Ok(left)
    }

    fn destroy(&mut self, segments: &[u64]) -> Result<(), BackendError> {
        // Never more than the note says, whatever the caller does.
        let dropped = dropped_before(&self.0)?;
        let mut folders = BTreeSet::new();
        for segment in segments.iter().filter(|segment| (**segment + 1) * SEGMENT <= dropped) {
            for path in self.files(*segment)? {
                // What a link leads to is not the log's.
                if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
                    let file = OpenOptions::new().write(true).open(&path).map_err(failed("opened", &path))?;
                    durable::overwrite(&file).map_err(failed("overwritten", &path))?;
                }
                durable::remove(&path).map_err(failed("removed", &path))?;
                folders.extend(path.parent().map(Path::to_owned));
            }
            let full = bundle_of(&self.0, *segment * SEGMENT);
            match fs::remove_dir(partial_folder(&full)) {
                Ok(()) => folders.extend(full.parent().map(Path::to_owned)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("removed", &partial_folder(&full))(error)),
            }
        }
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("synced", folder))?;
        }
        Ok(())
    }
}
