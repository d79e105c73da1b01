//! What people do in a practice: use cases, one file each.

pub mod accounts;
mod house;
pub mod library;
pub mod media;
pub mod practices;

pub use house::{Actor, Event, FoundationError, Foundations, House, Indexes, Stores};
