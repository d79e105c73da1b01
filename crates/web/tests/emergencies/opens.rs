//! What is open then, and to whom that is said.

use super::scene::{HOUR, MINUTE, REASON, Scene};
use axum::http::Method;
use domain::{PurposeKind, Role};
use ledger::Outcome;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_opens_what_care_needs_now_and_every_look_is_an_emergency_that_the_patient_sees() {
    let scene = Scene::new().await;
    let treating = scene.site.account(scene.practice, Role::Therapist).await;
    scene.site.care_link(&treating, scene.ana).await;
    let own = scene.site.signed_in(&treating).await;
    let notes = format!("/api/v1/patients/{}/notes", scene.ana);
    let note = scene.site.api(Method::POST, &notes, &own, Some(json!({ "body": "Bends to ninety." }))).await.json();
    let answer = scene.ask(&own, json!({ "patient_id": scene.ana, "reason": REASON })).await;
    assert_eq!(answer.status, 409, "it is open to who treats her: {}", answer.text());

    let cookie = scene.site.signed_in(&scene.therapist).await;
    scene.open(&cookie).await;
    let read = async |path: &str| {
        let path = format!("/api/v1/patients/{}{path}", scene.ana);
        scene.site.api(Method::GET, &path, &cookie, None).await.status.as_u16()
    };
    for path in ["", "/log", "/progress", "/notes", "/visits", "/program/versions"] {
        assert_eq!(read(path).await, 200, "{path}");
    }
    let written =
        scene.site.api(Method::POST, &notes, &cookie, Some(json!({ "body": "Laid her down, 112 called." }))).await;
    assert_eq!(written.status, 201, "{}", written.text());
    let others = format!("{notes}/{}/amendment", note["note_id"].as_str().expect("an id"));
    let amended = scene.site.send(
        axum::http::Request::post(&others)
            .header("cookie", &cookie)
            .header("content-type", "application/json")
            .header("if-match", "\"1\"")
            .body(json!({ "body": "Bends to twenty." }).to_string().into())
            .expect("a request"),
    );
    assert_eq!(amended.await.status, 409, "nobody else's note");
    let void = format!("{notes}/{}/void", note["note_id"].as_str().expect("an id"));
    assert_eq!(scene.site.api(Method::POST, &void, &cookie, Some(json!({ "reason": "Wrong" }))).await.status, 409);
    let program = json!({ "title": "Knee", "starts_on": "2026-05-14", "items": [] });
    let path = format!("/api/v1/patients/{}/program", scene.ana);
    assert!([404, 422].contains(&scene.site.api(Method::PUT, &path, &cookie, Some(program)).await.status.as_u16()));
    let visit = json!({ "therapist_id": scene.therapist.account(), "starts_at": scene.site.now(), "minutes": 30 });
    let path = format!("/api/v1/patients/{}/visits", scene.ana);
    assert_eq!(scene.site.api(Method::POST, &path, &cookie, Some(visit)).await.status, 404);

    let me = scene.therapist.account();
    let looks = scene.entries(|entry| {
        entry.actor == Some(me) && entry.patient == Some(scene.ana) && entry.outcome == Outcome::Allowed
    });
    assert!(looks.len() > 8 && looks.iter().all(|entry| entry.purpose == Some(PurposeKind::Emergency)), "{looks:#?}");
    let trail = format!("{:?}", scene.site.ledger.entries());
    assert!(!trail.contains("Collapsed") && !trail.contains("hall"));
    let ana = scene.site.patient_account(scene.practice, scene.ana).await;
    let patient = scene.site.signed_in(&ana).await;
    let page = scene.site.open("/who-looked", &patient).await.text();
    assert!(page.contains("an emergency") && page.contains("opened the record in an emergency"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_patient_asked_to_be_amended_waits_for_who_treats_them() {
    let scene = Scene::new().await;
    let ana = scene.site.patient_account(scene.practice, scene.ana).await;
    let (own, cookie) = (scene.site.signed_in(&ana).await, scene.site.signed_in(&scene.therapist).await);
    let asked = format!("/api/v1/patients/{}/amendments", scene.ana);
    let words = json!({ "words": "It was the left knee." });
    let one = scene.site.api(Method::POST, &asked, &own, Some(words)).await.json();
    let one = one["amendment_id"].as_str().expect("an id").to_owned();
    let answer = json!({ "answer": "accepted", "words": "It is so now." });
    let (api, page) = (format!("{asked}/{one}/answer"), format!("/patients/{}/amendments/{one}", scene.ana));

    scene.open(&cookie).await;
    assert_eq!(scene.site.api(Method::POST, &api, &cookie, Some(answer.clone())).await.status, 404);
    let shown = scene.site.open(&page, &cookie).await.text();
    assert!(shown.contains("It was the left knee.") && !shown.contains("<h2>Answer it"), "{shown}");
    let listed = scene.site.open(&format!("/patients/{}/amendments", scene.ana), &cookie).await.text();
    assert!(!listed.contains(">Answer<"), "{listed}");

    scene.site.care_link(&scene.therapist, scene.ana).await;
    assert!(scene.site.open(&page, &cookie).await.text().contains("<h2>Answer it"));
    assert!(scene.site.api(Method::POST, &api, &cookie, Some(answer)).await.status.is_success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_can_see_this_patient_says_since_when_and_until_when_it_is_open() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    scene.site.clock.advance_seconds(MINUTE);
    let opened_at = scene.site.now();
    scene.open(&cookie).await;
    scene.site.clock.advance_seconds(MINUTE);
    let officer = scene.site.signed_in(&scene.officer).await;
    let path = format!("/policy/patients/{}", scene.ana);
    let seen = scene.site.api(Method::GET, &format!("/api/v1{path}"), &officer, None).await.json();
    let all = seen["accounts"].as_array().expect("a list");
    let me = all.iter().find(|seer| seer["account_id"] == json!(scene.therapist.account())).expect("listed");
    let until = opened_at + std::time::Duration::from_secs(HOUR.unsigned_abs());
    assert_eq!((&me["since"], &me["emergency_until"]), (&json!(opened_at), &json!(until)));
    let may: Vec<_> = me["permissions"].as_array().expect("a list").iter().map(|one| &one["permission"]).collect();
    assert_eq!(may, ["read_exercise", "read_notes", "write_notes", "read_visits"]);
    let others = all.iter().filter(|seer| *seer != me);
    assert!(others.into_iter().all(|seer| seer["emergency_until"].is_null()));
    let page = scene.site.open(&path, &officer).await.text();
    assert!(page.contains("Opened it in an emergency, in one session, until"), "{page}");
    let path = format!("/policy/accounts/{}", scene.therapist.account());
    let sees = scene.site.api(Method::GET, &format!("/api/v1{path}"), &officer, None).await.json();
    let of = |line: &&serde_json::Value| line["patient_id"] == json!(scene.ana);
    let line = sees["patients"].as_array().expect("a list").iter().find(of).expect("listed");
    assert_eq!((&line["emergency_until"], &line["care_links"]), (&json!(until), &json!([])));
    let page = scene.site.open(&path, &officer).await.text();
    assert!(page.contains("Opened it in an emergency") && !page.contains("It is their own record"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_says_what_is_open_and_for_how_long_and_forms_do_what_the_api_does() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let form = scene.site.open("/emergencies/open", &cookie).await.text();
    assert!(form.contains("Why you need the record now") && !form.contains("is open in an emergency"), "{form}");
    let miss = "given_name=Ana&family_name=Ruiz&birth_date=1984-03-03&reason=Collapsed+in+the+hall";
    let again = scene.site.submit("/emergencies/open", &cookie, miss).await;
    assert!(again.status == 422 && again.text().contains("No record that you could open"), "{}", again.text());
    let hit = "given_name=Ana&family_name=Ruiz&birth_date=1984-03-02&reason=Collapsed+in+the+hall";
    let opened = scene.site.submit("/emergencies/open", &cookie, hit).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, Some(&*format!("/patients/{}", scene.ana))));
    scene.site.clock.advance_seconds(10 * MINUTE + 1);
    let chart = scene.site.open(&format!("/patients/{}", scene.ana), &cookie).await.text();
    assert!(chart.contains("because you opened the record in an emergency") && !chart.contains("/program/edit"));
    for page in ["/patients", "/exercises", "/account"] {
        let page = scene.site.open(page, &cookie).await.text();
        assert!(page.contains("A record is open in an emergency") && page.contains("49 minutes"), "{page}");
        assert!(!page.contains("Ruiz"), "the banner names nobody");
    }
    let open = scene.site.api(Method::GET, "/api/v1/emergencies/open", &cookie, None).await.json();
    let emergency = open["items"][0]["emergency_id"].as_str().expect("an id").to_owned();
    let closed = scene.site.submit(&format!("/emergencies/{emergency}/close"), &cookie, "").await;
    assert_eq!(closed.status, 303);
    assert!(!scene.sees(&cookie).await);
    assert!(!scene.site.open("/patients", &cookie).await.text().contains("is open in an emergency"));

    let officer = scene.site.signed_in(&scene.officer).await;
    let list = scene.site.open("/emergencies", &officer).await.text();
    assert!(list.contains("Collapsed in the hall") && list.contains("to sign") && !list.contains("Ruiz"), "{list}");
    let path = format!("/emergencies/{emergency}");
    let page = scene.site.open(&path, &officer).await.text();
    assert!(page.contains("Sign for having looked into it"), "{page}");
    let empty = scene.site.submit(&path, &officer, "").await;
    assert!(empty.status == 422 && empty.text().contains("Say what you found"));
    let signed = scene.site.submit(&path, &officer, "finding=justified&words=It+was+so").await;
    assert_eq!(signed.status, 303, "{}", signed.text());
    assert!(scene.site.open("/emergencies?state=signed", &officer).await.text().contains("justified"));
}
