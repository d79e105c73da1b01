//! A newtype for each id, so that no id can stand where another belongs.

use crate::{Invalid, Rng};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new random id (UUID version 4, RFC 9562).
            pub fn random(rng: &dyn Rng) -> Self {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes);
                Self::from_random(bytes)
            }
            /// The id that these bytes make, which are random or a fingerprint.
            pub const fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }
            /// The id with these 16 bytes, as they are stored.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(Uuid::from_bytes(bytes)) }
            /// The 16 bytes, as they are stored.
            pub const fn as_bytes(&self) -> &[u8; 16] { self.0.as_bytes() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.hyphenated().fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Uuid::try_parse(text).map(Self).map_err(|_| Invalid::new("is not an id"))
            }
        }
        impl TryFrom<&[u8]> for $name {
            type Error = Invalid;
            fn try_from(bytes: &[u8]) -> Result<Self, Invalid> {
                Uuid::from_slice(bytes).map(Self).map_err(|_| Invalid::new("is not an id"))
            }
        }
    )*};
}

ids! {
    /// A practice: the tenant. Nothing crosses practices.
    PracticeId,
    /// Someone who can sign in: staff, a patient or a proxy.
    AccountId,
    /// A person under care.
    PatientId,
    /// An entry of the exercise library.
    ExerciseId,
    /// What is prescribed to one patient, over all its versions.
    ProgramId,
    /// One exercise with its dose inside a program. Kept from version to version.
    ItemId,
    /// What was done, once.
    EntryId,
    /// A progress note.
    NoteId,
    /// An appointment of a patient with a therapist, kept or not.
    VisitId,
    /// Something unusual that somebody is told about.
    AlertId,
    /// A way on which a practice sends something to a receiver.
    ChannelId,
    /// An agreement with a business associate.
    AgreementId,
    /// A review of who has access to what.
    AccessReviewId,
    /// One access that is looked at in it; follows from the review and from what is looked at.
    AccessItemId,
    /// What is looked at: the account, the place on a care team or the token, under its own id.
    AccessSubjectId,
    /// Something that happened, whom it affects and what is decided about it.
    IncidentId,
    /// A course in which whoever works here is trained.
    CourseId,
    /// That somebody was trained.
    TrainingId,
    /// A plan of what is to be destroyed.
    PlanId,
    /// A legal hold.
    HoldId,
    /// What a patient asked of who sees their record, and the practice's answer.
    RestrictionId,
    /// What a patient asked to be amended in their record, with all its steps.
    AmendmentId,
    /// One of those steps.
    AmendmentStepId,
    /// The opening of a record in an emergency.
    EmergencyId,
    /// A device or medium that was disposed of.
    DisposalId,
    /// A login session.
    LoginSessionId,
    /// A registered passkey or hardware key.
    PasskeyId,
    /// An API token.
    TokenId,
    /// An invitation to open an account.
    InvitationId,
    /// A member's place in a patient's care team, with start and end.
    CareLinkId,
    /// What one patient owes and has paid, under a pseudonym: says nothing about the patient.
    BillingAccountId,
    /// What is asked for one visit.
    ChargeId,
    /// A visit as the billing store knows it: says nothing about the visit, and is the same for all of its charges.
    OccasionId,
    /// Something that was booked: a charge, a payment, a void.
    BookingId,
    /// Who pays for patients.
    PayerId,
    /// The sealed link between a patient and their billing account.
    BillingLinkId,
    /// One request to the server; the same in the answer, the log and the ledger.
    RequestId,
}
