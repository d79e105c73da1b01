//! Every dependency has its reason in `docs/dependencies.md`, and every reason its dependency.

use std::collections::BTreeSet;

use toml::Table;

use super::{Finding, Tree};

const PAGE: &str = "docs/dependencies.md";

/// Holds the workspace's dependencies against the table of the page, and refuses a version said outside the workspace.
pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    check_reasons(tree, findings);
    check_versions(tree, findings);
}

fn check_reasons(tree: &Tree, findings: &mut Vec<Finding>) {
    let Some(workspace) = tree.text("Cargo.toml").and_then(|text| text.parse::<Table>().ok()) else { return };
    let declared =
        workspace.get("workspace").and_then(|table| table.get("dependencies")).and_then(toml::Value::as_table);
    let declared: BTreeSet<&str> = declared
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    let reasons = reasons(tree.text(PAGE).unwrap_or_default());

    for name in &declared {
        match reasons.iter().find(|(known, ..)| known == name) {
            None => findings.push(Finding::error(PAGE, 0, format!("{name} has no line: say why it is here"))),
            Some((_, line, reason)) if reason.split_whitespace().count() < 3 => {
                findings.push(Finding::error(PAGE, *line, format!("{name}: say the reason in a sentence")));
            }
            Some(_) => {}
        }
    }
    for (name, line, _) in &reasons {
        if !declared.contains(name) {
            findings.push(Finding::error(PAGE, *line, format!("{name} is no dependency any more: remove its line")));
        }
    }
    for (earlier, later) in reasons.iter().zip(reasons.iter().skip(1)) {
        if earlier.0 >= later.0 {
            findings.push(Finding::error(
                PAGE,
                later.1,
                format!("{} does not stand in its alphabetical place", later.0),
            ));
        }
    }
}

fn check_versions(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.with_extension("toml").filter(|file| file.name() == "Cargo.toml" && file.path != "Cargo.toml") {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains("version = \"") || line.contains("git = \"") {
                findings.push(Finding::error(
                    &file.path,
                    number + 1,
                    "versions are said once, in the workspace's Cargo.toml",
                ));
            }
        }
    }
}

/// `(crate, line, reason)` of each row of the table.
fn reasons(page: &str) -> Vec<(&str, usize, &str)> {
    page.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim);
            let (name, reason) = (cells.next()?, cells.next()?);
            (name != "crate" && !name.starts_with('-')).then_some((name, number + 1, reason))
        })
        .collect()
}
