//! Lists, counts and tags: what is not somebody's to see is in none of them.

use crate::{
    chart::Chart,
    request::{name, sent},
    world::{Relation, World},
};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::Role;
use std::collections::BTreeSet;
use web::{Verb, routes};

/// On whose list of patients each is: themself, those one treats, or (front desk) everybody of the practice.
const fn listed(role: Role, relation: Relation, everybody: bool) -> bool {
    match (role, relation) {
        (Role::Therapist | Role::Admin | Role::Patient, Relation::Own) => true,
        (Role::FrontDesk, Relation::Own | Relation::Ended | Relation::Other) => true,
        (Role::Admin, Relation::Ended | Relation::Other) => everybody,
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_and_no_count_holds_a_patient_who_is_not_the_callers() {
    let world = World::new().await;
    for role in Role::ALL {
        for everybody in [false, true] {
            let expected: BTreeSet<String> = (world.charts.iter())
                .filter(|(relation, _)| listed(*role, **relation, everybody))
                .flat_map(|(_, chart)| {
                    // Second records of theirs are on nobody's care team; who registers patients sees them.
                    let registers = *role == Role::FrontDesk || (*role == Role::Admin && everybody);
                    let twice = chart.twice.into_iter().filter(move |_| registers);
                    std::iter::once(chart.patient).chain(twice).map(|patient| patient.to_string())
                })
                .collect();
            let query = if everybody { "?everybody=true" } else { "" };
            let cookie = &world.cookies[role];
            let answer = world.site.api(Method::GET, &format!("/api/v1/patients{query}"), cookie, None).await;
            let items = answer.json()["items"].as_array().expect("a list").clone();
            let items: BTreeSet<String> =
                items.iter().filter_map(|item| item["patient_id"].as_str().map(str::to_owned)).collect();
            assert_eq!(items, expected, "{role}, everybody: {everybody}");

            // One by one: nothing between the pages either.
            let (mut paged, mut cursor) = (BTreeSet::new(), String::new());
            loop {
                let path = format!("/api/v1/patients?limit=1&everybody={everybody}{cursor}");
                let page = world.site.api(Method::GET, &path, cookie, None).await.json();
                paged.extend(
                    page["items"]
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|item| item["patient_id"].to_string().replace('"', "")),
                );
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(paged, expected, "{role}, everybody: {everybody}, page by page");

            let page = world.site.open(&format!("/patients{query}"), cookie).await;
            if !matches!(role, Role::Therapist | Role::Admin | Role::FrontDesk) {
                assert_eq!(page.status, 404, "{role} has no patients to work with");
                continue;
            }
            let page = page.text();
            for (relation, chart) in &world.charts {
                let there = page.contains(&chart.patient.to_string());
                assert_eq!(there, listed(*role, *relation, everybody), "{role}, {relation:?}, everybody: {everybody}");
            }
            let count =
                if expected.len() == 1 { "1 patient<".to_owned() } else { format!("{} patients<", expected.len()) };
            assert!(page.contains(&count), "{role}: the page counts {}", expected.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_nobody_who_is_not_the_callers() {
    let world = World::new().await;
    for (role, found) in [(Role::Therapist, false), (Role::Admin, false), (Role::FrontDesk, true)] {
        let page = world.site.submit("/patients", &world.cookies[&role], "q=Coralie").await.text();
        assert_eq!(page.contains(&world.charts[&Relation::Other].patient.to_string()), found, "{role}");
        let page = world.site.submit("/patients", &world.cookies[&role], "q=Danilo").await.text();
        assert!(!page.contains(&world.charts[&Relation::Foreign].patient.to_string()), "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_says_nothing_about_a_record_that_is_not_the_callers() {
    let world = World::new().await;
    for (relation, chart) in &world.charts {
        for (rest, version) in [("", "\"1\""), ("/program", "\"3\"")] {
            let path = format!("/api/v1/patients/{}{rest}", chart.patient);
            for tag in [version, "*"] {
                let request = Request::get(&path)
                    .header(header::COOKIE, &world.cookies[&Role::Therapist])
                    .header(header::IF_NONE_MATCH, tag);
                let answer = world.site.send(request.body(Body::empty()).expect("a request")).await;
                let expected = if *relation == Relation::Own { 304 } else { 404 };
                assert_eq!(answer.status, expected, "{relation:?} {rest} {tag}");
                assert_eq!(answer.header("etag").is_some(), expected == 304, "{relation:?} {rest}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ids_of_one_patients_things_open_nothing_under_another_patient() {
    let world = World::new().await;
    let (own, other) = (&world.charts[&Relation::Own], &world.charts[&Relation::Other]);
    let paths = [
        format!("/api/v1/patients/{}/program/versions/{}/1", own.patient, other.program),
        format!("/patients/{}/program/versions/{}/1", own.patient, other.program),
        format!("/api/v1/patients/{}/log/{}", own.patient, other.entries[0]),
    ];
    for role in [Role::Therapist, Role::Patient] {
        for path in &paths {
            assert_eq!(world.site.open(path, &world.cookies[&role]).await.status, 404, "{role}: {path}");
        }
    }
    let path = format!("/api/v1/patients/{}/log", own.patient);
    let body = crate::world::entry(&other.item);
    let answer = world.site.api(Method::POST, &path, &world.cookies[&Role::Patient], Some(body)).await;
    assert_eq!((answer.status.as_u16(), answer.text().contains("item_id")), (422, true), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patients_words_are_for_who_may_read_notes_and_for_themselves() {
    let world = World::new().await;
    let path = format!("/api/v1/patients/{}/log", world.charts[&Relation::Own].patient);
    for role in [Role::Therapist, Role::Admin, Role::Patient] {
        let answer = world.site.api(Method::GET, &path, &world.cookies[&role], None).await;
        assert_eq!(answer.json()["items"][0]["comment"], "It went well", "{role}");
    }
}

/// What of a chart somebody would know it by.
fn marks(chart: &Chart, name: &str) -> Vec<String> {
    let mut marks = vec![chart.patient.to_string(), chart.program.clone(), chart.item.clone(), name.to_owned()];
    marks.extend(chart.entries.iter().chain(&chart.links).cloned());
    marks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_anybody_can_open_holds_anything_of_another_practice_or_of_somebody_elses_patient() {
    let world = World::new().await;
    let mut never = marks(&world.charts[&Relation::Foreign], "Danilo");
    never.push(world.stranger.account().to_string());
    never.push(world.stranger.email.clone());
    never.push(world.charts[&Relation::Foreign].practice.to_string());
    let mut seldom = marks(&world.charts[&Relation::Other], "Coralie");
    seldom.extend(marks(&world.charts[&Relation::Ended], "Benedikt"));
    let mut wrong = Vec::new();
    for route in routes::table().routes().into_iter().filter(|route| route.method == Verb::Get) {
        for role in Role::ALL {
            let request = sent(&world, &route, Relation::Own).await;
            let answer = world.site.send(request.with(route.method, &world.cookies[role])).await;
            let all = format!("{:?} {}", answer.headers, answer.text());
            // Who registers patients knows them all; who watches over the practice knows what happened to whom.
            let knows = matches!(role, Role::Admin | Role::FrontDesk | Role::PrivacyOfficer);
            // Billing knows the names of those who are billed, and nothing else of them.
            let named = |mark: &&String| *role == Role::Billing && ["Coralie", "Benedikt"].contains(&mark.as_str());
            let seldom = seldom.iter().filter(|mark| !knows && !named(mark));
            let told = never.iter().chain(seldom).find(|mark| all.contains(*mark));
            if let Some(told) = told {
                wrong.push(format!("{} as {role}: {told}", name(&route)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // They would have been found.
    let desk = world.site.api(Method::GET, "/api/v1/patients", &world.cookies[&Role::FrontDesk], None).await.text();
    assert!(seldom.iter().filter(|mark| desk.contains(*mark)).count() >= 4);
    let stranger = world.site.signed_in(&world.stranger).await;
    assert!(world.site.api(Method::GET, "/api/v1/me", &stranger, None).await.text().contains(&world.stranger.email));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_somebody_elses_list_leads_nowhere_beyond_ones_own() {
    let world = World::new().await;
    let (own, other) = (&world.charts[&Relation::Own], &world.charts[&Relation::Other]);
    let next = async |path: &str, cookie: &str| {
        let page = world.site.api(Method::GET, path, cookie, None).await.json();
        page["next"].as_str().expect("there is more").to_owned()
    };
    let everybody = next("/api/v1/patients?limit=1", &world.cookies[&Role::FrontDesk]).await;
    let path = format!("/api/v1/patients?limit=100&cursor={everybody}");
    let therapist = &world.cookies[&Role::Therapist];
    let seen = world.site.api(Method::GET, &path, therapist, None).await.text();
    for relation in [Relation::Ended, Relation::Other, Relation::Foreign] {
        assert!(!seen.contains(&world.charts[&relation].patient.to_string()), "{relation:?}: {seen}");
    }
    let log = next(&format!("/api/v1/patients/{}/log?limit=1", other.patient), &other.cookie).await;
    for (patient, status) in [(own.patient, 200), (other.patient, 404)] {
        let path = format!("/api/v1/patients/{patient}/log?limit=100&cursor={log}");
        let answer = world.site.api(Method::GET, &path, therapist, None).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(other.entries.iter().all(|entry| !answer.text().contains(entry)));
    }
}
