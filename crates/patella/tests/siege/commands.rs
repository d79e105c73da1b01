//! The commands that work on a practice: what they print, how they end, and that doing it twice does it once.

use crate::server::{Practice, Said, run};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Settings of a practice that is not there yet.
fn settings(folder: &Path) -> PathBuf {
    let file = folder.join("patella.toml");
    let text = r#"
        origin = "https://practice.example"
        data = "data"
        tls = { certificate = "chain.pem", key = "key.pem" }
        root = { key_file = "root.key" }
    "#;
    fs::write(&file, text).expect("written");
    file
}

/// Refused, in one line on standard error and nothing else.
fn refused(said: Said) -> String {
    assert_eq!((said.status, said.out.as_str()), (Some(1), ""), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    said.err
}

#[test]
fn init_founds_a_practice_once_says_what_to_keep_and_refuses_to_overwrite() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = settings(folder.path());
    let config = config.to_str().expect("plain");
    let init = ["init", "--config", config, "--practice", "Northside", "--timezone", "America/New_York"];
    let said = run(&init);
    assert_eq!(said.status, Some(0), "{}", said.err);
    for kept in ["root.key", "public key", "patella user add"] {
        assert!(said.out.contains(kept), "{kept} in {}", said.out);
    }
    let files = ["root.key", "data/identity.db", "data/keys.db", "data/clinical.db", "data/billing.db"];
    let before = files.map(|file| fs::read(folder.path().join(file)).expect("there"));
    refused(run(&init));
    assert_eq!(files.map(|file| fs::read(folder.path().join(file)).expect("there")), before);

    for _ in 0..2 {
        let said = run(&["migrate", "--config", config]);
        assert_eq!(said.status, Some(0), "{}", said.err);
        assert!(said.out.lines().all(|line| line.ends_with(": 0 applied")), "{}", said.out);
    }
    assert_eq!(run(&["audit", "verify", "--config", config]).status, Some(0));

    fs::remove_file(folder.path().join("root.key")).expect("removed");
    assert!(refused(run(&["migrate", "--config", config])).contains("root key"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_added_listed_disabled_and_their_factors_reset_beside_a_running_server() {
    let demo = Practice::demo();
    let mut server = demo.start();
    let add = ["user", "add", "--role", "therapist", "--name", "Noor Jansen", "--email", "noor@practice.example"];
    assert!(demo.done(&add).contains("/join/"));
    refused(demo.command(&add));
    for (role, word) in [("patient", "patient"), ("surgeon", "--role")] {
        let said = refused(demo.command(&["user", "add", "--role", role, "--name", "N", "--email", "n@x.example"]));
        assert!(said.contains(word), "{said}");
    }
    let line = |list: &str, email: &str| list.lines().find(|line| line.contains(email)).map(str::to_owned);
    let listed = line(&demo.done(&["user", "list"]), "noor@practice.example").expect("listed");
    assert!(listed.contains("Noor Jansen") && listed.contains("therapist"));

    let client = server.client();
    let person = demo.first("therapist").clone();
    let own = client.sign_in(&person).await;
    demo.done(&["user", "disable", "--email", &person.email]);
    assert_eq!(own.get("/api/v1/me").await.status, 401, "a disabled account's session has ended");
    let again = json!({"email": person.email, "password": person.password});
    assert_eq!(client.post("/api/v1/session", again).await.status, 401);
    assert!(line(&demo.done(&["user", "list"]), &person.email).expect("listed").contains("disabled"));

    let other = demo.first("front_desk").clone();
    let own = client.sign_in(&other).await;
    assert!(demo.done(&["user", "reset-factor", "--email", &other.email]).contains("/join/"));
    assert_eq!(own.get("/api/v1/me").await.status, 401);
    let again = json!({"email": other.email, "password": other.password});
    assert_eq!(client.post("/api/v1/session", again).await.status, 401, "the old password is gone too");

    for verb in ["disable", "reset-factor"] {
        refused(demo.command(&["user", verb, "--email", "nobody@practice.example"]));
    }
    server.stop_well();
    demo.done(&["audit", "verify"]);
}

/// The files below a folder, largest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).expect("there").len()));
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_proven_whole_and_a_flipped_byte_or_a_cut_tail_is_named() {
    let demo = Practice::demo();
    let mut server = demo.start();
    for person in demo.all("therapist") {
        server.client().sign_in(person).await.read("/api/v1/me").await;
    }
    server.stop_well();
    let said = demo.done(&["audit", "verify"]);
    assert!(said.lines().count() == 2 && said.lines().all(|line| line.contains("whole")), "{said}");
    let checkpoint = demo.done(&["audit", "checkpoint"]);
    assert!(checkpoint.starts_with("localhost\n"), "{checkpoint}");

    let journal = |demo: &Practice| files(&demo.path().join("stores/audit/journal")).remove(0);
    let tile = |demo: &Practice| files(&demo.path().join("stores/audit/tile")).remove(0);
    for damaged in [&journal as &dyn Fn(&Practice) -> PathBuf, &tile] {
        let copy = demo.copy();
        let path = damaged(&copy);
        let file = fs::File::options().read(true).write(true).open(&path).expect("opened");
        let at = file.metadata().expect("there").len() / 2;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).expect("read");
        file.write_all_at(&[byte[0] ^ 1], at).expect("written");
        let said = refused(copy.command(&["audit", "verify"]));
        assert!(said.contains("not whole") && said.contains("localhost"), "{said}");
    }
    let copy = demo.copy();
    let path = journal(&copy);
    let len = fs::metadata(&path).expect("there").len();
    fs::File::options().write(true).open(&path).expect("opened").set_len(len - 1).expect("cut");
    let said = refused(copy.command(&["audit", "verify"]));
    assert!(said.contains("not whole"), "{said}");
    // The server does not start on a trail that is shorter than its last head either.
    let mut server = copy.spawn(&[]);
    assert!(!server.listens());
    assert_eq!(server.stop().code(), Some(1));
    assert!(server.log().contains("ledger"), "{}", server.log());
}

#[test]
fn exercises_are_imported_once_and_rejected_ones_named() {
    let demo = Practice::demo();
    let folder = demo.path().join("library");
    fs::create_dir_all(folder.join("exercises")).expect("made");
    let entry = |id: &str, name: &str| {
        json!({
            "id": id, "name": name, "force": "push", "level": "beginner", "mechanic": "compound",
            "equipment": "body only", "primaryMuscles": ["quadriceps"], "secondaryMuscles": [],
            "instructions": ["Stand tall.", "Sit back and down.", "Stand up again."],
            "category": "strength", "images": [],
        })
    };
    let nameless = entry("Nameless", "");
    let list =
        json!([entry("Box_Squat_Siege", "Box squat of the siege"), entry("Wall_Sit_Siege", "Wall sit"), nameless]);
    fs::write(folder.join("exercises.json"), list.to_string()).expect("written");
    let folder = folder.to_str().expect("plain");
    let first = demo.done(&["import", "exercises", folder]);
    assert!(first.contains("2 added, 0 changed, 0 as they were, 1 rejected"), "{first}");
    assert!(first.contains("Nameless: "), "{first}");
    let second = demo.done(&["import", "exercises", folder]);
    assert!(second.contains("0 added, 0 changed, 2 as they were, 1 rejected"), "{second}");
    refused(demo.command(&["import", "exercises", "/nowhere"]));
}

#[test]
fn a_key_that_is_not_known_is_refused_by_every_command_that_reads_settings() {
    let demo = Practice::demo();
    demo.set("demo = true", "demo = true\nmisspelt = 1");
    for arguments in [
        &["serve"][..],
        &["migrate"],
        &["audit", "verify"],
        &["audit", "list"],
        &["audit", "checkpoint"],
        &["user", "list"],
        &["import", "exercises", "/nowhere"],
        &["init", "--practice", "Northside", "--timezone", "America/New_York"],
    ] {
        let said = refused(demo.command(arguments));
        // An import looks for the exercises first.
        assert!(said.contains("misspelt") || arguments[0] == "import", "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_of_the_audit_trail_are_looked_for_beside_the_server() {
    let demo = Practice::demo();
    let mut server = demo.start();
    for more in [&["--dry-run"][..], &[]] {
        let said = demo.done(&[&["audit", "drop-old"], more].concat());
        assert_eq!(said.lines().filter(|line| line.ends_with("nothing more is old")).count(), 2, "{said}");
    }
    server.stop_well();
    demo.done(&["audit", "verify"]);
}
