//! Where rows come from: a database, the folders of the ledger, the folder of media.

use super::TrailPlace;
use ledger::{BackendError, Hash, LogName, LogReader, SEGMENT, Tile, TileSource, leaf_hash};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};
use store::{
    Db, Kind,
    raw::{Pieces, RawColumn, RawError, RawTable, Snapshot},
};

/// Entries that are read at once.
const ENTRIES: usize = 256;

/// Tables that can be read, each at most once and in order.
pub trait Source: Send {
    /// The tables.
    fn tables(&self) -> &[RawTable];
    /// How many rows a table has.
    fn count(&mut self, table: usize) -> Result<u64, RawError>;
    /// Hands all rows to `sink`, some whole ones at a time, and says how many there were.
    fn export(&mut self, table: usize, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError>;
}

/// The tables of a database.
pub struct StoreSource {
    snapshot: Snapshot,
    tables: Vec<RawTable>,
}

impl StoreSource {
    /// Of a snapshot.
    pub const fn new(snapshot: Snapshot, tables: Vec<RawTable>) -> Self {
        Self { snapshot, tables }
    }
}

impl Source for StoreSource {
    fn tables(&self) -> &[RawTable] {
        &self.tables
    }
    fn count(&mut self, table: usize) -> Result<u64, RawError> {
        self.snapshot.count(&self.tables[table])
    }
    fn export(&mut self, table: usize, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError> {
        self.snapshot.export(&self.tables[table], sink)
    }
}

fn table(name: &str, columns: &[(&str, Kind)], key: &[usize], only: Option<&'static str>) -> RawTable {
    let columns = columns.iter().map(|(name, kind)| RawColumn { name: (*name).to_owned(), kind: *kind }).collect();
    RawTable { name: name.to_owned(), columns, key: key.to_vec(), only }
}

/// The tables of the ledger, as they are carried: the newest checkpoint of each log first, so that whoever takes the entries
/// knows where they must lead; then the note of what was dropped from each. Tiles are computed from the entries: of those that
/// were dropped only the hash is there, and `sealed` is empty.
pub fn trail_tables() -> Vec<RawTable> {
    let newest =
        "size = (SELECT MAX(newer.size) FROM ledger_checkpoints newer WHERE newer.log = ledger_checkpoints.log)";
    let last = "entries = (SELECT MAX(later.entries) FROM ledger_dropped later WHERE later.log = ledger_dropped.log)";
    vec![
        table(
            "ledger_checkpoints",
            &[("log", Kind::Text), ("size", Kind::Int), ("note", Kind::Text)],
            &[0, 1],
            Some(newest),
        ),
        table(
            "ledger_dropped",
            &[("log", Kind::Text), ("entries", Kind::Int), ("note", Kind::Text)],
            &[0, 1],
            Some(last),
        ),
        table(
            "ledger_entries",
            &[("log", Kind::Text), ("seq", Kind::Int), ("leaf_hash", Kind::Blob), ("sealed", Kind::Blob)],
            &[0, 1],
            None,
        ),
    ]
}

/// Places in [`trail_tables`].
const CHECKPOINTS: usize = 0;
const DROPPED: usize = 1;

/// The table of media files, as they are carried.
pub fn media_tables() -> Vec<RawTable> {
    vec![table("files", &[("digest", Kind::Blob), ("content", Kind::Blob)], &[0], None)]
}

/// The ledger, as far as it is durable now. Blocks.
pub fn trail(place: &TrailPlace) -> Result<Box<dyn Source>, RawError> {
    match place {
        TrailPlace::Folders(folders) => Ok(Box::new(FolderTrail::open(folders)?)),
        TrailPlace::Postgres(options) => {
            let db = tokio::runtime::Handle::current().block_on(Db::connect(options))?;
            let snapshot = store::raw::cut(&[&db])?.pop().expect("one for one");
            Ok(Box::new(StoreSource::new(snapshot, trail_tables())))
        }
    }
}

struct FolderTrail {
    tables: Vec<RawTable>,
    logs: Vec<FolderLog>,
}

struct FolderLog {
    name: LogName,
    note: String,
    size: u64,
    signed: u64,
    /// What was dropped when this was opened: how many entries, and the note.
    dropped: Option<(u64, String)>,
    reader: LogReader,
}

impl FolderLog {
    fn dropped_before(&self) -> u64 {
        self.dropped.as_ref().map_or(0, |(before, _)| *before)
    }

