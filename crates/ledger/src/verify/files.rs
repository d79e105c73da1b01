//! The files of a log, as its verification reads them.

use super::VerifyError;
use crate::{
    Hash, Tile,
    file::{
        frame,
        journal::{Segment, Tail},
        partials, read_if_there,
    },
    tile::{self, WIDTH},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// An entry, and where it stands.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) sealed: Vec<u8>,
    pub(super) file: Arc<Path>,
    pub(super) offset: u64,
}

pub(super) const CHANGED: &str = "the entry was changed, deleted or moved";

/// A file and a byte in it.
type Place = (PathBuf, Option<u64>);

/// All entries in order: from bundles where these are full, else from the journal.
pub(super) struct Entries<'a> {
    folder: &'a Path,
    segments: Vec<Segment>,
    /// Which frame of the journal comes next.
    next: (usize, usize),
    /// Entries of the journal that were read and not yet handed out, with the number of the first.
    ahead: std::collections::VecDeque<Located>,
    ahead_from: u64,
    broken: Option<(Place, &'static str)>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(folder: &'a Path, segments: Vec<Segment>) -> Self {
        let first = segments.iter().find_map(Segment::first).unwrap_or(u64::MAX);
        Self { folder, segments, next: (0, 0), ahead: Default::default(), ahead_from: first, broken: None }
    }

    /// Passes over what the journal still has below `end`.
    pub(super) fn pass_over(&mut self, end: u64) -> Result<(), VerifyError> {
        while self.ahead_from < end && (!self.ahead.is_empty() || self.read_frame()?) {
            let some = self.ahead.len().min((end - self.ahead_from) as usize);
            self.ahead.drain(..some);
            self.ahead_from += some as u64;
        }
        Ok(())
    }

    /// The entries of one bundle: 256 of them, or as many as there are at the end. Bundles are asked for in order.
    pub(super) fn bundle(&mut self, index: u64) -> Result<Vec<Located>, VerifyError> {
        let base = index * WIDTH as u64;
        let path = self.folder.join(tile::bundle_path(index, WIDTH));
        let bundle = match read_if_there(&path)? {
            Some(bytes) => Some(self.parse(&path, &bytes, base)?),
            None => None,
        };
        while self.ahead_from.saturating_add(self.ahead.len() as u64) < base + WIDTH as u64 && self.read_frame()? {}
        let skip = self.ahead_from.saturating_sub(base).min(WIDTH as u64) as usize;
        let take = self.ahead.len().min(WIDTH - skip);
        let journal: Vec<Located> = self.ahead.drain(..take).collect();
        self.ahead_from = self.ahead_from.saturating_add(take as u64);
        let Some(mut bundle) = bundle else {
            if skip > 0 && self.ahead_from != u64::MAX {
                if let Some(changed) = self.segments.iter().find(|segment| segment.tail == Tail::Strange) {
                    return Err(VerifyError::at("the journal was changed", base, &changed.path, changed.len));
                }
                return Err(VerifyError::at("the bundle is missing", base, &path, None));
            }
            return Ok(journal);
        };
        for (copy, (i, entry)) in journal.iter().zip(bundle.iter().enumerate().skip(skip)) {
            if copy.sealed == entry.sealed {
                continue;
            }
            let seq = base + i as u64;
            match leaf_in_tile(self.folder, base, i)? {
                Some(hash) if hash == crate::leaf_hash(&entry.sealed) => {
                    return Err(VerifyError::at(CHANGED, seq, &copy.file, copy.offset));
                }
                // The bundle is the changed one, and its hashes will say so.
                Some(_) => break,
                None => {
                    let what = format!("it differs from {} at byte {}", copy.file.display(), copy.offset);
                    return Err(VerifyError::at(what, seq, &entry.file, entry.offset));
                }
            }
        }
        if bundle.len() != WIDTH {
            self.broken = Some(((path, None), "the bundle does not hold 256 entries"));
            bundle.truncate(WIDTH);
        }
        Ok(bundle)
    }

    fn parse(&self, path: &Path, bytes: &[u8], base: u64) -> Result<Vec<Located>, VerifyError> {
        let file: Arc<Path> = path.into();
        let (whole, rest) = match frame::entries(bytes) {
            Ok(entries) => (entries, None),
            Err(offset) => (frame::entries(&bytes[..offset]).unwrap_or_default(), Some(offset as u64)),
        };
        let located: Vec<Located> = whole
            .into_iter()
            .map(|(offset, sealed)| Located { sealed: sealed.to_vec(), file: Arc::clone(&file), offset: offset as u64 })
            .collect();
        match rest {
            None => Ok(located),
            Some(offset) => {
                // A changed length shifts all that follows: the hashes name where that began.
                for (i, entry) in located.iter().enumerate() {
                    if leaf_in_tile(self.folder, base, i)?.is_some_and(|hash| hash != crate::leaf_hash(&entry.sealed)) {
                        return Err(VerifyError::at(CHANGED, base + i as u64, path, entry.offset));
                    }
                }
                Err(VerifyError::at("the bundle breaks off", base + located.len() as u64, path, offset))
            }
        }
    }

    /// Reads the next frame of the journal ahead; false when there is none.
    fn read_frame(&mut self) -> Result<bool, VerifyError> {
        let (segment, frame) = loop {
            let Some(segment) = self.segments.get(self.next.0) else { return Ok(false) };
            if let Some(frame) = segment.frames.get(self.next.1) {
                break (segment, frame);
            }
            self.next = (self.next.0 + 1, 0);
        };
        let expected = self.ahead_from.saturating_add(self.ahead.len() as u64);
        if frame.header.first != expected {
            return Ok(false);
        }
        let body = segment.body(frame).map_err(crate::file::failed("read", &segment.path))?;
        let start = frame.offset + frame::HEADER_LEN as u64;
        let file: Arc<Path> = segment.path.as_path().into();
        let entries = match frame::entries(&body) {
            Ok(entries) => entries,
            Err(offset) => frame::entries(&body[..offset]).unwrap_or_default(),
        };
        let before = expected;
        if !frame.whole || entries.len() != frame.header.count as usize {
            // Name the entry, where the hashes can tell which; else the batch.
            for (i, (offset, sealed)) in entries.iter().enumerate() {
                let (seq, hash) = (before + i as u64, crate::leaf_hash(sealed));
                let base = seq - seq % WIDTH as u64;
                let known = leaf_in_tile(self.folder, base, (seq % WIDTH as u64) as usize)?;
                if known.is_some_and(|known| known != hash) {
                    return Err(VerifyError::at(CHANGED, seq, &segment.path, start + *offset as u64));
                }
            }
            let what = format!(
                "the batch of entries {before} to {} does not have the sum that it was written with",
                frame.header.end().saturating_sub(1)
            );
            return Err(VerifyError::at(what, before, &segment.path, frame.offset));
        }
        let located = entries.into_iter().map(|(offset, sealed)| Located {
            sealed: sealed.to_vec(),
            file: Arc::clone(&file),
            offset: start + offset as u64,
        });
        let located: Vec<Located> = located.collect();
        self.ahead.extend(located);
        self.next.1 += 1;
        Ok(true)
    }

    /// What was found wrong with the last bundle as a whole.
    pub(super) fn broken(&mut self) -> Option<(Place, &'static str)> {
        self.broken.take()
    }

    /// Checks what stands behind the last frame; gives the bytes of a write that was cut short.
    pub(super) fn check_tail(&self, total: u64) -> Result<u64, VerifyError> {
        let mut torn = 0;
        for segment in &self.segments {
            match segment.tail {
                Tail::Clean => {}
                Tail::Torn => torn += segment.tail_bytes,
                Tail::Strange => {
                    return Err(VerifyError::at("the journal was changed", total, &segment.path, segment.len));
                }
            }
        }
        Ok(torn)
    }

    /// Where the log ends.
    pub(super) fn end(&self) -> (PathBuf, Option<u64>) {
        match self.segments.last() {
            Some(segment) => (segment.path.clone(), Some(segment.len)),
            None => (self.folder.join(crate::file::JOURNAL), None),
        }
    }
}

