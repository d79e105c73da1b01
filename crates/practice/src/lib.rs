//! What people do in a practice: use cases, one file each.

pub mod access_log;
pub mod account;
pub mod accounts;
pub mod audit;
pub mod backup;
pub mod billing;
pub mod care_team;
pub mod demo;
pub mod exercises;
mod house;
pub mod import;
pub mod keys;
pub mod library;
pub mod log;
pub mod media;
pub mod merging;
pub mod notes;
pub mod patients;
pub mod policy;
pub mod practices;
pub mod programs;
pub mod progress;
pub mod record;
mod refusals;
mod repeat;
pub mod restrictions;
pub mod retention;
mod sheet;
pub mod sign_in;
mod staff;
pub mod today;
pub mod trail;
pub mod visits;
pub mod voiding;
pub mod watch;

pub use house::{Actor, Event, FoundationError, Foundations, House, HouseError, Indexes, Stores};
