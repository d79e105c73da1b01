//! What a journal's folder holds: files of frames, read without changing them.

use crate::{
    BackendError,
    file::{failed, frame},
};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One frame in a journal file.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) header: frame::Header,
    pub(crate) offset: u64,
    /// Whether its body has the sum that its header says.
    pub(crate) whole: bool,
}

/// What stands behind the last frame of a journal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing.
    Clean,
    /// The beginning of a frame, or zeros: a write that a crash cut short.
    Torn,
    /// Bytes that are no frame.
    Strange,
}

/// One journal file.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<File>,
    pub(crate) frames: Vec<Frame>,
    /// Where the last frame ends.
    pub(crate) len: u64,
    pub(crate) tail: Tail,
    /// How many bytes stand behind that.
    pub(crate) tail_bytes: u64,
}

impl Segment {
    pub(crate) fn first(&self) -> Option<u64> {
        self.frames.first().map(|frame| frame.header.first)
    }

    pub(crate) fn end(&self) -> Option<u64> {
        self.frames.last().map(|frame| frame.header.end())
    }

    pub(crate) fn body(&self, frame: &Frame) -> io::Result<Vec<u8>> {
        let mut body = vec![0; frame.header.body_len as usize];
        self.file.read_exact_at(&mut body, frame.offset + frame::HEADER_LEN as u64)?;
        Ok(body)
    }
}

/// A gap between two frames: the second does not begin where the first ends.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    /// The first entry that is missing or twice.
    pub(crate) seq: u64,
    /// The entry that stands there instead.
    next: u64,
}

/// What a journal's folder holds.
pub(crate) struct Scan {
    /// The files in order, without frames that a later file supersedes.
    pub(crate) segments: Vec<Segment>,
    /// The first place where they do not join.
    pub(crate) gap: Option<Gap>,
    /// Files that are not needed any more, or never held a whole batch.
    pub(crate) useless: Vec<PathBuf>,
}

/// Looks at all journal files.
///
/// After a failed sync nobody knows what of a batch is on disk. The writer then begins a new file at the same sequence
/// number; whatever the older one holds from there on was never acknowledged.
///
/// Files that were done with may come back after a power cut, or go away while this runs, and not in order: what lies before
/// a gap is passed over when the bundles hold all of it. `archived` tells whether they hold the bundle of an entry.
pub(crate) fn scan(folder: &Path, archived: impl Fn(u64) -> bool) -> Result<Scan, BackendError> {
    let (mut segments, mut useless) = (Vec::new(), Vec::new());
    for number in numbers(folder)? {
        let path = segment_path(folder, number);
        match File::open(&path) {
            Ok(file) => segments.push(scan_file(number, &path, file).map_err(failed("read", &path))?),
            // A writer that runs beside this reader may have done with it since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("opened", &path)(error)),
        }
    }
    let mut next_first = None;
    for segment in segments.iter_mut().rev() {
        if let Some(superseded) = next_first {
            let kept = segment.frames.partition_point(|frame| frame.header.first < superseded);
            if kept < segment.frames.len() {
                segment.len = segment.frames[kept].offset;
                segment.frames.truncate(kept);
                segment.tail = Tail::Clean;
            } else if segment.end() == Some(superseded) {
                segment.tail = Tail::Clean;
            }
        }
        next_first = segment.first().or(next_first);
    }
    let mut gap = find_gap(&segments);
    while let Some(found) = &gap
        && archived(found.next.saturating_sub(1))
        && let Some(after) = segments.iter().position(|segment| segment.first() == Some(found.next))
        && after > 0
    {
        useless.extend(segments.drain(..after).map(|segment| segment.path));
        gap = find_gap(&segments);
    }
    Ok(Scan { segments, gap, useless })
}