    /// The hashes of a segment that was dropped.
    fn hashes(&mut self, seq: u64) -> io::Result<Vec<Hash>> {
        let tile = Tile { level: 0, index: seq / SEGMENT };
        let hashes = self.reader.tile(tile, SEGMENT as usize).map_err(io::Error::other)?;
        hashes.ok_or_else(|| io::Error::other(format!("the hashes from {seq} on of {} are missing", self.name)))
    }
}

impl FolderTrail {
    fn open(folders: &[(LogName, PathBuf)]) -> Result<Self, RawError> {
        let mut logs = Vec::new();
        for (name, folder) in folders.iter().filter(|(_, folder)| folder.is_dir()) {
            // The checkpoint first: the entries then reach at least as far.
            let path = folder.join("checkpoint");
            let note = match fs::read_to_string(&path) {
                Ok(note) => note,
                // A folder that was made and never written to.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if LogReader::open(folder.clone()).map_err(io::Error::other)?.size() == 0 {
                        continue;
                    }
                    return Err(named(&path, "is missing, though the log has entries"));
                }
                Err(error) => return Err(error.into()),
            };
            let signed = note.lines().nth(1).and_then(|line| line.parse().ok());
            let signed = signed.ok_or_else(|| named(&path, "is no checkpoint"))?;
            let reader = LogReader::open(folder.clone()).map_err(io::Error::other)?;
            let dropped = reader.dropped_note().map_err(io::Error::other)?;
            logs.push(FolderLog { name: name.clone(), note, size: reader.size(), signed, dropped, reader });
        }
        logs.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        Ok(Self { tables: trail_tables(), logs })
    }
}

fn named(path: &Path, what: &str) -> RawError {
    io::Error::other(format!("{} {what}", path.display())).into()
}

fn int(number: u64) -> [u8; 8] {
    // Sequence numbers stay far below 2^63.
    number.to_be_bytes()
}

impl Source for FolderTrail {
    fn tables(&self) -> &[RawTable] {
        &self.tables
    }

    fn count(&mut self, table: usize) -> Result<u64, RawError> {
        Ok(match table {
            CHECKPOINTS => self.logs.len() as u64,
            DROPPED => self.logs.iter().filter(|log| log.dropped.is_some()).count() as u64,
            _ => self.logs.iter().map(|log| log.size).sum(),
        })
    }

    fn export(&mut self, table: usize, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError> {
        let mut pieces = Pieces::new(sink);
        for log in &mut self.logs {
            let name = log.name.clone();
            let name = name.as_str().as_bytes();
            if table == CHECKPOINTS {
                pieces.row(&[Some(name), Some(&int(log.signed)), Some(log.note.as_bytes())])?;
                continue;
            }
            if table == DROPPED {
                if let Some((before, note)) = &log.dropped {
                    pieces.row(&[Some(name), Some(&int(*before)), Some(note.as_bytes())])?;
                }
                continue;
            }
            let mut seq = 0;
            while seq < log.dropped_before() {
                for hash in log.hashes(seq)? {
                    pieces.row(&[Some(name), Some(&int(seq)), Some(&hash.0), Some(&[])])?;
                    seq += 1;
                }
            }
            while seq < log.size {
                let entries = match log.reader.read(seq, ENTRIES) {
                    Err(BackendError::Dropped { .. }) => {
                        let what = "old entries of the audit trail were dropped meanwhile: begin again";
                        return Err(io::Error::other(what).into());
                    }
                    read => read.map_err(io::Error::other)?,
                };
                if entries.is_empty() {
                    return Err(io::Error::other(format!("entry {seq} of {} is missing", log.name)).into());
                }
                for sealed in entries.iter().take(usize::try_from(log.size - seq).unwrap_or(usize::MAX)) {
                    let hash = leaf_hash(sealed);
                    pieces.row(&[Some(name), Some(&int(seq)), Some(&hash.0), Some(sealed)])?;
                    seq += 1;
                }
            }
        }
        Ok(pieces.end()?)
    }
}

/// Files of the media folder, by digest.
pub struct MediaSource {
    tables: Vec<RawTable>,
    folder: PathBuf,
    digests: Vec<[u8; 32]>,
}

impl MediaSource {
    /// These files of a media folder.
    pub fn new(folder: &Path, digests: BTreeSet<[u8; 32]>) -> Self {
        Self { tables: media_tables(), folder: folder.to_owned(), digests: digests.into_iter().collect() }
    }

    /// What files a media folder has.
    pub fn list(folder: &Path) -> io::Result<BTreeSet<[u8; 32]>> {
        let mut digests = BTreeSet::new();
        let entries = |path: &Path| match fs::read_dir(path) {
            Ok(listing) => listing.collect::<io::Result<Vec<_>>>(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        for below in entries(folder)? {
            for file in entries(&below.path())? {
                digests.extend(file.file_name().to_str().and_then(super::unhex));
            }
        }
        Ok(digests)
    }
}

impl Source for MediaSource {
    fn tables(&self) -> &[RawTable] {
        &self.tables
    }

    fn count(&mut self, _: usize) -> Result<u64, RawError> {
        Ok(self.digests.len() as u64)
    }

    /// A file that has gone since it was listed, because it was destroyed, is a row without content.
    fn export(&mut self, _: usize, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError> {
        let mut pieces = Pieces::new(sink);
        for digest in &self.digests {
            let content = crate::media::read(&self.folder, digest)?;
            pieces.row(&[Some(digest), content.as_deref()])?;
        }
        Ok(pieces.end()?)
    }
}
