//! Too much of something.

use super::scene::{DAY, HERE, Scene, only};
use axum::http::Method;
use domain::Role;
use practice::billing::charging::{NewCharge, charge};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_different_charts_in_an_hour_are_told_and_the_same_ones_again_are_not() {
    let scene = Scene::new().await;
    scene.set("charts_at_first", "5").await;
    scene.set("charts_least", "5").await;
    let (swift, calm) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let (many, few) = (scene.patients_of(&swift, 7).await, scene.patients_of(&calm, 5).await);
    let cookie = scene.site.signed_in(&calm).await;
    for _ in 0..4 {
        scene.open(&cookie, HERE, &few).await;
    }
    scene.open(&scene.site.signed_in(&swift).await, HERE, &many).await;
    assert_eq!(scene.found(Some(&calm)).await, only(&[]));
    assert_eq!(scene.found(Some(&swift)).await, only(&["many_charts"]));
    let alerts = scene.alerts().await;
    assert_eq!((&alerts[0]["compared"]["counted"], &alerts[0]["compared"]["limit"]), (&6.into(), &5.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_billing_on_a_page_are_a_list_and_opened_one_by_one_they_are_charts() {
    let scene = Scene::new().await;
    scene.set("charts_at_first", "5").await;
    scene.set("charts_least", "5").await;
    let (therapist, biller) = (scene.person(Role::Therapist).await, scene.person(Role::Billing).await);
    let treats = scene.site.signed_in(&therapist).await;
    for patient in scene.patients_of(&therapist, 7).await {
        let visit = json!({
            "therapist_id": therapist.account(), "starts_at": "2026-05-13T14:00:00Z", "minutes": 45, "state": "held",
        });
        let path = format!("/api/v1/patients/{patient}/visits");
        let visit = scene.site.api(Method::POST, &path, &treats, Some(visit)).await.json();
        let visit = visit["visit_id"].as_str().unwrap().parse().unwrap();
        let new = NewCharge {
            services: serde_json::from_value(json!([{ "code": "97161" }])).unwrap(),
            diagnoses: serde_json::from_value(json!(["M25.561"])).unwrap(),
        };
        let session = scene.site.session(&therapist).await;
        charge(&scene.site.house, &session, patient, visit, &new, None).await.unwrap();
    }
    // Looking at the drafts carries what was charged to billing.
    let cookie = scene.site.signed_in(&biller).await;
    assert_eq!(scene.from(HERE, Method::GET, "/api/v1/billing/drafts", &cookie, None).await.status, 200);
    let accounts = scene.from(HERE, Method::GET, "/api/v1/billing/accounts?limit=200", &cookie, None).await;
    assert_eq!(accounts.status, 200, "{}", accounts.text());
    let accounts = accounts.json()["items"].as_array().unwrap().clone();
    assert!(accounts.len() == 7 && accounts.iter().all(|account| account["name"].is_string()), "{accounts:?}");
    assert_eq!(scene.found(Some(&biller)).await, only(&[]), "names on a page are a list");
    for account in &accounts {
        let path = format!("/api/v1/billing/accounts/{}", account["account_id"].as_str().unwrap());
        assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 200);
    }
    assert_eq!(scene.found(Some(&biller)).await, only(&["many_charts"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rise_over_months_is_told_and_a_steady_pace_is_not() {
    let scene = Scene::new().await;
    let (rising, steady) = (scene.person(Role::Therapist).await, scene.person(Role::Therapist).await);
    let patients = scene.patients_of(&rising, 10).await;
    for patient in &patients {
        scene.site.care_link(&steady, *patient).await;
    }
    let day = async |first: usize, second: usize| {
        scene.open(&scene.site.signed_in(&rising).await, HERE, &patients[..first]).await;
        scene.open(&scene.site.signed_in(&steady).await, HERE, &patients[..second]).await;
        scene.site.clock.advance_seconds(DAY);
    };
    for _ in 0..12 {
        day(2, 3).await;
    }
    scene.site.clock.advance_seconds(55 * DAY);
    for _ in 0..7 {
        day(10, 4).await;
    }
    assert!(scene.found(Some(&rising)).await.contains("slow_rise"));
    assert!(!scene.found(Some(&steady)).await.contains("slow_rise"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listing_many_patients_is_told_and_a_short_list_is_not() {
    let scene = Scene::new().await;
    scene.set("listed_least", "10").await;
    scene.patients(22).await;
    let (scraper, clerk) = (scene.person(Role::FrontDesk).await, scene.person(Role::FrontDesk).await);
    let list = async |person, limit: u32| {
        let cookie = scene.site.signed_in(person).await;
        let path = format!("/api/v1/patients?limit={limit}");
        assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 200);
    };
    for _ in 0..3 {
        list(&clerk, 10).await;
    }
    list(&scraper, 200).await;
    assert_eq!(scene.found(Some(&clerk)).await, only(&[]));
    assert_eq!(scene.found(Some(&scraper)).await, only(&["long_lists"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_exports_on_a_day_are_told_and_a_few_are_not() {
    let scene = Scene::new().await;
    let admin = scene.person(Role::Admin).await;
    let export = async |times: usize| {
        let cookie = scene.site.signed_in(&admin).await;
        for _ in 0..times {
            assert_eq!(scene.from(HERE, Method::GET, "/api/v1/audit/export", &cookie, None).await.status, 200);
        }
    };
    export(5).await;
    assert_eq!(scene.found(Some(&admin)).await, only(&[]));
    scene.site.clock.advance_seconds(DAY);
    export(6).await;
    assert_eq!(scene.found(Some(&admin)).await, only(&["exports"]));
}
