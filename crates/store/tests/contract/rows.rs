//! Every statement of the row modules, as the server's role runs it.

#[path = "rows/access_reviews.rs"]
mod access_reviews;
#[path = "rows/amendments.rs"]
mod amendments;
#[path = "rows/billing.rs"]
mod billing;
#[path = "rows/channels.rs"]
mod channels;
#[path = "rows/clinical.rs"]
mod clinical;
#[path = "rows/crossing.rs"]
mod crossing;
#[path = "rows/emergencies.rs"]
mod emergencies;
#[path = "rows/identity.rs"]
mod identity;
#[path = "rows/merges.rs"]
mod merges;
#[path = "rows/retention.rs"]
mod retention;
#[path = "rows/taken_back.rs"]
mod taken_back;
#[path = "rows/training.rs"]
mod training;
#[path = "rows/watching.rs"]
mod watching;

pub(crate) use access_reviews::*;
pub(crate) use amendments::*;
pub(crate) use billing::*;
pub(crate) use channels::*;
pub(crate) use clinical::*;
pub(crate) use crossing::*;
pub(crate) use emergencies::*;
pub(crate) use identity::*;
pub(crate) use merges::*;
pub(crate) use retention::*;
pub(crate) use taken_back::*;
pub(crate) use training::*;
pub(crate) use watching::*;

use domain::{AccountId, PatientId, PracticeId, Timestamp};
use phi::{Field, RowId, Sealed};

const PRACTICE: PracticeId = PracticeId::from_bytes([1; 16]);
const ACCOUNT: AccountId = AccountId::from_bytes([2; 16]);
const PATIENT: PatientId = PatientId::from_bytes([3; 16]);

/// The first id of all.
const BEGINNING: [u8; 16] = [0; 16];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).expect("a moment")
}

/// Bytes in the place of ciphertext: a row carries them and cannot tell.
fn sealed<F: Field>(id: [u8; 16], text: &str) -> Sealed<F> {
    Sealed::stored(RowId::new(id), text.as_bytes().to_vec())
}

fn bytes<F: Field>(sealed: Option<&Sealed<F>>) -> Option<&[u8]> {
    sealed.map(Sealed::as_bytes)
}
