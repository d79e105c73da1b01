//! Charging, the way to the billing store, and who can tell what from it.

mod blind;
mod books;
mod charging;
mod corrections;
mod keys;
mod kill;
mod scene;
mod taking_back;
#[path = "../rotation/world.rs"]
#[allow(dead_code, reason = "what rotations ask of their world besides")]
mod world;