/// The numbers of the journal files of a folder, in order; none when there is no folder.
pub(crate) fn numbers(folder: &Path) -> Result<Vec<u64>, BackendError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("listed", folder)(error)),
    };
    let mut numbers = Vec::new();
    for item in listing {
        let name = item.map_err(failed("listed", folder))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|name| name.parse::<u64>().ok());
        numbers.extend(number.filter(|number| segment_path(folder, *number).file_name() == Some(&name)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn find_gap(segments: &[Segment]) -> Option<Gap> {
    let mut before: Option<(usize, &Frame)> = None;
    for (i, segment) in segments.iter().enumerate() {
        for frame in &segment.frames {
            if let Some((at, last)) = before.filter(|(_, last)| last.header.end() != frame.header.first) {
                // Bytes between the two that are no frame are the place; else the end of the first.
                let strange = segments[at..i].iter().find(|between| between.tail == Tail::Strange);
                let (path, offset) = match strange {
                    Some(strange) => (&strange.path, strange.len),
                    None => {
                        (&segments[at].path, last.offset + frame::HEADER_LEN as u64 + u64::from(last.header.body_len))
                    }
                };
                let (seq, next) = (last.header.end(), frame.header.first);
                return Some(Gap { path: path.clone(), offset, seq, next });
            }
            before = Some((i, frame));
        }
    }
    None
}

fn scan_file(number: u64, path: &Path, file: File) -> io::Result<Segment> {
    let (frames, file) = (Vec::new(), Arc::new(file));
    let mut segment = Segment { number, path: path.to_owned(), file, frames, len: 0, tail: Tail::Clean, tail_bytes: 0 };
    segment.read_on()?;
    Ok(segment)
}

impl Segment {
    /// Looks at what stands behind the last frame that is known.
    pub(crate) fn read_on(&mut self) -> io::Result<()> {
        let (file, mut at) = (&self.file, self.len);
        let end = file.metadata()?.len();
        let mut tail = Tail::Clean;
        let mut body = Vec::new();
        while at < end {
            let mut header = [0; frame::HEADER_LEN];
            if end - at < frame::HEADER_LEN as u64 {
                tail = Tail::Torn;
                break;
            }
            file.read_exact_at(&mut header, at)?;
            let Some(header) = frame::Header::decode(&header) else {
                tail = if zeros(file, at, end)? { Tail::Torn } else { Tail::Strange };
                break;
            };
            let next = at + frame::HEADER_LEN as u64 + u64::from(header.body_len);
            if next > end {
                tail = Tail::Torn;
                break;
            }
            body.resize(header.body_len as usize, 0);
            file.read_exact_at(&mut body, at + frame::HEADER_LEN as u64)?;
            self.frames.push(Frame { header, offset: at, whole: header.fits(&body) });
            at = next;
        }
        (self.len, self.tail, self.tail_bytes) = (at, tail, end.saturating_sub(at));
        Ok(())
    }

    /// Forgets the frames that end behind the first `durable` entries of the log.
    pub(crate) fn forget_beyond(&mut self, durable: u64) {
        let kept = self.frames.partition_point(|frame| frame.header.end() <= durable);
        if let Some(first) = self.frames.get(kept) {
            self.len = first.offset;
            self.frames.truncate(kept);
        }
    }
}

fn zeros(file: &File, from: u64, to: u64) -> io::Result<bool> {
    let mut bytes = vec![0; 64 * 1024];
    let mut at = from;
    while at < to {
        let part = usize::try_from(to - at).unwrap_or(usize::MAX).min(bytes.len());
        file.read_exact_at(&mut bytes[..part], at)?;
        if bytes[..part].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += part as u64;
    }
    Ok(true)
}

pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

/// Entries of `segments` from `from` to the end of their frame, at most `most`; `None` when the journal does not hold
/// them (any more).
pub(crate) fn read(segments: &[Segment], from: u64, most: usize) -> Result<Option<Vec<Vec<u8>>>, BackendError> {
    let found = segments.iter().rev().find(|segment| segment.first().is_some_and(|first| first <= from));
    let Some((segment, frame)) = found.and_then(|segment| {
        let after = segment.frames.partition_point(|frame| frame.header.first <= from);
        let frame = segment.frames.get(after.checked_sub(1)?)?;
        (from < frame.header.end()).then_some((segment, frame))
    }) else {
        return Ok(None);
    };
    let body = segment.body(frame).map_err(failed("read", &segment.path))?;
    let entries = frame::entries(&body)
        .ok()
        .filter(|entries| frame.header.fits(&body) && entries.len() == frame.header.count as usize)
        .ok_or_else(|| changed(&segment.path, frame))?;
    let skip = (from - frame.header.first) as usize;
    Ok(Some(entries.into_iter().skip(skip).take(most).map(|(_, sealed)| sealed.to_vec()).collect()))
}

/// What to say of a frame whose bytes are not what its header says.
pub(super) fn changed(path: &Path, frame: &Frame) -> BackendError {
    let (first, last, offset) = (frame.header.first, frame.header.end().saturating_sub(1), frame.offset);
    BackendError::Damaged(format!("entries {first} to {last} in {} at byte {offset} were changed", path.display()))
}
