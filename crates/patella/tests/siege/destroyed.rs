//! Somebody whose record was destroyed does not come back with a backup of the day before, and nothing is brought back while it
//! is not known who was destroyed.

use crate::{
    client::Client,
    day::{done, employ, founder, id, join},
    server::{Practice, Said, free},
};
use serde_json::json;
use std::{fs, path::PathBuf};
use testkit::postgres::Server as Postgres;

/// Where the destruction ledger lies: beside the trail's second path.
const LEDGER: &str = "checkpoint-elsewhere.destroyed";

/// A practice that makes backups and lets nobody wait for a destruction.
pub(crate) struct Scene {
    pub(crate) practice: Practice,
    identity: String,
}

/// Who is there.
struct People {
    admin: Client,
    officer: Client,
    desk: Client,
    therapist: Client,
    own: Client,
    destroyed: String,
    other: String,
}

impl Scene {
    pub(crate) fn founded(stores: &str) -> Self {
        let (secret, recipient) = crypto::Identities::generate_text();
        let settings = format!(
            "{stores}\n[retention]\ncooling_hours = 0\n[backup]\ntarget = \"backups\"\nrecipients = [{recipient:?}]\n"
        );
        let practice = Practice::founded(&settings, free());
        fs::create_dir(practice.path().join("backups")).expect("made");
        let identity = practice.path().join("identity.txt");
        fs::write(&identity, secret).expect("written");
        Self { identity: identity.to_str().expect("plain").to_owned(), practice }
    }

    fn ledger(&self) -> PathBuf {
        self.practice.path().join(LEDGER)
    }

    /// The backups, the oldest first.
    pub(crate) fn backups(&self) -> Vec<String> {
        let names = fs::read_dir(self.practice.path().join("backups")).expect("listed");
        let names = names.filter_map(|name| name.expect("listed").file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("20")).collect();
        names.sort();
        names
    }

    pub(crate) fn restore(&self, name: &str, more: &[&str]) -> Said {
        let command = ["backup", "restore", name, "--identity", &self.identity];
        self.practice.command(&[&command, more].concat())
    }

    /// Refused on one line that says this, and nothing is there afterwards.
    fn refused(&self, said: &Said, word: &str) {
        assert_eq!(said.status, Some(1), "{}", said.out);
        assert!(said.err.contains(word) && said.err.lines().count() == 1, "{}", said.err);
        assert!(!self.practice.path().join("stores").exists(), "something was brought back");
    }
}

/// Two patients: one was there ten years ago for the last time, the other this year.
async fn people(practice: &Practice, client: &Client) -> People {
    let admin = founder(practice, client).await;
    let (therapist_id, therapist) = employ(&admin, client, "therapist").await;
    let (_, officer) = employ(&admin, client, "privacy_officer").await;
    let (_, desk) = employ(&admin, client, "front_desk").await;
    let exercises = therapist.read("/api/v1/exercises").await;
    let mut ids = Vec::new();
    for (family, last) in [("Gone", "2015-03-02T15:00:00Z"), ("Here", "2026-01-05T15:00:00Z")] {
        let who = json!({"given_name": "Pat", "family_name": family, "birth_date": "1984-03-02",
                         "email": format!("{family}@home.example")});
        let patient_id = id(&done(desk.post("/api/v1/patients", who).await), "patient_id");
        let path = format!("/api/v1/patients/{patient_id}");
        let member = json!({"account_id": therapist_id, "kind": "assigned"});
        done(admin.post(&format!("{path}/care-team"), member).await);
        let visit = json!({"therapist_id": therapist_id, "starts_at": last, "minutes": 30, "state": "held"});
        done(therapist.post(&format!("{path}/visits"), visit).await);
        let dose = json!({"sets": 3, "reps": 10, "side": "both", "times_a_day": 1, "weekdays": [1, 3]});
        let item = json!({"exercise_id": exercises["items"][0]["exercise_id"], "dose": dose});
        let program = json!({"title": "Knee", "starts_on": "2026-01-05", "items": [item]});
        done(therapist.send("PUT", &format!("{path}/program"), Some(program)).await);
        done(therapist.post(&format!("{path}/notes"), json!({"body": "It swells in the evening"})).await);
        ids.push(patient_id);
    }
    let invited = done(desk.post(&format!("/api/v1/patients/{}/invitation", ids[0]), json!({})).await);
    let own = join(client, "patient", "Gone@home.example", &id(&invited, "link")).await;
    let [destroyed, other] = <[String; 2]>::try_from(ids).expect("two");
    People { admin, officer, desk, therapist, own, destroyed, other }
}

