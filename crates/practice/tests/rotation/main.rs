//! Rotations of keys: what they leave, what they survive, and what a second program beside them sees. On both databases.

mod changes;
mod in_flight;
mod kill;
mod world;
