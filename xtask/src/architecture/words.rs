//! Words that may not stand in source, or only in the one place that is made for them.

use super::rust::{Layers, layers, line_of, lines_with, without_test_items};
use super::tree::File;
use super::{Finding, Tree};

/// Where the ambient clock may be read.
const CLOCKS: [&str; 1] = ["crates/domain/src/clock.rs"];
const AMBIENT_TIME: [&str; 5] = ["SystemTime::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"];

/// Where a stopwatch may run: these measure how long something lasts and never learn what time it is.
const STOPWATCHES: [&str; 9] = [
    // How long until the next checkpoint is due.
    "crates/ledger/src/writer.rs",
    // How long a request took, for the metrics.
    "crates/web/src/envelope.rs",
    // How long a connection has been silent.
    "crates/web/src/server/connection.rs",
    "crates/web/src/server/watched.rs",
    // How long a batch of a rotation lasted, and so how long the rest after it.
    "crates/practice/src/keys/rotation.rs",
    // How long backups, restores and moves took, and when to try again.
    "crates/patella/src/backups/schedule.rs",
    "crates/patella/src/command/backup.rs",
    "crates/patella/src/command/backup/restore.rs",
    "crates/patella/src/command/relocate.rs",
];

/// Where the system's randomness may be drawn.
const DICE: [&str; 1] = ["crates/crypto/src/random.rs"];
const AMBIENT_RANDOMNESS: [&str; 12] = [
    "OsRng",
    "SysRng",
    "thread_rng",
    "rand::rng",
    "rand::random",
    "rand::fill",
    "getrandom::",
    "SystemRandom",
    "from_entropy",
    "Uuid::new_v4",
    "Uuid::now_v7",
    "RandomState::new",
];

/// Signs of work left undone.
const UNDONE: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// Folders of one machine, put together so that this file does not name them either.
const MACHINE_PATHS: [&str; 3] = [concat!("/", "work/"), concat!("/", "root/"), concat!("/home", "/user")];

/// Looks at every Rust file for words of code, and at every file for the rest.
pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files() {
        let whole;
        let remarks = if file.extension() == "rs" {
            let layers = layers(&file.text);
            check_rust(file, &layers, findings);
            whole = layers.comments;
            whole.as_str()
        } else {
            file.text.as_str()
        };
        if is_ours(file) {
            for word in UNDONE {
                for line in lines_with(remarks, word) {
                    findings.push(Finding::error(&file.path, line, format!("`{word}`: finish it, or file an issue")));
                }
            }
            for word in MACHINE_PATHS {
                for line in lines_with(&file.text, word) {
                    findings.push(Finding::error(&file.path, line, format!("`{word}` is a folder of one machine")));
                }
            }
        }
    }
}

/// Texts of others and lock files are not ours to word.
fn is_ours(file: &File) -> bool {
    !matches!(file.name(), "LICENSE" | "Cargo.lock" | "package-lock.json")
}

fn check_rust(file: &File, layers: &Layers, findings: &mut Vec<Finding>) {
    for (at, _) in layers.code.match_indices("fn get_") {
        let line = line_of(&layers.code, at);
        findings.push(Finding::error(&file.path, line, "a function says what it gives, without `get_`"));
    }
    if file.is_test() || !file.path.starts_with("crates/") {
        return;
    }
    let code = without_test_items(&layers.code, &layers.code);
    let mut forbid = |words: &[&str], homes: &[&str], why: &str| {
        if homes.contains(&file.path.as_str()) {
            return;
        }
        for word in words {
            for line in lines_with(&code, word) {
                findings.push(Finding::error(&file.path, line, format!("`{word}`: {why}")));
            }
        }
    };
    forbid(&AMBIENT_TIME, &CLOCKS, "time comes from a `Clock`");
    forbid(&["Instant::now"], &STOPWATCHES, "time comes from a `Clock`; a stopwatch is named in xtask with its reason");
    forbid(&AMBIENT_RANDOMNESS, &DICE, "randomness comes from a `Rng`");
    // Cargo and a build script speak over its streams and variables.
    if file.crate_name() != Some("patella") && file.name() != "build.rs" {
        forbid(&["println!", "eprintln!", "print!", "eprint!"], &[], "only the binary speaks on its streams");
        forbid(&["env::var", "env::vars", "env::args"], &[], "settings are read by the binary");
        forbid(&["process::exit", "process::abort"], &[], "only the binary ends the program");
    }
}
