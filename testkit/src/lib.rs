//! A running app, actors, canaries and the store contract, for tests.

pub mod authenticator;
pub mod collector;
pub mod disk;
pub mod dropping;
pub mod fernet;
pub mod house;
pub mod laggard;
pub mod logs;
pub mod postgres;
pub mod program;
pub mod receiver;
pub mod s3;
pub mod site;
pub mod wire;
