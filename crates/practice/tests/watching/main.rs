//! The watch goes on where it stood, whatever is killed, and tells everything once; and what a made-up year says about it.

mod dropped;
mod followers;
mod killed;
mod receivers;
mod reviews;
mod scene;
mod sending;
mod sending_killed;
mod simulated;
mod syslog;
#[path = "../rotation/world.rs"]
#[allow(dead_code, reason = "what rotations ask of their world besides")]
mod world;