/// What the tiles say an entry hashes to.
fn leaf_in_tile(folder: &Path, base: u64, i: usize) -> Result<Option<Hash>, VerifyError> {
    let place = Tile { level: 0, index: base / WIDTH as u64 };
    Ok(crate::file::read_tile(folder, place, i + 1)?.and_then(|hashes| hashes.last().copied()))
}

/// Holds every file of a tile against the hashes that the entries give. `required` is how many of them must be there;
/// `grown` tells whether the log was published anew since the verification began, so that files may hold more.
pub(super) fn check_tile_files(
    folder: &Path,
    place: Tile,
    hashes: &[Hash],
    required: usize,
    grown: &dyn Fn() -> bool,
) -> Result<(), VerifyError> {
    let (expected, step) = (tile::encode(hashes), 32);
    let first = place.index.saturating_mul(WIDTH as u64);
    let entry = |i: u64| (first + i).checked_shl(8 * u32::from(place.level));
    check_files(folder, &place.path(WIDTH), &expected, hashes.len(), |offset| entry(offset / step), grown)?;
    let there = required == 0 || crate::file::read_tile(folder, place, required)?.is_some();
    if there {
        return Ok(());
    }
    Err(VerifyError::at("the tile is missing", entry(0), &folder.join(place.path(required)), None))
}

