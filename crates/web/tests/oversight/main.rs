//! Seeing to it that whoever works in a practice may: reviews of access, training.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod answering;
mod emergencies;
mod reviews;
mod scene;
mod training;
