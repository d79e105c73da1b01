//! Pages and JSON API.

pub mod look;
