//! Tokens of the real Python library.

use crate::scene::{FOLDERS, Scene, done, imported, program, who};
use practice::{log, programs};
use serde_json::json;
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Reads lines of JSON, each a file and a document; seals the documents with the newer of two keys, every second one with the
/// older, and prints the keys.
const SEAL: &str = r#"
import json, os, sys
from cryptography.fernet import Fernet, MultiFernet
old, new = Fernet.generate_key(), Fernet.generate_key()
both = MultiFernet([Fernet(new), Fernet(old)])
for n, line in enumerate(sys.stdin):
    path, document = json.loads(line)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    sealed = (both if n % 2 else Fernet(old)).encrypt(json.dumps(document).encode())
    with open(path, "ab") as file:
        file.write(sealed + b"\n")
print(new.decode()); print(old.decode())
"#;

/// A Python that has the library; none, and a printed word, where there is none.
fn python() -> Option<Command> {
    let has = Command::new("python3").args(["-c", "import cryptography.fernet"]).stderr(Stdio::null()).status();
    if has.is_ok_and(|status| status.success()) {
        return Some(Command::new("python3"));
    }
    #[allow(clippy::print_stderr)]
    {
        eprintln!("SKIPPED: python3-cryptography is not installed, so tokens of the real library are not tested");
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_the_real_library_come_in_under_the_newer_key_and_the_older() {
    let Some(mut python) = python() else { return };
    let folder = TempDir::new().expect("a folder");
    let scene = Scene::open(folder.path()).await;
    let people = scene.people(FOLDERS).await;
    let mut lines = String::new();
    for key in ["p1", "p2"] {
        for (section, document) in [
            ("patients", who(key, "Åsa")),
            ("programs", program()),
            ("log", done("2026-02-02T08:30:00-05:00")),
            ("notes", json!({"text": "Weniger Schmerz. 痛みが減った。", "on": "2026-02-03"})),
            ("care", json!({"therapist": "t1"})),
        ] {
            let path = folder.path().join("source").join(section).join(key);
            lines.push_str(&format!("{}\n", json!([path, document])));
        }
    }
    python.args(["-c", SEAL]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("runs");
    python.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let printed = python.wait_with_output().expect("ends");
    assert!(printed.status.success());
    scene.keys(&String::from_utf8(printed.stdout).expect("text"));

    let done = imported(&scene, &people.signed_in().await).await.expect("imported");
    assert_eq!((done.brought_in, done.compared, done.entries, done.notes), (2, 2, 2, 2));
    let (house, session) = (&scene.house, people.treating().await);
    let patient = scene.patient("p2");
    assert_eq!(practice::patients::read(house, &session, patient).await.expect("read").given_name, "Åsa");
    let program = programs::current(house, &session, patient).await.expect("read").expect("in force");
    let entries = log::list(house, &session, patient, None, 10).await.expect("read");
    assert_eq!((program.items.len(), entries[0].performed_at.to_string().as_str()), (2, "2026-02-02T13:30:00Z"));
    let notes = practice::notes::list(house, &session, patient, None, 10).await.expect("read");
    assert!(notes.items[0].body.ends_with("痛みが減った。"));
    fs::remove_dir_all(folder.path().join("source")).expect("gone");
    scene.close();
}
