//! Which crate may use which. Arrows run one way, from the binary down to the domain.

use toml::Table;

use super::{Finding, Tree};

/// From the top to the bottom: a crate may use any crate that stands after it.
const ORDER: [&str; 9] = ["patella", "web", "practice", "store", "phi", "identity", "ledger", "crypto", "domain"];

/// Crates of others that only these crates of ours may use outside their tests, and why.
const ONLY_IN: [(&str, &[&str], &str); 14] = [
    ("anyhow", &["patella"], "a library's errors are typed"),
    ("aws-lc-rs", &["crypto"], "ciphers are called in one place"),
    ("axum", &["web"], "HTTP is the business of web"),
    ("axum-server", &["web"], "HTTP is the business of web"),
    ("cedar-policy", &["phi"], "the policy is decided in the kernel"),
    ("clap", &["patella"], "the command line is the binary's"),
    ("deadpool-postgres", &["store"], "SQL is the business of store"),
    ("figment", &["patella"], "settings are read by the binary"),
    ("hyper", &["web"], "HTTP is the business of web"),
    ("maud", &["web"], "pages are the business of web"),
    ("rusqlite", &["store"], "SQL is the business of store"),
    ("tokio", &["patella", "web", "practice", "store", "phi", "identity", "ledger"], "domain and crypto do no I/O"),
    ("tokio-postgres", &["store"], "SQL is the business of store"),
    ("webauthn-rs", &["identity"], "factors are the business of identity"),
];

/// Reads each manifest of `crates/`.
pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.with_extension("toml").filter(|file| file.name() == "Cargo.toml") {
        let manifest: Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(_) => {
                findings.push(Finding::error(&file.path, 0, "is not TOML"));
                continue;
            }
        };
        if manifest.contains_key("package") && manifest.get("lints") != Some(&inherited()) {
            findings.push(Finding::error(&file.path, 0, "must take its lints from the workspace"));
        }
        if let Some(name) = file.crate_name() {
            check_crate(&file.path, name, &manifest, findings);
        }
    }
}

/// `[lints] workspace = true`.
fn inherited() -> toml::Value {
    toml::Value::Table(Table::from_iter([("workspace".to_owned(), toml::Value::Boolean(true))]))
}

fn check_crate(path: &str, name: &str, manifest: &Table, findings: &mut Vec<Finding>) {
    let Some(place) = ORDER.iter().position(|known| *known == name) else {
        findings.push(Finding::error(
            path,
            0,
            format!("crate {name} has no place among the arrows: {}", ORDER.join(" → ")),
        ));
        return;
    };
    for (section, dependency) in dependencies(manifest) {
        let in_tests = section == "dev-dependencies";
        match ORDER.iter().position(|known| *known == dependency) {
            Some(other) if other <= place => findings.push(Finding::error(
                path,
                0,
                format!("{name} may not use {dependency}: arrows run {}", ORDER.join(" → ")),
            )),
            Some(_) => {}
            None if dependency == "testkit" && !in_tests => {
                findings.push(Finding::error(path, 0, "testkit is for tests: a dev-dependency"));
            }
            None if dependency == "xtask" => findings.push(Finding::error(path, 0, "nobody uses xtask")),
            None if !in_tests => {
                if let Some((_, homes, why)) = ONLY_IN.iter().find(|(other, _, _)| *other == dependency)
                    && !homes.contains(&name)
                {
                    let homes = homes.join(", ");
                    findings.push(Finding::error(path, 0, format!("only {homes} may use {dependency}: {why}")));
                }
            }
            None => {}
        }
    }
}

/// `(section, name)` of every dependency, those for single platforms included. Our crates go by the name of their folder
/// everywhere, which the workspace's renames see to.
fn dependencies(manifest: &Table) -> Vec<(&str, &str)> {
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let tables = std::iter::once(manifest)
        .chain(platforms.into_iter().flat_map(|platforms| platforms.values().filter_map(toml::Value::as_table)));
    tables
        .flat_map(|table| SECTIONS.iter().map(move |section| (*section, table.get(*section))))
        .filter_map(|(section, value)| Some((section, value?.as_table()?)))
        .flat_map(|(section, table)| table.keys().map(move |name| (section, unprefixed(name))))
        .collect()
}

/// `patella-store` is `store`.
fn unprefixed(name: &str) -> &str {
    name.strip_prefix("patella-").unwrap_or(name)
}
