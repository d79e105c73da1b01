//! What it takes to open a record, and how it closes.

use super::scene::{HOUR, MINUTE, REASON, Scene, Stopped, wanted};
use axum::http::Method;
use domain::{AlertRule, Role, Unobserved};
use ledger::Outcome;
use practice::emergencies::{self, OPEN_STEPS};
use serde_json::json;
use std::panic::AssertUnwindSafe;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_opens_for_an_hour_of_this_session_and_not_one_request_longer() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&cookie).await);
    scene.open(&cookie).await;
    assert!(scene.sees(&cookie).await);
    let elsewhere = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&elsewhere).await, "another session of the same person");
    for _ in 0..5 {
        scene.site.clock.advance_seconds(10 * MINUTE);
        assert!(scene.sees(&cookie).await);
    }
    scene.site.clock.advance_seconds(10 * MINUTE - 1);
    assert!(scene.sees(&cookie).await);
    scene.site.clock.advance_seconds(1);
    assert!(!scene.sees(&cookie).await, "the hour is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_a_reason_a_fresh_factor_and_a_person() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    for reason in [json!(null), json!(""), json!("urgent"), json!("x".repeat(1001))] {
        let answer = scene.ask(&cookie, json!({ "patient_id": scene.ana, "reason": reason })).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
    }
    for whom in [json!({}), json!({ "given_name": "Ana" }), json!({ "patient_id": scene.ana, "record_number": "A1" })] {
        let mut new = whom;
        new["reason"] = json!(REASON);
        assert_eq!(scene.ask(&cookie, new).await.status, 422);
    }
    scene.site.clock.advance_seconds(5 * MINUTE);
    let answer = scene.ask(&cookie, json!({ "patient_id": scene.ana, "reason": REASON })).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(answer.text().contains("fresh-factor-required"), "{}", answer.text());

    let cookie = scene.site.signed_in(&scene.therapist).await;
    let new = json!({ "label": "Report", "scopes": ["read_notes", "write_notes"], "days": 1 });
    let token = scene.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await.json();
    let token = token["secret"].as_str().expect("a token");
    let new = json!({ "patient_id": scene.ana, "reason": REASON });
    let refused = scene.with_token(Method::POST, "/api/v1/emergencies", token, new).await;
    assert_eq!(refused, 404, "an API token breaks no glass");
    scene.open(&cookie).await;
    let notes = format!("/api/v1/patients/{}/notes", scene.ana);
    assert!(scene.sees(&cookie).await);
    assert_eq!(scene.with_token(Method::GET, &notes, token, json!({})).await, 404, "nor sees what its owner has open");
    let scope = json!({ "label": "Report", "scopes": ["break_glass"], "days": 1 });
    assert_eq!(scene.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(scope)).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proving_a_factor_again_keeps_it_open_and_signing_out_closes_it() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    scene.open(&cookie).await;
    scene.site.clock.advance_seconds(MINUTE);
    let code = json!({ "code": scene.therapist.code(scene.site.now()) });
    let answer = scene.site.api(Method::POST, "/api/v1/session/step-up/totp", &cookie, Some(code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let renewed = answer.cookie().expect("a new cookie");
    assert!(scene.sees(&renewed).await);
    assert_eq!(scene.site.api(Method::DELETE, "/api/v1/session", &renewed, None).await.status, 204);
    let path = format!("/api/v1/policy/patients/{}", scene.ana);
    let officer = scene.site.signed_in(&scene.officer).await;
    let access = scene.site.api(Method::GET, &path, &officer, None).await.text();
    assert!(!access.contains("break-glass"), "{access}");
    let again = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&again).await);
    scene.open(&again).await;
    let access = scene.site.api(Method::GET, &path, &officer, None).await.text();
    assert!(access.contains("break-glass"), "who can see this patient says so: {access}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_opened_it_closes_it_and_nobody_else() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let other = scene.site.account(scene.practice, Role::Admin).await;
    let others = scene.site.signed_in(&other).await;
    assert_eq!(scene.close(&others, &emergency).await, 404);
    assert!(scene.sees(&cookie).await);
    let open = scene.site.api(Method::GET, "/api/v1/emergencies/open", &cookie, None).await.json();
    assert_eq!(
        (&open["items"][0]["emergency_id"], &open["items"][0]["seconds_left"]),
        (&json!(emergency), &json!(HOUR))
    );
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    assert!(!scene.sees(&cookie).await);
    assert_eq!(scene.close(&cookie, &emergency).await, 409);
    let ended = scene.entries(|entry| entry.action.as_str() == "end_emergency");
    assert_eq!((ended.len(), ended[0].patient), (1, Some(scene.ana)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_between_entry_and_row_nothing_is_open_and_the_entry_and_its_alert_are_there() {
    let scene = Scene::new().await;
    let session = scene.site.session(&scene.therapist).await;
    let new = wanted(&scene);
    let stopped = Stopped(OPEN_STEPS[0]);
    let opening = emergencies::open(&scene.site.house, &session, &new, &stopped);
    let cut_off = futures::FutureExt::catch_unwind(AssertUnwindSafe(opening)).await;
    assert!(cut_off.is_err());
    let recorded = scene.entries(|entry| entry.action.as_str() == "break_glass" && entry.patient == Some(scene.ana));
    assert_eq!((recorded.len(), recorded[0].outcome), (1, Outcome::Allowed));
    assert!(emergencies::open_now(&scene.site.house, &session).await.expect("read").is_empty());
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 1);
    assert!(emergencies::open(&scene.site.house, &session, &new, &Unobserved).await.is_ok(), "it can be opened again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_twice_at_the_same_moment_opens_it_once() {
    let scene = Scene::new().await;
    let session = scene.site.session(&scene.therapist).await;
    let (new, house) = (wanted(&scene), &scene.site.house);
    let ask = || emergencies::open(house, &session, &new, &Unobserved);
    let (one, two, three) = futures::join!(ask(), ask(), ask());
    let opened: Vec<_> = [one, two, three].into_iter().filter_map(Result::ok).collect();
    assert_eq!(opened.len(), 1);
    let open = emergencies::open_now(house, &session).await.expect("read");
    assert_eq!(open.iter().map(|one| one.emergency_id).collect::<Vec<_>>(), [opened[0].emergency_id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_recorded_no_glass_breaks_and_none_is_closed() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let other = scene.site.account(scene.practice, Role::Therapist).await;
    let others = scene.site.signed_in(&other).await;
    scene.site.ledger.backend().set_failing(true);
    assert_eq!(scene.ask(&others, json!({ "patient_id": scene.ana, "reason": REASON })).await.status, 503);
    assert_eq!(scene.close(&cookie, &emergency).await, 503);
    scene.site.ledger.backend().set_failing(false);
    assert!(!scene.sees(&others).await && scene.sees(&cookie).await);
}
