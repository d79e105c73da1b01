//! The binary: command line, configuration, the one place where all is put together.
//!
//! Exit status: 0 when it was done, 1 when it was refused or failed (said in one line on standard error), 2 when the
//! command line was not understood.

mod command;
mod config;
mod logging;
mod metrics;
mod opening;
mod tls;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Usage errors end here, with status 2; help and version with 0.
    match command::Command::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

/// One line: what failed and each reason below it.
#[expect(clippy::print_stderr, reason = "the one line that a failed command says")]
fn say(error: &anyhow::Error) {
    let line = format!("{error:#}").lines().map(str::trim).collect::<Vec<_>>().join(" ");
    eprintln!("patella: {line}");
}
