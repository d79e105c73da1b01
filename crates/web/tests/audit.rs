//! The audit trail as those see it who watch over a practice, and what they take out of it.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use axum::http::{Method, StatusCode};
use data_encoding::BASE64;
use domain::{PatientId, PracticeId, Role};
use ledger::{Checkpoint, Hash, VerifierKey, leaf_hash, verify_inclusion};
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A practice with a patient whose chart was opened some times, and one therapist too many who tried.
struct Scene {
    site: Site,
    practice: PracticeId,
    therapist: Person,
    patient: PatientId,
    officer: String,
}

impl Scene {
    async fn new(looks: usize) -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let patient = site.patient(practice, "Ana", "Ruiz").await;
        let therapist = site.account(practice, Role::Therapist).await;
        let curious = site.account(practice, Role::Therapist).await;
        site.care_link(&therapist, patient).await;
        let path = format!("/api/v1/patients/{patient}");
        let cookie = site.signed_in(&therapist).await;
        for _ in 0..looks {
            assert_eq!(site.api(Method::GET, &path, &cookie, None).await.status, 200);
        }
        let cookie = site.signed_in(&curious).await;
        assert_eq!(site.api(Method::GET, &path, &cookie, None).await.status, 404);
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let officer = site.signed_in(&officer).await;
        Self { site, practice, therapist, patient, officer }
    }

    async fn ask(&self, path: &str) -> Answer {
        let answer = self.site.api(Method::GET, path, &self.officer, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer
    }

    /// Everything that fits, page by page.
    async fn whole(&self, query: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.ask(&format!("/api/v1/audit?{query}{cursor}")).await.json();
            assert_eq!(page["complete"], true);
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_found_by_person_patient_action_outcome_permission_and_time() {
    let scene = Scene::new(130).await;
    let (therapist, patient) = (scene.therapist.account(), scene.patient);
    let count = async |query: &str| scene.whole(query).await.len();
    assert_eq!(count(&format!("actor={therapist}&patient_id={patient}")).await, 130);
    let refused = scene.whole(&format!("patient_id={patient}&outcome=denied")).await;
    assert_eq!(refused.len(), 1);
    assert_eq!((&refused[0]["action"], &refused[0]["who"]), (&"read_exercise".into(), &"Sam therapist".into()));
    assert_eq!(count(&format!("patient_id={patient}&permission=read_exercise&outcome=allowed")).await, 130);
    assert_eq!(count(&format!("patient_id={patient}&action=write_identity")).await, 1);
    assert_eq!(count("address=192.0.2.1").await, 0);
    assert_eq!(count(&format!("patient_id={patient}&since=2026-05-14&until=2026-05-14")).await, 132);
    assert_eq!(count(&format!("patient_id={patient}&until=2026-05-13")).await, 0);
    assert_eq!(count(&format!("patient_id={patient}&since=2026-05-14T13:00:01Z")).await, 0);
    // Newest first, each once, and every look at the trail is there too.
    let all = scene.whole("").await;
    let seqs: Vec<u64> = all.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|one, next| one > next));
    let looks = all.iter().filter(|entry| entry["action"] == "read_audit").count();
    assert!(looks > 10, "{looks}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused_by_field() {
    let scene = Scene::new(0).await;
    for (query, field) in [
        ("actor=x", "actor"),
        ("patient_id=Ana", "patient_id"),
        ("action=Sign%20in", "action"),
        ("permission=all", "permission"),
        ("outcome=good", "outcome"),
        ("address=home", "address"),
        ("since=31%20February", "since"),
        ("until=2026-02-31", "until"),
        ("since=-009999-01-01", "since"),
        ("until=9999-12-31", "until"),
        ("cursor=AAAA", "cursor"),
        ("cursor=!", "cursor"),
        ("format=csv", "format"),
        ("name=Ana", "name"),
    ] {
        for path in ["/api/v1/audit", "/audit"] {
            let answer = scene.site.api(Method::GET, &format!("{path}?{query}"), &scene.officer, None).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}?{query}: {}", answer.text());
            if path.starts_with("/api") {
                assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
            }
        }
    }
    for wild in ["_____________________________w", "gAAAAAAAAACAAAAAAAAAAIAAAAAAAAAA", "__________________________8"] {
        let answer = scene.site.api(Method::GET, &format!("/api/v1/audit?cursor={wild}"), &scene.officer, None).await;
        assert!([200, 422].contains(&answer.status.as_u16()), "{wild}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_what_is_asked_for_and_leads_on_with_the_same_question() {
    let scene = Scene::new(60).await;
    let patient = scene.patient;
    let page = scene.ask(&format!("/audit?patient_id={patient}&action=read_exercise")).await.text();
    assert!(page.contains("Sam therapist") && page.contains("looked at exercises and what was done"));
    assert!(!page.contains("Ana") && !page.contains("Ruiz"), "patients stand there by id");
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(next.contains(&format!("patient_id={patient}")) && next.contains("action=read_exercise"), "{next}");
    let second = scene.ask(&next).await.text();
    assert!(page.contains("refused"), "the newest one");
    assert!(!second.contains("rel=\"next\"") && second.matches("role=\"rowheader\"").count() == 11, "the oldest ones");
    assert!(
        page.contains("selected>looked at exercises and what was done") && page.contains("Sam therapist · Therapist")
    );
    assert!(scene.ask("/audit?action=never_done").await.text().contains("Nothing fits"));
    let week = scene.ask("/audit/week").await.text();
    assert!(week.contains("Sam therapist, Thursday, 14 May, 6 to 12: 60 entries"), "{week}");
    assert!(week.contains("Sam therapist, Thursday, 14 May, 6 to 12: 1 entry, 1 refused"));
    assert!(scene.ask("/audit/week?day=2020-01-01").await.text().contains("Nothing was done"));
    let week = scene.ask("/api/v1/audit/week?day=2026-05-17").await.json();
    assert_eq!((&week["monday"], &week["complete"]), (&"2026-05-11".into(), &true.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_checked_with_the_public_key_alone_and_is_recorded_as_its_own_action() {
    let scene = Scene::new(30).await;
    let answer = scene.ask(&format!("/api/v1/audit/export?patient_id={}", scene.patient)).await;
    let disposition = answer.header("content-disposition").unwrap();
    assert_eq!(disposition, "attachment; filename=\"audit-2026-05-14.json\"");
    let export = answer.json();
    let key: VerifierKey = export["heads"][0]["key"].as_str().unwrap().parse().unwrap();
    assert_eq!(key, *scene.site.ledger.reader().verifier(), "the key that was printed at the founding");
    let head = Checkpoint::open(export["heads"][0]["checkpoint"].as_str().unwrap(), &key).expect("signed by it");
    let entries = export["entries"].as_array().unwrap();
    assert_eq!(export["count"].as_u64().unwrap() as usize, entries.len());
    // Registered, looked at, tried, and taken out.
    assert_eq!(entries.len(), 1 + 30 + 1 + 1);
    let hash = |text: &Value| Hash(BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap());
    for entry in entries {
        let sealed = BASE64.decode(entry["sealed"].as_str().unwrap().as_bytes()).unwrap();
        let (leaf, seq) = (leaf_hash(&sealed), entry["seq"].as_u64().unwrap());
        assert_eq!(hash(&entry["leaf"]), leaf);
        assert_eq!(entry["proof"]["tree_size"].as_u64(), Some(head.size));
        let path: Vec<Hash> = entry["proof"]["path"].as_array().unwrap().iter().map(hash).collect();
        assert!(verify_inclusion(&leaf, seq, &head, &path));
        assert!(!verify_inclusion(&leaf, seq + 1, &head, &path), "not at another place");
        assert_eq!(entry["patient"], scene.patient.to_string());
    }
    assert_eq!(entries[0]["action"], "export_audit", "the newest entry is the export itself");
    let taken: Vec<Value> = scene.whole("action=export_audit").await;
    assert_eq!(taken.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_holds_the_same_and_no_name_in_it_is_run_as_a_formula() {
    let scene = Scene::new(3).await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let cookie = scene.site.signed_in(&admin).await;
    let invited = serde_json::json!({
        "email": "nadia@example.org", "display_name": "=cmd|'/C calc'!A0, \"x\"", "role": "therapist"
    });
    let invited = scene.site.api(Method::POST, "/api/v1/invitations", &cookie, Some(invited)).await.json();
    let link = invited["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let begin = format!("/api/v1/invitations/{link}/totp");
    let totp = scene.site.api(Method::POST, &begin, "", Some(serde_json::json!({}))).await;
    let secret = totp.json()["secret"].as_str().unwrap().to_owned();
    let code = testkit::house::code_of(&secret, scene.site.now());
    let accepted = serde_json::json!({ "password": testkit::house::PASSWORD, "code": code });
    let accepted =
        scene.site.api(Method::POST, &format!("/api/v1/invitations/{link}/accept"), "", Some(accepted)).await;
    assert!(accepted.status.is_success(), "{}", accepted.text());

    let answer = scene.ask("/api/v1/audit/export?format=csv").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.text();
    assert!(text.contains(",\"'=cmd|'/C calc'!A0, \"\"x\"\"\","), "{text}");
    assert!(!text.contains(",=") && !text.contains(",\"="));
    let heads = text.matches("\u{2014} ").count();
    assert_eq!(heads, 1, "the signed head stands once");
    let rows: BTreeSet<&str> = text.lines().filter(|line| line.starts_with("memory.example/audit,")).collect();
    let found = scene.whole("").await.len();
    // The look at the whole list was not there yet.
    assert!(rows.len() > 8 && rows.len() < found, "{} of {found}", rows.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_sees_and_takes_out_nothing_of_another() {
    let scene = Scene::new(5).await;
    let other = scene.site.practice().await;
    let officer = scene.site.account(other, Role::PrivacyOfficer).await;
    let cookie = scene.site.signed_in(&officer).await;
    let (patient, therapist) = (scene.patient.to_string(), scene.therapist.account().to_string());
    for path in [
        "/api/v1/audit".to_owned(),
        format!("/api/v1/audit?patient_id={patient}"),
        format!("/api/v1/audit?actor={therapist}"),
        "/api/v1/audit/export".to_owned(),
        "/api/v1/audit/export?format=csv".to_owned(),
        "/api/v1/audit/week".to_owned(),
        "/audit".to_owned(),
        "/audit/week".to_owned(),
    ] {
        let answer = scene.site.api(Method::GET, &path, &cookie, None).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.text();
        assert!(!text.contains(&therapist) && !text.contains("Sam therapist"), "{path}: {text}");
        assert!(!text.contains(&patient), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_pages_through_every_look_and_reads_who_and_what_in_plain_words() {
    let scene = Scene::new(70).await;
    let ana = scene.site.patient_account(scene.practice, scene.patient).await;
    let cookie = scene.site.signed_in(&ana).await;
    let path = format!("/api/v1/patients/{}/access-log?others=true&limit=20", scene.patient);
    let (mut looks, mut next) = (Vec::new(), String::new());
    loop {
        let answer = scene.site.api(Method::GET, &format!("{path}{next}"), &cookie, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        looks.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(looks.len(), 1 + 70 + 1, "the registration, the looks, the try");
    assert!(looks.iter().all(|look| look["own"] == false));
    // Long ago is still there.
    scene.site.clock.advance_seconds(400 * 24 * 3600);
    let cookie = scene.site.signed_in(&ana).await;
    let page = scene.site.open("/who-looked", &cookie).await.text();
    assert!(
        page.contains("Sam therapist")
            && page.contains("Therapist")
            && page.contains("looked at exercises and what was done")
    );
    assert!(page.contains("refused"));
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let last = scene.site.open(&next, &cookie).await;
    assert!(last.status == 200 && last.text().contains("Sam front_desk"), "{}", last.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_who_acts_stands_there_by_id_and_never_by_name() {
    let scene = Scene::new(1).await;
    let ana = scene.site.patient_account(scene.practice, scene.patient).await;
    let cookie = scene.site.signed_in(&ana).await;
    for path in ["/today", "/who-looked"] {
        assert_eq!(scene.site.open(path, &cookie).await.status, 200, "{path}");
    }
    let account = ana.account().to_string();
    let acts = scene.whole(&format!("actor={account}")).await;
    assert!(acts.iter().filter(|entry| entry["patient"] == scene.patient.to_string()).count() >= 2, "{acts:?}");
    for entry in &acts {
        assert_eq!((&entry["actor"], &entry["who"]), (&account.as_str().into(), &"a patient".into()));
    }
    let page = scene.ask(&format!("/audit?actor={account}")).await.text();
    assert!(page.contains("a patient") && page.contains("looked at who looked"), "{page}");
    // What the house calls her account, and what she is called in her record.
    let names = ["Sam patient", "Ana", "Ruiz"];
    for path in [
        "/audit".to_owned(),
        format!("/audit?actor={account}"),
        "/audit/week".to_owned(),
        "/api/v1/audit".to_owned(),
        "/api/v1/audit/week".to_owned(),
        "/api/v1/audit/export".to_owned(),
        "/api/v1/audit/export?format=csv".to_owned(),
    ] {
        let text = scene.ask(&path).await.text();
        assert!(text.contains("Sam therapist") || path.contains("actor="), "{path}: staff stands there by name");
        assert!(names.iter().all(|name| !text.contains(name)), "{path}: {text}");
    }
}
