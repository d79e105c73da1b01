//! Reviews of access: how one begins, what ends by itself, and its record.

use crate::scene::{BEGINS, DUE, Scene};
use axum::http::Method;
use domain::{Role, Timestamp};
use ledger::Outcome;
use practice::access_reviews::{ReviewError, verify_review};
use serde_json::json;
use std::sync::atomic::Ordering;
use testkit::house::PASSWORD;

#[tokio::test]
async fn what_nobody_attests_ends_on_the_minute_and_the_person_is_told_why() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    let biller = site.account(scene.practice, Role::Billing).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    site.care_link(&therapist, patient).await;
    let token = scene.token(&therapist).await;
    scene.at("2026-06-30T13:00:00Z").await;
    assert!(
        scene.reviews(&site.signed_in(&scene.admin).await).await.is_empty(),
        "a new practice has its first next quarter"
    );

    scene.at(BEGINS).await;
    scene.round().await;
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    let reviews = scene.reviews(&officers).await;
    assert_eq!(reviews.len(), 1, "one each quarter");
    assert_eq!((&reviews[0]["quarter"], &reviews[0]["state"]), (&json!("2026-Q3"), &json!("open")));
    // Five accounts (with the front desk that registered the patient), a place, a token.
    assert_eq!((&reviews[0]["accesses"], &reviews[0]["waiting"]), (&json!(7), &json!(7)));
    assert_eq!(scene.item(&officers, &therapist, "care_link").await["patient_id"], patient.to_string().as_str());
    scene.keep(&officers, &scene.admin, "account").await;
    scene.keep(&officers, &therapist, "account").await;
    scene.keep(&admins, &officer, "account").await;

    // A second before, everything is as it was.
    let due: Timestamp = DUE.parse().unwrap();
    scene.at(&(due - jiff::SignedDuration::from_secs(1)).to_string()).await;
    let (therapists, billers) = (site.signed_in(&therapist).await, site.signed_in(&biller).await);
    assert_eq!(scene.chart(&therapists, patient).await, 200);
    assert_eq!(scene.with_token(&token).await, 200);
    assert_eq!(site.open("/billing", &billers).await.status, 200);
    assert!(!site.open("/account", &therapists).await.text().contains("Some of your access ended"));

    scene.at(DUE).await;
    assert_eq!(scene.chart(&therapists, patient).await, 404, "the place ended");
    assert_eq!(scene.with_token(&token).await, 401, "the token is revoked");
    assert_eq!(site.api(Method::GET, "/api/v1/me", &billers, None).await.status, 401, "the account's session ended");
    let refused = scene.sign_in(&biller, PASSWORD).await;
    assert_eq!(refused.status, 403);
    let why = "Your access ended on 15 July 2026";
    let because = "because the access review of the 3rd quarter of 2026 was not answered";
    let told = refused.json()["detail"].as_str().unwrap().replace('\u{a0}', " ");
    assert!(told.contains(why) && told.contains(because) && told.contains("Ask an administrator"), "{told}");
    let form = format!("email={}&password={}", biller.email, PASSWORD.replace(' ', "+"));
    let page = site.submit("/sign-in", "", &form).await;
    assert!(page.status == 403 && page.text().contains(because), "{}", page.text());
    let stranger = scene.sign_in(&biller, "not the password").await;
    assert!(stranger.status == 401 && !stranger.text().contains("review"), "only who has the password learns it");
    for path in ["/account", "/patients"] {
        let page = site.open(path, &therapists).await.text();
        assert!(page.contains("1 API token of yours ended on") && page.contains(because), "{page}");
        assert!(page.contains("1 place of yours on a care team ended on"), "{page}");
    }
    let mine = site.api(Method::GET, "/api/v1/me/ended-access", &therapists, None).await.json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    assert!(mine["items"].as_array().unwrap().iter().all(|one| one["unanswered"] == true));

    let entries = site.ledger.entries();
    let done = |action: &str| {
        let fits = |entry: &&ledger::Entry| entry.action.as_str() == action && entry.outcome == Outcome::Allowed;
        entries.iter().filter(fits).find(|entry| entry.reason.as_str() == "review-not-answered").unwrap()
    };
    assert_eq!(done("end_care_team").patient, Some(patient), "the patient sees it in their own log");
    assert!(done("change_account").actor.is_none() && done("revoke_token").actor.is_none());

    // All is decided, so it is closed, and anybody with the public key can check its record.
    let officers = site.signed_in(&officer).await;
    let newest = scene.newest(&officers).await;
    assert_eq!(scene.reviews(&officers).await[0]["state"], "closed");
    let record = site.api(Method::GET, &format!("{newest}/record"), &officers, None).await.json();
    let note = record["note"].as_str().unwrap();
    let said = verify_review(note, &scene.signing().1).unwrap();
    assert_eq!(serde_json::to_value(&said).unwrap(), record["record"]);
    assert!(said.audit.is_some() && said.accesses.len() == 7);
    let lapsed = said.accesses.iter().filter(|access| access.decision.word() == "lapsed").count();
    assert_eq!(lapsed, 4, "two accounts, the place, the token");
    assert!(verify_review(&note.replace("lapsed", "kept"), &scene.signing().1).is_err());
    let sheet = site.api(Method::GET, &format!("{newest}/record.pdf"), &officers, None).await;
    assert!(sheet.status == 200 && sheet.body.starts_with(b"%PDF"));

    // Whoever is let in again is told nothing any more, and what is disabled otherwise says nothing of the review.
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.set(&admins, &biller, "billing", "active").await, 200);
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 201);
    assert_eq!(scene.set(&admins, &biller, "billing", "disabled").await, 200);
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 401);
}

