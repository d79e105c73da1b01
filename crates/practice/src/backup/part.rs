//! A part: tables as a stream, compressed, then sealed.
//!
//! ```text
//! one line of JSON: format, backup, part, schema, tables with their columns and counts, epoch
//! frames: kind u8 · length u32 big endian · content
//!   R  rows of the table that is under way, whole ones
//!   S  the same, sealed under the key that the epoch wraps (the key part only)
//!   E  JSON: the end of a table: name, rows, SHA-256 of its rows
//!   Z  nothing: the end of the part
//! ```
//!
//! The rows of a table are tuples of PostgreSQL's binary `COPY`. The whole is a zstd stream inside an age file: `age -d`
//! and `zstd -d` give it back.

mod hashed;
mod reading;
mod writing;

pub use hashed::Sum;
pub use reading::{Event, PartReader, ReadPartError};
pub(crate) use writing::{PartSpec, write_part};
pub use writing::{WritePartError, Written};

use super::manifest::TableFacts;
use crypto::{Aad, Key};
use serde::{Deserialize, Serialize};
use store::{
    Kind,
    raw::{RawColumn, RawTable},
};

/// What the first line says of the format.
const FORMAT: &str = "patella backup part 1";

const ROWS: u8 = b'R';
const SEALED_ROWS: u8 = b'S';
const END_OF_TABLE: u8 = b'E';
const END: u8 = b'Z';

/// Frames are shorter than this: a piece of rows is 256 KiB, or one row.
const LONGEST_FRAME: u32 = 1 << 30;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: String,
    /// The backup's name.
    pub backup: String,
    /// The part's name.
    pub part: String,
    /// The version of the store's schema; 0 where there is none.
    pub schema: i64,
    /// A hash over the migrations up to that version, hexadecimal.
    pub schema_sha256: String,
    /// The tables, in the order in which they follow.
    pub tables: Vec<TableHeader>,
    /// The epoch, and the key of this part wrapped by it, hexadecimal.
    pub epoch: Option<EpochHeader>,
}

/// A table in the first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableHeader {
    /// Its name.
    pub name: String,
    /// Names and types of its columns, in the order of the values in a row.
    pub columns: Vec<(String, String)>,
    /// The columns of the primary key, which is the order of the rows.
    pub key: Vec<String>,
    /// How many rows it has.
    pub rows: u64,
}

/// An epoch in the first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochHeader {
    /// Its number.
    pub generation: u32,
    /// The part's key, wrapped.
    pub wrapped: String,
}

impl TableHeader {
    fn new(table: &RawTable, rows: u64) -> Self {
        let kind = |column: &RawColumn| match column.kind {
            Kind::Blob => "BYTEA",
            Kind::Int => "BIGINT",
            Kind::Text => "TEXT",
        };
        Self {
            name: table.name.clone(),
            columns: table.columns.iter().map(|column| (column.name.clone(), kind(column).to_owned())).collect(),
            key: table.key.iter().map(|place| table.columns[*place].name.clone()).collect(),
            rows,
        }
    }

    /// The table as a database has it. None when a type is not known.
    pub fn raw(&self) -> Option<RawTable> {
        let column = |(name, kind): &(String, String)| {
            let kind = match kind.as_str() {
                "BYTEA" => Kind::Blob,
                "BIGINT" => Kind::Int,
                "TEXT" => Kind::Text,
                _ => return None,
            };
            Some(RawColumn { name: name.clone(), kind })
        };
        let columns = self.columns.iter().map(column).collect::<Option<Vec<_>>>()?;
        let place = |name: &String| columns.iter().position(|column| column.name == *name);
        let key = self.key.iter().map(place).collect::<Option<Vec<_>>>()?;
        Some(RawTable { name: self.name.clone(), columns, key, only: None })
    }
}

/// The key of a key part, and what it is bound to.
pub struct PartKey {
    /// The key itself.
    pub key: Key,
    /// For the first line.
    pub header: EpochHeader,
}

/// What a sealed frame is bound to: the backup, and its place among the frames.
fn frame_place(backup: &str, number: u64) -> Aad {
    Aad::new("key part").with(backup.as_bytes()).with(&number.to_be_bytes())
}

/// The end of a table, as it stands in its frame.
type TableEnd = TableFacts;
