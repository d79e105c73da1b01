//! A log in a directory.
//!
//! ```text
//! DIR/lock                        held while a writer has the log open
//! DIR/journal/00000001.log        batches of sealed entries, appended and synced before anyone gets a receipt
//! DIR/tile/entries/x001/234       the same entries, 256 a bundle (C2SP tlog-tiles)
//! DIR/tile/<L>/…                  the hashes of the tree, 256 a tile
//! DIR/checkpoint                  the signed head
//! DIR/dropped                     the signed note that says which old entries are gone, their hashes excepted
//! ```
//!
//! The journal is apart from the bundles because the two are good at different things. A batch must be durable with one
//! sync of one file, and a batch that a crash tore must be told from one that somebody changed: so the journal has frames
//! with lengths and sums ([`frame`]), which C2SP bundles do not have. Bundles have the shape that outside tools read. Once a
//! journal file lies wholly below the last full, durable bundle, it goes away: each old entry is kept once.
//!
//! Bundles and tiles are written before the checkpoint that covers them, so whoever reads the checkpoint finds the rest.
//! The partial ones go away when the full one is there, as tlog-tiles allows.

pub(crate) mod frame;
pub(crate) mod journal;

use crate::{Backend, BackendError, Dropped, Hash, Leaf, Publication, Tile, durable, tile};
use journal::Journal;
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// How large a journal file gets before the next is begun.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// Names below the log's directory.
pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const JOURNAL: &str = "journal";
pub(crate) const DROPPED: &str = "dropped";

/// Keeps a log in a directory, which it locks against other writers.
#[derive(Debug)]
pub struct FileBackend {
    folder: PathBuf,
    journal: Journal,
    /// How many entries were dropped when this was opened, or are not brought back.
    dropped: u64,
    /// Holds the lock while this lives.
    _lock: File,
}

impl FileBackend {
    /// Opens the log in `folder`, or begins one. What a crash left of the last batch is cut off; that batch was never
    /// acknowledged. Damage anywhere else is refused.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, BackendError> {
        Self::open_with_segments(folder, SEGMENT_BYTES)
    }

    /// As [`FileBackend::open`], with journal files of about `segment_bytes` instead of 16 MiB.
    pub fn open_with_segments(folder: impl Into<PathBuf>, segment_bytes: u64) -> Result<Self, BackendError> {
        let folder = folder.into();
        make_private(&folder).map_err(failed("made", &folder))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(failed("opened", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let source = io::Error::new(io::ErrorKind::ResourceBusy, "another process has it open");
                return Err(failed("locked", &path)(source));
            }
            Err(TryLockError::Error(source)) => return Err(failed("locked", &path)(source)),
        }
        let dropped = dropped_before(&folder)?;
        let journal = Journal::open(folder.join(JOURNAL), segment_bytes, dropped, archived(&folder)?)?;
        Ok(Self { folder, journal, dropped, _lock: lock })
    }

    /// Writes one file of a publication. The names of full tiles and bundles are made durable through `folders`; partial
    /// ones are made again at the next start, should a crash take their names.
    fn put(&self, path: &str, full: bool, bytes: &[u8], folders: &mut BTreeSet<PathBuf>) -> Result<(), BackendError> {
        let path = self.folder.join(path);
        let folder = path.parent().expect("it lies below the log's folder");
        durable::make_folder(folder).map_err(failed("made", folder))?;
        durable::write(&path, bytes).map_err(failed("written", &path))?;
        if full {
            folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// The entries of a bundle, as its bytes.
    fn bundle(&mut self, index: u64, width: usize) -> Result<Vec<u8>, BackendError> {
        let (first, mut bytes, mut have) = (index * tile::WIDTH as u64, Vec::new(), 0);
        while have < width {
            let entries = self.read(first + have as u64, width - have)?;
            if entries.is_empty() {
                return Err(BackendError::Damaged(format!("entry {} is missing", first + have as u64)));
            }
            have += entries.len();
            entries.iter().for_each(|sealed| frame::push_entry(&mut bytes, sealed));
        }
        Ok(bytes)
    }
}

impl Backend for FileBackend {
    fn size(&mut self) -> Result<u64, BackendError> {
        Ok(self.journal.end())
    }

    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        self.journal.append(first, leaves)
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        match self.journal.read(from, most)? {
            Some(entries) => Ok(entries),
            None => read_bundle(&self.folder, from, most),
        }
    }

    fn dropped(&mut self) -> Result<Option<String>, BackendError> {
        read_note(&self.folder, DROPPED)
    }

    fn begin_dropped(&mut self, note: &str) -> Result<(), BackendError> {
        put_note(&self.folder, note)?;
        self.dropped = Dropped::unverified(note);
        self.journal.begin_at(self.dropped);
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        read_checkpoint(&self.folder)
    }

    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        read_tile(&self.folder, tile, width)
    }

    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        let mut folders = BTreeSet::new();
        for (place, hashes) in publication.tiles {
            let (width, bytes) = (hashes.len(), tile::encode(hashes));
            self.put(&place.path(width), width == tile::WIDTH, &bytes, &mut folders)?;
        }
        let (full, rest) = (publication.size / tile::WIDTH as u64, (publication.size % tile::WIDTH as u64) as usize);
        for index in publication.published.max(self.dropped) / tile::WIDTH as u64..full {
            let bytes = self.bundle(index, tile::WIDTH)?;
            self.put(&tile::bundle_path(index, tile::WIDTH), true, &bytes, &mut folders)?;
        }
        if rest > 0 {
            let bytes = self.bundle(full, rest)?;
            self.put(&tile::bundle_path(full, rest), false, &bytes, &mut folders)?;
        }
        for folder in &folders {
            durable::sync_folder(folder).map_err(failed("synced", folder))?;
        }
        let path = self.folder.join(CHECKPOINT);
        durable::write(&path, publication.checkpoint.as_bytes())
            .and_then(|()| durable::sync_folder(&self.folder))
            .map_err(failed("written", &path))?;

        // From here on only what is not needed any more goes away; it may as well go the next time.
        let full_tiles = publication.tiles.iter().filter(|(_, hashes)| hashes.len() == tile::WIDTH);
        let full_bundles = publication.published / tile::WIDTH as u64..full;
        let paths = full_tiles
            .map(|(place, _)| place.path(tile::WIDTH))
            .chain(full_bundles.map(|index| tile::bundle_path(index, tile::WIDTH)));
        for path in paths {
            let _ = fs::remove_dir_all(self.folder.join(format!("{path}.p")));
        }
        self.journal.prune(full * tile::WIDTH as u64);
        Ok(())
    }
}

