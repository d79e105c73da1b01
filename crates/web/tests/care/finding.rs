//! Patients are found by their names among all whom one may know; each who is shown is recorded, the others are not.

use super::*;
use ledger::{Entry, Outcome};

async fn find(site: &Site, cookie: &str, body: Value) -> Answer {
    site.api(Method::POST, "/api/v1/patients/find", cookie, Some(body)).await
}

/// What is new in the ledger.
fn since(site: &Site, before: usize) -> Vec<Entry> {
    site.behind.ledger.entries().split_off(before)
}

#[tokio::test]
async fn the_front_desk_finds_somebody_behind_the_first_page_of_the_practice() {
    let clinic = Clinic::new().await;
    let clerk = clinic.site.account(clinic.practice, Role::FrontDesk).await;
    let cookie = clinic.site.signed_in(&clerk).await;
    let session = clinic.site.session(&clerk).await;
    let register = async |given: &str, family: String| {
        let details = json!({ "given_name": given, "family_name": family, "birth_date": "1984-03-02" });
        let details = serde_json::from_value(details).expect("details");
        practice::patients::register(&clinic.site.house, &session, &details, None).await.expect("registered")
    };
    for n in 0..230 {
        register("Many", format!("Other{n}")).await;
    }
    let wanted = register("Zoë", "Vega-Müller".to_owned()).await;
    let before = clinic.site.behind.ledger.entries().len();
    let found = find(&clinic.site, &cookie, json!({ "q": "MULLER zoe" })).await;
    assert_eq!(found.status, 200, "{}", found.text());
    assert_eq!((&found.json()["items"][0]["patient_id"], &found.json()["more"]), (&json!(wanted), &json!(false)));
    let entries = since(&clinic.site, before);
    let about: Vec<_> = entries.iter().map(|entry| (entry.patient, entry.resource.kind().as_str())).collect();
    assert_eq!(about, [(None, "patient_names"), (None, "names_opened"), (Some(wanted), "patient")]);
    let patients = 1 + 230 + 1;
    assert_eq!(entries[1].resource.id(), patients.to_string(), "everybody's name was opened, Ana's too");
    let typed = entries.iter().any(|entry| format!("{entry:?}").to_lowercase().contains("muller"));
    assert!(!typed, "what was typed stands nowhere");

    let page = clinic.site.submit("/patients", &cookie, "q=vega").await;
    assert!(page.status == 200 && page.text().contains("Vega-Müller") && !page.text().contains("Other"));
    let many = find(&clinic.site, &cookie, json!({ "q": "many" })).await.json();
    assert_eq!((many["items"].as_array().map(Vec::len), &many["more"]), (Some(50), &json!(true)));
    let page = clinic.site.submit("/patients", &cookie, "q=many").await;
    assert!(page.text().contains("More patients fit") && page.text().contains("The first 50 patients found"));
    let nothing = clinic.site.submit("/patients", &cookie, "q=-").await;
    assert!(nothing.status == 422 && nothing.text().contains("with a letter in"), "{}", nothing.text());
    assert_eq!(clinic.site.submit("/patients", &cookie, "q=").await.status, 303);
}

#[tokio::test]
async fn a_search_of_a_therapist_leaves_no_trace_under_patients_who_do_not_fit_or_are_not_theirs() {
    let clinic = Clinic::new().await;
    let other = clinic.site.patient(clinic.practice, "Ana", "Elsewhere").await;
    let mine = clinic.site.patient(clinic.practice, "Ben", "Mine").await;
    clinic.site.care_link(&clinic.therapist, mine).await;
    let before = clinic.site.behind.ledger.entries().len();
    let found = find(&clinic.site, &clinic.cookie, json!({ "q": "an", "everybody": true })).await.json();
    let ids: Vec<&Value> = found["items"].as_array().expect("a list").iter().map(|line| &line["patient_id"]).collect();
    assert_eq!(ids, [&json!(clinic.patient)]);
    let about: Vec<_> = since(&clinic.site, before).into_iter().filter_map(|entry| entry.patient).collect();
    assert_eq!(about, [clinic.patient]);
    assert!(!about.contains(&other) && !about.contains(&mine));
}

#[tokio::test]
async fn who_searches_very_often_waits_and_is_told_for_how_long_and_nobody_else_waits() {
    let clinic = Clinic::new().await;
    let clerk = clinic.site.account(clinic.practice, Role::FrontDesk).await;
    let cookie = clinic.site.signed_in(&clerk).await;
    for n in 0..60 {
        // What is nothing to search for is not counted.
        assert_eq!(find(&clinic.site, &cookie, json!({ "q": "-" })).await.status, 422);
        assert_eq!(find(&clinic.site, &cookie, json!({ "q": "ana" })).await.status, 200, "search {n}");
    }
    let before = clinic.site.behind.ledger.entries().len();
    let refused = find(&clinic.site, &cookie, json!({ "q": "ana" })).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("600")));
    let page = clinic.site.submit("/patients", &cookie, "q=ana").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("600")));
    let text = page.text();
    assert!(text.contains("searched very often") && text.contains("Try again in 10 minutes."), "{text}");
    assert!(!text.contains("Ruiz"), "nobody was looked for");
    // No name was opened, and the flood fills no ledger: only its beginning stands there.
    let entries = since(&clinic.site, before);
    let said: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.outcome, entry.actor)).collect();
    assert_eq!(said, [("search_patients", Outcome::Denied, Some(clerk.account()))]);

    assert_eq!(find(&clinic.site, &clinic.cookie, json!({ "q": "ana" })).await.status, 200, "somebody else");
    assert_eq!(clinic.site.open("/patients", &cookie).await.status, 200, "the list is no search");
    clinic.site.clock.advance_seconds(599);
    assert_eq!(find(&clinic.site, &cookie, json!({ "q": "ana" })).await.header("retry-after"), Some("1"));
    clinic.site.clock.advance_seconds(1);
    assert_eq!(find(&clinic.site, &cookie, json!({ "q": "ana" })).await.status, 200);
}
