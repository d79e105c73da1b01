//! The binary: command line, configuration, the one place where all is put together.
//!
//! Exit status: 0 when it was done, 1 when it was refused or failed (said in one line on standard error), 2 when the
//! command line was not understood.

mod backups;
mod command;
mod config;
mod logging;
mod metrics;
mod opening;
mod tls;

use clap::Parser;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::process::ExitCode;

/// The C library keeps the 19 MiB of a password hash once they are freed, in each arena; this one gives them back. Its
/// secure mode also guards its own lists against a library in C that writes past its end.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leave_no_crash_dump();
    // Usage errors end here, with status 2; help and version with 0.
    match command::Command::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

/// Has the system keep no picture of the memory when the process crashes, neither in a file (the limit) nor through a
/// collector (not dumpable), and lets no other process of the same user look into it: what is open lies there readable.
fn leave_no_crash_dump() {
    // Anybody may lower their own; where a sandbox forbids even that, it decides about dumps.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// One line: what failed and each reason below it.
#[expect(clippy::print_stderr, reason = "the one line that a failed command says")]
fn say(error: &anyhow::Error) {
    let line = format!("{error:#}").lines().map(str::trim).collect::<Vec<_>>().join(" ");
    eprintln!("patella: {line}");
}
