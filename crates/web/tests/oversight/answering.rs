//! What people say in a review of access, and what comes of it.

use crate::scene::{BEGINS, DUE, Scene};
use axum::http::Method;
use domain::{Role, Timestamp};
use serde_json::{Value, json};
use testkit::house::{PASSWORD, Person};

#[tokio::test]
async fn only_what_is_used_without_an_alert_and_in_an_unchanged_role_is_kept_at_once() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let (used, unused) =
        (site.account(scene.practice, Role::Therapist).await, site.account(scene.practice, Role::Therapist).await);
    let changed = site.account(scene.practice, Role::Therapist).await;
    let (lister, robot) =
        (site.account(scene.practice, Role::Therapist).await, site.account(scene.practice, Role::Therapist).await);
    let suspect = site.account(scene.practice, Role::Billing).await;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    for person in [&used, &unused, &lister, &robot] {
        site.care_link(person, patient).await;
    }
    let (token, robots) = (scene.token(&used).await, scene.token(&robot).await);
    // More than the days that count as lately pass before the quarter ends.
    let cookie = site.signed_in(&scene.admin).await;
    let body = json!({ "due_days": 14, "unused_days": 30 });
    assert_eq!(site.api(Method::PUT, "/api/v1/access-reviews/settings", &cookie, Some(body)).await.status, 200);
    scene.at("2026-06-20T13:00:00Z").await;
    let admins = site.signed_in(&scene.admin).await;
    let path = format!("/api/v1/accounts/{}", changed.account());
    let request = axum::http::Request::put(&path)
        .header("cookie", &admins)
        .header("content-type", "application/json")
        .header("if-match", site.api(Method::GET, &path, &admins, None).await.header("etag").unwrap());
    let body = json!({ "role": "front_desk", "state": "active" }).to_string();
    assert_eq!(site.send(request.body(body.into()).unwrap()).await.status, 200);
    // Lists are no use of the places on them, a password alone is none of an account, and neither is a token.
    assert!(site.open("/patients", &site.signed_in(&lister).await).await.text().contains("Ruiz"));
    assert_eq!(scene.sign_in(&unused, PASSWORD).await.status, 201);
    assert_eq!(scene.with_token_at("/api/v1/patients", &robots).await, 200);
    for person in [&used, &changed, &suspect, &officer] {
        let cookie = match person.account() == changed.account() {
            // In the new role.
            true => continue,
            false => site.signed_in(person).await,
        };
        let page = match person.claims.role {
            Role::Billing => "/billing",
            Role::PrivacyOfficer => "/audit",
            _ => "/patients",
        };
        assert_eq!(site.open(page, &cookie).await.status, 200, "{page}");
    }
    assert_eq!(scene.chart(&site.signed_in(&used).await, patient).await, 200);
    let list = axum::http::Request::get("/api/v1/patients").header("authorization", format!("Bearer {token}"));
    assert_eq!(site.send(list.body(axum::body::Body::empty()).unwrap()).await.status, 200);
    scene.at(BEGINS).await;
    // What is found after the review was listed counts too.
    let watch = site.follower();
    watch.round().await.unwrap();
    let tries = site.signed_in(&suspect).await;
    for _ in 0..8 {
        let nobody = domain::BillingAccountId::random(&*site.house.rng);
        site.open(&format!("/patients/{nobody}"), &tries).await;
    }
    while watch.round().await.unwrap().behind > 0 {}

    let cookie = site.signed_in(&scene.admin).await;
    let unusual = async |person: &Person, kind: &str| scene.item(&cookie, person, kind).await["unusual"].clone();
    assert_eq!(unusual(&used, "care_link").await, json!([]));
    assert_eq!(unusual(&used, "token").await, json!([]));
    assert_eq!(unusual(&unused, "account").await, json!(["unused"]));
    assert_eq!(unusual(&unused, "care_link").await, json!(["unused"]));
    assert_eq!(unusual(&lister, "account").await, json!([]));
    assert_eq!(unusual(&lister, "care_link").await, json!(["unused"]));
    assert_eq!(unusual(&robot, "token").await, json!([]));
    assert_eq!(unusual(&robot, "account").await, json!(["unused"]));
    assert!(unusual(&changed, "account").await.as_array().unwrap().contains(&json!("role_changed")));
    let last = scene.item(&cookie, &used, "token").await["last_used_at"].as_str().unwrap().to_owned();
    assert!(last.starts_with("2026-06-20T13:00"), "{last}");

    let newest = scene.newest(&cookie).await;
    let kept = site.api(Method::POST, &format!("{newest}/keep-usual"), &cookie, Some(json!({}))).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let decision = async |person: &Person, kind: &str| scene.item(&cookie, person, kind).await["decision"].clone();
    for kind in ["account", "care_link", "token"] {
        assert_eq!(decision(&used, kind).await, "kept", "{kind}");
    }
    assert_eq!(decision(&officer, "account").await, "kept");
    for person in [&unused, &changed, &suspect, &scene.admin] {
        assert_eq!(decision(person, "account").await, Value::Null, "one by one, and not one's own");
    }
    assert_eq!(decision(&lister, "account").await, "kept");
    assert_eq!(decision(&lister, "care_link").await, Value::Null);
    assert_eq!(decision(&robot, "token").await, "kept");
    assert_eq!(kept.json()["kept"], 6);
}

