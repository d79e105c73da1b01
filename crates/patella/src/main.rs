//! The binary: command line, configuration, the one place where all is put together.
//!
//! Exit status: 0 when it was done, 1 when it was refused or failed (said in one line on standard error), 2 when the
//! command line was not understood.

mod command;
#[allow(dead_code, reason = "the commands that open the stores and the ledger read the rest")]
mod config;
#[allow(dead_code, reason = "the server logs")]
mod logging;
#[allow(dead_code, reason = "the server counts")]
mod metrics;
mod opening;
#[allow(dead_code, reason = "the demo makes its certificate with it")]
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
