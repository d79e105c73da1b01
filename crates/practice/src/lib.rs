//! What people do in a practice: use cases, one file each.

pub mod account;
pub mod accounts;
pub mod demo;
mod house;
pub mod library;
pub mod media;
pub mod practices;
pub mod sign_in;
pub mod trail;

pub use house::{Actor, Event, FoundationError, Foundations, House, Indexes, Stores};
