//! Who is found, and that nobody learns from it who is a patient here.

use super::scene::{REASON, Scene};
use axum::http::Method;
use domain::{PatientId, Role};
use ledger::Outcome;
use serde_json::{Value, json};
use testkit::site::Answer;

/// What an answer says, without the id of its request.
fn body(answer: &Answer) -> (u16, String) {
    let id = answer.header("x-request-id").expect("an id").to_owned();
    (answer.status.as_u16(), answer.text().replace(&id, ""))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_found_by_what_is_known_and_whoever_is_not_there_is_answered_alike() {
    let scene = Scene::new().await;
    let desk = scene.site.account(scene.practice, Role::FrontDesk).await;
    let clerk = scene.site.signed_in(&desk).await;
    let ben = json!({ "given_name": "Ben", "family_name": "Ng", "birth_date": "1970-01-02", "record_number": "K-77" });
    let ben = scene.site.api(Method::POST, "/api/v1/patients", &clerk, Some(ben)).await.json();
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let ask = async |whom: Value| {
        let mut new = whom;
        new["reason"] = json!(REASON);
        scene.ask(&cookie, new).await
    };
    let by_name = async |given: &str, family: &str, born: &str| {
        ask(json!({ "given_name": given, "family_name": family, "birth_date": born })).await
    };
    let foreign = scene.site.practice().await;
    let elsewhere = scene.site.patient(foreign, "Carl", "Away").await;
    let kept_from = scene.site.patient(scene.practice, "Dora", "Hidden").await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let restriction = json!({ "what": "account", "account_id": scene.therapist.account(), "answer": "agreed" });
    let path = format!("/api/v1/patients/{kept_from}/restrictions");
    assert_eq!(scene.site.api(Method::POST, &path, &officer, Some(restriction)).await.status, 201);

    let misses = [
        by_name("Ana", "Ruiz", "1984-03-03").await,
        by_name("An", "Ruiz", "1984-03-02").await,
        by_name("Carl", "Away", "1984-03-02").await,
        by_name("Dora", "Hidden", "1984-03-02").await,
        ask(json!({ "record_number": "K-78" })).await,
        ask(json!({ "patient_id": elsewhere })).await,
        ask(json!({ "patient_id": kept_from })).await,
        ask(json!({ "patient_id": PatientId::random(&crypto::SystemRng) })).await,
    ];
    for miss in &misses {
        assert_eq!(body(miss), body(&misses[0]));
    }
    assert_eq!(misses[0].status, 404);
    let denied = scene.entries(|entry| entry.action.as_str() == "break_glass" && entry.outcome == Outcome::Denied);
    assert_eq!(denied.len(), misses.len(), "each is an entry");
    assert_eq!(by_name("ana", "RUIZ", "1984-03-02").await.json()["patient_id"], json!(scene.ana));
    assert_eq!(ask(json!({ "record_number": "K-77" })).await.json()["patient_id"], ben["patient_id"]);

    let (first, second) = ("Eve", "Twin");
    let mut both = Vec::new();
    for _ in 0..2 {
        both.push(scene.site.patient(scene.practice, first, second).await);
    }
    assert_eq!(by_name(first, second, "1984-03-02").await.status, 409, "say the record number");
    let several = scene.entries(|entry| entry.reason.as_str() == "several-fit" && entry.outcome == Outcome::Denied);
    let mut under: Vec<_> = several.iter().filter_map(|entry| entry.patient).collect();
    under.sort_unstable();
    both.sort_unstable();
    assert_eq!(under, both, "what it told stands under each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_records_of_one_name_that_which_is_closed_or_keeps_away_is_as_if_it_were_not_there() {
    let scene = Scene::new().await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let keep_away = async |patient: PatientId| {
        let asked = json!({ "what": "account", "account_id": scene.therapist.account(), "answer": "agreed" });
        let path = format!("/api/v1/patients/{patient}/restrictions");
        assert_eq!(scene.site.api(Method::POST, &path, &officer, Some(asked)).await.status, 201);
    };
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let by_name = async |given: &str| {
        let whom = json!({ "given_name": given, "family_name": "Twin", "birth_date": "1984-03-02", "reason": REASON });
        scene.ask(&cookie, whom).await
    };
    let nobody = by_name("Nobody").await;
    assert_eq!(nobody.status, 404);

    let mut twice = Vec::new();
    for given in ["Eve", "Dora", "Fay"] {
        let pair = [
            scene.site.patient(scene.practice, given, "Twin").await,
            scene.site.patient(scene.practice, given, "Twin").await,
        ];
        twice.push(pair);
    }
    let [eve, dora, fay] = [twice[0], twice[1], twice[2]];
    let merge = format!("/api/v1/patients/{}/merge", eve[0]);
    let merged = scene.site.api(Method::POST, &merge, &officer, Some(json!({ "into": eve[1] }))).await;
    assert!(merged.status.is_success(), "{}", merged.text());
    assert_eq!(by_name("Eve").await.json()["patient_id"], json!(eve[1]), "the one that goes on");

    for patient in dora {
        keep_away(patient).await;
    }
    let refused = by_name("Dora").await;
    assert_eq!(body(&refused), body(&nobody), "two who keep away are nobody");
    let denied = scene.entries(|entry| entry.action.as_str() == "break_glass" && entry.outcome == Outcome::Denied);
    assert!(
        denied.last().is_some_and(|entry| dora.iter().any(|one| entry.patient == Some(*one))),
        "told under one of them"
    );

    keep_away(fay[0]).await;
    assert_eq!(by_name("Fay").await.json()["patient_id"], json!(fay[1]), "the one that does not");
}
