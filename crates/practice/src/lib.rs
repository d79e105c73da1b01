//! What people do in a practice: use cases, one file each.

mod house;
pub mod library;

pub use house::{Actor, Event, FoundationError, Foundations, House, Indexes, Stores};
