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
async fn the_session_that_a_factor_began_is_ended_and_no_other() {
    let scene = Scene::new().await;
    scene.set("answer.new_network", "end_session").await;
    let robbed = scene.person(Role::Therapist).await;
    scene.sign_in(&robbed, HERE).await;
    scene.site.clock.advance_seconds(22 * DAY);
    let (own, stolen) = (scene.sign_in(&robbed, HERE).await, scene.sign_in(&robbed, ELSEWHERE).await);
    assert_eq!(scene.from(ELSEWHERE, Method::GET, "/api/v1/me", &stolen, None).await.status, 200);
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["rule"], &alert["answer"]), (&"new_network".into(), &"end_session".into()));
    assert!(alert["session_ended_at"].is_string(), "{alert}");
    assert_eq!(
        scene.from(ELSEWHERE, Method::GET, "/api/v1/me", &stolen, None).await.status,
        401,
        "the thief's is over"
    );
    assert_eq!(scene.from(HERE, Method::GET, "/api/v1/me", &own, None).await.status, 200, "their own goes on");
    let entries = scene.site.ledger.entries();
    let began = entries.iter().rfind(|entry| {
        entry.action.as_str() == "sign_in" && entry.reason.as_str() == "totp" && entry.actor == Some(robbed.account())
    });
    let ended: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == "end_session").collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].resource, began.expect("signed in").resource, "the trail names the session that was ended");
    let page = scene.site.open("/alerts?state=all", &scene.officer().await).await.text();
    assert!(page.contains("session ended"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_went_on_under_another_id_before_it_was_looked_at_is_ended_there() {
    let scene = Scene::new().await;
    scene.set("answer.new_network", "end_session").await;
    let robbed = scene.person(Role::Therapist).await;
    scene.sign_in(&robbed, HERE).await;
    scene.site.clock.advance_seconds(22 * DAY);
    let stolen = scene.sign_in(&robbed, ELSEWHERE).await;
    scene.site.clock.advance_seconds(60);
    let code = json!({ "code": robbed.code(scene.site.now()) });
    let stepped = scene.from(ELSEWHERE, Method::POST, "/api/v1/session/step-up/totp", &stolen, Some(code)).await;
    assert_eq!(stepped.status, 200, "{}", stepped.text());
    let stolen = stepped.cookie().unwrap();
    assert!(scene.alerts().await[0]["session_ended_at"].is_string());
    assert_eq!(scene.from(ELSEWHERE, Method::GET, "/api/v1/me", &stolen, None).await.status, 401);
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
