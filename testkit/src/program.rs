//! The program from outside.

use std::process::{Command, Output};

/// A program as it was built, without settings from the environment of the test.
pub fn program(path: &str) -> Command {
    unsettled(Command::new(path))
}

/// A command without the settings that the environment of the test has for the program.
pub fn unsettled(mut command: Command) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PATELLA")) {
        command.env_remove(name);
    }
    command
}

/// What a command printed that has to end well.
pub fn succeeded(output: &Output, what: &[&str]) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{what:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
