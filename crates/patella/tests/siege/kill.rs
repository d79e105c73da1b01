//! `kill -9` at random moments under load.

use crate::{
    client::Client,
    day::{Acknowledged, Everybody},
    server::Practice,
    setting,
    trail::Trail,
};
use domain::SeededRng;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many patients write at once.
pub(crate) const WRITERS: usize = 6;
/// After how many rounds the trail is verified on the way.
const VERIFY_EVERY: u64 = 25;
/// How long the first write of a round may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes until the server is gone, and counts what was acknowledged.
async fn write(client: Client, path: String, entry: serde_json::Value, written: Arc<Semaphore>) -> Acknowledged {
    let mut done = Acknowledged::default();
    loop {
        match done.note(client.try_send("POST", &path, &[], Some(entry.to_string())).await) {
            Ok(None) => written.add_permits(1),
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

/// Kills the server again and again while everybody writes and reads, and holds what is there against what was
/// acknowledged. It must not be running. `longest` is for how many milliseconds it is left alone at most.
pub(crate) async fn besieged(practice: &Practice, people: &Everybody, rounds: u64, longest: u64) -> Acknowledged {
    let rng = SeededRng::new(setting("PATELLA_KILL_SEED").unwrap_or(1));
    let mut server = practice.start();
    let mut before = HashSet::new();
    for patient in &people.patients {
        before.extend(patient.entries(&server.client()).await);
    }
    server.stop_well();

    let mut done = Acknowledged::default();
    for round in 1..=rounds {
        let mut server = practice.spawn(&[]);
        if round % 6 == 0 {
            // While it starts, and repairs what the last kill left.
            tokio::time::sleep(Duration::from_millis(rng.below(100))).await;
            server.kill();
            continue;
        }
        assert!(server.listens(), "round {round}: it does not start any more: {}", server.log());
        let client = server.client();
        let mut load = JoinSet::new();
        let written = Arc::new(Semaphore::new(0));
        for patient in &people.patients {
            let entry = patient.entry("As it should be.");
            load.spawn(write(client.with(&patient.cookie), patient.log(), entry, written.clone()));
        }
        for therapist in &people.therapists {
            let programs = therapist.patients.iter().map(|id| format!("/api/v1/patients/{id}/program"));
            load.spawn(read(client.with(&therapist.cookie), programs.collect()));
        }
        // Most rounds count from the first acknowledged write: how long that takes depends on the machine.
        if round % 3 > 0 {
            let first = tokio::time::timeout(PATIENCE, written.acquire()).await;
            drop(first.expect("nothing is written").expect("never closed"));
        }
        tokio::time::sleep(Duration::from_millis(20 + rng.below(longest))).await;
        server.kill();
        for acknowledged in load.join_all().await {
            done.add(acknowledged);
        }
        if round % VERIFY_EVERY == 0 {
            practice.done(&["audit", "verify"]);
        }
    }

    let trail = Trail::of(practice);
    let missing = done.requests.iter().filter(|id| !trail.requests.contains(*id)).count();
    assert_eq!(missing, 0, "answers of {} have no entry in the trail", done.requests.len());
    let mut server = practice.start();
    let mut stored = HashSet::new();
    for patient in &people.patients {
        stored.extend(patient.entries(&server.client()).await);
    }
    // The index was killed as often as the server, and missed nothing of what the ledger kept.
    if let Some(officer) = practice.all("privacy_officer").next() {
        let found = server.client().sign_in(officer).await.whole("/api/v1/audit").await;
        let found: HashSet<&str> = found.iter().filter_map(|entry| entry["request"].as_str()).collect();
        let unseen = done.requests.iter().filter(|id| !found.contains(id.as_str())).count();
        assert_eq!(unseen, 0, "answers of {} are not found in the audit trail", done.requests.len());
    }
    server.stop_well();
    let lost = done.entries.iter().filter(|id| !stored.contains(*id)).count();
    assert_eq!(lost, 0, "acknowledged entries of {} are gone", done.entries.len());
    let unrecorded = stored.difference(&before).filter(|id| !trail.entries.contains(*id)).count();
    assert_eq!(unrecorded, 0, "entries are stored that the trail does not know");
    assert!(before.is_subset(&stored), "entries of before the siege are gone");
    // The load was one: otherwise nothing was tested.
    assert!(done.entries.len() as u64 >= rounds / 2, "{} writes in {rounds} rounds", done.entries.len());
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_unrecorded_answered_however_often_it_is_killed() {
    let practice = Practice::demo();
    let mut server = practice.start();
    let people = Everybody::signed_in(&practice, &server, WRITERS).await;
    server.stop_well();
    let done = besieged(&practice, &people, setting("PATELLA_KILL_ROUNDS").unwrap_or(100), 230).await;
    println!("{} answers, {} of them writes", done.requests.len(), done.entries.len());
}
