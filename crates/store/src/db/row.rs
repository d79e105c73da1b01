//! Values on their way out of a query.

use super::{StoreError, param::DAY_ZERO};
use domain::{Date, Timestamp};
use jiff::SignedDuration;
use std::str::FromStr;

/// A value as it came from the database.
pub(crate) enum Value {
    Null,
    Blob(Vec<u8>),
    Int(i64),
    Text(String),
}

/// One row of an answer. Columns are read by their place, from 0; a wrong type or an unexpected null is an error that
/// names the place and never the value.
pub struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    fn value(&self, index: usize) -> Result<&Value, StoreError> {
        self.0.get(index).ok_or(StoreError::Column { index, wanted: "there" })
    }

    /// All columns, in their order.
    pub(crate) fn values(&self) -> &[Value] {
        &self.0
    }

    /// Whether the column is null (or not there).
    pub fn is_null(&self, index: usize) -> bool {
        matches!(self.0.get(index), None | Some(Value::Null))
    }

    /// Bytes.
    pub fn blob(&self, index: usize) -> Result<&[u8], StoreError> {
        match self.value(index)? {
            Value::Blob(bytes) => Ok(bytes),
            _ => Err(StoreError::Column { index, wanted: "bytes" }),
        }
    }

    /// Exactly `N` bytes.
    pub fn array<const N: usize>(&self, index: usize) -> Result<[u8; N], StoreError> {
        self.blob(index)?.try_into().map_err(|_| StoreError::Column { index, wanted: "bytes of the right number" })
    }

    /// A number.
    pub fn int(&self, index: usize) -> Result<i64, StoreError> {
        match self.value(index)? {
            Value::Int(number) => Ok(*number),
            _ => Err(StoreError::Column { index, wanted: "a number" }),
        }
    }

    /// A number that fits a smaller type, such as `u32`.
    pub fn number<T: TryFrom<i64>>(&self, index: usize) -> Result<T, StoreError> {
        T::try_from(self.int(index)?).map_err(|_| StoreError::Column { index, wanted: "a number in range" })
    }

    /// Yes (not 0) or no (0).
    pub fn flag(&self, index: usize) -> Result<bool, StoreError> {
        Ok(self.int(index)? != 0)
    }

    /// Text.
    pub fn text(&self, index: usize) -> Result<&str, StoreError> {
        match self.value(index)? {
            Value::Text(text) => Ok(text),
            _ => Err(StoreError::Column { index, wanted: "text" }),
        }
    }

    /// A word of a fixed list, such as a role.
    pub fn word<T: FromStr>(&self, index: usize) -> Result<T, StoreError> {
        self.text(index)?.parse().map_err(|_| StoreError::Column { index, wanted: "a known word" })
    }

    /// An id, 16 bytes.
    pub fn id<T: for<'b> TryFrom<&'b [u8]>>(&self, index: usize) -> Result<T, StoreError> {
        T::try_from(self.blob(index)?).map_err(|_| StoreError::Column { index, wanted: "an id" })
    }

    /// A moment.
    pub fn timestamp(&self, index: usize) -> Result<Timestamp, StoreError> {
        Timestamp::from_millisecond(self.int(index)?).map_err(|_| StoreError::Column { index, wanted: "a moment" })
    }

    /// A day.
    pub fn date(&self, index: usize) -> Result<Date, StoreError> {
        let hours = self.int(index)?.checked_mul(24).ok_or(StoreError::Column { index, wanted: "a day" })?;
        SignedDuration::try_from_hours(hours)
            .and_then(|since| DAY_ZERO.checked_add(since).ok())
            .ok_or(StoreError::Column { index, wanted: "a day" })
    }

    fn optional<'r, T>(
        &'r self,
        index: usize,
        read: impl Fn(&'r Self, usize) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.value(index)? {
            Value::Null => Ok(None),
            _ => read(self, index).map(Some),
        }
    }

    /// Bytes or null.
    pub fn opt_blob(&self, index: usize) -> Result<Option<&[u8]>, StoreError> {
        self.optional(index, Self::blob)
    }

    /// A number or null.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, StoreError> {
        self.optional(index, Self::int)
    }

    /// Text or null.
    pub fn opt_text(&self, index: usize) -> Result<Option<&str>, StoreError> {
        self.optional(index, Self::text)
    }

    /// A word of a fixed list, or null.
    pub fn opt_word<T: FromStr>(&self, index: usize) -> Result<Option<T>, StoreError> {
        self.optional(index, Self::word)
    }

    /// An id or null.
    pub fn opt_id<T: for<'b> TryFrom<&'b [u8]>>(&self, index: usize) -> Result<Option<T>, StoreError> {
        self.optional(index, Self::id)
    }

    /// A moment or null.
    pub fn opt_timestamp(&self, index: usize) -> Result<Option<Timestamp>, StoreError> {
        self.optional(index, Self::timestamp)
    }

    /// A day or null.
    pub fn opt_date(&self, index: usize) -> Result<Option<Date>, StoreError> {
        self.optional(index, Self::date)
    }
}
