//! Keys over their life: rotated while the server runs, checked, and ended in backups.
//!
//! Every rotation is a list of steps, each durable before the next and each able to be done again, so that whatever
//! kills it, the same command goes on where it was. Old versions stay until nothing uses them: at every moment every
//! key that a stored row needs is there.

pub mod epoch;
mod kept;
mod patient;
mod practice_key;
mod reseal;
pub mod root;
mod rotation;
mod status;
mod verify;

pub use patient::{PATIENT_STEPS, rotate_patients};
pub use practice_key::{PRACTICE_STEPS, rotate_practice};
pub use rotation::{Pace, RotateError, Rotated, Rotation, USUAL_GRACE};
pub use status::{KeyStatus, PracticeStatus, status};
pub use verify::{Depth, Fault, Verified, verify};

use crate::House;
use domain::PracticeId;

/// Under which names a practice's keys lie in the key store: its own, and its billing branch once somebody was charged.
/// What is done to a practice's keys is done to each.
pub async fn branches(house: &House, practice: PracticeId) -> Result<Vec<PracticeId>, RotateError> {
    let billing = phi::billing_branch(practice);
    let keys = store::rows::rotations::practice_keys(&house.stores.keys).await?;
    let billed = keys.iter().any(|row| row.practice_id == billing);
    Ok([practice].into_iter().chain(billed.then_some(billing)).collect())
}
