//! The binary: command line, configuration, the one place where all is put together.
fn main() {}
