//! The watch goes on where it stood, whatever is killed, and tells everything once; and what a made-up year says about it.

mod dropped;
mod followers;
mod killed;
mod listener;
mod receivers;
mod reviews;
mod scene;
mod sending;
mod sending_between;
mod sending_damaged;
mod sending_killed;
mod sending_unread;
mod simulated;
mod syslog;
#[path = "../rotation/world.rs"]
#[allow(dead_code, reason = "what rotations ask of their world besides")]
mod world;
