//! Law 8: the main story over PostgreSQL, from signing in to reading what was corrected.

use crate::world::{dose, entry};
use axum::http::Method;
use domain::Role;
use practice::library::{shelve, starter};
use serde_json::{Value, json};
use testkit::{
    house::{PASSWORD, Person, TestHouse},
    postgres::Server,
    site::{Answer, Site},
};

async fn sign_in(site: &Site, person: &Person) -> String {
    let typed = json!({ "email": person.email, "password": PASSWORD });
    let half = site.api(Method::POST, "/api/v1/session", "", Some(typed)).await;
    assert_eq!((half.status.as_u16(), &half.json()["level"]), (201, &json!("half")));
    let code = json!({ "code": person.code(site.now()) });
    let cookie = half.cookie().expect("a cookie");
    let full = site.api(Method::POST, "/api/v1/session/totp", &cookie, Some(code)).await;
    assert_eq!((full.status.as_u16(), &full.json()["level"]), (200, &json!("full")));
    full.cookie().expect("a cookie")
}

async fn ask(site: &Site, method: Method, path: &str, cookie: &str, body: Option<Value>, status: u16) -> Answer {
    let answer = site.api(method.clone(), path, cookie, body).await;
    assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
    answer
}

async fn the_story(site: &Site) {
    let practice = site.practice().await;
    let new = starter().expect("the starter set").into_iter().next().expect("an exercise");
    let exercise = shelve(&site.house, practice, &new).await.expect("shelved").0;
    let desk = sign_in(site, &site.account(practice, Role::FrontDesk).await).await;
    let details =
        json!({ "given_name": "Nora", "family_name": "Quist", "birth_date": "1979-11-30", "phone": "+1 555 0100" });
    let registered = ask(site, Method::POST, "/api/v1/patients", &desk, Some(details), 201).await.json();
    let patient = registered["patient_id"].as_str().expect("an id").to_owned();
    let at = |rest: &str| format!("/api/v1/patients/{patient}{rest}");

    let treating = site.account(practice, Role::Therapist).await;
    let therapist = sign_in(site, &treating).await;
    ask(site, Method::GET, &at("/program"), &therapist, None, 404).await;
    let admin = sign_in(site, &site.account(practice, Role::Admin).await).await;
    let place = json!({ "account_id": treating.account(), "kind": "assigned" });
    let link = ask(site, Method::POST, &at("/care-team"), &admin, Some(place), 201).await.json();
    let items = json!([{ "exercise_id": exercise, "dose": dose() }]);
    let program = json!({ "title": "Knee", "starts_on": "2026-05-14", "items": items });
    let program = ask(site, Method::PUT, &at("/program"), &therapist, Some(program), 201).await.json();
    let item = program["items"][0]["item_id"].as_str().expect("an id");

    let me = site.patient_account(practice, patient.parse().expect("an id")).await;
    let me = sign_in(site, &me).await;
    let today = ask(site, Method::GET, &at("/today"), &me, None, 200).await.text();
    assert!(today.contains(item));
    let written = ask(site, Method::POST, &at("/log"), &me, Some(entry(item)), 201).await.json();
    let first = written["entry_id"].as_str().expect("an id");
    let mut better = entry(item);
    better["pain"] = json!(5);
    let corrected =
        ask(site, Method::POST, &at(&format!("/log/{first}/correction")), &me, Some(better.clone()), 201).await;
    assert_eq!(corrected.json()["corrects"], first);
    ask(site, Method::POST, &at(&format!("/log/{first}/correction")), &me, Some(better), 409).await;

    let log = ask(site, Method::GET, &at("/log"), &therapist, None, 200).await.json();
    let mut pains: Vec<i64> =
        log["items"].as_array().expect("a list").iter().filter_map(|e| e["pain"].as_i64()).collect();
    pains.sort_unstable();
    assert_eq!(pains, [2, 5], "the old value is kept");
    ask(site, Method::GET, &at("/progress"), &therapist, None, 200).await;
    assert_eq!(site.open(&format!("/patients/{patient}"), &therapist).await.status, 200);
    let looks = ask(site, Method::GET, &at("/access-log"), &me, None, 200).await.text();
    assert!(looks.contains(&treating.account().to_string()) || looks.contains("Sam therapist"), "{looks}");

    let link = link["care_link_id"].as_str().expect("an id");
    ask(site, Method::DELETE, &at(&format!("/care-team/{link}")), &admin, None, 204).await;
    ask(site, Method::GET, &at("/log"), &therapist, None, 404).await;
    ask(site, Method::GET, &at("/log"), &me, None, 200).await;
    ask(site, Method::DELETE, "/api/v1/session", &me, None, 204).await;
    ask(site, Method::GET, &at("/log"), &me, None, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_story_works_on_the_embedded_databases() {
    the_story(&Site::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_story_works_on_postgresql() {
    if let Some(server) = Server::shared().expect("PostgreSQL starts") {
        the_story(&Site::over(TestHouse::on_postgres(server).await)).await;
    }
}
