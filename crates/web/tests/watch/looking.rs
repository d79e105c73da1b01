//! Alerts as those see them who watch over a practice.

use super::scene::{HERE, Scene, only};
use axum::http::Method;
use domain::{PatientId, Role};
use serde_json::json;
use store::{Batch, rows::alerts};
use testkit::house::Person;

/// Somebody who was refused six times.
async fn probed(scene: &Scene, person: &Person) -> Vec<PatientId> {
    let patients = scene.patients(6).await;
    let cookie = scene.site.signed_in(person).await;
    for patient in &patients {
        scene.from(HERE, Method::GET, &format!("/api/v1/patients/{patient}"), &cookie, None).await;
    }
    patients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_says_what_whom_why_now_and_shows_the_entries_and_the_look_is_recorded() {
    let scene = Scene::new().await;
    let prober = scene.person(Role::Therapist).await;
    let patients = probed(&scene, &prober).await;
    let alert = scene.alerts().await.remove(0);
    assert_eq!((&alert["rule"], &alert["whom"]["name"]), (&"denials".into(), &"Sam therapist".into()));
    assert_eq!((&alert["compared"]["counted"], &alert["compared"]["minutes"]), (&6.into(), &30.into()));
    assert_eq!(alert["found_at"], alert["happened_at"], "found in the moment of the act");
    let (id, cookie) = (alert["alert_id"].as_str().unwrap(), scene.officer().await);
    let details = scene.site.api(Method::GET, &format!("/api/v1/alerts/{id}"), &cookie, None).await.json();
    let shown: Vec<&str> =
        details["entries"].as_array().unwrap().iter().map(|e| e["patient"].as_str().unwrap()).collect();
    let wanted: Vec<String> = patients.iter().map(PatientId::to_string).collect();
    assert_eq!(shown, wanted);
    assert_eq!(details["entry_count"], 6);
    let page = scene.site.open(&format!("/alerts/{id}"), &cookie).await.text();
    assert!(
        page.contains("Refused again and again") && page.contains("6 records or pages were refused within 30 minutes.")
    );
    assert!(page.contains("Told from 6 on.") && !page.contains("Ruiz"), "{page}");
    let list = scene.site.open("/alerts", &cookie).await.text();
    assert!(list.contains(id) && list.contains("to look into"));
    let entries = scene.site.ledger.entries();
    let looked = |entry: &ledger::Entry| entry.resource.kind().as_str() == "alert" && entry.resource.id() == id;
    assert_eq!(entries.iter().filter(|entry| looked(entry)).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_looked_into_once_and_by_somebody_else() {
    let scene = Scene::new().await;
    let prober = scene.person(Role::Admin).await;
    // An administrator who asks for what is a therapist's.
    let patients = scene.patients(6).await;
    let cookie = scene.site.signed_in(&prober).await;
    for patient in &patients {
        let path = format!("/api/v1/patients/{patient}/program");
        assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 404);
    }
    assert_eq!(scene.found(Some(&prober)).await, only(&["denials"]));
    let id = scene.alerts().await[0]["alert_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/alerts/{id}/review");
    let words = json!({ "words": "Asked her: a wrong list." });
    let own = scene.site.api(Method::POST, &path, &cookie, Some(words.clone())).await;
    assert_eq!(own.status, 409, "{}", own.text());
    let page = scene.site.open(&format!("/alerts/{id}"), &cookie).await.text();
    assert!(page.contains("about your own account") && page.contains("Sam privacy_officer"), "who else may");
    let officer = scene.officer().await;
    let empty = scene.site.submit(&format!("/alerts/{id}"), &officer, "words=").await;
    assert_eq!(empty.status, 422);
    assert_eq!(scene.site.api(Method::POST, &path, &officer, Some(words.clone())).await.status, 204);
    assert_eq!(scene.site.api(Method::POST, &path, &officer, Some(words)).await.status, 409);
    let open = scene.site.api(Method::GET, "/api/v1/alerts", &officer, None).await.json();
    assert_eq!(open["items"], json!([]));
    let reviewed = scene.site.api(Method::GET, "/api/v1/alerts?state=reviewed", &officer, None).await.json();
    assert_eq!(reviewed["items"][0]["review"]["words"], "Asked her: a wrong list.");
    assert_eq!(reviewed["items"][0]["review"]["by"]["account_id"], scene.watcher().account().to_string());
    let recorded = scene.site.ledger.entries();
    let reviews = recorded.iter().filter(|entry| entry.action.as_str() == "review_alert");
    assert_eq!(
        reviews.map(|entry| entry.reason.as_str().to_owned()).collect::<Vec<_>>(),
        ["about-oneself", "read-audit"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_alone_looks_into_their_own_alert_and_it_is_marked() {
    let scene = Scene::new().await;
    let (patients, cookie) = (scene.patients(6).await, scene.officer().await);
    for patient in &patients {
        let path = format!("/api/v1/patients/{patient}/program");
        assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 404);
    }
    assert_eq!(scene.found(Some(scene.watcher())).await, only(&["denials"]));
    let alert = scene.alerts().await.remove(0);
    let page = format!("/alerts/{}", alert["alert_id"].as_str().unwrap());
    let shown = scene.site.open(&page, &cookie).await.text();
    assert!(shown.contains("Nobody else watches over this practice") && shown.contains("name=\"words\""), "{shown}");
    assert_eq!(scene.site.submit(&page, &cookie, "words=Old+links.").await.status, 303);
    let reviewed = scene.site.api(Method::GET, "/api/v1/alerts?state=reviewed", &cookie, None).await.json();
    assert_eq!(reviewed["items"][0]["review"]["about_oneself"], true);
    assert!(scene.site.open(&page, &cookie).await.text().contains("nobody else watched over the practice"));
    let entries = scene.site.ledger.entries();
    let entry = entries.iter().rfind(|entry| entry.action.as_str() == "review_alert").unwrap();
    assert_eq!((entry.outcome, entry.reason.as_str()), (ledger::Outcome::Allowed, "about-oneself"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_of_which_a_log_is_gone_shows_the_entries_that_are_there() {
    let scene = Scene::new().await;
    let prober = scene.person(Role::Therapist).await;
    probed(&scene, &prober).await;
    let alert = scene.alerts().await.remove(0)["alert_id"].as_str().unwrap().to_owned();
    let db = &scene.site.house.stores.identity;
    let (practice, id) = (scene.practice, alert.parse().unwrap());
    let mut row = alerts::by_id(db, practice, id).await.unwrap().unwrap().alert;
    row.alert_id = domain::AlertId::from_bytes([7; 16]);
    let there = alerts::entries(db, practice, id).await.unwrap();
    let mut entries: Vec<(&str, u64)> = there.iter().map(|(log, seq)| (log.as_str(), *seq)).collect();
    entries[2].0 = "gone.example/audit";
    db.commit(alerts::insert(Batch::new(), &row, &entries)).await.unwrap();
    let cookie = scene.officer().await;
    let path = format!("/api/v1/alerts/{}", row.alert_id);
    let read = scene.site.api(Method::GET, &path, &cookie, None).await;
    assert_eq!(read.status, 200, "{}", read.text());
    assert_eq!((read.json()["entries"].as_array().unwrap().len(), &read.json()["entry_count"]), (5, &6.into()));
    let page = scene.site.open(&format!("/alerts/{}", row.alert_id), &cookie).await.text();
    assert!(page.contains("Not every entry could be read"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_have_bounds_are_changed_in_person_and_hold_from_the_next_entry_on() {
    let scene = Scene::new().await;
    let cookie = scene.officer().await;
    let set = async |name: &str, value: &str| {
        let path = format!("/api/v1/alerts/settings/{name}");
        scene.site.api(Method::PUT, &path, &cookie, Some(json!({ "value": value }))).await.status.as_u16()
    };
    assert_eq!(set("denials_count", "1").await, 422);
    assert_eq!(set("denials_count", "many").await, 422);
    assert_eq!(set("no_such_setting", "1").await, 404);
    assert_eq!(set("answer.denials", "shout").await, 422);
    assert_eq!(set("denials_count", "8").await, 204);
    let prober = scene.person(Role::Therapist).await;
    probed(&scene, &prober).await;
    assert_eq!(scene.found(Some(&prober)).await, only(&[]), "six are less than eight");
    let all = scene.site.api(Method::GET, "/api/v1/alerts/settings", &cookie, None).await.json();
    let mine = all["items"].as_array().unwrap().iter().find(|one| one["name"] == "denials_count").unwrap();
    assert_eq!(
        (&mine["value"], &mine["default"], &mine["changed_by"]["name"]),
        (&"8".into(), &"6".into(), &"Sam privacy_officer".into())
    );
    let page = scene.site.open("/alerts/settings", &cookie).await.text();
    assert!(page.contains("Refused records that are told"));
    let form = scene.site.open("/alerts/settings?change=denials_count", &cookie).await.text();
    assert!(form.contains("type=\"number\"") && form.contains("min=\"2\"") && form.contains("max=\"100\""), "{form}");
    let form = scene.site.open("/alerts/settings?change=answer.denials", &cookie).await.text();
    assert!(form.contains("value=\"end_session\"") && form.contains("The session is ended"), "{form}");
    let form = scene.site.open("/alerts/settings?change=sundays", &cookie).await.text();
    assert!(form.contains("type=\"radio\"") && form.contains("Yes") && !form.contains("type=\"number\""), "{form}");
    assert_eq!(scene.site.open("/alerts/settings?change=nothing", &cookie).await.status, 404);
    let wrong = scene.site.submit("/alerts/settings", &cookie, "name=denials_count&value=1").await;
    assert_eq!(wrong.status, 422);
    let wrong = wrong.text();
    assert!(wrong.contains("Choose a number from 2 to 100") && wrong.contains("value=\"1\""), "{wrong}");
    let path = "/api/v1/alerts/settings/denials_count";
    let wrong = scene.site.api(Method::PUT, path, &cookie, Some(json!({ "value": "1" }))).await.text();
    assert!(wrong.contains("must be from 2 to 100"), "{wrong}");
    scene.site.clock.advance_seconds(6 * 60);
    assert_eq!(set("denials_count", "6").await, 401, "a factor proven just now");
    let page = scene.site.open("/alerts/settings?change=denials_count", &cookie).await.text();
    assert!(page.contains("Confirm that it is you first") && !page.contains("name=\"value\""), "nothing typed is lost");
    let late = scene.site.submit("/alerts/settings", &cookie, "name=denials_count&value=6").await;
    assert_eq!(late.header("location"), Some("/account/confirm?next=/alerts/settings"));
    let confirm = scene.site.open("/account/confirm?next=/alerts/settings", &cookie).await.text();
    assert!(confirm.contains("value=\"/alerts/settings\"") && !confirm.contains("how you sign in"), "{confirm}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_can_end_the_session_at_once_and_never_silently() {
    let scene = Scene::new().await;
    scene.set("answer.denials", "end_session").await;
    let prober = scene.person(Role::Therapist).await;
    let cookie = scene.site.signed_in(&prober).await;
    for patient in scene.patients(6).await {
        let path = format!("/api/v1/patients/{patient}");
        assert_eq!(scene.from(HERE, Method::GET, &path, &cookie, None).await.status, 404);
    }
    assert_eq!(scene.site.api(Method::GET, "/api/v1/me", &cookie, None).await.status, 200);
    assert_eq!(scene.alerts().await[0]["answer"], "end_session");
    assert_eq!(scene.site.api(Method::GET, "/api/v1/me", &cookie, None).await.status, 401);
    let ended = scene.site.ledger.entries().into_iter().find(|entry| entry.action.as_str() == "end_session");
    assert_eq!(ended.map(|entry| entry.reason.as_str().to_owned()).as_deref(), Some("alert"));
}
