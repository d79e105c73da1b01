//! Too much of something.

use super::scene::{DAY, HERE, Scene, only};
use axum::http::Method;
use domain::Role;

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
