//! The command line from outside: what it prints and how it ends.

use std::process::{Command, Output};

fn patella(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patella"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PATELLA")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(environment.iter().copied()).output().expect("runs")
}

#[test]
fn a_command_that_is_not_understood_ends_with_two() {
    for arguments in [&["sing"][..], &["routes", "--yaml"], &[]] {
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
