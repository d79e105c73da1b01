//! The program from outside, under siege: killed at random, its disk filled, its system calls failing, its files
//! searched for what should be sealed. Every test drives the real binary over real TLS, on a practice of its own.
//!
//! | setting | meaning | when not set |
//! |---|---|---|
//! | `PATELLA_KILL_ROUNDS` | how often the kill test kills | 100 |
//! | `PATELLA_KILL_ROUNDS_POSTGRES` | the same with everything in PostgreSQL | 20 |
//! | `PATELLA_AWAY_SECONDS` | for how long a collector of logs is away at least, with requests all the while | 0 |
//! | `PATELLA_KILL_SEED` | which moments it chooses | 1 |
//! | `PATELLA_FAULT_STRIDE` | every how many calls a fault is put in; 1 for every single one | 1 |
//! | `PATELLA_FAULT_RUNS_POSTGRES` | at how many calls to PostgreSQL one is put in | 24 |

mod accounts;
mod away;
mod canaries;
mod client;
mod commands;
mod day;
mod destroyed;
mod disposal;
mod faults;
mod full_disk;
mod importing;
mod index;
mod kill;
mod old_trail;
mod postgres;
mod rewritten;
mod rotation;
mod sealed;
mod search;
mod server;
mod trail;

/// Says aloud that something was not tested, and why.
#[expect(clippy::print_stderr, reason = "whoever reads the test run must know what it did not test")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}
