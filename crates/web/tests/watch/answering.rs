//! What follows beyond telling: a factor asked for again, exports held. Never silently.

use super::scene::{DAY, ELSEWHERE, HERE, HOUR, Scene, only};
use axum::http::Method;
use domain::Role;
use ledger::{Entry, Outcome};
use serde_json::{Value, json};
use testkit::house::Person;

/// Somebody is refused six times, in a session.
async fn probe(scene: &Scene, cookie: &str) {
    for patient in scene.patients(6).await {
        let path = format!("/api/v1/patients/{patient}/program");
        assert_eq!(scene.from(HERE, Method::GET, &path, cookie, None).await.status, 404);
    }
}

/// The entries of an action: how they went, why, about what.
fn entries(scene: &Scene, action: &str) -> Vec<(Outcome, String, String)> {
    let said = |entry: &Entry| (entry.outcome, entry.reason.as_str().to_owned(), entry.resource.id().to_owned());
    let entries = scene.site.ledger.entries();
    entries.iter().filter(|entry| entry.action.as_str() == action).map(said).collect()
}

async fn me(scene: &Scene, cookie: &str) -> u16 {
    scene.from(HERE, Method::GET, "/api/v1/me", cookie, None).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_proves_its_factor_again_before_anything_else_and_goes_on_where_it_was() {
    let scene = Scene::new().await;
    scene.set("answer.denials", "ask_factor").await;
    let prober = scene.person(Role::Therapist).await;
    let (cookie, other) = (scene.site.signed_in(&prober).await, scene.site.signed_in(&prober).await);
    probe(&scene, &cookie).await;
    assert_eq!(me(&scene, &cookie).await, 200, "nothing is asked for before it was found");
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["rule"], &alert["answer"]), (&"denials".into(), &"ask_factor".into()));
    assert!(alert["factor_asked_at"].is_string() && alert["session_ended_at"].is_null(), "{alert}");

    let refused = scene.from(HERE, Method::GET, "/api/v1/patients", &cookie, None).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["type"]), (401, &"/problems/fresh-factor-required".into()));
    assert_eq!(me(&scene, &other).await, 200, "another session of theirs is asked for nothing");
    let page = scene.site.open("/patients", &cookie).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, Some("/account/confirm?next=/patients")));
    let sent = scene.site.submit("/patients", &cookie, "query=Ruiz").await;
    assert_eq!(sent.status, 401, "what was sent is not done");
    let confirm = scene.site.open("/account/confirm?next=/patients", &cookie).await.text();
    assert!(confirm.contains("unusual for your account") && confirm.contains("value=\"/patients\""), "{confirm}");
    assert!(confirm.contains("Sign out") && !confirm.contains("Sam therapist"), "nothing else is on it: {confirm}");
    let away = scene.site.open("/account/confirm?next=//evil.example", &cookie).await.text();
    assert!(!away.contains("evil"), "{away}");
    let wrong = scene.site.submit("/account/confirm", &cookie, "code=000000&next=/patients").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("unusual for your account"));

    scene.site.clock.advance_seconds(60);
    let code = format!("code={}&next=/patients", prober.code(scene.site.now()));
    let proven = scene.site.submit("/account/confirm", &cookie, &code).await;
    assert_eq!((proven.status.as_u16(), proven.header("location")), (303, Some("/patients")));
    let fresh = proven.cookie().unwrap();
    assert_eq!((me(&scene, &fresh).await, me(&scene, &cookie).await), (200, 401));
    scene.watched().await;
    assert_eq!(me(&scene, &fresh).await, 200, "it is asked for once");
    let asked = entries(&scene, "ask_factor");
    assert_eq!((asked.len(), asked[0].0, asked[0].1.as_str()), (1, Outcome::Allowed, "alert"));
    let page = format!("/alerts/{}", alert["alert_id"].as_str().unwrap());
    let page = scene.site.open(&page, &scene.officer().await).await.text();
    assert!(page.contains("was asked for its second factor again"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_went_on_under_another_id_is_asked_there() {
    let scene = Scene::new().await;
    scene.set("answer.new_network", "ask_factor").await;
    let robbed = scene.person(Role::Therapist).await;
    scene.sign_in(&robbed, HERE).await;
    scene.site.clock.advance_seconds(22 * DAY);
    let (own, stolen) = (scene.sign_in(&robbed, HERE).await, scene.sign_in(&robbed, ELSEWHERE).await);
    scene.site.clock.advance_seconds(60);
    let code = json!({ "code": robbed.code(scene.site.now()) });
    let path = "/api/v1/session/step-up/totp";
    let stepped = scene.from(ELSEWHERE, Method::POST, path, &stolen, Some(code)).await;
    let stolen = stepped.cookie().unwrap();
    assert!(scene.alerts().await[0]["factor_asked_at"].is_string());
    assert_eq!((me(&scene, &own).await, me(&scene, &stolen).await), (200, 401));
    let out = scene.from(ELSEWHERE, Method::DELETE, "/api/v1/session", &stolen, None).await;
    assert_eq!(out.status, 204, "signing out is always possible");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_nothing_and_the_alert_says_so() {
    let scene = Scene::new().await;
    let (person, bearer) = with_token(&scene, Role::Therapist, "read_exercise").await;
    let patients = scene.patients_of(&person, 1).await;
    for _ in 0..3 {
        scene.open(&bearer, HERE, &patients).await;
        scene.site.clock.advance_seconds(DAY);
    }
    scene.set("answer.token_elsewhere", "ask_factor").await;
    scene.open(&bearer, ELSEWHERE, &patients).await;
    assert_eq!(scene.found(Some(&person)).await, only(&["token_elsewhere"]));
    scene.site.clock.advance_seconds(HOUR);
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["answer"], &alert["factor_asked_at"]), (&"ask_factor".into(), &Value::Null));
    scene.open(&bearer, ELSEWHERE, &patients).await;
    assert!(entries(&scene, "ask_factor").is_empty());
    let path = format!("/alerts/{}", alert["alert_id"].as_str().unwrap());
    let page = scene.site.open(&path, &scene.officer().await).await.text();
    assert!(page.contains("No factor was asked for"), "{page}");
}

async fn with_token(scene: &Scene, role: Role, scope: &str) -> (Person, String) {
    let person = scene.person(role).await;
    let cookie = scene.sign_in(&person, HERE).await;
    let new = json!({ "label": "Nightly report", "scopes": [scope], "days": 30 });
    let answer = scene.from(HERE, Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let bearer = format!("Bearer {}", answer.json()["secret"].as_str().expect("a secret"));
    (person, bearer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_exports_hold_for_each_session_and_token_until_somebody_else_gives_them_free() {
    const EXPORT: &str = "/api/v1/audit/export?format=csv";
    let scene = Scene::new().await;
    scene.set("answer.denials", "hold_exports").await;
    let (prober, bearer) = with_token(&scene, Role::Admin, "read_audit").await;
    let (cookie, other) = (scene.site.signed_in(&prober).await, scene.site.signed_in(&prober).await);
    probe(&scene, &cookie).await;
    let export = async |who: &str| scene.from(HERE, Method::GET, EXPORT, who, None).await;
    assert_eq!(export(&cookie).await.status, 200, "nothing is held before it was found");
    let alert = scene.alerts().await.remove(0);
    let id = alert["alert_id"].as_str().unwrap().to_owned();
    assert_eq!((&alert["answer"], &alert["exports_held"]["alert_id"]), (&"hold_exports".into(), &id.as_str().into()));
    for who in [&cookie, &other, &bearer, &scene.site.signed_in(&prober).await] {
        let refused = export(who).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["type"]), (409, &"/problems/exports-held".into()));
        assert_eq!(scene.from(HERE, Method::GET, "/api/v1/audit", who, None).await.status, 200, "reading goes on");
    }
    assert_eq!(export(&scene.officer().await).await.status, 200, "nobody else's are held");
    let held = entries(&scene, "hold_exports");
    let account = prober.account().to_string();
    assert_eq!(held, [(Outcome::Allowed, "alert".to_owned(), account)]);

    // Again: they are held already, and the new alert says where they are given free.
    scene.site.clock.advance_seconds(HOUR);
    let again = scene.site.signed_in(&prober).await;
    probe(&scene, &again).await;
    let second = scene.alerts().await.remove(0);
    assert_eq!(second["exports_held"]["alert_id"], id.as_str(), "{second}");
    assert_eq!(entries(&scene, "hold_exports")[1].1, "held-already");
    let page = format!("/alerts/{}", second["alert_id"].as_str().unwrap());
    let page = scene.site.open(&page, &scene.officer().await).await.text();
    assert!(page.contains(&format!("href=\"/alerts/{id}\"")), "{page}");

    let path = format!("/api/v1/alerts/{id}/lift");
    let lift = async |who: &str| scene.from(HERE, Method::POST, &path, who, None).await.status.as_u16();
    assert_eq!(lift(&again).await, 409, "not one's own");
    let page = scene.site.open(&format!("/alerts/{id}"), &again).await.text();
    assert!(page.contains("Somebody else does that") && !page.contains("Give its exports free"), "{page}");
    let stale = scene.officer().await;
    scene.site.clock.advance_seconds(6 * 60);
    assert_eq!(lift(&stale).await, 401, "a factor proven just now");
    let page = scene.site.open(&format!("/alerts/{id}"), &stale).await.text();
    assert!(page.contains(&format!("/account/confirm?next=/alerts/{id}")), "{page}");
    let officer = scene.officer().await;
    let page = scene.site.open(&format!("/alerts/{id}"), &officer).await.text();
    assert!(page.contains("Give its exports free"), "{page}");
    let lifted = scene.site.submit(&format!("/alerts/{id}/lift"), &officer, "").await;
    assert_eq!(lifted.header("location"), Some(&*format!("/alerts/{id}")), "{}", lifted.text());
    assert_eq!(lift(&officer).await, 409, "once");
    assert_eq!(export(&scene.site.signed_in(&prober).await).await.status, 200);
    assert_eq!(export(&bearer).await.status, 200);
    let said: Vec<_> = entries(&scene, "lift_export_hold").into_iter().map(|(went, why, _)| (went, why)).collect();
    assert_eq!(said, [(Outcome::Denied, "about-oneself".to_owned()), (Outcome::Allowed, "read-audit".to_owned())]);
    let page = scene.site.open(&format!("/alerts/{id}"), &officer).await.text();
    assert!(page.contains("given free again by Sam privacy_officer"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_alone_gives_their_own_exports_free_and_it_is_marked() {
    let scene = Scene::new().await;
    scene.set("answer.denials", "hold_exports").await;
    let cookie = scene.officer().await;
    probe(&scene, &cookie).await;
    let id = scene.alerts().await.remove(0)["alert_id"].as_str().unwrap().to_owned();
    let export = async || scene.from(HERE, Method::GET, "/api/v1/audit/export?format=csv", &cookie, None).await.status;
    assert_eq!(export().await, 409);
    let page = scene.site.open(&format!("/alerts/{id}"), &cookie).await.text();
    assert!(page.contains("Nobody else watches over this practice"), "{page}");
    assert_eq!(scene.site.submit(&format!("/alerts/{id}/lift"), &cookie, "").await.status, 303);
    assert_eq!(export().await, 200);
    let lifted = entries(&scene, "lift_export_hold");
    assert_eq!((lifted[0].0, lifted[0].1.as_str()), (Outcome::Allowed, "about-oneself"));
    let page = scene.site.open(&format!("/alerts/{id}"), &cookie).await.text();
    assert!(page.contains("nobody else watched over the practice"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_nobodys_doing_who_was_signed_in_is_done_to_nobody() {
    let scene = Scene::new().await;
    for answer in ["ask_factor", "hold_exports"] {
        scene.set("answer.many_accounts", answer).await;
        for _ in 0..5 {
            let victim = scene.person(Role::Therapist).await;
            assert_eq!(scene.type_password(ELSEWHERE, &victim.email, "Summer 2026 !").await.status, 401);
        }
        let alert = scene.alerts().await.remove(0);
        assert_eq!((&alert["rule"], &alert["answer"]), (&"many_accounts".into(), &answer.into()));
        assert!(alert["factor_asked_at"].is_null() && alert["exports_held"].is_null());
        scene.site.clock.advance_seconds(DAY);
    }
    assert!(entries(&scene, "ask_factor").is_empty() && entries(&scene, "hold_exports").is_empty());
}
