//! Values on their way into a statement.

use domain::{
    AccessItemId, AccessReviewId, AccountId, AgreementId, AlertId, AmendmentId, AmendmentStepId, BillingAccountId,
    BillingLinkId, BookingId, CareLinkId, ChannelId, ChargeId, CourseId, Date, DisposalId, EmergencyId, EntryId,
    ExerciseId, HoldId, IncidentId, InvitationId, ItemId, LoginSessionId, NoteId, OccasionId, PasskeyId, PatientId,
    PayerId, PlanId, PracticeId, ProgramId, RequestId, RestrictionId, Timestamp, TokenId, TrainingId, VisitId,
    billing::Cents,
};
use std::borrow::Cow;

/// The types of columns that both databases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `BYTEA`: ids (16 bytes), digests, sealed fields.
    Blob,
    /// `BIGINT`: counts, milliseconds since 1970, days since 1970.
    Int,
    /// `TEXT`.
    Text,
}

/// A value for a placeholder. Made with `From`; a null knows what it is a null of, because PostgreSQL asks.
///
/// A [`Timestamp`] is stored as milliseconds since 1970, a [`Date`] as days since 1970-01-01.
#[derive(Clone)]
pub enum Param<'a> {
    /// Nothing.
    Null(Kind),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
    /// A number.
    Int(i64),
    /// Text.
    Text(Cow<'a, str>),
}

impl Param<'_> {
    /// The column type that it fits.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Blob(_) => Kind::Blob,
            Self::Int(_) => Kind::Int,
            Self::Text(_) => Kind::Text,
        }
    }

    pub(crate) fn owned(&self) -> Param<'static> {
        match self {
            Self::Null(kind) => Param::Null(*kind),
            Self::Blob(bytes) => Param::Blob(Cow::Owned(bytes.to_vec())),
            Self::Int(number) => Param::Int(*number),
            Self::Text(text) => Param::Text(Cow::Owned(text.to_string())),
        }
    }
}

/// A type that has a column type, so that an `Option` of it has a typed null.
pub trait Stored {
    /// Its column type.
    const KIND: Kind;
}

impl<'a, T: Stored + Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null(T::KIND), Into::into)
    }
}

macro_rules! params {
    ($($kind:ident: $type:ty, |$value:ident| $make:expr;)*) => {$(
        impl<'a> Stored for $type {
            const KIND: Kind = Kind::$kind;
        }
        impl<'a> From<$type> for Param<'a> {
            fn from($value: $type) -> Self {
                Param::$kind($make)
            }
        }
    )*};
}

params! {
    Blob: &'a [u8], |bytes| Cow::Borrowed(bytes);
    Blob: &'a Vec<u8>, |bytes| Cow::Borrowed(bytes.as_slice());
    Blob: Vec<u8>, |bytes| Cow::Owned(bytes);
    Blob: [u8; 16], |bytes| Cow::Owned(bytes.to_vec());
    Blob: [u8; 32], |bytes| Cow::Owned(bytes.to_vec());
    Blob: &'a [u8; 16], |bytes| Cow::Borrowed(bytes.as_slice());
    Blob: &'a [u8; 32], |bytes| Cow::Borrowed(bytes.as_slice());
    Int: i64, |number| number;
    Int: i32, |number| i64::from(number);
    Int: u32, |number| i64::from(number);
    Int: u8, |number| i64::from(number);
    Int: bool, |flag| i64::from(flag);
    Int: Timestamp, |at| at.as_millisecond();
    Int: Cents, |amount| amount.0;
    Int: Date, |day| days_since_1970(day);
    Text: &'a str, |text| Cow::Borrowed(text);
    Text: &'a String, |text| Cow::Borrowed(text.as_str());
    Text: String, |text| Cow::Owned(text);
}

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl Stored for $id {
            const KIND: Kind = Kind::Blob;
        }
        impl From<$id> for Param<'_> {
            fn from(id: $id) -> Self {
                Param::Blob(Cow::Owned(id.as_bytes().to_vec()))
            }
        }
        impl Stored for &$id {
            const KIND: Kind = Kind::Blob;
        }
        impl<'a> From<&'a $id> for Param<'a> {
            fn from(id: &'a $id) -> Self {
                Param::Blob(Cow::Borrowed(id.as_bytes()))
            }
        }
    )*};
}

ids!(
    AccessItemId,
    AccessReviewId,
    AccountId,
    AgreementId,
    AlertId,
    AmendmentId,
    AmendmentStepId,
    BillingAccountId,
    BillingLinkId,
    BookingId,
    CareLinkId,
    ChannelId,
    CourseId,
    DisposalId,
    EmergencyId,
    HoldId,
    IncidentId,
    RestrictionId,
    PlanId,
    ChargeId,
    EntryId,
    ExerciseId,
    InvitationId,
    ItemId,
    LoginSessionId,
    NoteId,
    OccasionId,
    PasskeyId,
    PatientId,
    PayerId,
    PracticeId,
    ProgramId,
    RequestId,
    TokenId,
    TrainingId,
    VisitId
);

/// The first day: day 0 of a stored date.
pub(crate) const DAY_ZERO: Date = Date::constant(1970, 1, 1);

fn days_since_1970(day: Date) -> i64 {
    day.duration_since(DAY_ZERO).as_hours() / 24
}