/// Holds every file of a bundle against its entries.
pub(super) fn check_bundle_files(
    folder: &Path,
    index: u64,
    entries: &[Located],
    published: u64,
    grown: &dyn Fn() -> bool,
) -> Result<(), VerifyError> {
    let base = index * WIDTH as u64;
    let mut expected = Vec::new();
    let mut starts = Vec::with_capacity(entries.len());
    for entry in entries {
        starts.push(expected.len() as u64);
        frame::push_entry(&mut expected, &entry.sealed);
    }
    let entry_at = |offset| Some(base + (starts.partition_point(|start| *start <= offset) as u64).saturating_sub(1));
    let full = tile::bundle_path(index, WIDTH);
    if read_if_there(&folder.join(&full))?.is_some_and(|bytes| bytes != expected) {
        return Err(VerifyError::at("the bundle does not hold the log's entries", base, &folder.join(full), None));
    }
    for (width, path) in partials(folder, &full)? {
        let Some(bytes) = read_if_there(&path)? else { continue };
        let end = if width < entries.len() { starts[width] as usize } else { expected.len() };
        if width > entries.len() {
            // What a checkpoint covers and is not there is said as the cut that it is.
            if base + width as u64 <= published || grown() {
                continue;
            }
            let what = format!("it holds {width} entries, but the log ends after {}", base + entries.len() as u64);
            return Err(VerifyError::at(what, base + entries.len() as u64, &path, None));
        }
        if bytes != expected[..end] {
            let offset = first_difference(&bytes, &expected[..end]);
            return Err(VerifyError::at("it differs from the log's entries", entry_at(offset), &path, offset));
        }
    }
    let required = Tile { level: 0, index }.width(published);
    let bundle = folder.join(tile::bundle_path(index, required));
    if required > 0 && !bundle.exists() && !folder.join(&full).exists() {
        return Err(VerifyError::at("the bundle is missing", base, &bundle, None));
    }
    Ok(())
}

/// Holds a full file and its partial ones against the bytes that they must begin with.
fn check_files(
    folder: &Path,
    full: &str,
    expected: &[u8],
    width: usize,
    entry: impl Fn(u64) -> Option<u64>,
    grown: &dyn Fn() -> bool,
) -> Result<(), VerifyError> {
    let mut files = partials(folder, full)?;
    files.push((WIDTH, folder.join(full)));
    for (have, path) in files {
        let Some(bytes) = read_if_there(&path)? else { continue };
        if have > width {
            if grown() {
                continue;
            }
            return Err(VerifyError::at("it holds more hashes than the log gives", None, &path, None));
        }
        let expected = &expected[..have * 32];
        if bytes != expected {
            let offset = first_difference(&bytes, expected);
            return Err(VerifyError::at("it differs from what the log's entries give", entry(offset), &path, offset));
        }
    }
    Ok(())
}

fn first_difference(a: &[u8], b: &[u8]) -> u64 {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    same as u64
}
