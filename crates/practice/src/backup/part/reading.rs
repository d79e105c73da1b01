//! Reading a part, and refusing one that is not what it says.

use super::{
    END, END_OF_TABLE, FORMAT, Header, LONGEST_FRAME, ROWS, SEALED_ROWS, Sum, TableEnd, frame_place, hashed::Hashed,
};
use crate::backup::hex;
use crypto::{Identities, Key, OpenSealedError, Sha256, open_sealed};
use std::io::{self, BufRead, BufReader, Read};
use store::raw::Tuples;

/// The first line is shorter than this.
const LONGEST_LINE: u64 = 1 << 20;

/// Why a part was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadPartError {
    /// It does not open.
    #[error(transparent)]
    Sealed(#[from] OpenSealedError),
    /// It broke off, or was changed: the cipher or the compression noticed.
    #[error("it is damaged")]
    Damaged(#[source] io::Error),
    /// It is whole, but not what it says.
    #[error("{0}")]
    Content(String),
    /// Its rows are sealed under the key of an epoch, and there is none.
    #[error("its rows are sealed under the key of epoch {0}, which was not given")]
    NoEpoch(u32),
}

/// What comes next.
#[derive(Debug)]
pub enum Event {
    /// Rows of the table that is under way.
    Rows(Vec<u8>),
    /// A table's end; its count and hash are right.
    End(TableEnd),
    /// The end of the part, and what its file was, to be held against what was signed. Before that nothing of it is to be
    /// relied on.
    Finished(Sum),
}

/// Reads a part from its beginning to its end.
pub struct PartReader {
    file: Hashed,
    input: BufReader<zstd::stream::read::Decoder<'static, BufReader<Box<dyn Read + Send>>>>,
    header: Header,
    key: Option<Key>,
    table: usize,
    rows: u64,
    hash: Sha256,
    frames: u64,
}

impl PartReader {
    /// Opens a part. `unwrap_key` gives the key of a key part from the epoch that its first line names.
    pub fn open(
        file: Box<dyn Read + Send>,
        identities: &Identities,
        unwrap_key: &dyn Fn(&Header) -> Result<Option<Key>, ReadPartError>,
    ) -> Result<Self, ReadPartError> {
        let file = Hashed::new(file);
        let sealed = BufReader::with_capacity(1 << 17, file.clone());
        let clear: Box<dyn Read + Send> = Box::new(open_sealed(identities, sealed)?);
        let clear = BufReader::with_capacity(1 << 17, clear);
        let decoder = zstd::stream::read::Decoder::with_buffer(clear).map_err(ReadPartError::Damaged)?;
        let mut input = BufReader::with_capacity(1 << 17, decoder);
        let mut line = Vec::new();
        (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(ReadPartError::Damaged)?;
        let header: Header = serde_json::from_slice(&line)
            .map_err(|error| ReadPartError::Content(format!("its first line is not understood ({error})")))?;
        if header.format != FORMAT {
            return Err(ReadPartError::Content("it is of another format".to_owned()));
        }
        let key = unwrap_key(&header)?;
        Ok(Self { file, input, header, key, table: 0, rows: 0, hash: Sha256::new(), frames: 0 })
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What comes next.
    pub fn read(&mut self) -> Result<Event, ReadPartError> {
        let mut head = [0; 5];
        self.input.read_exact(&mut head).map_err(ReadPartError::Damaged)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if length > LONGEST_FRAME {
            return Err(content("a piece is longer than any that is written"));
        }
        let mut bytes = vec![0; length as usize];
        self.input.read_exact(&mut bytes).map_err(ReadPartError::Damaged)?;
        let number = self.frames;
        self.frames += 1;
        match (head[0], &self.key) {
            (ROWS, None) => self.rows(bytes),
            (SEALED_ROWS, Some(key)) => {
                let place = frame_place(&self.header.backup, number);
                let open = crypto::open(key, &place, &bytes);
                let rows = open.map_err(|_| content("a piece does not open with the key of its epoch"))?;
                self.rows(rows.to_vec())
            }
            (SEALED_ROWS, None) => Err(ReadPartError::NoEpoch(self.header.epoch.as_ref().map_or(0, |e| e.generation))),
            (END_OF_TABLE, _) => self.end(&bytes),
            (END, _) => self.finish(),
            _ => Err(content("a piece is of no known kind")),
        }
    }

    fn rows(&mut self, rows: Vec<u8>) -> Result<Event, ReadPartError> {
        let table = self.header.tables.get(self.table).ok_or_else(|| content("it has more tables than it says"))?;
        for row in Tuples::new(&rows, table.columns.len()) {
            row.map_err(ReadPartError::Damaged)?;
            self.rows += 1;
        }
        self.hash.update(&rows);
        Ok(Event::Rows(rows))
    }

    fn end(&mut self, bytes: &[u8]) -> Result<Event, ReadPartError> {
        let end: TableEnd =
            serde_json::from_slice(bytes).map_err(|_| content("the end of a table is not understood"))?;
        let table = self.header.tables.get(self.table).ok_or_else(|| content("it has more tables than it says"))?;
        let found = TableEnd {
            table: table.name.clone(),
            rows: std::mem::take(&mut self.rows),
            sha256: hex(&std::mem::take(&mut self.hash).finish()),
        };
        if found != end || table.rows != end.rows {
            return Err(content(format!("the table {} is not what was written", table.name)));
        }
        self.table += 1;
        Ok(Event::End(end))
    }

    fn finish(&mut self) -> Result<Event, ReadPartError> {
        if self.table != self.header.tables.len() {
            return Err(content("it has fewer tables than it says"));
        }
        // To the very end: only there the cipher says that nothing was cut off.
        let behind = self.input.read(&mut [0]).map_err(ReadPartError::Damaged)?;
        if behind > 0 {
            return Err(content("something stands behind its end"));
        }
        self.file.sum().map(Event::Finished).map_err(ReadPartError::Damaged)
    }
}

fn content(what: impl Into<String>) -> ReadPartError {
    ReadPartError::Content(what.into())
}
