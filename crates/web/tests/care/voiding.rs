//! What was entered in error stays, struck out, and counts for nothing. What a patient asked shows without its reasons.

use super::*;
use practice::restrictions::{self, NewRestriction};

async fn posted(clinic: &Clinic, place: &str, reason: &str) -> u16 {
    clinic.change(Method::POST, place, &json!({ "reason": reason }), None).await.status.as_u16()
}

#[tokio::test]
async fn a_voided_entry_is_shown_struck_out_and_counts_for_nothing() {
    let clinic = Clinic::new().await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let signed =
        clinic.prescribe(&clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }])), None).await;
    let signed = signed.json();
    let item = signed["items"][0]["item_id"].as_str().expect("an id").parse().expect("an id");
    let program = signed["program_id"].as_str().expect("an id").parse().expect("an id");
    clinic.log(&own, item, program, 7).await;
    let done = async || clinic.read(&clinic.at("/progress")).await.json()["by_item"][0]["done"].clone();
    assert_eq!(done().await, 1);
    let entry = clinic.read(&clinic.at("/log")).await.json()["items"][0]["entry_id"].clone();
    let at = format!("/log/{}", entry.as_str().expect("an id"));
    let form = clinic.page(&format!("{at}/void")).await;
    assert!(form.status == 200 && form.text().contains("was recorded"), "{}", form.text());
    assert_eq!(clinic.submit(&format!("{at}/void"), "reason=").await.status, 422);
    assert_eq!(posted(&clinic, &format!("{at}/void"), "Of another patient").await, 204);
    assert_eq!(posted(&clinic, &format!("{at}/void"), "Again").await, 409);

    let progress = clinic.read(&clinic.at("/progress")).await.json();
    assert_eq!(progress["by_item"][0]["done"], 0);
    assert!(progress["by_item"][0]["pain_median"].is_null());
    let one = clinic.read(&clinic.at(&at)).await.json();
    assert_eq!((&one["pain"], &one["voided"]["reason"]), (&json!(7), &json!("Of another patient")));
    assert_eq!(one["voided"]["by"]["account_id"], clinic.therapist.account().to_string());
    let who = one["voided"]["by"]["name"].as_str().expect("a name");
    let page = clinic.page("/log").await.text();
    for shown in ["<s>Squat</s>", "entered in error", "Of another patient", who] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!clinic.page("").await.text().contains("Stairs are easier"), "their words are not shown as if they stood");
    let cookie = clinic.site.signed_in(&own).await;
    let correct = clinic.site.open(&format!("{at}/correct"), &cookie).await;
    assert_eq!(correct.status, 409);
    let week = clinic.site.open("/week", &cookie).await.text();
    for shown in ["<s><strong>Squat</strong></s>", "Of another patient", who, "0 of 1 done"] {
        assert!(week.contains(shown), "{shown}: {week}");
    }
    assert!(!week.contains("/correct"), "nor is it corrected from there");
    let looked = clinic.site.open("/who-looked", &cookie).await.text();
    assert!(looked.contains("said that something was entered in error"), "{looked}");
}

#[tokio::test]
async fn a_patient_says_of_their_own_entry_that_it_was_made_in_error() {
    let clinic = Clinic::new().await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&own).await;
    let signed =
        clinic.prescribe(&clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }])), None).await;
    let item = signed.json()["items"][0]["item_id"].clone();
    let body = json!({ "item_id": item, "performed": { "sets": 3, "reps": 10 }, "pain": 2, "effort": 4 });
    let written = clinic.site.api(Method::POST, &clinic.at("/log"), &cookie, Some(body)).await.json();
    let entry = written["entry_id"].as_str().expect("an id");
    let form = clinic.site.open(&format!("/log/{entry}/correct"), &cookie).await.text();
    assert!(form.contains(&format!("action=\"/log/{entry}/void\"")));
    let sent = clinic.site.submit(&format!("/log/{entry}/void"), &cookie, "reason=Written+down+twice").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let today = clinic.site.api(Method::GET, &clinic.at("/today"), &cookie, None).await.json();
    assert_eq!(today["done"], 0);
    let one = clinic.site.api(Method::GET, &clinic.at(&format!("/log/{entry}")), &cookie, None).await.json();
    assert_eq!(one["voided"]["reason"], "Written down twice");
}

