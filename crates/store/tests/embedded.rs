//! What holds on the embedded database alone: the file, its key, and what happens when the disk is full or the process
//! is killed, and how rows are found.

#[path = "embedded/file.rs"]
mod file;
#[path = "embedded/fullness.rs"]
mod fullness;
#[path = "contract/houses.rs"]
#[allow(dead_code, reason = "each test file takes what it needs")]
mod houses;
#[path = "embedded/killed.rs"]
mod killed;
#[path = "embedded/plans.rs"]
mod plans;
