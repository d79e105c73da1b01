//! The policy page and its simulator: they ask the guard's own policy, record each question, and open nothing.

use axum::http::Method;
use domain::{AccountId, PatientId, Role};
use ledger::Outcome;
use phi::{Purpose, ReadExercise, ReadIdentity};
use serde_json::{Value, json};
use testkit::{house::Person, site::Site};

struct Practice {
    site: Site,
    ana: PatientId,
    therapist: Person,
    officer: Person,
    /// Sessions of the privacy officer and of an administrator.
    watching: String,
    governing: String,
}

async fn practice() -> Practice {
    let site = Site::new().await;
    let practice = site.practice().await;
    let ana = site.patient(practice, "Ana", "Ruiz").await;
    site.patient(practice, "Ben", "Adeyemi").await;
    let therapist = site.account(practice, Role::Therapist).await;
    site.care_link(&therapist, ana).await;
    site.account(practice, Role::Therapist).await;
    site.account(practice, Role::FrontDesk).await;
    site.account(practice, Role::Billing).await;
    let officer = site.account(practice, Role::PrivacyOfficer).await;
    let admin = site.account(practice, Role::Admin).await;
    let (watching, governing) = (site.signed_in(&officer).await, site.signed_in(&admin).await);
    Practice { site, ana, therapist, officer, watching, governing }
}

