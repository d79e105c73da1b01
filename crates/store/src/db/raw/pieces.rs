//! Rows on their way to a sink, some whole ones at a time.

use super::tuple;
use std::io;

/// How many bytes of rows are handed on at once, or one row more.
const AT_ONCE: usize = 256 * 1024;

/// Gathers rows and hands them on before they get many.
pub struct Pieces<'s> {
    sink: &'s mut dyn FnMut(&[u8]) -> io::Result<()>,
    gathered: Vec<u8>,
    rows: u64,
}

impl<'s> Pieces<'s> {
    /// For a sink.
    pub fn new(sink: &'s mut dyn FnMut(&[u8]) -> io::Result<()>) -> Self {
        Self { sink, gathered: Vec::with_capacity(AT_ONCE + 4096), rows: 0 }
    }

    /// Adds a row.
    pub fn row(&mut self, fields: &[Option<&[u8]>]) -> io::Result<()> {
        self.written(|out| tuple::push_row(out, fields))
    }

    /// Adds a row that is written already.
    pub(super) fn bytes(&mut self, row: &[u8]) -> io::Result<()> {
        self.written(|out| {
            out.extend_from_slice(row);
            Ok(())
        })
    }

    /// Adds the row that `write` appends.
    pub(super) fn written<E: From<io::Error>>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        write(&mut self.gathered)?;
        self.rows += 1;
        if self.gathered.len() >= AT_ONCE {
            self.hand_on()?;
        }
        Ok(())
    }

    /// Hands on what is left. Says how many rows there were.
    pub fn end(mut self) -> io::Result<u64> {
        if !self.gathered.is_empty() {
            self.hand_on()?;
        }
        Ok(self.rows)
    }

    fn hand_on(&mut self) -> io::Result<()> {
        (self.sink)(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}