/// Plans, has two approve, and destroys.
async fn destroy(practice: &Practice, people: &People) {
    let planned = practice.done(&["retention", "plan"]);
    assert!(planned.contains(&people.destroyed) && !planned.contains(&people.other), "{planned}");
    let plan = planned.strip_prefix("plan ").and_then(|rest| rest.split(',').next()).expect("its id");
    for person in [&people.officer, &people.admin] {
        done(person.post(&format!("/api/v1/retention/plans/{plan}/approval"), json!({})).await);
    }
    let run = practice.done(&["retention", "run", "--plan", plan]);
    assert!(run.contains("1 destroyed, 0 spared"), "{run}");
    assert!(practice.done(&["retention", "run", "--plan", plan]).contains("nothing to do"));
}

/// What everybody is told, by a server that is at `client`.
async fn is_gone(client: &Client, people: &People) {
    let (gone, here) = (&people.destroyed, &people.other);
    let asks = async |person: &Client, path: &str| client.with(person.cookie()).get(path).await;
    for person in [&people.desk, &people.admin] {
        for path in ["/api/v1/patients/", "/patients/"] {
            let answer = asks(person, &format!("{path}{gone}")).await;
            assert_eq!(answer.status, 410, "{path}: {}", answer.text);
            assert!(answer.text.contains("was destroyed when its time was over"), "{}", answer.text);
            assert_eq!(asks(person, &format!("{path}{here}")).await.status, 200);
        }
    }
    assert_eq!(asks(&people.desk, &format!("/api/v1/patients/{gone}/visits")).await.status, 410);
    // The care team went too: they are told what they would be told of nobody.
    for rest in ["", "/program", "/program/versions", "/log", "/notes", "/visits", "/progress"] {
        let answer = asks(&people.therapist, &format!("/api/v1/patients/{gone}{rest}")).await;
        assert_eq!(answer.status, 404, "{rest}: {}", answer.text);
        let answer = asks(&people.therapist, &format!("/api/v1/patients/{here}{rest}")).await;
        assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
    }
    assert_eq!(asks(&people.own, "/api/v1/me").await.status, 401, "the patient's own session");
    let listed = client.with(people.desk.cookie()).whole("/api/v1/patients").await;
    assert_eq!(listed.iter().map(|one| id(one, "patient_id")).collect::<Vec<_>>(), [here.as_str()]);
}

/// `anew` makes the settings point to places where nothing is.
async fn stays_destroyed(scene: &Scene, anew: impl Fn(&Practice)) {
    let practice = &scene.practice;
    let mut server = practice.start();
    let people = people(practice, &server.client()).await;
    practice.done(&["backup", "create"]);
    destroy(practice, &people).await;
    is_gone(&server.client(), &people).await;
    practice.done(&["backup", "create"]);
    server.stop_well();
    let [before, after] = <[String; 2]>::try_from(scene.backups()).expect("two backups");

    // The disk is gone, and with it, at first, the destruction ledger.
    fs::rename(practice.path().join("stores"), practice.path().join("lost")).expect("moved");
    anew(practice);
    let whole = fs::read(scene.ledger()).expect("it is there");
    fs::remove_file(scene.ledger()).expect("removed");
    scene.refused(&scene.restore(&before, &[]), "no copy of the destruction ledger is at");
    scene.refused(&scene.restore(&after, &["--nobody-was-destroyed"]), "has lost 1 of those who were destroyed");
    fs::write(scene.ledger(), b"").expect("written");
    scene.refused(&scene.restore(&after, &[]), "has lost 1 of those who were destroyed");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(scene.ledger(), changed).expect("written");
    scene.refused(&scene.restore(&before, &[]), "line 1 of the destruction ledger");
    fs::write(scene.ledger(), whole).expect("written");

    // The backup of the day before has the record and its key; neither comes back.
    let said = scene.restore(&before, &[]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert!(said.out.contains("rows of destroyed patients stayed away"), "{}", said.out);
    let mut server = practice.start();
    is_gone(&server.client(), &people).await;
    server.stop_well();
    practice.done(&["keys", "verify", "--deep"]);
    practice.done(&["audit", "verify"]);
    let drilled = practice.done(&["backup", "drill", &before, "--identity", &scene.identity]);
    assert!(drilled.contains("\"whole\": true"), "{drilled}");
    fs::remove_file(scene.ledger()).expect("removed");
    let drilled = practice.command(&["backup", "drill", &before, "--identity", &scene.identity]);
    assert!(drilled.status == Some(1) && drilled.err.contains("no copy of the destruction ledger"), "{}", drilled.err);
    let run = practice.command(&["retention", "run", "--plan", &people.destroyed]);
    assert!(run.status == Some(1) && run.err.contains("has lost 1"), "a new one would hide the loss: {}", run.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_destroyed_does_not_come_back_with_a_backup_of_embedded_stores() {
    stays_destroyed(&Scene::founded(""), |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_destroyed_does_not_come_back_with_a_backup_of_postgresql() {
    let Some(server) = Postgres::start().expect("starts") else { return };
    let (stores, _) = server.stores().expect("databases");
    let scene = Scene::founded(&stores);
    stays_destroyed(&scene, |practice| practice.set(&stores, &server.stores().expect("databases").0)).await;
}
