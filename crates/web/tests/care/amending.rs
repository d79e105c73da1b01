//! Notes are amended, never overwritten.

use super::*;

#[tokio::test]
async fn an_amended_note_says_what_it_should_and_keeps_what_it_said_with_who_and_when() {
    let clinic = Clinic::new().await;
    let post = async |body: Value| clinic.change(Method::POST, "/notes", &body, None).await;
    let note = post(json!({ "body": "Left knee swollen" })).await.json();
    assert_eq!((&note["version"], &note["earlier"]), (&json!(1), &json!([])));
    let at = format!("/notes/{}", note["note_id"].as_str().expect("an id"));
    // A later one, so that the amended one could lose its place.
    clinic.site.behind.clock.advance_seconds(300);
    post(json!({ "body": "Rang about the next visit" })).await;
    clinic.site.behind.clock.advance_seconds(300);

    let colleague = clinic.site.account(clinic.practice, Role::Therapist).await;
    clinic.site.care_link(&colleague, clinic.patient).await;
    let cookie = clinic.site.signed_in(&colleague).await;
    let form = clinic.site.open(&format!("/patients/{}{at}/amend", clinic.patient), &cookie).await;
    assert!(form.status == 200 && form.text().contains("Left knee swollen") && form.text().contains("was recorded"));
    let path = format!("/patients/{}{at}/amend", clinic.patient);
    let sent = clinic.site.submit(&path, &cookie, "seen=1&body=Right+knee+swollen").await;
    assert_eq!(sent.status, 303, "{}", sent.text());

    let one = clinic.read(&clinic.at(&at)).await;
    let (tag, now) = (one.header("etag").map(str::to_owned), one.json());
    assert_eq!(
        (tag.as_deref(), &now["version"], &now["body"]),
        (Some("\"2\""), &json!(2), &json!("Right knee swollen"))
    );
    assert_eq!(now["note_id"], note["note_id"]);
    assert_eq!(now["written_by"]["account_id"], colleague.account().to_string());
    let earlier = &now["earlier"][0];
    assert_eq!((&earlier["version"], &earlier["body"]), (&json!(1), &json!("Left knee swollen")));
    assert_eq!((&earlier["written_at"], &earlier["written_by"]), (&note["written_at"], &note["written_by"]));
    assert_ne!(now["written_at"], earlier["written_at"]);

    let list = clinic.read(&clinic.at("/notes")).await.json();
    let bodies: Vec<&Value> = list["items"].as_array().expect("a list").iter().map(|note| &note["body"]).collect();
    assert_eq!(bodies, ["Rang about the next visit", "Right knee swollen"]);
    let page = clinic.page("/notes").await.text();
    for shown in ["Right knee swollen", "What it said before", "Left knee swollen", "Amended "] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn two_people_cannot_amend_the_same_version_of_a_note() {
    let clinic = Clinic::new().await;
    let note = clinic.change(Method::POST, "/notes", &json!({ "body": "First" }), None).await.json();
    let at = format!("/notes/{}", note["note_id"].as_str().expect("an id"));
    let amend = |body: &'static str, seen: Option<&'static str>| {
        let (at, body) = (format!("{at}/amendment"), json!({ "body": body }));
        let clinic = &clinic;
        async move { clinic.change(Method::POST, &at, &body, seen).await }
    };
    assert_eq!(amend("Second", None).await.status, 428);
    let second = amend("Second", Some("\"1\"")).await;
    assert_eq!((second.status.as_u16(), second.header("etag")), (201, Some("\"2\"")), "{}", second.text());
    assert_eq!(amend("Another second", Some("\"1\"")).await.status, 412);
    let page = clinic.submit(&format!("{at}/amend"), "seen=1&body=Another+second").await;
    assert_eq!(page.status, 409);
    for shown in ["Another second", "Somebody else amended this note", "What it says now", "Second"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    // At the very same moment, past the check of the version, the store still takes one of them.
    let both = futures::future::join(amend("Third", Some("\"2\"")), amend("Other third", Some("\"2\""))).await;
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412]);
    let now = clinic.read(&clinic.at(&at)).await.json();
    assert_eq!((&now["version"], now["earlier"].as_array().map(Vec::len)), (&json!(3), Some(2)));
}

#[tokio::test]
async fn whoever_holds_a_note_that_was_entered_in_error_since_is_not_told_that_it_is_the_same() {
    let clinic = Clinic::new().await;
    let note = clinic.change(Method::POST, "/notes", &json!({ "body": "Of somebody else" }), None).await.json();
    let at = format!("/notes/{}", note["note_id"].as_str().expect("an id"));
    let held = async || {
        let request =
            Request::get(clinic.at(&at)).header(header::COOKIE, &clinic.cookie).header(header::IF_NONE_MATCH, "\"1\"");
        clinic.site.send(request.body(Body::empty()).expect("a request")).await
    };
    assert_eq!(held().await.status, 304);
    let wrong = json!({ "reason": "Another patient's" });
    assert_eq!(clinic.change(Method::POST, &format!("{at}/void"), &wrong, None).await.status, 204);
    let now = held().await;
    assert_eq!((now.status.as_u16(), &now.json()["voided"]["reason"]), (200, &wrong["reason"]));
    assert_eq!(now.header("etag"), None, "there is nothing left to change");
}

#[tokio::test]
async fn a_note_is_amended_under_its_own_patient_and_by_who_may_write_notes() {
    let clinic = Clinic::new().await;
    let note = clinic.change(Method::POST, "/notes", &json!({ "body": "First" }), None).await.json();
    let note = note["note_id"].as_str().expect("an id").to_owned();
    let other = clinic.site.patient(clinic.practice, "Ben", "Adeyemi").await;
    clinic.site.care_link(&clinic.therapist, other).await;
    for place in [format!("/api/v1/patients/{other}/notes/{note}"), format!("/patients/{other}/notes/{note}/amend")] {
        assert_eq!(clinic.site.open(&place, &clinic.cookie).await.status, 404, "{place}");
    }
    let fields = "seen=1&body=Not+theirs";
    let sent = clinic.site.submit(&format!("/patients/{other}/notes/{note}/amend"), &clinic.cookie, fields).await;
    assert_eq!(sent.status, 404);
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&patient).await;
    let sent = clinic.site.submit(&format!("/patients/{}/notes/{note}/amend", clinic.patient), &cookie, fields).await;
    assert_eq!(sent.status, 404);
    assert_eq!(clinic.read(&clinic.at(&format!("/notes/{note}"))).await.json()["body"], "First");
}
