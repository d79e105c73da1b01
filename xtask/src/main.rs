//! Developer commands: `cargo xtask architecture` and `cargo xtask advisories`.
//!
//! Both print one line per finding and leave with status 1 when there is one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its streams")]

mod advisories;
mod architecture;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo xtask architecture | advisories";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(command), None) = (words.next(), words.next()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let outcome = match command.as_str() {
        "architecture" => repository().and_then(|root| architecture::run(&root)),
        "advisories" => repository().and_then(|root| advisories::run(&root)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the folder above this crate's, as cargo says when it runs the program. The place where it
/// was compiled would be another one when several clones share a target folder.
fn repository() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    Ok(Path::new(&manifest).parent().context("xtask is a folder of the repository")?.to_path_buf())
}
