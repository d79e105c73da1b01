//! A running app, actors, canaries and the store contract, for tests.

pub mod postgres;