#[tokio::test]
async fn the_time_to_answer_is_a_setting_within_bounds() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let cookie = site.signed_in(&scene.admin).await;
    let set = async |days: u32| {
        let body = json!({ "due_days": days, "unused_days": 90 });
        site.api(Method::PUT, "/api/v1/access-reviews/settings", &cookie, Some(body)).await.status.as_u16()
    };
    assert_eq!((set(2).await, set(61).await, set(3).await), (422, 422, 200));
    scene.at(BEGINS).await;
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!(reviews[0]["due_at"], "2026-07-04T13:00:00Z");
}

#[tokio::test]
async fn what_is_gone_is_not_kept_and_nothing_is_kept_any_more_when_it_is_due() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let left = site.account(scene.practice, Role::Therapist).await;
    let moved = site.account(scene.practice, Role::Therapist).await;
    let stays = site.account(scene.practice, Role::Therapist).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    scene.at("2026-06-20T13:00:00Z").await;
    let places = [site.care_link(&moved, patient).await, site.care_link(&stays, patient).await];
    for person in [&moved, &stays, &left] {
        let cookie = site.signed_in(person).await;
        site.open("/patients", &cookie).await;
        scene.chart(&cookie, patient).await;
    }
    let tokens = [scene.token(&moved).await, scene.token(&stays).await];
    for token in &tokens {
        scene.with_token_at("/api/v1/patients", token).await;
    }
    scene.at(BEGINS).await;

    // Meanwhile somebody leaves, places end, and tokens are revoked, without the review.
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    assert_eq!(scene.set(&admins, &left, "therapist", "disabled").await, 200);
    for place in places {
        let path = format!("/api/v1/patients/{patient}/care-team/{place}");
        assert_eq!(site.api(Method::DELETE, &path, &admins, None).await.status, 204);
    }
    for person in [&moved, &stays] {
        let cookie = site.signed_in(person).await;
        let list = site.api(Method::GET, "/api/v1/me/tokens", &cookie, None).await.json();
        let id = list["items"][0]["token_id"].as_str().unwrap().to_owned();
        assert_eq!(site.api(Method::DELETE, &format!("/api/v1/me/tokens/{id}"), &cookie, None).await.status, 204);
    }
    for (person, kind) in [(&left, "account"), (&moved, "care_link"), (&moved, "token")] {
        assert_eq!(scene.decide(&officers, person, kind, "keep").await.json()["decision"], "gone", "{kind}");
    }
    let keep = format!("{}/keep-usual", scene.newest(&officers).await);
    assert_eq!(site.api(Method::POST, &keep, &officers, Some(json!({}))).await.status, 200);
    for kind in ["care_link", "token"] {
        assert_eq!(scene.decision(&officers, &stays, kind).await, "gone", "{kind}");
    }
    assert_eq!(scene.decision(&officers, &stays, "account").await, "kept");

    // A second before it is due somebody is kept; then nobody is.
    let due: Timestamp = DUE.parse().unwrap();
    site.clock.set(due - jiff::SignedDuration::from_secs(1));
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    scene.keep(&officers, &scene.admin, "account").await;
    site.clock.set(due);
    assert_eq!(scene.decide(&admins, &officer, "account", "keep").await.status, 409);
    let usual = site.api(Method::POST, &keep, &admins, Some(json!({}))).await.status;
    assert_eq!(usual, 409, "nor all that is usual");
}

#[tokio::test]
async fn two_administrators_who_end_each_other_do_not_both_succeed() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at(BEGINS).await;
    let (mine, theirs) = (site.signed_in(&scene.admin).await, site.signed_in(&other).await);
    let (one, two) = tokio::join!(
        scene.decide(&mine, &other, "account", "end"),
        scene.decide(&theirs, &scene.admin, "account", "end")
    );
    let mut became = [one.status.as_u16(), two.status.as_u16()];
    became.sort_unstable();
    assert_eq!(became, [200, 409], "{} {}", one.text(), two.text());
    let left = [scene.sign_in(&scene.admin, PASSWORD).await.status, scene.sign_in(&other, PASSWORD).await.status];
    assert_eq!(left.iter().filter(|status| **status == 201).count(), 1, "{left:?}");
    assert_eq!(scene.recorded("change_account", false), 1, "what was recorded and not done is recorded again");

    // Nor does one who ends the other in the review while the other disables them.
    let scene = Scene::new().await;
    let site = &scene.site;
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at(BEGINS).await;
    let (mine, theirs) = (site.signed_in(&scene.admin).await, site.signed_in(&other).await);
    let (_, _) = tokio::join!(
        scene.decide(&mine, &other, "account", "end"),
        scene.set(&theirs, &scene.admin, "admin", "disabled")
    );
    let left = [scene.sign_in(&scene.admin, PASSWORD).await.status, scene.sign_in(&other, PASSWORD).await.status];
    assert_eq!(left.iter().filter(|status| **status == 201).count(), 1, "{left:?}");
}

#[tokio::test]
async fn tokens_of_an_account_that_ends_in_the_review_end_by_the_same_hand() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    let token = scene.token(&therapist).await;
    scene.at(BEGINS).await;
    let officers = site.signed_in(&officer).await;
    assert_eq!(scene.decide(&officers, &therapist, "account", "end").await.status, 200);
    assert_eq!(scene.with_token(&token).await, 401);
    let item = scene.item(&officers, &therapist, "token").await;
    assert_eq!(item["decision"], "ended");
    assert_eq!(item["decided_by"]["account_id"], officer.account().to_string().as_str());
}