#[tokio::test]
async fn nobody_attests_their_own_access_and_shutting_the_others_out_does_not_help() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    scene.at(BEGINS).await;
    let officers = site.signed_in(&officer).await;
    assert_eq!(scene.decide(&officers, &officer, "account", "keep").await.status, 409);
    assert_eq!(scene.item(&officers, &officer, "account").await["answerable"], false);
    let denied = site.ledger.entries().into_iter().any(|entry| {
        entry.action.as_str() == "attest_access"
            && entry.reason.as_str() == "about-oneself"
            && entry.outcome == Outcome::Denied
    });
    assert!(denied, "it is recorded");
    // A factor proven some time ago is none proven just now.
    site.clock.advance_seconds(11 * 60);
    assert_eq!(scene.decide(&officers, &scene.admin, "account", "keep").await.status, 401);
    let officers = site.signed_in(&officer).await;
    assert_eq!(
        scene.decide(&officers, &scene.admin, "account", "end").await.status,
        409,
        "nobody else could give access"
    );
    let admins = site.signed_in(&scene.admin).await;
    let ended = scene.decide(&admins, &officer, "account", "end").await;
    assert_eq!((ended.status.as_u16(), &ended.json()["decision"]), (200, &json!("ended")));
    assert_eq!(scene.sign_in(&officer, PASSWORD).await.status, 403);
    // Now there is one alone, but there was somebody else.
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "keep").await.status, 409);
    assert_eq!(scene.item(&admins, &scene.admin, "account").await["answerable"], false);
    // Nor with somebody who came and went since the review began, in whatever role at first.
    let scene = Scene::new().await;
    let site = &scene.site;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    scene.at(BEGINS).await;
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.set(&admins, &therapist, "privacy_officer", "active").await, 200);
    assert_eq!(scene.set(&admins, &therapist, "therapist", "disabled").await, 200);
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "keep").await.status, 409);
}

#[tokio::test]
async fn whoever_is_alone_attests_themself_and_it_is_marked() {
    let scene = Scene::new().await;
    let site = &scene.site;
    scene.at(BEGINS).await;
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "end").await.status, 409);
    scene.keep(&admins, &scene.admin, "account").await;
    let own = scene.item(&admins, &scene.admin, "account").await;
    assert_eq!((&own["decision"], &own["about_oneself"]), (&json!("kept"), &json!(true)));
    let review = scene.newest(&admins).await.replace("/api/v1/access-reviews", "/reviews");
    let page = site.open(&format!("{review}?all=true"), &admins).await.text();
    assert!(page.contains("about themself: there was nobody else"), "{page}");
    scene.round().await;
    assert_eq!(scene.reviews(&admins).await[0]["state"], "closed", "all was answered before it was due");
}

