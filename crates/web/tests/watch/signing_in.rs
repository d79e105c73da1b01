//! What happens around signing in.

use super::scene::{DAY, ELSEWHERE, HERE, Scene, only};
use axum::http::Method;
use domain::Role;
use serde_json::json;
use testkit::house::PASSWORD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_codes_is_told_and_mistyping_some_is_not() {
    let scene = Scene::new().await;
    let (attacked, clumsy) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let guess = async |person: &testkit::house::Person, times: usize| {
        for _ in 0..times {
            scene.site.clock.advance_seconds(5 * 60);
            let half = scene.type_password(HERE, &person.email, PASSWORD).await;
            if let Some(cookie) = half.cookie() {
                let answer = scene.type_code(HERE, &cookie, "000000").await;
                assert!([401, 429].contains(&answer.status.as_u16()), "{}", answer.text());
            }
        }
    };
    guess(&clumsy, 2).await;
    guess(&attacked, 8).await;
    assert_eq!(scene.found(Some(&clumsy)).await, only(&[]));
    assert_eq!(scene.found(Some(&attacked)).await, only(&["factor_guessing"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_accounts_tried_from_one_network_are_told_and_a_few_are_not() {
    let scene = Scene::new().await;
    for _ in 0..4 {
        let victim = scene.person(Role::Therapist).await;
        assert_eq!(scene.type_password(ELSEWHERE, &victim.email, "Summer 2026 !").await.status, 401);
    }
    assert_eq!(scene.found(None).await, only(&[]));
    let victim = scene.person(Role::Therapist).await;
    assert_eq!(scene.type_password(HERE, &victim.email, "Summer 2026 !").await.status, 401);
    assert_eq!(scene.found(None).await, only(&[]), "that one came from another network");
    assert_eq!(scene.type_password(ELSEWHERE, &victim.email, "Summer 2026 !").await.status, 401);
    assert_eq!(scene.found(None).await, only(&["many_accounts"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_slept_for_a_month_is_told_when_it_wakes_and_one_back_from_holiday_is_not() {
    let scene = Scene::new().await;
    let (sleeper, rested) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    scene.sign_in(&sleeper, HERE).await;
    scene.site.clock.advance_seconds(2 * DAY);
    scene.sign_in(&rested, HERE).await;
    scene.site.clock.advance_seconds(28 * DAY);
    scene.sign_in(&rested, HERE).await;
    scene.sign_in(&sleeper, HERE).await;
    assert_eq!(scene.found(Some(&rested)).await, only(&[]));
    assert_eq!(scene.found(Some(&sleeper)).await, only(&["dormant_account"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_codes_made_and_used_from_elsewhere_are_told_and_at_the_practice_are_not() {
    let scene = Scene::new().await;
    let (taken, careful) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let patients = scene.patients_of(&taken, 1).await;
    scene.site.care_link(&careful, patients[0]).await;
    for person in [&taken, &careful] {
        scene.sign_in(person, HERE).await;
    }
    scene.site.clock.advance_seconds(22 * DAY);
    for (person, peer) in [(&careful, HERE), (&taken, ELSEWHERE)] {
        // A session that was stolen: nobody signed in from there.
        let cookie = scene.site.signed_in(person).await;
        let answer = scene.from(peer, Method::POST, "/api/v1/me/recovery-codes", &cookie, Some(json!({}))).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        scene.open(&cookie, peer, &patients).await;
    }
    assert_eq!(scene.found(Some(&careful)).await, only(&[]));
    assert_eq!(scene.found(Some(&taken)).await, only(&["factor_changed"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_role_is_told_when_it_is_used_and_not_before() {
    let scene = Scene::new().await;
    let (admin, raised) = (scene.person(Role::Admin).await, scene.person(Role::Billing).await);
    let cookie = scene.site.signed_in(&admin).await;
    let path = format!("/api/v1/accounts/{}", raised.account());
    let seen = scene.from(HERE, Method::GET, &path, &cookie, None).await;
    let tag = seen.header("etag").unwrap().to_owned();
    let request = axum::http::Request::put(&path)
        .header("cookie", &cookie)
        .header("if-match", tag)
        .header("content-type", "application/json")
        .body(json!({ "role": "privacy_officer", "state": "active" }).to_string().into());
    let changed = scene.site.send(request.unwrap()).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(scene.found(Some(&raised)).await, only(&[]));
    scene.sign_in(&raised, HERE).await;
    assert_eq!(scene.found(Some(&raised)).await, only(&["role_changed"]));
}