impl Practice {
    async fn ask(&self, path: &str, cookie: &str) -> Value {
        let answer = self.site.api(Method::GET, path, cookie, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}

fn permissions(of: &Value) -> Vec<(&str, &str)> {
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().len();
    let list = of["permissions"].as_array().expect("a list");
    assert!(list.iter().all(|one| text(&one["permission"]) > 0));
    list.iter()
        .map(|one| (one["permission"].as_str().expect("a word"), one["policy_id"].as_str().expect("an id")))
        .collect()
}

#[tokio::test]
async fn who_can_see_a_patient_is_told_with_the_policy_the_care_link_and_since_when() {
    let practice = practice().await;
    let path = format!("/api/v1/policy/patients/{}", practice.ana);
    let access = practice.ask(&path, &practice.watching).await;
    let accounts = access["accounts"].as_array().expect("a list");
    let roles: Vec<&str> = accounts.iter().map(|seer| seer["role"].as_str().expect("a role")).collect();
    assert_eq!(roles[0], "therapist");
    assert_eq!(
        roles.iter().filter(|role| **role == "therapist").count(),
        1,
        "the other therapist treats somebody else"
    );
    assert!(roles.contains(&"front_desk") && roles.contains(&"admin") && !roles.contains(&"billing"));
    let therapist = &accounts[0];
    assert_eq!(therapist["account_id"], json!(practice.therapist.account()));
    assert!(permissions(therapist).contains(&("read_notes", "care-team-therapist")));
    let link = &therapist["care_links"][0];
    assert_eq!(
        (&link["kind"], &link["ends_at"], &therapist["since"]),
        (&json!("assigned"), &Value::Null, &link["starts_at"])
    );
    let desk = accounts.iter().find(|seer| seer["role"] == "front_desk").expect("the front desk");
    assert!(permissions(desk).contains(&("write_identity", "registration")));
    assert!(permissions(desk).iter().all(|(permission, _)| !permission.ends_with("notes")));

    let page = practice.site.open(&format!("/policy/patients/{}", practice.ana), &practice.watching).await.text();
    for shown in ["care-team-therapist", "On the care team, from", "Asking was recorded"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn what_the_simulator_says_is_what_the_guard_does_for_everybody() {
    let practice = practice().await;
    let house = &practice.site.house;
    let path = format!("/api/v1/policy/patients/{}", practice.ana);
    let colleague = practice.site.account(practice.therapist.practice(), Role::Therapist).await;
    let own = practice.site.patient_account(practice.therapist.practice(), practice.ana).await;
    let access = practice.ask(&path, &practice.watching).await;
    let seers = access["accounts"].as_array().expect("a list").clone();
    for person in [&practice.therapist, &practice.officer, &colleague, &own] {
        let session = practice.site.session(person).await;
        let purpose = || Purpose::operations(ledger::Resource::whole(ledger::Word::new("patient")));
        let said = seers.iter().find(|seer| seer["account_id"] == json!(person.account()));
        let said =
            |permission: &str| said.is_some_and(|seer| permissions(seer).iter().any(|(word, _)| *word == permission));
        let exercise = house.guard.authorize::<ReadExercise>(&session, practice.ana, purpose()).await.is_ok();
        let identity = house.guard.authorize::<ReadIdentity>(&session, practice.ana, purpose()).await.is_ok();
        assert_eq!((said("read_exercise"), said("read_identity")), (exercise, identity), "{}", person.account());
    }
    let mine = seers.iter().find(|seer| seer["own"] == true).expect("the patient themself");
    assert_eq!(mine["name"], Value::Null, "an account of a patient has the patient's name");
}

#[tokio::test]
async fn an_ended_place_is_gone_from_the_answer_at_the_next_question() {
    let practice = practice().await;
    let path = format!("/api/v1/policy/patients/{}", practice.ana);
    let therapist = json!(practice.therapist.account());
    let seen = async || {
        let access = practice.ask(&path, &practice.watching).await;
        access["accounts"].as_array().expect("a list").iter().any(|seer| seer["account_id"] == therapist)
    };
    assert!(seen().await);
    let links = practice.ask(&format!("/api/v1/patients/{}/care-team", practice.ana), &practice.governing).await;
    let link = links["items"][0]["care_link_id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/patients/{}/care-team/{link}", practice.ana);
    let ended = practice.site.api(Method::DELETE, &path, &practice.governing, None).await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert!(!seen().await);
}

#[tokio::test]
async fn what_somebody_can_see_names_patients_only_on_demand_and_to_who_may_read_names() {
    let practice = practice().await;
    let path = format!("/api/v1/policy/accounts/{}", practice.therapist.account());
    let before = practice.site.behind.ledger.entries().len();
    let access = practice.ask(&path, &practice.governing).await;
    assert_eq!((&access["everybody"], &access["patients_in_all"]), (&json!(false), &json!(1)));
    let line = &access["patients"][0];
    assert_eq!((&line["patient_id"], &line["name"]), (&json!(practice.ana), &Value::Null));
    assert!(permissions(line).contains(&("write_exercise", "care-team-therapist")));
    assert_eq!(line["care_links"][0]["kind"], "assigned");
    let entries = practice.site.behind.ledger.entries().split_off(before);
    assert_eq!(entries.len(), 1, "one question, one entry, no look at a patient");

    let named = practice.ask(&format!("{path}?names=true"), &practice.governing).await;
    assert_eq!(named["patients"][0]["name"], "Ana Ruiz");
    let entry = practice.site.behind.ledger.entries().pop().expect("an entry");
    assert_eq!((entry.patient, entry.outcome), (Some(practice.ana), Outcome::Allowed));
    let unnamed = practice.ask(&format!("{path}?names=true"), &practice.watching).await;
    assert_eq!(unnamed["patients"][0]["name"], Value::Null, "a privacy officer reads no names");
    let path = format!("/policy/accounts/{}?names=true", practice.therapist.account());
    let page = practice.site.open(&path, &practice.watching).await;
    assert!(!page.text().contains("Ruiz"));
}

#[tokio::test]
async fn a_role_that_is_enough_by_itself_is_said_to_see_something_of_everybody() {
    let practice = practice().await;
    let staff = practice.ask("/api/v1/accounts", &practice.governing).await;
    let desk = staff["items"].as_array().expect("a list").iter().find(|one| one["role"] == "front_desk").expect("one");
    let path = format!("/api/v1/policy/accounts/{}?limit=1", desk["account_id"].as_str().expect("an id"));
    let access = practice.ask(&path, &practice.watching).await;
    assert_eq!((&access["everybody"], &access["patients_in_all"]), (&json!(true), &json!(2)));
    assert_eq!(access["patients"].as_array().map(Vec::len), Some(1));
    let next = access["next"].as_str().expect("more");
    let rest = practice.ask(&format!("{path}&cursor={next}"), &practice.watching).await;
    assert_ne!(rest["patients"][0]["patient_id"], access["patients"][0]["patient_id"]);
    assert_eq!(rest["next"], Value::Null);
    let billing = staff["items"].as_array().expect("a list").iter().find(|one| one["role"] == "billing").expect("one");
    let path = format!("policy/accounts/{}", billing["account_id"].as_str().expect("an id"));
    let access = practice.ask(&format!("/api/v1/{path}"), &practice.watching).await;
    assert_eq!((&access["everybody"], &access["patients"]), (&json!(false), &json!([])));
    assert_eq!(access["billed"], json!([{ "permission": "read_contact", "policy_id": "billing-contacts" }]));
    let page = practice.site.open(&format!("/{path}"), &practice.watching).await.text();
    assert!(page.contains("On every patient who is billed"));
    let nobody = format!("/api/v1/policy/accounts/{}", AccountId::random(&crypto::SystemRng));
    assert_eq!(practice.site.api(Method::GET, &nobody, &practice.watching, None).await.status, 404);
}

#[tokio::test]
async fn the_page_shows_each_policy_in_words_and_as_it_is_and_every_question_is_recorded() {
    let practice = practice().await;
    let view = practice.ask("/api/v1/policy", &practice.watching).await;
    let rules = view["policies"].as_array().expect("a list");
    assert_eq!(rules[0]["policy_id"], "care-team-therapist");
    let says = |rule: &Value, word: &str| rule["cedar"].as_str().is_some_and(|text| text.contains(word));
    assert!(rules.iter().all(|rule| says(rule, "permit") || says(rule, "forbid")));
    assert!(rules.iter().any(|rule| rule["policy_id"] == "patient-keeps-away" && says(rule, "forbid")));
    let cell = |role: &str, permission: &str| {
        let cells = view["matrix"].as_array().expect("a list");
        let here = cells.iter().filter(|cell| cell["role"] == role && cell["permission"] == permission);
        here.map(|cell| cell["on"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(cell("therapist", "read_notes"), ["care_team", "emergency"]);
    assert_eq!(cell("front_desk", "read_identity"), ["registered"]);
    assert_eq!(cell("patient", "read_exercise"), ["self"]);
    assert_eq!(cell("privacy_officer", "read_audit"), ["practice"]);
    assert_eq!(cell("billing", "read_notes"), Vec::<String>::new());
    let page = practice.site.open("/policy", &practice.watching).await.text();
    for shown in ["Who may do what", "on whose care team they are", "context.on_care_team", "entity Role enum"] {
        assert!(page.contains(shown), "{shown}");
    }
    let before = practice.site.behind.ledger.entries().len();
    practice.ask(&format!("/api/v1/policy/patients/{}", practice.ana), &practice.watching).await;
    let entries = practice.site.behind.ledger.entries().split_off(before);
    let said: Vec<_> =
        entries.iter().map(|entry| (entry.actor, entry.patient, entry.resource.kind().as_str())).collect();
    assert_eq!(said, [(Some(practice.officer.account()), Some(practice.ana), "policy")]);
    let sent = practice.site.open(&format!("/policy?patient={}", practice.ana), &practice.watching).await;
    assert_eq!(sent.header("location"), Some(format!("/policy/patients/{}", practice.ana).as_str()));
    assert_eq!(practice.site.open("/policy?patient=Ana", &practice.watching).await.status, 422);
}
