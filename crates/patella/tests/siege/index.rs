//! The index of the audit trail, as those meet it who run the program.

use crate::server::{Practice, Server};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// What the audit trail shows, as log and number.
async fn shown(server: &Server, officer: &str) -> (Vec<Value>, BTreeSet<(String, u64)>) {
    let officer = server.client().with(officer);
    let entries = officer.whole("/api/v1/audit").await;
    let place =
        |entry: &Value| (entry["log"].as_str().expect("a log").to_owned(), entry["seq"].as_u64().expect("a number"));
    let places = entries.iter().map(place).collect();
    (entries, places)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_did_beside_the_server_shows_and_the_index_is_made_again_from_the_ledger_alone() {
    let demo = Practice::demo();
    let mut server = demo.start();
    // Once: a code is good once, and a session outlives the server.
    let officer = server.client().sign_in(demo.first("privacy_officer")).await.cookie().to_owned();
    demo.done(&["user", "list"]);
    let (entries, before) = shown(&server, &officer).await;
    let listed: Vec<&Value> = entries.iter().filter(|entry| entry["action"] == "list_accounts").collect();
    assert_eq!(listed.len(), 1);
    assert!(listed[0]["log"].as_str().expect("a log").ends_with("/commands"));
    assert_eq!(listed[0]["who"], Value::Null, "nobody was signed in");

    let refused = demo.command(&["audit", "index", "rebuild"]);
    assert_eq!(refused.status, Some(1), "the server has it open");
    assert!(refused.err.contains("stop the server"), "{}", refused.err);
    server.stop_well();

    let said = demo.done(&["audit", "index", "rebuild"]);
    assert!(said.contains(" entries indexed, 0 of them cannot be opened"), "{said}");
    let mut server = demo.start();
    let (_, rebuilt) = shown(&server, &officer).await;
    assert!(rebuilt.is_superset(&before), "nothing of before is missing");
    server.stop_well();

    // Deleted without a word, it comes back by itself.
    let index = demo.path().join("stores/audit-index.db");
    fs::remove_file(&index).expect("it is beside the ledger");
    let mut server = demo.start();
    let (_, again) = shown(&server, &officer).await;
    assert!(again.is_superset(&rebuilt));
    let ready: Value = serde_json::from_str(&server.client().get("/readyz").await.text).expect("json");
    assert!(!ready["notes"].to_string().contains("audit trail"), "{ready}");
    server.stop_well();
    demo.done(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_index_cannot_be_made_serves_all_the_same_and_says_so() {
    let demo = Practice::demo();
    // A folder where the file belongs: it can neither be opened nor removed as a file.
    let index = demo.path().join("stores/audit-index.db");
    fs::remove_file(&index).expect("made with the demo's practice");
    fs::create_dir_all(index.join("in the way")).expect("made");
    let mut server = demo.start();
    let therapist = server.client().sign_in(demo.first("therapist")).await;
    assert_eq!(therapist.get("/api/v1/patients").await.status, 200);
    let officer = server.client().sign_in(demo.first("privacy_officer")).await;
    assert_eq!(officer.get("/api/v1/audit").await.status, 503, "said, and not passed over");
    let ready = server.client().get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.text.contains("the audit trail cannot be searched"), "{}", ready.text);
    fs::remove_dir_all(&index).expect("out of the way");
    let (_, shown) = shown(&server, officer.cookie()).await;
    assert!(!shown.is_empty(), "it recovers by itself");
    server.stop_well();
}
