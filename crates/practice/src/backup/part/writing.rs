//! Writing a part: one thread reads rows, another hashes, compresses, seals and writes them.

use super::{END, END_OF_TABLE, FORMAT, Header, PartKey, ROWS, SEALED_ROWS, TableEnd, TableHeader, frame_place};
use crate::backup::{
    hex,
    source::Source,
    target::{TargetError, Upload, failed},
};
use crypto::{Recipient, SealedTo, Sha256, SystemRng, seal_to};
use domain::TaskObserver;
use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};
use store::raw::RawError;
use zstd::stream::write::Encoder;

/// The level that the tool `zstd` takes when it is not told one. Most of the bytes are ciphertext, which no level shrinks.
const LEVEL: i32 = 3;
/// Pieces of rows that may wait between the two threads.
const WAITING: usize = 16;

/// What a part is to be.
pub(crate) struct PartSpec<'a> {
    pub(crate) backup: &'a str,
    pub(crate) part: &'static str,
    pub(crate) path: &'a str,
    pub(crate) schema: i64,
    pub(crate) schema_sha256: String,
    pub(crate) recipients: &'a [Recipient],
    pub(crate) key: Option<&'a PartKey>,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Bytes before compression.
    pub raw: u64,
    /// The tables.
    pub tables: Vec<TableEnd>,
}

/// Why a part was not written.
#[derive(Debug, thiserror::Error)]
pub enum WritePartError {
    /// The rows could not be read.
    #[error(transparent)]
    Rows(#[from] RawError),
    /// The target did not take them.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A table changed under a snapshot, which cannot be.
    #[error("the table {0} gave another number of rows than it counted")]
    Count(String),
}

enum Piece {
    Rows(Vec<u8>),
    End { rows: u64 },
}

/// Writes the tables of `source` as a part.
pub(crate) fn write_part(
    source: &mut dyn Source,
    spec: &PartSpec<'_>,
    upload: Box<dyn Upload>,
    observer: &dyn TaskObserver,
) -> Result<Written, WritePartError> {
    let tables = source.tables().to_vec();
    let mut counts = Vec::with_capacity(tables.len());
    for place in 0..tables.len() {
        counts.push(source.count(place)?);
    }
    let header = Header {
        format: FORMAT.to_owned(),
        backup: spec.backup.to_owned(),
        part: spec.part.to_owned(),
        schema: spec.schema,
        schema_sha256: spec.schema_sha256.clone(),
        tables: tables.iter().zip(&counts).map(|(table, rows)| TableHeader::new(table, *rows)).collect(),
        epoch: spec.key.map(|key| key.header.clone()),
    };
    let total = counts.iter().sum::<u64>();
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let names: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
        let worker = scope.spawn(move || {
            let written = Sink::begin(spec, upload).and_then(|sink| sink.take_all(&header, &names, &receiver));
            written.map_err(|error| failed(spec.path, error))
        });
        let read = read_all(source, &counts, &sender, total, observer);
        drop(sender);
        let written = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (written, read) {
            // The writer's own error is the true one: the reader only found nobody to give rows to.
            (Err(error), _) => Err(error.into()),
            (Ok(_), Err(error)) => Err(error),
            (Ok((upload, written)), Ok(())) => {
                upload.finish()?;
                Ok(written)
            }
        }
    })
}

fn read_all(
    source: &mut dyn Source,
    counts: &[u64],
    sender: &SyncSender<Piece>,
    total: u64,
    observer: &dyn TaskObserver,
) -> Result<(), WritePartError> {
    let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "the writer of the part has stopped");
    let mut done = 0;
    for (place, count) in counts.iter().enumerate() {
        let rows = source.export(place, &mut |rows| sender.send(Piece::Rows(rows.to_vec())).map_err(|_| gone()))?;
        if rows != *count {
            return Err(WritePartError::Count(source.tables()[place].name.clone()));
        }
        sender.send(Piece::End { rows }).map_err(|_| RawError::Stream(gone()))?;
        done += rows;
        observer.progress(done, total);
    }
    Ok(())
}

/// Counts and hashes what goes through to a target.
struct Counting {
    out: Box<dyn Upload>,
    size: u64,
    sha256: Sha256,
}

impl Counting {
    /// Around an upload.
    fn new(out: Box<dyn Upload>) -> Self {
        Self { out, size: 0, sha256: Sha256::new() }
    }
    /// The upload, how many bytes went through, and their SHA-256.
    fn into_parts(self) -> (Box<dyn Upload>, u64, [u8; 32]) {
        (self.out, self.size, self.sha256.finish())
    }
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

struct Sink<'a> {
    out: Encoder<'static, SealedTo<Counting>>,
    spec: &'a PartSpec<'a>,
    raw: u64,
    frames: u64,
}

impl<'a> Sink<'a> {
    fn begin(spec: &'a PartSpec<'a>, upload: Box<dyn Upload>) -> io::Result<Self> {
        let sealing = seal_to(spec.recipients, Counting::new(upload))?;
        Ok(Self { out: Encoder::new(sealing, LEVEL)?, spec, raw: 0, frames: 0 })
    }

    fn take_all(
        mut self,
        header: &Header,
        names: &[String],
        pieces: &Receiver<Piece>,
    ) -> io::Result<(Box<dyn Upload>, Written)> {
        let mut line = serde_json::to_vec(header)?;
        line.push(b'\n');
        self.put(&line)?;
        let mut tables = Vec::with_capacity(names.len());
        let mut hash = Sha256::new();
        for piece in pieces {
            match piece {
                Piece::Rows(rows) => {
                    hash.update(&rows);
                    self.rows(&rows)?;
                }
                Piece::End { rows } => {
                    let table = names.get(tables.len()).cloned().unwrap_or_default();
                    let sha256 = hex(&std::mem::take(&mut hash).finish());
                    let end = TableEnd { table, rows, sha256 };
                    self.frame(END_OF_TABLE, &serde_json::to_vec(&end)?)?;
                    tables.push(end);
                }
            }
        }
        if tables.len() != names.len() {
            // The reader has stopped, and says why.
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the rows of the part broke off"));
        }
        self.frame(END, &[])?;
        let raw = self.raw;
        let (upload, size, sha256) = self.out.finish()?.finish()?.into_parts();
        Ok((upload, Written { size, sha256, raw, tables }))
    }

    fn rows(&mut self, rows: &[u8]) -> io::Result<()> {
        match self.spec.key {
            None => self.frame(ROWS, rows),
            Some(key) => {
                let place = frame_place(self.spec.backup, self.frames);
                let sealed = crypto::seal(&key.key, &SystemRng, &place, rows);
                self.frame(SEALED_ROWS, &sealed)
            }
        }
    }

    fn frame(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).map_err(|_| io::Error::other("a row is longer than 4 GiB"))?;
        let mut head = [kind; 5];
        head[1..].copy_from_slice(&length.to_be_bytes());
        self.put(&head)?;
        self.frames += 1;
        self.put(content)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.raw += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}
