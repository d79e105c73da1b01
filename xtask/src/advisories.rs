//! Known advisories against `Cargo.lock`, from a local copy of the RustSec database: nothing is fetched.
//!
//! The list of advisories that do not stop the check stands in `deny.toml` with their reasons.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rustsec::advisory::Informational;
use rustsec::report::{Report, Settings};
use rustsec::{Database, Lockfile};
use toml::Table;

/// Where the copy of the database is expected, from the repository, unless `ADVISORY_DB` names another folder.
const DATABASE: &str = "../shared/data/advisory-db";

/// Checks the lock file at `root` and prints what it finds; false if an advisory applies that nobody has weighed.
///
/// Without a database there is nothing to check: it says so and is content.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let folder = std::env::var_os("ADVISORY_DB").map_or_else(|| root.join(DATABASE), PathBuf::from);
    if !folder.is_dir() {
        println!("advisories: skipped, there is no advisory database at {DATABASE} (or name one in ADVISORY_DB)");
        return Ok(true);
    }
    let database = Database::open(&folder).context("the advisory database cannot be read")?;
    let lockfile = Lockfile::load(root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let weighed = weighed(&std::fs::read_to_string(root.join("deny.toml")).context("deny.toml cannot be read")?)?;
    let findings = check(&database, &lockfile, &weighed);
    for finding in &findings {
        println!("error: {finding}");
    }
    println!(
        "advisories: {} crates against {} advisories, {} errors, {} weighed and let be",
        lockfile.packages.len(),
        database.iter().count(),
        findings.len(),
        weighed.len()
    );
    Ok(findings.is_empty())
}

/// The advisories of `deny.toml` that do not stop the check, each with its reason.
fn weighed(deny: &str) -> Result<BTreeMap<String, String>> {
    let deny: Table = deny.parse().context("deny.toml is not TOML")?;
    let entries = deny.get("advisories").and_then(|table| table.get("ignore")).and_then(toml::Value::as_array);
    let mut weighed = BTreeMap::new();
    for entry in entries.into_iter().flatten() {
        let word = |key: &str| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let (id, reason) = (word("id"), word("reason"));
        ensure!(!id.is_empty(), "deny.toml: an ignored advisory without id");
        ensure!(reason.split_whitespace().count() > 3, "deny.toml: {id} is ignored without a reason");
        weighed.insert(id.to_owned(), reason.to_owned());
    }
    Ok(weighed)
}

/// Every advisory that applies and is not weighed, and every weighed one that applies no more.
fn check(database: &Database, lockfile: &Lockfile, weighed: &BTreeMap<String, String>) -> Vec<String> {
    let settings = Settings {
        informational_warnings: vec![Informational::Unmaintained, Informational::Unsound, Informational::Notice],
        ..Settings::default()
    };
    let report = Report::generate(database, lockfile, &settings);
    let vulnerabilities = report
        .vulnerabilities
        .list
        .iter()
        .map(|found| (found.advisory.id.to_string(), found.package.clone(), found.advisory.title.clone()));
    let warnings = report.warnings.into_values().flatten().filter_map(|found| {
        let advisory = found.advisory?;
        Some((advisory.id.to_string(), found.package, advisory.title))
    });
    let applying: Vec<_> = vulnerabilities.chain(warnings).collect();

    let mut findings: Vec<String> = applying
        .iter()
        .filter(|(id, ..)| !weighed.contains_key(id))
        .map(|(id, package, title)| format!("{id}: {} {}: {title}", package.name, package.version))
        .collect();
    findings.sort();
    findings.extend(
        weighed
            .keys()
            .filter(|id| !applying.iter().any(|(other, ..)| other == *id))
            .map(|id| format!("{id}: applies to nothing any more: remove it from deny.toml")),
    );
    findings
}

#[cfg(test)]
mod tests {
    use super::{check, run, weighed};
    use rustsec::{Database, Lockfile};
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    const LEAKY: &str = r#"```toml
[advisory]
id = "RUSTSEC-2020-0001"
package = "leaky"
date = "2020-01-01"
url = "https://example.org/leaky"

[versions]
patched = [">= 1.2.0"]
```

# Leaks

Says too much.
"#;

    const ABANDONED: &str = r#"```toml
[advisory]
id = "RUSTSEC-2021-0002"
package = "abandoned"
date = "2021-01-01"
informational = "unmaintained"

[versions]
patched = []
```

# Nobody is there

Left alone.
"#;

    fn database() -> (TempDir, Database) {
        let folder = TempDir::new().unwrap();
        for (name, id, text) in [("leaky", "RUSTSEC-2020-0001", LEAKY), ("abandoned", "RUSTSEC-2021-0002", ABANDONED)] {
            let place = folder.path().join("crates").join(name);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(format!("{id}.md")), text).unwrap();
        }
        let database = Database::open(folder.path()).unwrap();
        (folder, database)
    }

    fn lockfile(packages: &[(&str, &str)]) -> Lockfile {
        let packages = packages.iter().map(|(name, version)| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
                 source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
            )
        });
        format!("version = 4\n{}", packages.collect::<String>()).parse().unwrap()
    }

    #[test]
    fn a_vulnerable_version_is_found_and_a_patched_one_is_not() {
        let (_folder, database) = database();
        let found = check(&database, &lockfile(&[("leaky", "1.1.9")]), &BTreeMap::new());
        assert_eq!(found, ["RUSTSEC-2020-0001: leaky 1.1.9: Leaks"]);
        assert!(check(&database, &lockfile(&[("leaky", "1.2.0")]), &BTreeMap::new()).is_empty());
    }

    #[test]
    fn an_unmaintained_crate_is_found() {
        let (_folder, database) = database();
        let found = check(&database, &lockfile(&[("abandoned", "0.1.0")]), &BTreeMap::new());
        assert_eq!(found, ["RUSTSEC-2021-0002: abandoned 0.1.0: Nobody is there"]);
    }

    #[test]
    fn a_weighed_advisory_does_not_stop_the_check_and_one_that_applies_no_more_does() {
        let (_folder, database) = database();
        let weighed = weighed(
            "[advisories]\nignore = [{ id = \"RUSTSEC-2020-0001\", reason = \"only its harmless half is used\" }]",
        )
        .unwrap();
        assert!(check(&database, &lockfile(&[("leaky", "1.0.0")]), &weighed).is_empty());
        let found = check(&database, &lockfile(&[("other", "1.0.0")]), &weighed);
        assert_eq!(found, ["RUSTSEC-2020-0001: applies to nothing any more: remove it from deny.toml"]);
    }

    #[test]
    fn an_advisory_is_not_ignored_without_a_reason() {
        assert!(weighed("[advisories]\nignore = [{ id = \"RUSTSEC-2020-0001\" }]").is_err());
        assert!(weighed("[advisories]\nignore = [{ id = \"RUSTSEC-2020-0001\", reason = \"meh\" }]").is_err());
    }

    #[test]
    fn without_a_database_the_check_is_skipped() {
        let empty = TempDir::new().unwrap();
        assert!(run(Path::new(empty.path())).unwrap());
    }
}
