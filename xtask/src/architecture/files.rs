//! How long a file may be and what it may be called.

use super::{Finding, Tree};

/// Past this many lines a file is read with difficulty, and said so.
const LONG: usize = 400;
/// Past this many lines it fails.
const TOO_LONG: usize = 800;
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 9] = ["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils", "stuff"];

/// Looks at every file that people write by hand.
pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files().filter(|file| matches!(file.extension(), "rs" | "js" | "mjs" | "css" | "sql" | "sh")) {
        let lines = file.text.lines().count();
        if lines > TOO_LONG {
            findings.push(Finding::error(
                &file.path,
                0,
                format!("has {lines} lines, more than {TOO_LONG}: look for the second subject"),
            ));
        } else if lines > LONG {
            findings.push(Finding::warning(
                &file.path,
                0,
                format!("has {lines} lines, more than {LONG}: is there a second subject?"),
            ));
        }
        if file.name() == "mod.rs" {
            findings.push(Finding::error(&file.path, 0, "put it beside its folder, under the folder's name"));
        }
        let parts = file.path.split('/').map(|part| part.split_once('.').map_or(part, |(stem, _)| stem));
        for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
            findings.push(Finding::error(&file.path, 0, format!("`{part}` says nothing: name what is inside")));
        }
    }
}