/// Makes the log's folder, durably and for its owner alone, if it is not there.
fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        durable::make_folder(above)?;
    }
    DirBuilder::new().mode(0o700).create(folder)?;
    durable::sync_folder_of(folder)
}

/// Tells whether a full bundle holds an entry, or held it before it was dropped.
pub(crate) fn archived(folder: &Path) -> Result<impl Fn(u64) -> bool, BackendError> {
    let dropped = dropped_before(folder)?;
    Ok(move |seq| seq < dropped || bundle_of(folder, seq).is_file())
}

/// Where the full bundle of an entry lies.
pub(crate) fn bundle_of(folder: &Path, seq: u64) -> PathBuf {
    folder.join(tile::bundle_path(seq / tile::WIDTH as u64, tile::WIDTH))
}

/// How many entries were dropped, as the note says for which nobody has vouched yet.
pub(crate) fn dropped_before(folder: &Path) -> Result<u64, BackendError> {
    Ok(read_note(folder, DROPPED)?.map_or(0, |note| Dropped::unverified(&note)))
}

/// Puts the note there that says what was dropped, durably.
pub(crate) fn put_note(folder: &Path, note: &str) -> Result<(), BackendError> {
    let path = folder.join(DROPPED);
    durable::write(&path, note.as_bytes()).and_then(|()| durable::sync_folder(folder)).map_err(failed("written", &path))
}

/// Makes an I/O error say what was tried.
pub(crate) fn failed(what: &str, path: &Path) -> impl FnOnce(io::Error) -> BackendError {
    let what = format!("{} cannot be {what}", path.display());
    move |source| BackendError::Io { what, source }
}

/// A file's bytes; `None` when there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, BackendError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

pub(crate) fn read_checkpoint(folder: &Path) -> Result<Option<String>, BackendError> {
    read_note(folder, CHECKPOINT)
}

/// A signed note of the log, if there is one. What is not text is none, and is refused as such.
pub(crate) fn read_note(folder: &Path, name: &str) -> Result<Option<String>, BackendError> {
    Ok(read_if_there(&folder.join(name))?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The first `width` hashes of a tile, from the full one or a partial one that has them.
pub(crate) fn read_tile(folder: &Path, place: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
    for path in [place.path(width), place.path(tile::WIDTH)] {
        if let Some(bytes) = read_if_there(&folder.join(path))? {
            return Ok(tile::decode(&bytes, width));
        }
    }
    let wider = partials(folder, &place.path(tile::WIDTH))?.into_iter().find(|(have, _)| *have > width);
    let bytes = wider.map(|(_, path)| read_if_there(&path)).transpose()?.flatten();
    Ok(bytes.and_then(|bytes| tile::decode(&bytes, width)))
}

/// The partial files of the tile or bundle whose full one is at `path`, by width.
pub(crate) fn partials(folder: &Path, path: &str) -> Result<Vec<(usize, PathBuf)>, BackendError> {
    let folder = folder.join(format!("{path}.p"));
    let listing = match fs::read_dir(&folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("listed", &folder)(error)),
    };
    let mut found = Vec::new();
    for item in listing {
        let item = item.map_err(failed("listed", &folder))?;
        let width = item.file_name().to_str().and_then(|name| name.parse().ok());
        found.extend(width.filter(|width| (1..tile::WIDTH).contains(width)).map(|width| (width, item.path())));
    }
    found.sort_unstable();
    Ok(found)
}

/// Entries from a full bundle; none when it is not there, and an error of its own when it was dropped.
pub(crate) fn read_bundle(folder: &Path, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
    let path = bundle_of(folder, from);
    let bytes = read_if_there(&path)?;
    // Asked afterwards: what was overwritten while it was read was dropped before.
    let before = dropped_before(folder)?;
    if from < before {
        return Err(BackendError::Dropped { before });
    }
    let Some(bytes) = bytes else { return Ok(Vec::new()) };
    let entries = frame::entries(&bytes)
        .map_err(|offset| BackendError::Damaged(format!("{} breaks off at byte {offset}", path.display())))?;
    let skip = (from % tile::WIDTH as u64) as usize;
    Ok(entries.into_iter().skip(skip).take(most).map(|(_, sealed)| sealed.to_vec()).collect())
}
