//! The index of the audit trail, as those meet it who run the program.

use crate::{
    day::join,
    server::{Practice, Server, free},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use testkit::postgres::Server as Postgres;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_postgresql_every_node_answers_from_the_logs_of_all_nodes_and_their_commands() {
    let Some(postgres) = Postgres::start().expect("starts") else { return };
    let (stores, _databases) = postgres.stores().expect("databases");
    let port = free();
    let first = Practice::founded(&stores, port);
    let mut one = first.start();
    let email = "admin@practice.example";
    let link = first.done(&["user", "add", "--role", "admin", "--name", "Ada Min", "--email", email]);
    let admin = join(&one.client(), "admin", email, link.lines().next().expect("a link")).await.cookie().to_owned();
    let logs = |places: &BTreeSet<(String, u64)>| places.iter().map(|(log, _)| log.clone()).collect::<BTreeSet<_>>();
    let (_, on_one) = shown(&one, &admin).await;
    assert_eq!(Vec::from_iter(logs(&on_one)), ["localhost", "localhost/commands"]);
    let page = one.client().with(&admin).get("/audit").await.text;
    assert!(page.contains("accepted an invitation") && page.contains("added an account"), "{page}");
    assert!(first.path().join("stores/audit-index.db").exists(), "it is this node's own file");

    // Another node over the same databases, with nothing of its own but the settings and the root key.
    let second = first.copy();
    fs::create_dir_all(second.path().join("node-2/media")).expect("made");
    second.set("data = \"stores\"", "data = \"node-2\"");
    second.set("second_paths = [\"checkpoint-elsewhere\"]", "log = \"node-2\", second_paths = [\"elsewhere-2\"]");
    second.set(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free()));
    let mut two = second.start();
    let (_, on_two) = shown(&two, &admin).await;
    assert!(on_two.is_superset(&on_one), "what the first node and its commands recorded");
    let (_, on_one) = shown(&one, &admin).await;
    assert!(on_one.is_superset(&on_two), "and the other way round");
    assert_eq!(Vec::from_iter(logs(&on_one)), ["localhost", "localhost/commands", "node-2"]);
    two.stop_well();

    // A node that lost the keys of its pages makes keys and index again.
    fs::write(second.path().join("node-2/page-keys"), "torn").expect("written");
    let mut two = second.start();
    let (_, again) = shown(&two, &admin).await;
    assert!(again.is_superset(&on_two));
    two.stop_well();
    one.stop_well();
}
