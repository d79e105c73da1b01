//! Where a page begins.

use crate::Problem;
use data_encoding::BASE64URL_NOPAD;
use domain::{
    AccessItemId, AccountId, AlertId, BillingAccountId, BookingId, ChargeId, Date, EmergencyId, EntryId, ExerciseId,
    Invalid, NoteId, PatientId, Timestamp, VisitId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the next page begins. Opaque to callers; inside are bytes of the list's own choosing. They stand in addresses,
/// so let them be ids, positions and moments, never a name. A field `#[serde(default)] cursor: Option<Cursor>` of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Cursor(Vec<u8>);

const WRONG: Invalid = Invalid::new("is not a cursor of this list");

impl Cursor {
    /// Longest text of one.
    const LONGEST: usize = 200;

    /// A cursor with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
    /// The cursor of a place.
    pub(crate) fn at(place: &impl Place) -> Self {
        Self(place.bytes())
    }
    /// The place at which the caller goes on, if it is not the beginning; 422 for a cursor of another list.
    pub(crate) fn place<P: Place>(cursor: Option<&Self>) -> Result<Option<P>, Problem> {
        let read = |cursor: &Self| P::read(&cursor.0).ok_or_else(|| Problem::invalid("cursor", &WRONG));
        cursor.map(read).transpose()
    }
    /// The bytes. They come from the caller: check them like any input.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(WRONG);
        }
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(|_| WRONG)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        BASE64URL_NOPAD.encode(&cursor.0)
    }
}

/// A place in a list, as the bytes of a cursor.
pub(crate) trait Place: Sized {
    /// The bytes.
    fn bytes(&self) -> Vec<u8>;
    /// Reads them back; none for those of another list.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl Place for $id {
            fn bytes(&self) -> Vec<u8> {
                self.as_bytes().to_vec()
            }
            fn read(bytes: &[u8]) -> Option<Self> {
                Self::try_from(bytes).ok()
            }
        }
    )+};
}

ids!(
    AccessItemId,
    AccountId,
    AlertId,
    BillingAccountId,
    BookingId,
    ChargeId,
    EmergencyId,
    EntryId,
    ExerciseId,
    NoteId,
    PatientId,
    VisitId
);

/// Milliseconds since 1970, and the id of one of those of that moment.
impl<Id: Place> Place for (Timestamp, Id) {
    fn bytes(&self) -> Vec<u8> {
        [&self.0.as_millisecond().to_be_bytes()[..], &self.1.bytes()].concat()
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk()?;
        Some((Timestamp::from_millisecond(i64::from_be_bytes(*at)).ok()?, Id::read(id)?))
    }
}

/// A day as text, and the id of one of those of that day.
impl<Id: Place> Place for (Date, Id) {
    fn bytes(&self) -> Vec<u8> {
        [self.0.to_string().into_bytes(), self.1.bytes()].concat()
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (day, id) = bytes.split_last_chunk::<16>()?;
        Some((std::str::from_utf8(day).ok()?.parse().ok()?, Id::read(id)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_was_and_one_of_another_list_does_not() {
        let at = Timestamp::from_millisecond(1_790_000_000_123).expect("a moment");
        let place = (at, NoteId::from_bytes([7; 16]));
        let cursor = Cursor::at(&place);
        assert_eq!(Cursor::place(Some(&cursor)).ok().flatten(), Some(place));
        let place = (Date::constant(2026, 5, 14), ChargeId::from_bytes([7; 16]));
        assert_eq!(Cursor::place(Some(&Cursor::at(&place))).ok().flatten(), Some(place));
        let refused = Cursor::place::<NoteId>(Some(&cursor)).expect_err("refused");
        assert_eq!((refused.status().as_u16(), refused.errors()[0].field.as_str()), (422, "cursor"));
        assert_eq!(Cursor::place::<NoteId>(None).ok(), Some(None));
    }
}
