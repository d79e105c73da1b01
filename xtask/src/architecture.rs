//! Holds the source against what `docs/ARCHITECTURE.md` promises: which crate may use which, how long a file may be,
//! what it may be called, and which words may stand where.
//!
//! Each rule is a function from a [`Tree`] to [`Finding`]s, so that the tests can show it a small tree that breaks it.

mod arrows;
mod dependencies;
mod files;
mod pages;
mod rust;
mod tree;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use anyhow::Result;
pub(crate) use tree::Tree;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the root of the repository.
    path: String,
    /// The line, from 1; 0 for the file as a whole.
    line: usize,
    /// Whether it stops the check.
    weight: Weight,
    /// What is wrong, in words that say what to do.
    what: String,
}

/// Whether a finding stops the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Stops it.
    Error,
    /// Is only said.
    Warning,
}

impl Finding {
    fn error(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, weight: Weight::Error, what: what.into() }
    }

    fn warning(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, weight: Weight::Warning, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
        };
        match self.line {
            0 => write!(f, "{word}: {}: {}", self.path, self.what),
            line => write!(f, "{word}: {}:{line}: {}", self.path, self.what),
        }
    }
}

/// Checks the repository at `root` and prints what it finds; false if something breaks a rule.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let tree = Tree::of_repository(root)?;
    let findings = check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.weight == Weight::Error).count();
    println!("architecture: {} files, {errors} errors, {} warnings", tree.len(), findings.len() - errors);
    Ok(errors == 0)
}

/// All rules over one tree, in the order of the files.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    arrows::check(tree, &mut findings);
    dependencies::check(tree, &mut findings);
    files::check(tree, &mut findings);
    words::check(tree, &mut findings);
    pages::check(tree, &mut findings);
    findings.sort();
    findings
}
