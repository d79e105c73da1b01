//! The commands.

mod audit;
mod backup;
mod demo;
mod dictionary;
mod dispose;
mod import;
mod init;
mod keys;
mod migrate;
mod relocate;
mod retention;
mod routes;
mod serve;
mod simulate;
mod target;
mod user;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::io::{ErrorKind, Write};

/// Home exercise programs for physical-therapy practices, sealed per patient.
#[derive(Debug, Parser)]
#[command(name = "patella", version, arg_required_else_help = true)]
pub(crate) struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make keys and databases, and found the practice.
    Init(init::Init),
    /// Serve a practice until SIGTERM or SIGINT.
    Serve(serve::Serve),
    /// Make a practice of made-up people and serve it.
    Demo(demo::Demo),
    /// Bring the databases up to the schema that this program knows.
    Migrate(migrate::Migrate),
    /// Add, list and disable accounts, and reset their factors.
    User(user::User),
    /// Look at the keys, rotate them, verify them.
    Keys(keys::Keys),
    /// Verify, read and sign the audit trail.
    Audit(audit::Audit),
    /// Make backups, look at them, bring them back, and try that out.
    Backup(backup::Backup),
    /// Take a practice over to another place and kind of database.
    Move(relocate::Move),
    /// Bring things in from elsewhere.
    Import(import::Import),
    /// Plan the destruction of records whose time is over, carry it out, and show the certificates.
    Retention(retention::Retention),
    /// Record devices and media that leave the practice.
    Dispose(dispose::Dispose),
    /// Let the watch look at a made-up year with attacks in it, and print what it finds.
    Simulate(simulate::Simulate),
    /// Print what every stored column means and how it is protected.
    DataDictionary(dictionary::Dictionary),
    /// Print every route: method, path, level, permission and audit class.
    Routes(routes::Routes),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        match self.verb {
            Verb::Init(init) => init.run(),
            Verb::Serve(serve) => serve.run(),
            Verb::Demo(demo) => demo.run(),
            Verb::Migrate(migrate) => migrate.run(),
            Verb::User(user) => user.run(),
            Verb::Keys(keys) => keys.run(),
            Verb::Audit(audit) => audit.run(),
            Verb::Backup(backup) => backup.run(),
            Verb::Move(relocate) => relocate.run(),
            Verb::Import(import) => import.run(),
            Verb::Retention(retention) => retention.run(),
            Verb::Dispose(dispose) => dispose.run(),
            Verb::Simulate(simulate) => simulate.run(),
            Verb::DataDictionary(dictionary) => dictionary.run(),
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
fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(work)
}
