//! That nobody looks is told too.

use super::scene::{DAY, HERE, HOUR, Scene, only};
use axum::http::Method;
use domain::{Role, TaskObserver, Unobserved};
use futures::FutureExt;
use ledger::Outcome;
use practice::watch::{REMIND_STEPS, remind_overseers};
use serde_json::json;
use std::panic::AssertUnwindSafe;

async fn remind(scene: &Scene) -> u64 {
    remind_overseers(&scene.site.house, &Unobserved).await.expect("told")
}

/// Why overseers were reminded, so far.
fn reminded(scene: &Scene) -> Vec<String> {
    let entries = scene.site.ledger.entries();
    let reminders = entries.iter().filter(|entry| entry.action.as_str() == "remind_overseers");
    reminders.map(|entry| entry.reason.as_str().to_owned()).collect()
}

async fn look_through(scene: &Scene, who: &str, until: domain::Timestamp) -> u16 {
    let body = Some(json!({ "until": until }));
    scene.from(HERE, Method::POST, "/api/v1/audit/reviews", who, body).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_nobody_looked_through_what_was_done_is_told_once_and_again_when_as_much_time_went_by() {
    let scene = Scene::new().await;
    scene.site.clock.advance_seconds(14 * DAY - 60);
    assert_eq!(remind(&scene).await, 0, "fourteen days are not over");
    scene.site.clock.advance_seconds(60);
    assert_eq!((remind(&scene).await, remind(&scene).await), (1, 0), "once");
    assert_eq!(scene.found(None).await, only(&["unreviewed"]));
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["answer"], &alert["compared"]["counted"]), (&"alert".into(), &14.into()));
    scene.site.clock.advance_seconds(13 * DAY);
    assert_eq!(remind(&scene).await, 0);
    scene.site.clock.advance_seconds(DAY);
    assert_eq!(remind(&scene).await, 1, "again");
    assert_eq!(reminded(&scene), ["not-looked-through"; 2]);
    assert_eq!(scene.alerts().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_through_it_says_so_on_the_week_and_nobody_is_reminded() {
    let scene = Scene::new().await;
    scene.site.clock.advance_seconds(13 * DAY);
    let officer = scene.officer().await;
    let week = scene.site.open("/audit/week", &officer).await.text();
    assert!(week.contains("Nobody has said yet") && week.contains("I looked through it up to"), "{week}");
    let now = scene.site.now();
    let said = scene.site.submit("/audit/week", &officer, &format!("until={now}")).await;
    assert_eq!((said.status.as_u16(), said.header("location")), (303, Some("/audit/week")), "{}", said.text());
    for page in ["/audit", "/audit/week"] {
        let page = scene.site.open(page, &officer).await.text();
        assert!(page.contains("Looked through up to") && page.contains("by Sam privacy_officer"), "{page}");
        assert!(!page.contains("I looked through it"), "there is nothing more to look through yet");
    }
    let entries = scene.site.ledger.entries();
    let said: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == "review_activity").collect();
    assert_eq!((said.len(), said[0].outcome), (1, Outcome::Allowed));
    let shown = scene.site.api(Method::GET, "/api/v1/audit/week", &officer, None).await.json();
    assert_eq!(shown["looked_through"]["until"], json!(now));

    assert_eq!(look_through(&scene, &officer, now).await, 409, "no further than before");
    let ahead = now.checked_add(std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(look_through(&scene, &officer, ahead).await, 422, "nor what is still to come");
    let new = json!({ "label": "Nightly report", "scopes": ["read_audit"], "days": 30 });
    let issued = scene.site.api(Method::POST, "/api/v1/me/tokens", &officer, Some(new)).await.json();
    let bearer = format!("Bearer {}", issued["secret"].as_str().unwrap());
    scene.site.clock.advance_seconds(HOUR);
    assert_eq!(look_through(&scene, &bearer, scene.site.now()).await, 403, "a program looks through nothing");
    let therapist = scene.person(Role::Therapist).await;
    let therapist = scene.site.signed_in(&therapist).await;
    assert_eq!(look_through(&scene, &therapist, scene.site.now()).await, 404);

    scene.site.clock.advance_seconds(13 * DAY);
    assert_eq!(remind(&scene).await, 0, "fourteen days from then on");
    scene.site.clock.advance_seconds(DAY);
    assert_eq!(remind(&scene).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_that_nobody_looked_into_are_told_and_those_that_somebody_did_are_not() {
    let scene = Scene::new().await;
    scene.set("review_days", "3").await;
    let prober = scene.person(Role::Therapist).await;
    let cookie = scene.site.signed_in(&prober).await;
    for patient in scene.patients(6).await {
        scene.from(HERE, Method::GET, &format!("/api/v1/patients/{patient}"), &cookie, None).await;
    }
    let alert = scene.alerts().await.remove(0)["alert_id"].as_str().unwrap().to_owned();
    assert_eq!(look_through(&scene, &scene.officer().await, scene.site.now()).await, 204);
    for _ in 0..3 {
        assert_eq!(remind(&scene).await, 0);
        scene.site.clock.advance_seconds(DAY);
        assert_eq!(look_through(&scene, &scene.officer().await, scene.site.now()).await, 204);
    }
    assert_eq!(remind(&scene).await, 1);
    assert_eq!(reminded(&scene), ["not-looked-into"]);
    assert_eq!(scene.found(None).await, only(&["unreviewed"]));
    let path = format!("/api/v1/alerts/{alert}/review");
    let words = Some(json!({ "words": "Asked her: a wrong list." }));
    assert_eq!(scene.site.api(Method::POST, &path, &scene.officer().await, words).await.status, 204);
    for _ in 0..4 {
        scene.site.clock.advance_seconds(DAY);
        assert_eq!(look_through(&scene, &scene.officer().await, scene.site.now()).await, 204);
    }
    assert_eq!(remind(&scene).await, 0, "that nobody looked is no alert that waits by itself");
}

/// Stops where it is told to.
struct StopsAt(&'static str);

impl TaskObserver for StopsAt {
    fn reached(&self, step: &'static str) {
        assert!(step != self.0, "killed");
    }
    fn progress(&self, _: u64, _: u64) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_telling_it_is_told_a_minute_later_and_the_alert_is_there_once() {
    let scene = Scene::new().await;
    scene.site.clock.advance_seconds(14 * DAY);
    for (step, entries) in [(REMIND_STEPS[0], 0), (REMIND_STEPS[1], 1)] {
        let stops = StopsAt(step);
        let killed = AssertUnwindSafe(remind_overseers(&scene.site.house, &stops)).catch_unwind().await;
        assert!(killed.is_err());
        assert_eq!((remind(&scene).await, reminded(&scene).len()), (0, entries), "{step}: taken in hand");
        scene.site.clock.advance_seconds(60);
    }
    assert_eq!((remind(&scene).await, reminded(&scene).len()), (1, 2));
    assert_eq!(scene.alerts().await.len(), 1);
}