#[tokio::test]
async fn a_voided_note_stays_readable_and_cannot_be_amended() {
    let clinic = Clinic::new().await;
    let note = clinic.change(Method::POST, "/notes", &json!({ "body": "Left knee swollen" }), None).await.json();
    let at = format!("/notes/{}", note["note_id"].as_str().expect("an id"));
    let sent = clinic.submit(&format!("{at}/void"), "reason=Written+for+somebody+else").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let now = clinic.read(&clinic.at(&at)).await.json();
    assert_eq!(
        (&now["body"], &now["voided"]["reason"]),
        (&json!("Left knee swollen"), &json!("Written for somebody else"))
    );
    let amended =
        clinic.change(Method::POST, &format!("{at}/amendment"), &json!({ "body": "Right" }), Some("\"1\"")).await;
    assert_eq!(amended.status, 409, "{}", amended.text());
    let page = clinic.page("/notes").await.text();
    for shown in ["<s>This note</s>", "Written for somebody else", "What it said", "Left knee swollen"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn a_version_in_force_is_not_voided_and_an_older_one_leaves_the_computation() {
    let clinic = Clinic::new().await;
    let program = clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }]));
    let id = clinic.prescribe(&program, None).await.json()["program_id"].clone();
    let version = |n: u8| format!("/program/versions/{}/{n}", id.as_str().expect("an id"));
    assert_eq!(posted(&clinic, &format!("{}/void", version(1)), "Wrong knee").await, 409);
    let better = clinic.program(json!([{ "exercise_id": clinic.bridge, "dose": dose(2) }]));
    assert_eq!(clinic.prescribe(&better, Some("\"1\"")).await.status, 200);
    assert!(clinic.page("/program").await.text().contains(&format!("{}/void", version(1))));
    assert_eq!(posted(&clinic, &format!("{}/void", version(1)), "Wrong knee").await, 204);
    assert_eq!(posted(&clinic, &format!("{}/void", version(2)), "Wrong too").await, 409);
    let old = clinic.read(&clinic.at(&version(1))).await.json();
    assert_eq!((&old["title"], &old["voided"]["reason"]), (&json!("Right knee"), &json!("Wrong knee")));
    assert!(clinic.page("/program").await.text().contains("entered in error"));
    let current = clinic.read(&clinic.at("/program")).await.json();
    assert_eq!((&current["version"], &current["voided"]), (&json!(2), &Value::Null));
}

#[tokio::test]
async fn a_voided_visit_is_not_changed_any_more() {
    let clinic = Clinic::new().await;
    let details = json!({ "therapist_id": clinic.therapist.account(), "starts_at": clinic.site.now(), "minutes": 30 });
    let visit = clinic.change(Method::POST, "/visits", &details, None).await.json();
    let at = format!("/visits/{}", visit["visit_id"].as_str().expect("an id"));
    assert_eq!(clinic.page(&format!("{at}/void")).await.status, 200);
    assert_eq!(posted(&clinic, &format!("{at}/void"), "Of another patient").await, 204);
    let held = json!({ "therapist_id": clinic.therapist.account(), "starts_at": clinic.site.now(), "minutes": 30, "state": "held" });
    assert_eq!(clinic.change(Method::PUT, &at, &held, Some("\"2\"")).await.status, 409);
    let page = clinic.page("/visits").await.text();
    assert!(page.contains("entered in error") && page.contains("Of another patient"));
}

#[tokio::test]
async fn a_chart_says_that_something_is_kept_from_somebody_and_not_what_or_why() {
    let clinic = Clinic::new().await;
    const LINE: &str = "kept from some of us";
    assert!(!clinic.page("").await.text().contains(LINE));
    let officer = clinic.site.account(clinic.practice, Role::PrivacyOfficer).await;
    let session = clinic.site.session(&officer).await;
    let kept = clinic.site.account(clinic.practice, Role::Therapist).await;
    clinic.site.care_link(&kept, clinic.patient).await;
    let new = NewRestriction {
        what: domain::RestrictionKind::Account,
        account_id: Some(kept.account()),
        asked_on: None,
        answer: domain::RestrictionAnswer::Agreed,
    };
    restrictions::answer(&clinic.site.house, &session, clinic.patient, &new, None).await.expect("agreed");
    let page = clinic.page("").await.text();
    assert!(page.contains(LINE) && !page.contains(&kept.account().to_string()));
    let cookie = clinic.site.signed_in(&kept).await;
    let path = format!("/patients/{}", clinic.patient);
    assert_eq!(clinic.site.open(&path, &cookie).await.status, 404);
    let watching = clinic.site.signed_in(&officer).await;
    let asked = clinic.site.open(&format!("{path}/restrictions"), &watching).await.text();
    assert!(asked.contains("kept") && asked.contains("was recorded"));
    let seers = clinic.site.api(Method::GET, &format!("/api/v1/policy{path}"), &watching, None).await.text();
    assert!(!seers.contains(&kept.account().to_string()), "the simulator says the same");
}
