//! The command line from outside: what it prints and how it ends.

use std::{fs, path::Path, process::Output};
use testkit::program::program;

fn patella(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = program(env!("CARGO_BIN_EXE_patella"));
    command.args(arguments).envs(environment.iter().copied()).output().expect("runs")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn a_command_that_is_not_understood_ends_with_two() {
    for arguments in [&["sing"][..], &["serve"], &["serve", "--loud"], &["routes", "--yaml"], &[]] {
        assert_eq!(patella(arguments, &[]).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(patella(&["--help"], &[]).status.code(), Some(0));
}

#[test]
fn the_routes_are_printed_as_json_with_what_guards_them() {
    let output = patella(&["routes", "--json"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let routes: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("json");
    assert!(routes.iter().any(|route| route["path"] == "/healthz"));
    for route in routes {
        for key in ["method", "path", "level", "permission", "audit", "kind", "summary"] {
            assert!(route.get(key).is_some(), "{key} of {}", route["path"]);
        }
    }
}

fn settings(folder: &Path, text: &str) -> String {
    let file = folder.join("patella.toml");
    fs::write(&file, text).expect("written");
    file.to_str().expect("plain").to_owned()
}

const LEAST: &str = r#"
    origin = "https://localhost:8443"
    data = "data"
    tls = { certificate = "tls/chain.pem", key = "tls/key.pem" }
    root = { key_file = "root.key" }
"#;

#[test]
fn settings_that_are_wrong_are_refused_in_one_line_that_names_the_key() {
    let folder = tempfile::tempdir().expect("folder");
    let serve = |text: &str, environment: &[(&str, &str)]| {
        let output = patella(&["serve", "--config", &settings(folder.path(), text)], environment);
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    assert!(serve(&format!("misspelt = 1\n{LEAST}"), &[]).contains("misspelt"));
    assert!(serve(LEAST, &[("PATELLA_MISSPELT", "1")]).contains("misspelt"));
    assert!(serve(LEAST, &[("PATELLA_LISTEN", "nowhere")]).contains("key \"LISTEN\""));
    assert!(serve("not toml", &[]).contains("patella.toml"));
    // The environment goes before the file, and paths count from the file.
    let sections = LEAST.replace("root = { key_file = \"root.key\" }", "") + "[root]\nkey_file = \"root.key\"";
    assert!(serve(&sections, &[]).contains(&format!("{}/root.key", folder.path().display())));
    assert!(serve(&sections, &[("PATELLA_ROOT__KEY_FILE", "/elsewhere.key")]).contains("/elsewhere.key"));
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let output = patella(&["serve", "--config", "/nowhere/patella.toml"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("patella: cannot read /nowhere/patella.toml"));
}
