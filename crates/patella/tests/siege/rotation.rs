//! Keys are rotated while the server answers: every answer stays right, and what was written meanwhile is read after it.

use crate::{
    client::{Answer, Client},
    day::{AtHome, Everybody},
    server::{Practice, Server},
    skipped,
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use testkit::{disk::Disk, postgres::Server as Postgres};

/// How often something is sent again where the server says that it cannot be done at the moment.
const TRIES: usize = 12;

/// Sends a request, and the same one again when the server says so, as every caller can. A grace of 2 seconds is less than a
/// request may take on a machine that is busy with other tests, and then 503 is the true answer; any other is a mistake.
async fn answered(client: &Client, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
    for _ in 0..TRIES {
        let answer =
            client.try_send(method, path, headers, body.as_ref().map(Value::to_string)).await.expect("an answer");
        if answer.status != 503 {
            return answer;
        }
        let seconds = answer.retry_after.as_deref().and_then(|said| said.parse().ok()).expect("when to try again");
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    panic!("{method} {path} was put off again and again")
}

/// Reads and writes as patients and therapists do, until told to stop; the ids of what was acknowledged.
async fn busy(client: Client, own: AtHome, therapist: Option<(String, String)>, stop: Arc<AtomicBool>) -> Vec<String> {
    let (me, mut written) = (client.with(&own.cookie), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let key = format!("entry-{}", written.len());
        let entry = Some(own.entry("It went well today"));
        let answer = answered(&me, "POST", &own.log(), &[("idempotency-key", &key)], entry).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        written.push(crate::day::id(&answer.json(), "entry_id"));
        for path in [own.program(), "/api/v1/me".to_owned()] {
            let answer = answered(&me, "GET", &path, &[], None).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
        if let Some((cookie, patient)) = &therapist {
            let staff = client.with(cookie);
            for path in [format!("/api/v1/patients/{patient}"), format!("/api/v1/patients/{patient}/log")] {
                let answer = answered(&staff, "GET", &path, &[], None).await;
                assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            }
        }
    }
    written
}

async fn rotated_under_load(practice: &Practice, server: &Server, people: Everybody) {
    let client = server.client();
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for own in people.patients.clone() {
        let therapist = people.therapists.iter().find(|one| one.patients.contains(&own.patient_id));
        let therapist = therapist.map(|one| (one.cookie.clone(), own.patient_id.clone()));
        tasks.push(tokio::spawn(busy(client.clone(), own, therapist, stop.clone())));
    }
    let path = practice.config();
    let commands = [
        &["keys", "rotate", "practice", "--grace", "2"][..],
        &["keys", "rotate", "patient", "all", "--grace", "2"],
        &["keys", "rotate", "root"],
        &["keys", "rotate", "patient", &people.patients[0].patient_id, "--grace", "2"],
        &["keys", "rotate", "root", "--leaked", "--patients", "--grace", "2"],
        &["keys", "verify", "--deep"],
        &["keys", "status"],
    ];
    let mut said = Vec::new();
    for arguments in commands {
        let (arguments, config): (Vec<String>, _) = (arguments.iter().map(|&a| a.to_owned()).collect(), path.clone());
        let output = tokio::task::spawn_blocking(move || {
            crate::server::program(&[]).args(&arguments).arg("--config").arg(config).output().expect("runs")
        });
        let output = output.await.expect("ran");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr), arguments = commands[said.len()]);
        said.push(text(&output.stdout));
    }
    stop.store(true, Ordering::Relaxed);
    assert!(said[4].contains("Safe from") && said[4].contains("Not safe"), "{}", said[4]);
    assert!(said[5].contains("every value opens"), "{}", said[5]);
    assert!(!said[6].contains("under way") && said[6].contains("version 3"), "{}", said[6]);
    let mut written = Vec::new();
    for (own, task) in people.patients.iter().zip(tasks) {
        written.push((own.clone(), task.await.expect("every answer was right")));
    }
    // The server that ran through it all, and one that starts now, read everything that was acknowledged.
    are_there(&client, &written).await;
}

async fn are_there(client: &Client, written: &[(AtHome, Vec<String>)]) {
    for (own, ids) in written {
        let there = own.entries(client).await;
        assert!(!ids.is_empty() && ids.iter().all(|id| there.contains(id)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_the_server_answers_from_embedded_stores() {
    let demo = Practice::demo();
    let mut server = demo.start();
    let people = Everybody::signed_in(&demo, &server, 2).await;
    let patients = people.patients.clone();
    rotated_under_load(&demo, &server, people).await;
    server.stop_well();
    let mut server = demo.start();
    for own in &patients {
        assert!(!own.entries(&server.client()).await.is_empty());
    }
    server.stop_well();
    demo.done(&["audit", "verify"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_while_the_server_answers_from_postgresql() {
    let Some(server) = Postgres::start().expect("starts") else { return };
    let practice = Practice::founded(&server.stores().expect("databases").0, 0);
    let mut running = practice.start();
    let people = Everybody::joined(&practice, &running, 2).await;
    rotated_under_load(&practice, &running, people).await;
    running.stop_well();
}

/// Moves a practice's stores onto a small disk of their own; none where mounting is not permitted.
fn small_disk_under(demo: &Practice) -> Option<Disk> {
    let (stores, kept) = (demo.path().join("stores"), demo.path().join("kept"));
    fs::rename(&stores, &kept).expect("moved");
    let disk = Disk::at(&stores, "64m").expect("made")?;
    let copied = Command::new("cp").arg("-a").arg(kept.join(".")).arg(disk.path()).status().expect("cp");
    assert!(copied.success());
    Some(disk)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("reads")
}

#[test]
fn a_full_disk_stops_a_rotation_with_a_word_and_the_same_command_goes_on() {
    let demo = Practice::demo();
    let Some(disk) = small_disk_under(&demo) else { return };
    let root = demo.path().join("root.key");
    let before = read(&root);
    for what in [&["practice"][..], &["patient", "all"], &["root"]] {
        let command = [&["keys", "rotate"], what, &["--grace", "0"]].concat();
        disk.fill().expect("filled");
        let stopped = demo.command(&command);
        assert_eq!(stopped.status, Some(1), "{what:?}: {}", stopped.out);
        assert_eq!(stopped.err.lines().count(), 1, "{}", stopped.err);
        disk.free().expect("freed");
        assert_eq!(read(&root), before, "{what:?}");
        demo.done(&["keys", "verify", "--deep"]);
        demo.done(&command);
        demo.done(&["keys", "verify", "--deep"]);
    }
    assert_ne!(read(&root), before);
    let mut server = demo.start();
    server.stop_well();
}

#[test]
fn a_token_that_goes_away_stops_a_root_rotation_and_it_goes_on_when_the_token_is_back() {
    let Some(practice) = crate::sealed::with_token() else {
        return skipped("SoftHSM2 is not installed (Debian: softhsm2); scripts/setup.sh installs it");
    };
    let conf = format!("SOFTHSM2_CONF={}", practice.path().join("softhsm2.conf").display());
    let environment = ["env", &*conf];
    let file = practice.path().join("root.sealed");
    let before = read(&file);
    let (tokens, away) = (practice.path().join("tokens"), practice.path().join("unplugged"));
    let rotate = ["keys", "rotate", "root", "--grace", "0"];
    fs::rename(&tokens, &away).expect("moved");
    let stopped = practice.command_with(&environment, &rotate);
    assert_eq!(stopped.status, Some(1));
    assert!(stopped.err.contains("token"), "{}", stopped.err);
    assert_eq!(read(&file), before);
    fs::rename(&away, &tokens).expect("moved");
    // A wrong PIN says so, and changes nothing.
    let pin = practice.path().join("pin");
    let right = read(&pin);
    fs::write(&pin, "4321\n").expect("written");
    let refused = practice.command_with(&environment, &rotate);
    assert!(refused.status == Some(1) && refused.err.contains("does not accept the PIN"), "{}", refused.err);
    fs::write(&pin, right).expect("written");
    let done = practice.command_with(&environment, &rotate);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert_ne!(read(&file), before);
    let verified = practice.command_with(&environment, &["keys", "verify", "--deep"]);
    assert_eq!(verified.status, Some(0), "{}", verified.err);
}
