//! The journal: where a batch becomes durable.

mod folder;

pub(crate) use folder::{Frame, Gap, Scan, Segment, Tail, numbers, read, scan};

use super::{failed, frame};
use crate::{BackendError, Leaf, durable, tile};
use folder::{changed, segment_path};
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
};

/// The journal of an open log.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    segment_bytes: u64,
    /// Files with entries that are durable, in order.
    segments: Vec<Segment>,
    /// Whether the last file can be appended to; not known before the first batch.
    appendable: Option<bool>,
    last_number: u64,
    /// Files to be removed when there is time.
    useless: Vec<PathBuf>,
    /// Where the log begins as long as there is no file: behind what was dropped.
    begins_at: u64,
}

impl Journal {
    /// Opens the journal, passing over what a crash left of the last batch. That is cut off only when the next batch is
    /// written: until the log is held against its checkpoints, it may be what is left of something acknowledged.
    pub(crate) fn open(
        folder: PathBuf,
        segment_bytes: u64,
        begins_at: u64,
        archived: impl Fn(u64) -> bool,
    ) -> Result<Self, BackendError> {
        durable::make_folder(&folder).map_err(failed("made", &folder))?;
        let Scan { mut segments, gap, mut useless } = scan(&folder, archived)?;
        let last_number = segments.last().map_or(0, |segment| segment.number);
        if let Some(Gap { path, offset, seq, .. }) = gap {
            let what = format!("entry {seq} is missing or out of order in {} at byte {offset}", path.display());
            return Err(BackendError::Damaged(what));
        }
        let mut last = true;
        for segment in segments.iter_mut().rev() {
            // The last batch may be there in full length and yet not in content, if the power went.
            if last && segment.tail == Tail::Clean && segment.frames.last().is_some_and(|frame| !frame.whole) {
                let torn = segment.frames.pop().expect("there is a last frame");
                segment.tail_bytes = segment.len - torn.offset;
                segment.len = torn.offset;
                segment.tail = Tail::Torn;
            }
            if let Some(frame) = segment.frames.iter().find(|frame| !frame.whole) {
                return Err(changed(&segment.path, frame));
            }
            if segment.tail == Tail::Strange || (segment.tail == Tail::Torn && !last && !segment.frames.is_empty()) {
                let (path, len) = (segment.path.display(), segment.len);
                return Err(BackendError::Damaged(format!("{path} was changed at byte {len}")));
            }
            last &= segment.frames.is_empty();
        }
        useless.extend(segments.extract_if(.., |segment| segment.frames.is_empty()).map(|segment| segment.path));
        Ok(Self { folder, segment_bytes, segments, appendable: None, last_number, useless, begins_at })
    }

    /// The sequence number after the last durable entry.
    pub(crate) fn end(&self) -> u64 {
        self.segments.last().and_then(Segment::end).unwrap_or(self.begins_at)
    }

    /// Lets a log that is brought back begin behind what was dropped from it.
    pub(crate) const fn begin_at(&mut self, first: u64) {
        self.begins_at = first;
    }

    /// Whether the last file holds a bundle's worth of entries. Then a writer that begins does not go on with it: a log that
    /// is seldom written to would keep its oldest entries in there for as long as it takes to fill it.
    fn last_is_long(&self) -> bool {
        let last = self.segments.last();
        last.and_then(|last| Some(last.end()? - last.first()?)).is_some_and(|entries| entries >= tile::WIDTH as u64)
    }

    /// Opens the last file for writing, without what stands behind its last frame. Where that does not succeed, the next
    /// batch goes to a new file.
    fn cut_last(&mut self) -> bool {
        let Some(last) = self.segments.last_mut() else { return false };
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&last.path) else { return false };
        if last.tail != Tail::Clean {
            tracing::warn!(file = %last.path.display(), offset = last.len, bytes = last.tail_bytes,
                "cut off a batch that was never acknowledged");
            metrics::counter!("patella_ledger_torn_tails_total").increment(1);
            if file.set_len(last.len).and_then(|()| file.sync_all()).is_err() {
                return false;
            }
            last.tail = Tail::Clean;
        }
        last.file = Arc::new(file);
        true
    }

    /// Makes a batch durable with one sync.
    pub(crate) fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        if first != self.end() {
            return Err(BackendError::Damaged(format!("entry {first} is not the next; that is {}", self.end())));
        }
        let bytes = frame::encode(first, leaves);
        let header = bytes.first_chunk().and_then(frame::Header::decode).expect("it was encoded right here");
        let appendable = match self.appendable {
            Some(known) => known,
            None => self.cut_last() && !self.last_is_long(),
        };
        self.appendable = Some(appendable);
        let room = self.segments.last().is_some_and(|last| appendable && last.len < self.segment_bytes);
        if room {
            let last = self.segments.last_mut().expect("there is room in it");
            match write(&last.file, last.len, &bytes) {
                Ok(()) => {}
                Err((cut, source)) => {
                    self.appendable = Some(cut);
                    return Err(failed("written", &last.path)(source));
                }
            }
            last.frames.push(Frame { header, offset: last.len, whole: true });
            last.len += bytes.len() as u64;
            return Ok(());
        }
        let number = self.last_number + 1;
        let path = segment_path(&self.folder, number);
        self.last_number = number;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(failed("made", &path))?;
        let written = write(&file, 0, &bytes).map_err(|(_, source)| source);
        if let Err(source) = written.and_then(|()| durable::sync_folder(&self.folder)) {
            // Should it stay after all, the next file supersedes it.
            let _ = fs::remove_file(&path);
            return Err(failed("written", &path)(source));
        }
        let frames = vec![Frame { header, offset: 0, whole: true }];
        let (len, tail) = (bytes.len() as u64, Tail::Clean);
        self.segments.push(Segment { number, path, file: Arc::new(file), frames, len, tail, tail_bytes: 0 });
        self.appendable = Some(true);
        Ok(())
    }

    pub(crate) fn read(&self, from: u64, most: usize) -> Result<Option<Vec<Vec<u8>>>, BackendError> {
        read(&self.segments, from, most)
    }

    /// Removes files whose entries all lie below `archived`, oldest first, and what earlier runs left. The last file stays: it
    /// says where the log ends. What cannot be removed now is tried again the next time.
    pub(crate) fn prune(&mut self, archived: u64) {
        while self.segments.len() > 1 && self.segments[0].end().is_some_and(|end| end <= archived) {
            self.useless.push(self.segments.remove(0).path);
        }
        self.useless.retain(|path| fs::remove_file(path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound));
    }
}

/// Writes and syncs. On an error, says whether the file is again as it was before: after a failed sync it is never trusted,
/// since the system may have dropped what it could not write.
fn write(file: &File, at: u64, bytes: &[u8]) -> Result<(), (bool, io::Error)> {
    match file.write_all_at(bytes, at) {
        Ok(()) => file.sync_data().map_err(|error| {
            let _ = file.set_len(at);
            (false, error)
        }),
        Err(error) => Err((file.set_len(at).is_ok(), error)),
    }
}
