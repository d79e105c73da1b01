//! From where, and at which hour; and around whom there is no care.

use super::scene::{DAY, ELSEWHERE, HERE, HOUR, Scene, only};
use axum::http::Method;
use domain::Role;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_from_which_an_account_never_came_is_told_once_the_account_is_known() {
    let scene = Scene::new().await;
    let (moving, staying) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    scene.sign_in(&moving, HERE).await;
    scene.sign_in(&staying, HERE).await;
    // Nobody knows yet where they usually come from.
    scene.sign_in(&moving, "192.0.2.1:1").await;
    assert_eq!(scene.found(Some(&moving)).await, only(&[]));
    scene.site.clock.advance_seconds(22 * DAY);
    scene.sign_in(&staying, HERE).await;
    scene.sign_in(&moving, ELSEWHERE).await;
    assert_eq!(scene.found(Some(&staying)).await, only(&[]));
    assert_eq!(scene.found(Some(&moving)).await, only(&["new_network"]));
    scene.sign_in(&moving, ELSEWHERE).await;
    assert_eq!(scene.alerts().await.len(), 1, "told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_account_in_two_places_in_turn_is_told_and_a_way_home_is_not() {
    let scene = Scene::new().await;
    let (robbed, walking) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let patients = scene.patients_of(&robbed, 1).await;
    scene.site.care_link(&walking, patients[0]).await;
    let cookie = scene.site.signed_in(&walking).await;
    scene.open(&cookie, HERE, &patients).await;
    scene.open(&cookie, ELSEWHERE, &patients).await;
    let cookie = scene.site.signed_in(&robbed).await;
    for peer in [HERE, ELSEWHERE, HERE] {
        scene.open(&cookie, peer, &patients).await;
        scene.site.clock.advance_seconds(60);
    }
    assert_eq!(scene.found(Some(&walking)).await, only(&[]));
    assert_eq!(scene.found(Some(&robbed)).await, only(&["two_places"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_opened_at_night_are_told_and_by_day_are_not() {
    let scene = Scene::new().await;
    let (owl, lark) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let patients = scene.patients_of(&owl, 3).await;
    for patient in &patients {
        scene.site.care_link(&lark, *patient).await;
    }
    scene.open(&scene.site.signed_in(&lark).await, HERE, &patients).await;
    scene.site.clock.advance_seconds(14 * HOUR);
    scene.open(&scene.site.signed_in(&owl).await, HERE, &patients).await;
    assert_eq!(scene.found(Some(&lark)).await, only(&[]));
    assert_eq!(scene.found(Some(&owl)).await, only(&["outside_hours"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_again_and_again_is_told_and_a_few_old_links_are_not() {
    let scene = Scene::new().await;
    let (prober, forgetful) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let patients = scene.patients(6).await;
    let try_all = async |person, count: usize| {
        let cookie = scene.site.signed_in(person).await;
        for patient in &patients[..count] {
            let path = format!("/api/v1/patients/{patient}");
            assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 404);
        }
    };
    try_all(&forgetful, 5).await;
    try_all(&forgetful, 5).await;
    try_all(&prober, 6).await;
    assert_eq!(scene.found(Some(&forgetful)).await, only(&[]));
    assert_eq!(scene.found(Some(&prober)).await, only(&["denials"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_from_a_new_place_is_told_and_one_that_stays_is_not() {
    let scene = Scene::new().await;
    let person = scene.person(Role::Therapist).await;
    let cookie = scene.sign_in(&person, HERE).await;
    let new = json!({ "label": "Nightly report", "scopes": ["read_exercise"], "days": 30 });
    let answer = scene.from(HERE, Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let body = answer.json();
    let bearer = format!("Bearer {}", body["secret"].as_str().or(body["token"].as_str()).expect("a secret"));
    let patients = scene.patients_of(&person, 1).await;
    for _ in 0..3 {
        scene.open(&bearer, HERE, &patients).await;
        scene.site.clock.advance_seconds(DAY);
    }
    assert_eq!(scene.found(Some(&person)).await, only(&[]));
    scene.set("answer.token_elsewhere", "end_session").await;
    scene.open(&bearer, ELSEWHERE, &patients).await;
    assert_eq!(scene.found(Some(&person)).await, only(&["token_elsewhere"]));
    // A token is no session: nothing is ended, nothing says so, and it works on until somebody revokes it.
    scene.site.clock.advance_seconds(HOUR);
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["answer"], &alert["session_ended_at"]), (&"end_session".into(), &serde_json::Value::Null));
    scene.open(&bearer, ELSEWHERE, &patients).await;
    assert!(!scene.site.ledger.entries().iter().any(|entry| entry.action.as_str() == "end_session"));
    let path = format!("/alerts/{}", alert["alert_id"].as_str().unwrap());
    let page = scene.site.open(&path, &scene.officer().await).await.text();
    assert!(page.contains("No session was ended") && !page.contains("session was ended, and"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charts_of_patients_long_out_of_care_are_told_and_of_those_in_care_are_not() {
    let scene = Scene::new().await;
    let (curious, treating) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let former = scene.patients_of(&curious, 3).await;
    scene.site.clock.advance_seconds(62 * DAY);
    // Registered now: that is care.
    let present = scene.patients_of(&treating, 3).await;
    scene.open(&scene.site.signed_in(&treating).await, HERE, &present).await;
    scene.open(&scene.site.signed_in(&curious).await, HERE, &former).await;
    assert!(!scene.found(Some(&treating)).await.contains("no_care_around"));
    assert!(scene.found(Some(&curious)).await.contains("no_care_around"));
}