#[tokio::test]
async fn the_last_administrator_is_kept_though_nobody_attested_them_and_an_alert_says_so() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let watch = site.follower();
    watch.round().await.unwrap();
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at("2026-06-20T13:00:00Z").await;
    // The other was here later than the first.
    site.open("/people", &site.signed_in(&other).await).await;
    scene.at(BEGINS).await;
    scene.at(DUE).await;
    assert_eq!(scene.sign_in(&scene.admin, PASSWORD).await.status, 403, "two are not both needed");
    assert_eq!(scene.sign_in(&other, PASSWORD).await.status, 201, "whoever was here last is kept");
    while watch.round().await.unwrap().behind > 0 {}
    let cookie = site.signed_in(&other).await;
    assert_eq!(scene.item(&cookie, &other, "account").await["decision"], "spared");
    let alerts = site.api(Method::GET, "/api/v1/alerts", &cookie, None).await.json();
    let alerts: Vec<_> =
        alerts["items"].as_array().unwrap().iter().filter(|one| one["rule"] == "access_review").collect();
    assert_eq!(alerts.len(), 2, "the review began; somebody was kept: {alerts:#?}");
    assert_eq!(alerts[0]["whom"]["account_id"], other.account().to_string().as_str());
    assert!(site.open("/alerts", &cookie).await.text().contains("A review of access waits for you"));
}

#[tokio::test]
async fn a_review_begins_with_the_first_minute_of_the_quarter_where_the_practice_is() {
    let scene = Scene::new().await;
    let cookie = async || scene.site.signed_in(&scene.admin).await;
    scene.at("2026-07-01T03:59:59Z").await;
    assert!(scene.reviews(&cookie().await).await.is_empty(), "in New York it is still June");
    scene.at("2026-07-01T04:00:00Z").await;
    assert_eq!(scene.reviews(&cookie().await).await[0]["quarter"], "2026-Q3");
}

#[tokio::test]
async fn nothing_is_listed_while_the_index_of_the_trail_lags_nor_what_was_given_after_the_review_began() {
    let scene = Scene::new().await;
    let site = &scene.site;
    site.account(scene.practice, Role::PrivacyOfficer).await;
    site.lag.behind.store(1, Ordering::SeqCst);
    site.clock.set(BEGINS.parse().unwrap());
    assert!(matches!(scene.try_round().await, Err(ReviewError::Lagging)));
    let cookie = site.signed_in(&scene.admin).await;
    assert_eq!(scene.reviews(&cookie).await[0]["state"], "listing");
    site.clock.advance_seconds(60);
    scene.token(&scene.admin).await;
    site.account(scene.practice, Role::Billing).await;
    site.lag.behind.store(0, Ordering::SeqCst);
    scene.round().await;
    let reviews = scene.reviews(&cookie).await;
    assert_eq!((&reviews[0]["state"], &reviews[0]["accesses"]), (&json!("open"), &json!(2)));
    assert_eq!(scene.recorded("start_access_review", true), 1);
}

#[tokio::test]
async fn where_no_server_ran_nothing_ends_for_three_days_and_no_second_review_begins_beside_one() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let biller = site.account(scene.practice, Role::Billing).await;
    scene.at(BEGINS).await;
    scene.at_after_absence("2026-10-01T13:00:00Z").await;
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!(reviews.len(), 1, "that of the quarter begins when this one is closed");
    assert_eq!((&reviews[0]["state"], &reviews[0]["due_at"]), (&json!("open"), &json!("2026-10-04T13:00:00Z")));
    assert_eq!(scene.recorded("put_off_access_review", true), 1);
    scene.at("2026-10-04T12:59:59Z").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 201);
    scene.at("2026-10-04T13:00:00Z").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 403);
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!((&reviews[0]["quarter"], &reviews[1]["state"]), (&json!("2026-Q4"), &json!("closed")));
    // A restart is no absence.
    scene.at("2026-10-18T12:30:00Z").await;
    scene.at_after_absence("2026-10-18T13:00:00Z").await;
    assert_eq!(scene.reviews(&site.signed_in(&scene.admin).await).await[0]["state"], "closed");
}

#[tokio::test]
async fn a_record_without_its_proof_is_not_made_and_the_closing_is_recorded_once() {
    let scene = Scene::new().await;
    let site = &scene.site;
    scene.at(BEGINS).await;
    let cookie = site.signed_in(&scene.admin).await;
    scene.keep(&cookie, &scene.admin, "account").await;
    site.lag.headless.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(matches!(scene.try_round().await, Err(ReviewError::Unproved)));
    }
    assert_eq!(scene.reviews(&cookie).await[0]["state"], "open");
    site.lag.headless.store(false, Ordering::SeqCst);
    scene.round().await;
    let path = format!("{}/record", scene.newest(&cookie).await);
    let record = site.api(Method::GET, &path, &cookie, None).await.json();
    let said = verify_review(record["note"].as_str().unwrap(), &scene.signing().1).unwrap();
    assert!(said.audit.is_some());
    assert_eq!(scene.recorded("close_access_review", true), 1);
}
