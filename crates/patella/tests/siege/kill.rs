//! `kill -9` at random moments under load.

use crate::{
    client::Client,
    day::{Acknowledged, Everybody},
    server::Practice,
    setting,
    trail::Trail,
};
use domain::SeededRng;
use std::{collections::HashSet, time::Duration};
use tokio::task::JoinSet;

/// How many patients write at once.
const WRITERS: usize = 6;
/// After how many rounds the trail is verified on the way.
const VERIFY_EVERY: u64 = 25;

/// Writes until the server is gone.
async fn write(client: Client, path: String, entry: serde_json::Value) -> Acknowledged {
    let mut done = Acknowledged::default();
    loop {
        match done.note(client.try_send("POST", &path, &[], Some(entry.to_string())).await) {
            Ok(None) => {}
            Ok(Some(refused)) => panic!("refused under load: {} {}", refused.status, refused.text),
            Err(_) => return done,
        }
    }
}

/// Reads until the server is gone.
async fn read(client: Client, paths: Vec<String>) -> Acknowledged {
    let mut done = Acknowledged::default();
    for path in paths.iter().cycle() {
        match done.note(client.try_send("GET", path, &[], None).await) {
            Ok(None) => {}
            Ok(Some(refused)) => panic!("refused under load: {} {}", refused.status, refused.text),
            Err(_) => break,
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_unrecorded_answered_however_often_it_is_killed() {
    let rounds = setting("PATELLA_KILL_ROUNDS").unwrap_or(100);
    let rng = SeededRng::new(setting("PATELLA_KILL_SEED").unwrap_or(1));
    let demo = Practice::demo();
    let mut server = demo.start();
    let people = Everybody::signed_in(&demo, &server, WRITERS).await;
    let mut before = HashSet::new();
    for patient in &people.patients {
        before.extend(patient.entries(&server.client()).await);
    }
    server.stop_well();

    let mut done = Acknowledged::default();
    for round in 1..=rounds {
        let mut server = demo.spawn(&[]);
        if round % 6 == 0 {
            // While it starts, and repairs what the last kill left.
            tokio::time::sleep(Duration::from_millis(rng.below(100))).await;
            server.kill();
            continue;
        }
        assert!(server.listens(), "round {round}: it does not start any more: {}", server.log());
        let client = server.client();
        let mut load = JoinSet::new();
        for patient in &people.patients {
            load.spawn(write(client.with(&patient.cookie), patient.log(), patient.entry("As it should be.")));
        }
        for therapist in &people.therapists {
            let programs = therapist.patients.iter().map(|id| format!("/api/v1/patients/{id}/program"));
            load.spawn(read(client.with(&therapist.cookie), programs.collect()));
        }
        tokio::time::sleep(Duration::from_millis(20 + rng.below(230))).await;
        server.kill();
        for acknowledged in load.join_all().await {
            done.add(acknowledged);
        }
        if round % VERIFY_EVERY == 0 {
            demo.done(&["audit", "verify"]);
        }
    }

    let trail = Trail::of(&demo);
    let missing = done.requests.iter().filter(|id| !trail.requests.contains(*id)).count();
    assert_eq!(missing, 0, "answers of {} have no entry in the trail", done.requests.len());
    let mut server = demo.start();
    let mut stored = HashSet::new();
    for patient in &people.patients {
        stored.extend(patient.entries(&server.client()).await);
    }
    server.stop_well();
    let lost = done.entries.iter().filter(|id| !stored.contains(*id)).count();
    assert_eq!(lost, 0, "acknowledged entries of {} are gone", done.entries.len());
    let unrecorded = stored.difference(&before).filter(|id| !trail.entries.contains(*id)).count();
    assert_eq!(unrecorded, 0, "entries are stored that the trail does not know");
    assert!(before.is_subset(&stored), "entries of before the siege are gone");
    // The load was one: otherwise nothing was tested.
    assert!(done.entries.len() as u64 >= rounds, "{} writes in {rounds} rounds", done.entries.len());
    println!("{rounds} rounds: {} answers, {} of them writes", done.requests.len(), done.entries.len());
}
