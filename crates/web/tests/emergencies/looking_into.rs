//! Who is told, and who signs for having looked into it.

use super::scene::{DAY, MINUTE, REASON, Scene, Stopped, wanted};
use axum::http::Method;
use domain::{AlertRule, Role, Unobserved};
use jiff::civil::date;
use ledger::Outcome;
use practice::emergencies::{self, ESCALATE_STEPS};
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_in_the_moment_of_the_act_and_signed_for_by_somebody_else() {
    let scene = Scene::new().await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let cookie = scene.site.signed_in(&admin).await;
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 0);
    let emergency = scene.open(&cookie).await;
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 1, "the clock did not move");

    let officer = scene.site.signed_in(&scene.officer).await;
    let list = scene.site.api(Method::GET, "/api/v1/emergencies", &officer, None).await.json();
    let one = &list["items"][0];
    assert_eq!((&one["emergency_id"], &one["reason"], &one["open"]), (&json!(emergency), &json!(REASON), &json!(true)));
    let read = scene.entries(|entry| entry.action.as_str() == "review_emergency");
    assert_eq!((read.len(), read[0].patient), (1, Some(scene.ana)), "reading the reason is an entry under the patient");
    assert_eq!(scene.sign(&officer, &emergency).await.status, 409, "it is open still");
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    let own = scene.sign(&cookie, &emergency).await;
    assert!(own.status == 409 && own.text().contains("yourself"), "{}", own.text());
    assert_eq!(scene.sign(&scene.site.signed_in(&scene.therapist).await, &emergency).await.status, 404);
    scene.site.clock.advance_seconds(5 * MINUTE);
    assert_eq!(scene.sign(&officer, &emergency).await.status, 401, "with a fresh factor");
    let officer = scene.site.signed_in(&scene.officer).await;
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);
    assert_eq!(scene.sign(&officer, &emergency).await.status, 409, "once");
    let list = scene.site.api(Method::GET, "/api/v1/emergencies?state=signed", &officer, None).await.json();
    let signed = &list["items"][0]["signature"];
    assert_eq!((&signed["finding"], &signed["words"]), (&json!("not_justified"), &json!("Nobody was in the hall.")));
    let waiting = scene.site.api(Method::GET, "/api/v1/emergencies", &officer, None).await.json();
    assert_eq!(waiting["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signs_for_in_three_working_days_is_told_again_and_stands_above_every_page() {
    let scene = Scene::new().await;
    // Thursday, the 14th. Saturdays are worked unless the practice says otherwise: Friday, Saturday, Monday.
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let one = scene.site.api(Method::GET, &format!("/api/v1/emergencies/{emergency}"), &officer, None).await.json();
    let sign_by: jiff::Timestamp = one["sign_by"].as_str().expect("a moment").parse().expect("a moment");
    let zone = domain::Timezone::new("America/New_York").expect("known");
    assert_eq!(sign_by, zone.moment(date(2026, 5, 19), 0, 0));
    let escalate = async || emergencies::escalate_overdue(&scene.site.house, &Unobserved).await.expect("told");
    scene.site.clock.advance_seconds(sign_by.as_second() - scene.site.now().as_second() - 1);
    assert_eq!(escalate().await, 0);
    scene.site.clock.advance_seconds(1);
    let officer = scene.site.signed_in(&scene.officer).await;
    let above = "1 emergency for which nobody signed in time";
    assert!(scene.site.open("/audit", &officer).await.text().contains(above));
    assert_eq!((escalate().await, escalate().await), (1, 0), "once");
    let rules = scene.alerts().await;
    assert_eq!((scene.told(&rules, AlertRule::BreakGlass), scene.told(&rules, AlertRule::BreakGlassUnsigned)), (1, 1));
    let all = scene.site.api(Method::GET, "/api/v1/alerts?state=all", &officer, None).await.json();
    let of = |alert: &&serde_json::Value| alert["rule"] == json!(AlertRule::BreakGlassUnsigned.word());
    let told = all["items"].as_array().expect("a list").iter().find(of).expect("told");
    assert_eq!(told["whom"]["account_id"], json!(scene.therapist.account()), "who then does not look into it");
    scene.site.clock.advance_seconds(9 * DAY);
    let officer = scene.site.signed_in(&scene.officer).await;
    assert!(scene.site.open("/alerts", &officer).await.text().contains(above), "until somebody signs");
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);
    assert!(!scene.site.open("/audit", &officer).await.text().contains(above));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_tells_that_nobody_signed_and_one_that_was_killed_at_it_is_followed_by_the_other() {
    let scene = Scene::new().await;
    let (session, house) = (scene.site.session(&scene.therapist).await, &scene.site.house);
    emergencies::open(house, &session, &wanted(&scene), &Unobserved).await.expect("opened");
    scene.site.clock.advance_seconds(9 * DAY);
    let entries = || scene.entries(|entry| entry.action.as_str() == "escalate_emergency").len();
    let stopped = Stopped(ESCALATE_STEPS[0]);
    let killed = futures::FutureExt::catch_unwind(AssertUnwindSafe(emergencies::escalate_overdue(house, &stopped)));
    assert!(killed.await.is_err());
    let escalate = || emergencies::escalate_overdue(house, &Unobserved);
    assert_eq!((escalate().await.expect("nothing"), entries()), (0, 0), "another server has it in hand");
    scene.site.clock.advance_seconds(MINUTE);
    let stopped = Stopped(ESCALATE_STEPS[1]);
    let killed = futures::FutureExt::catch_unwind(AssertUnwindSafe(emergencies::escalate_overdue(house, &stopped)));
    assert!(killed.await.is_err());
    assert_eq!(entries(), 1);
    scene.site.clock.advance_seconds(MINUTE);
    let (one, two) = futures::join!(escalate(), escalate());
    assert_eq!((one.expect("told") + two.expect("told"), entries()), (1, 2), "once, and again for the killed one");
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlassUnsigned), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_opened_a_record_answers_nothing_about_it_and_nobody_is_kept_from_looking_into_it() {
    let scene = Scene::new().await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let second = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let path = format!("/api/v1/patients/{}/restrictions", scene.ana);
    let away = |account| json!({ "what": "account", "account_id": account, "answer": "agreed" });
    let cookie = scene.site.signed_in(&admin).await;
    let post = async |cookie: &str, asked: Value| scene.site.api(Method::POST, &path, cookie, Some(asked)).await;
    let notes = json!({ "what": "notes", "answer": "agreed" });
    let notes = post(&cookie, notes).await;
    assert_eq!(notes.status, 201, "before it was opened");
    let notes = notes.json()["restriction_id"].as_str().expect("an id").to_owned();

    let emergency = scene.open(&cookie).await;
    let refused = post(&cookie, away(scene.officer.account())).await;
    assert!(refused.status == 409 && refused.text().contains("You opened this record"), "{}", refused.text());
    let end = scene.site.api(Method::DELETE, &format!("{path}/{notes}"), &cookie, None).await;
    assert_eq!(end.status, 409, "nor is what is withheld given back by them: {}", end.text());

    let others = scene.site.signed_in(&second).await;
    assert_eq!(post(&others, away(scene.officer.account())).await.status, 201, "a colleague answers");
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    let officer = scene.site.signed_in(&scene.officer).await;
    let one = scene.site.api(Method::GET, &format!("/api/v1/emergencies/{emergency}"), &officer, None).await.json();
    assert_eq!(one["reason"], json!(REASON), "who is kept away from the record still looks into it");
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);
    assert_eq!(post(&cookie, away(second.account())).await.status, 201, "when somebody signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_was_made_after_the_opening_signs_only_where_nobody_else_can() {
    let scene = Scene::new().await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let cookie = scene.site.signed_in(&admin).await;
    let emergency = scene.open(&cookie).await;
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    scene.site.clock.advance_seconds(MINUTE);
    let made = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let refused = scene.sign(&scene.site.signed_in(&made).await, &emergency).await;
    assert!(refused.status == 409 && refused.text().contains("after the record was opened"), "{}", refused.text());
    let officer = scene.site.signed_in(&scene.officer).await;
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);

    let small = scene.site.practice().await;
    let (alone, bo) = (scene.site.account(small, Role::Admin).await, scene.site.patient(small, "Bo", "Ng").await);
    let cookie = scene.site.signed_in(&alone).await;
    let opened = scene.ask(&cookie, json!({ "patient_id": bo, "reason": REASON })).await.json();
    let emergency = opened["emergency_id"].as_str().expect("an id").to_owned();
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    scene.site.clock.advance_seconds(MINUTE);
    let made = scene.site.account(small, Role::PrivacyOfficer).await;
    let made = scene.site.signed_in(&made).await;
    let signed = scene.sign(&made, &emergency).await;
    assert_eq!(signed.status, 204, "{}", signed.text());
    let one = scene.site.api(Method::GET, &format!("/api/v1/emergencies/{emergency}"), &made, None).await.json();
    assert_eq!(one["signature"]["made_since"], json!(true), "and it is said");
    let entries = scene.entries(|entry| entry.action.as_str() == "sign_emergency");
    let reasons: Vec<_> = entries.iter().map(|entry| entry.reason.as_str()).collect();
    assert_eq!(reasons, ["made-since", "emergency-review", "made-since-and-alone"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_reads_the_list_is_given_no_reason_and_refused_nothing() {
    let scene = Scene::new().await;
    scene.open(&scene.site.signed_in(&scene.therapist).await).await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let new = json!({ "label": "Report", "scopes": ["read_audit"], "days": 1 });
    let token = scene.site.api(Method::POST, "/api/v1/me/tokens", &officer, Some(new)).await.json();
    let token = token["secret"].as_str().expect("a token");
    assert_eq!(scene.with_token(Method::GET, "/api/v1/emergencies", token, json!({})).await, 200);
    let me = scene.officer.account();
    let reviews = scene.entries(|entry| {
        entry.actor == Some(me) && (entry.outcome == Outcome::Denied || entry.action.as_str() == "review_emergency")
    });
    assert_eq!(reviews, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_somebody_is_told_of_an_opening_cannot_be_set_otherwise() {
    let scene = Scene::new().await;
    let officer = scene.site.signed_in(&scene.officer).await;
    for rule in [AlertRule::BreakGlass, AlertRule::BreakGlassUnsigned] {
        let path = format!("/api/v1/alerts/settings/answer.{rule}");
        for (answer, status) in [("note", 422), ("end_session", 422), ("alert", 204)] {
            let set = scene.site.api(Method::PUT, &path, &officer, Some(json!({ "value": answer }))).await;
            assert_eq!(set.status, status, "{rule} {answer}: {}", set.text());
        }
    }
    let form = scene.site.open("/alerts/settings?change=answer.break_glass", &officer).await.text();
    assert!(!form.contains("value=\"note\""), "{form}");
}
