//! A row as bytes: a tuple of PostgreSQL's binary `COPY`.
//!
//! ```text
//! number of fields i16 · each field: length i32 (-1 for null), then so many bytes
//! ```
//!
//! Numbers are big endian. A `BIGINT` is eight bytes, big endian; `BYTEA` and `TEXT` are their bytes.

use std::io;

/// Appends a whole row.
pub(super) fn push_row(out: &mut Vec<u8>, fields: &[Option<&[u8]>]) -> io::Result<()> {
    push_head(out, fields.len());
    fields.iter().try_for_each(|field| push_field(out, *field))
}

/// Appends one field.
pub(super) fn push_field(out: &mut Vec<u8>, field: Option<&[u8]>) -> io::Result<()> {
    match field {
        None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        Some(bytes) => {
            let length = i32::try_from(bytes.len()).map_err(|_| broken("a value is longer than 2 GiB"))?;
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }
    Ok(())
}

/// Appends the head of a row.
pub(super) fn push_head(out: &mut Vec<u8>, fields: usize) {
    let fields = i16::try_from(fields).expect("a table has fewer than 32,768 columns");
    out.extend_from_slice(&fields.to_be_bytes());
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The fields of one row, and the bytes that they stand in.
pub struct Fields<'a> {
    fields: Vec<Option<&'a [u8]>>,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The value at a place; none for null or beyond the last.
    pub fn at(&self, place: usize) -> Option<&'a [u8]> {
        self.fields.get(place).copied().flatten()
    }
    /// All values in order.
    pub fn all(&self) -> &[Option<&'a [u8]>] {
        &self.fields
    }
    /// The row as it stands in the stream.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Whole rows one after another. Ends with an error at the first that is not whole.
pub struct Tuples<'a> {
    rest: &'a [u8],
    width: usize,
}

impl<'a> Tuples<'a> {
    /// The rows in `bytes`, each of `width` fields.
    pub fn new(bytes: &'a [u8], width: usize) -> Self {
        Self { rest: bytes, width }
    }

    fn read(&mut self) -> io::Result<Fields<'a>> {
        let whole = self.rest;
        let mut rest = whole;
        let count = take(&mut rest, 2).map(|bytes| i16::from_be_bytes([bytes[0], bytes[1]]))?;
        if usize::try_from(count) != Ok(self.width) {
            return Err(broken("a row has another number of columns"));
        }
        let mut fields = Vec::with_capacity(self.width);
        for _ in 0..self.width {
            let length = take(&mut rest, 4)?;
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            fields.push(match length {
                -1 => None,
                _ => {
                    let length = usize::try_from(length).map_err(|_| broken("a value has no length"))?;
                    Some(take(&mut rest, length)?)
                }
            });
        }
        self.rest = rest;
        Ok(Fields { fields, bytes: &whole[..whole.len() - rest.len()] })
    }
}

impl<'a> Iterator for Tuples<'a> {
    type Item = io::Result<Fields<'a>>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let row = self.read();
        if row.is_err() {
            self.rest = &[];
        }
        Some(row)
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> io::Result<&'a [u8]> {
    let (bytes, behind) = rest.split_at_checked(length).ok_or_else(|| broken("a row breaks off"))?;
    *rest = behind;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_went_in_and_a_broken_one_is_refused() {
        let mut bytes = Vec::new();
        for field in [&b"knee"[..], b""] {
            push_row(&mut bytes, &[Some(field), None]).expect("pushed");
        }
        let rows: Vec<_> = Tuples::new(&bytes, 2).map(|row| row.expect("whole").all().to_vec()).collect();
        assert_eq!(rows, [vec![Some(&b"knee"[..]), None], vec![Some(&b""[..]), None]]);
        assert!(Tuples::new(&bytes, 3).next().expect("one").is_err());
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(Tuples::new(cut, 2).map(|row| row.is_ok()).collect::<Vec<_>>(), [true, false]);
    }
}
