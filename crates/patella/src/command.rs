//! The commands.

mod routes;
#[allow(dead_code, reason = "the command comes with the opening of the stores")]
mod serve;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::{
    future::Future,
    io::{ErrorKind, Write},
};

/// Home exercise programs for physical-therapy practices, sealed per patient.
#[derive(Debug, Parser)]
#[command(name = "patella", version, arg_required_else_help = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print every route: method, path, level, permission and audit class.
    Routes(routes::Routes),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        match self.verb {
            Verb::Routes(routes) => routes.run(),
        }
    }
}

/// Prints on standard output. Whoever closed it has read enough.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write"),
    }
}

/// Runs a command that waits for stores or sockets.
#[allow(dead_code, reason = "the commands that open the stores run in it")]
fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(work)
}
