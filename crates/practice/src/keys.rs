//! Keys over their life: rotated while the server runs, checked, and ended in backups.
//!
//! Every rotation is a list of steps, each durable before the next and each able to be done again, so that whatever
//! kills it, the same command goes on where it was. Old versions stay until nothing uses them: at every moment every
//! key that a stored row needs is there.

pub mod epoch;
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
