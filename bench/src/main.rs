//! `make bench`: how fast the served binary answers, beside a bare server that gives the same bytes and, where it can be
//! started, a reference stack. One run, the same cores, short rounds that take turns, so that the ratios hold on a machine
//! that has other things to do. What was measured and how is told in `docs/bench.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its streams")]

mod backup;
mod beside;
mod load;
mod long;
mod people;
mod plain;
mod process;
mod reference;
mod report;
mod run;
mod trail;
mod wire;

use anyhow::{Context, Result};
use clap::Parser;
use std::{path::PathBuf, process::ExitCode};

/// The served binary's own, so that the bare server has what it gains from it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What to measure, and on what.
#[derive(Debug, clap::Args)]
struct Options {
    /// The binary to measure.
    #[arg(long, value_name = "FILE")]
    patella: PathBuf,
    /// Where the practice and everything else of a run goes; on the disk that is to be measured. Emptied first.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Keep the practice that an earlier run made there.
    #[arg(long)]
    reuse: bool,
    /// The folder of the reference stack; left out when it is not there.
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
    /// How many patients the practice has.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    patients: u32,
    /// How many connections at once, one measurement for each.
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// How many rounds for each number of connections.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    rounds: usize,
    /// How long each server is measured in a round.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    seconds: f64,
    /// The core of the servers.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    server_core: usize,
    /// The core of the load generator.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    load_core: usize,
}

#[derive(Debug, Parser)]
#[command(name = "patella-bench", version)]
enum Command {
    /// Measure.
    Run(Options),
    /// Measure the search of the audit trail.
    Trail(trail::Trail),
    /// Measure how long it takes to say whom an incident affects.
    Breach(trail::Breach),
    /// Measure backup and restore beside zstd and age.
    Backup(backup::Backup),
    /// Measure rotations and a purge, and requests beside them.
    Long(long::Long),
    /// Measure what rotations, a backup and a purge cost the requests of a running server.
    Beside(beside::Beside),
    /// The bare server that `run` starts.
    #[command(hide = true)]
    Plain(plain::Plain),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Run(options) => measure(&options),
        Command::Trail(trail) => trail.run(),
        Command::Breach(breach) => breach.run(),
        Command::Backup(backup) => backup.run(),
        Command::Long(long) => long.run(),
        Command::Beside(beside) => beside.run(),
        Command::Plain(plain) => plain.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("patella-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything of the load generator on its own core.
fn measure(options: &Options) -> Result<()> {
    process::pin_self(options.load_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(run::run(options))
}
