//! Those who are told of a breach: letters, counts by state, notices; and everything about it as one signed file.

use super::scene::{Scene, assessment};
use axum::http::Method;
use domain::{PatientId, Role};
use ledger::{Outcome, VerifierKey};
use practice::{incidents::verify_incident, retention::CertificateError};
use serde_json::{Value, json};
use testkit::site::Answer;

fn letter(language: &str) -> Value {
    json!({
        "language": language, "happened": "A colleague opened charts that she had no reason to open.",
        "advice": "Look at who looked at your record.\nTell us what you did not expect.",
        "doing": "Her account is closed, and we ask sooner.", "ask": "Call 800 555 0100, free of charge.",
    })
}

impl Scene {
    /// A breach that was frozen.
    async fn breach(&self) -> String {
        let incident = self.open(&self.therapist).await;
        self.done(&self.officer, &format!("{incident}/freeze"), json!({})).await;
        self.done(&self.officer, &format!("{incident}/assessment"), assessment("breach")).await;
        incident
    }

    async fn make(&self, cookie: &str, incident: &str, what: &str) -> Answer {
        self.post(cookie, &format!("{incident}/{what}"), json!({})).await
    }

    fn entries_of_letters(&self) -> Vec<(Option<PatientId>, Outcome)> {
        let entries = self.site.ledger.entries().into_iter();
        let told = entries.filter(|entry| entry.action.as_str() == "notify_affected");
        told.map(|entry| (entry.patient, entry.outcome)).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_who_is_affected_gets_a_letter_with_what_was_opened_under_an_entry_of_their_own() {
    let scene = Scene::new().await;
    let bystander = scene.site.patient(scene.practice, "Cleo", "Unaffected").await;
    let incident = scene.breach().await;
    let letters = format!("{incident}/letters");
    assert_eq!(scene.make(&scene.officer, &incident, "letters/pdf").await.status, 409, "nothing is written yet");
    let mut nowhere = letter("en");
    nowhere["ask"] = "Ask us.".into();
    assert_eq!(scene.post(&scene.officer, &letters, nowhere).await.status, 422, "no way to ask is named");
    scene.done(&scene.officer, &letters, letter("en")).await;
    let mut better = letter("en");
    better["happened"] = "Charts were opened at night.".into();
    scene.done(&scene.officer, &letters, better).await;
    scene.done(&scene.officer, &letters, letter("es")).await;
    let kept = scene.read(&incident).await["letters"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 3, "what was written before stays");
    assert!(scene.entries_of_letters().is_empty());
    let made = scene.make(&scene.officer, &incident, "letters/pdf").await;
    assert_eq!((made.status.as_u16(), made.header("content-type")), (200, Some("application/pdf")));
    let pdf = String::from_utf8_lossy(&made.body).into_owned();
    assert_eq!(pdf.matches("/Type /Page ").count(), 4, "two patients in two languages");
    for wanted in
        ["(Ana Ruiz) Tj", "(Bea Ruiz) Tj", "Charts were opened at night.", "May 14, 2026", "14 de mayo de 2026"]
    {
        assert!(pdf.contains(wanted), "{wanted}");
    }
    assert!(
        pdf.contains("- your exercises, and what you wrote down")
            && !pdf.contains("no reason to open.) Tj\n/H 11 Tf 1 0 0 1 72 3")
    );
    assert!(!pdf.contains("Cleo"), "nobody else is named");
    let mut told = scene.entries_of_letters();
    told.sort_by_key(|(patient, _)| *patient);
    let mut wanted = scene.patients.map(|patient| (Some(patient), Outcome::Allowed));
    wanted.sort_by_key(|(patient, _)| *patient);
    assert_eq!(told, wanted, "one entry for each, and none for anybody else");
    let table = scene.post(&scene.officer, &format!("{incident}/letters/csv"), json!({ "language": "es" })).await;
    let table = table.text();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("patient,name,email,phone,record_number,language,information,first_day,last_day"));
    assert!(table.contains("Ana Ruiz") && table.contains(",es,") && table.contains("sus ejercicios"));
    assert!(table.contains(",2026-05-14,2026-05-14,"));
    assert!(!table.contains(&bystander.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_be_written_to_is_listed_and_never_left_out() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    scene.done(&scene.officer, &format!("{incident}/letters"), letter("en")).await;
    // The key of one goes, as when a record is destroyed.
    let [gone, _] = scene.patients;
    let batch = store::rows::destroyed::destroy_key(store::Batch::new(), scene.practice, gone, scene.site.now(), 0);
    scene.site.house.stores.keys.commit(batch).await.unwrap();
    let table = scene.make(&scene.officer, &incident, "letters/csv").await.text();
    let line = table.lines().find(|line| line.starts_with(&gone.to_string())).expect("still listed");
    assert!(line.contains("the record") && !line.contains("Ruiz"), "{line}");
    assert_eq!(table.lines().count(), 3);
    let pdf = scene.make(&scene.officer, &incident, "letters/pdf").await;
    let pdf = String::from_utf8_lossy(&pdf.body).into_owned();
    assert!(pdf.contains("Could not be written to") && pdf.contains(&gone.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_made_of_a_frozen_breach_alone_in_person_and_by_nobody_about_themself() {
    let scene = Scene::new().await;
    let incident = scene.open(&scene.therapist).await;
    scene.done(&scene.officer, &format!("{incident}/letters"), letter("en")).await;
    assert_eq!(scene.make(&scene.officer, &incident, "letters/pdf").await.status, 409, "not assessed");
    scene.done(&scene.officer, &format!("{incident}/freeze"), json!({})).await;
    scene.done(&scene.officer, &format!("{incident}/assessment"), assessment("low_probability")).await;
    assert_eq!(scene.make(&scene.officer, &incident, "letters/pdf").await.status, 409, "no breach");
    scene.done(&scene.officer, &format!("{incident}/assessment"), assessment("breach")).await;
    let front_desk = scene.site.account(scene.practice, Role::FrontDesk).await;
    let front_desk = scene.site.signed_in(&front_desk).await;
    assert_eq!(scene.make(&front_desk, &incident, "letters/pdf").await.status, 404);
    assert_eq!(scene.make(&front_desk, &incident, "file").await.status, 404);
    let own = scene.open(&scene.admin).await;
    scene.done(&scene.officer, &format!("{own}/freeze"), json!({})).await;
    scene.done(&scene.officer, &format!("{own}/assessment"), assessment("breach")).await;
    scene.done(&scene.officer, &format!("{own}/letters"), letter("en")).await;
    let admin = scene.site.signed_in(&scene.admin).await;
    for what in ["letters/pdf", "letters/csv", "file", "file/pdf"] {
        let refused = scene.make(&admin, &own, what).await;
        assert_eq!(refused.status, 404, "{what}: to whoever it is about there is none");
    }
    assert!(scene.entries_of_letters().is_empty());
    scene.site.clock.advance_seconds(6 * 60);
    for what in ["letters/pdf", "letters/csv", "file", "file/pdf"] {
        assert_eq!(scene.make(&scene.officer, &incident, what).await.status, 401, "{what} needs a fresh factor");
    }
    assert!(scene.entries_of_letters().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_is_closed_when_everybody_is_counted_and_the_media_of_each_state_were_told() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    let (states, notices, close) =
        (format!("{incident}/states"), format!("{incident}/notices"), format!("{incident}/closing"));
    let closing = json!({ "lessons": "Ask sooner." });
    scene.done(&scene.officer, &notices, json!({ "notice": "individuals", "given_on": "2026-05-14" })).await;
    let early = scene.post(&scene.other, &close, closing.clone()).await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("2 of those affected are not counted"), "{}", early.text());
    assert_eq!(scene.post(&scene.officer, &states, json!({ "people": 2 })).await.status, 422, "it is said where");
    for (state, people) in [("TX", 501), ("CA", 502)] {
        scene.done(&scene.officer, &states, json!({ "state": state, "people": people })).await;
    }
    let missing = json!([{ "notice": "media", "state": "CA" }, { "notice": "media", "state": "TX" }]);
    assert_eq!(scene.read(&incident).await["notices_missing"], missing, "one notice each");
    let media = |state: &str| json!({ "notice": "media", "state": state, "given_on": "2026-05-14" });
    assert_eq!(
        scene.post(&scene.officer, &notices, json!({ "notice": "media", "given_on": "2026-05-14" })).await.status,
        422
    );
    scene.done(&scene.officer, &notices, media("TX")).await;
    assert_eq!(scene.read(&incident).await["notices_missing"], json!([{ "notice": "media", "state": "CA" }]));
    let many = scene.post(&scene.other, &close, closing.clone()).await;
    assert!(many.status == 409 && many.text().contains("More people are counted"), "{}", many.text());
    for (state, people) in [(json!("TX"), 1), (json!("CA"), 0), (Value::Null, 1)] {
        scene.done(&scene.officer, &states, json!({ "state": state, "people": people })).await;
    }
    let view = scene.read(&incident).await;
    assert_eq!((&view["uncounted"], view["counts"].as_array().unwrap().len()), (&0.into(), 5), "each count stays");
    scene.done(&scene.other, &close, closing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_has_a_day_that_can_be_is_corrected_by_another_and_says_why_it_was_late() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    let notices = format!("{incident}/notices");
    let given = |day: &str| json!({ "notice": "individuals", "given_on": day });
    assert_eq!(scene.post(&scene.officer, &notices, given("2026-05-13")).await.status, 409, "before its discovery");
    assert_eq!(scene.post(&scene.officer, &notices, given("2026-05-15")).await.status, 409, "not yet");
    let odd = json!({ "notice": "substitute", "given_on": "2026-05-14" });
    assert_eq!(scene.post(&scene.officer, &notices, odd).await.status, 422, "how it was given is to be said");
    scene
        .done(&scene.officer, &notices, json!({ "notice": "substitute", "way": "web", "given_on": "2026-05-14" }))
        .await;
    scene.done(&scene.officer, &notices, given("2026-05-14")).await;
    // 80 days later: it had gone out later than that.
    scene.site.clock.advance_seconds(80 * 24 * 60 * 60);
    let officer = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let officer = scene.site.signed_in(&officer).await;
    let mut right = given("2026-07-20");
    right["replaces"] = 2.into();
    let why = scene.post(&officer, &notices, right.clone()).await;
    assert!(why.status == 422 && why.text().contains("late_because"), "{}", why.text());
    right["late_because"] = "The printer of the letters was late.".into();
    scene.done(&officer, &notices, right.clone()).await;
    assert_eq!(scene.post(&officer, &notices, right).await.status, 409, "its place is taken");
    let view = scene.site.api(Method::GET, &format!("/api/v1/incidents{incident}"), &officer, None).await.json();
    let noted = &view["notices"];
    assert_eq!((&noted[1]["given_on"], &noted[1]["replaced_by"]), (&"2026-05-14".into(), &3.into()), "both stay");
    assert_eq!((&noted[2]["late"], &noted[1]["late"]), (&true.into(), &false.into()));
    assert_eq!(noted[2]["late_because"], "The printer of the letters was late.");
    let page = scene.site.open(&format!("/incidents{incident}"), &officer).await.text();
    assert!(page.contains("corrected by 3") && page.contains(">late<") && page.contains("The printer"), "{page}");
    let log = scene.site.api(Method::GET, "/api/v1/incidents/log?year=2026", &officer, None).await.json();
    assert_eq!(log["breaches"][0]["individuals_told_on"], "2026-07-20");
    assert_eq!(
        (&log["breaches"][0]["individuals_late"], &log["breaches"][0]["secretary_late"]),
        (&true.into(), &false.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_breach_under_500_the_secretary_is_told_after_the_end_of_the_year_when_it_is_closed() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    let notices = format!("{incident}/notices");
    scene.done(&scene.officer, &notices, json!({ "notice": "individuals", "given_on": "2026-05-14" })).await;
    scene.done(&scene.officer, &format!("{incident}/states"), json!({ "state": null, "people": 2 })).await;
    scene.done(&scene.other, &format!("{incident}/closing"), json!({ "lessons": "Ask sooner." })).await;
    let media = json!({ "notice": "media", "state": "TX", "given_on": "2026-05-14" });
    assert_eq!(scene.post(&scene.officer, &notices, media).await.status, 409, "nothing else after the end");
    scene.done(&scene.officer, &notices, json!({ "notice": "secretary", "given_on": "2026-05-14" })).await;
    let log = scene.site.api(Method::GET, "/api/v1/incidents/log?year=2026", &scene.officer, None).await.json();
    assert_eq!(log["breaches"][0]["secretary_told_on"], "2026-05-14");
    let page = scene.site.open(&format!("/incidents{incident}"), &scene.officer).await.text();
    assert!(page.contains("A notice was given") && !page.contains("Assess the risk"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_one_signed_file_that_the_public_key_alone_verifies_and_no_byte_of_it_can_change() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    scene.done(&scene.officer, &format!("{incident}/letters"), letter("es")).await;
    scene.done(&scene.officer, &format!("{incident}/states"), json!({ "state": "TX", "people": 2 })).await;
    scene
        .done(
            &scene.officer,
            &format!("{incident}/notices"),
            json!({ "notice": "individuals", "given_on": "2026-05-14" }),
        )
        .await;
    let answer = scene.make(&scene.officer, &incident, "file").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let note = answer.text();
    let (log, signer) = scene.site.ledger.signing();
    let key = VerifierKey::new(log, signer.public());
    let file = verify_incident(&note, &key).unwrap();
    assert_eq!(format!("/{}", file.incident), incident);
    let audit = file.audit.as_ref().expect("a proof");
    let entries = scene.site.ledger.entries();
    let entry = &entries[usize::try_from(audit.entry).unwrap()];
    assert_eq!((entry.action.as_str(), entry.outcome), ("export_incident", Outcome::Allowed));
    let about = &file.about;
    assert_eq!(about["incident"]["what"], "Charts were opened at night.");
    assert_eq!(about["incident"]["letters"][0]["advice"], letter("es")["advice"]);
    assert_eq!(about["incident"]["assessments"][0]["conclusion"], "breach");
    assert_eq!(about["incident"]["counts"][0]["state"], "TX");
    assert_eq!(about["incident"]["notices"][0]["notice"], "individuals");
    assert_eq!(about["holds_in_force"].as_array().unwrap().len(), 2);
    assert_eq!(about["affected"]["patients"].as_array().unwrap().len(), 2);
    assert!(about["affected"]["patients"][0]["entries"][0]["seqs"][0].is_u64(), "with the numbers of the entries");
    assert!(!note.contains("Ruiz"), "no patient is named");
    // Any byte of the text, of the proof, of the signature.
    for place in [note.find("Charts").unwrap(), note.find("\"path\"").unwrap() + 20, note.len() - 20] {
        let mut bytes = note.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(matches!(verify_incident(&changed, &key), Err(CertificateError::Note(_))), "at {place}");
    }
    let (other, _) = scene.site.ledger.signing();
    let stranger = VerifierKey::new(other, crypto::Signer::from_seed(&crypto::Key::from_bytes([7; 32])).public());
    assert!(verify_incident(&note, &stranger).is_err());
    let pdf = scene.make(&scene.officer, &incident, "file/pdf").await;
    assert_eq!(pdf.header("content-type"), Some("application/pdf"));
    let pdf = String::from_utf8_lossy(&pdf.body).into_owned();
    assert!(
        pdf.contains("(Charts were opened at night.) Tj")
            && pdf.contains("patella incident 1")
            && !pdf.contains("Ruiz")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_recorded_no_letter_and_no_file_is_made() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    scene.done(&scene.officer, &format!("{incident}/letters"), letter("en")).await;
    scene.site.ledger.backend().set_failing(true);
    for what in ["letters/pdf", "letters/csv", "file", "file/pdf"] {
        assert_eq!(scene.make(&scene.officer, &incident, what).await.status, 503, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_lead_from_what_letters_say_to_the_letters() {
    let scene = Scene::new().await;
    let incident = scene.breach().await;
    let here = format!("/incidents{incident}/letters");
    let page = scene.site.open(&format!("/incidents{incident}"), &scene.officer).await.text();
    assert!(page.contains(&here) && page.contains("Signed file"));
    let fields = "language=en&happened=Charts+at+night&advice=Look&doing=We+ask+sooner&ask=Ask+us";
    let wrong = scene.site.submit(&here, &scene.officer, fields).await;
    assert!(
        wrong.status == 422 && wrong.text().contains("toll-free number") && wrong.text().contains("Charts at night")
    );
    let right = fields.replace("Ask+us", "800+555+0100");
    assert_eq!(scene.site.submit(&here, &scene.officer, &right).await.status, 303);
    let page = scene.site.open(&here, &scene.officer).await.text();
    assert!(page.contains("Charts at night") && page.contains("Make the letters"), "{page}");
    let pdf = scene.site.submit(&format!("{here}/pdf"), &scene.officer, "language=").await;
    assert_eq!((pdf.status.as_u16(), pdf.header("content-type")), (200, Some("application/pdf")));
    let disposition = pdf.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"letters-") && disposition.ends_with(".pdf\""));
    let csv = scene.site.submit(&format!("{here}/csv"), &scene.officer, "language=en").await;
    assert!(csv.text().contains("Bea Ruiz"));
    let file = scene.site.submit(&format!("/incidents{incident}/file"), &scene.officer, "").await;
    assert!(file.text().starts_with("patella incident 1\n"));
    let unknown =
        scene.site.submit(&format!("/incidents{incident}/states"), &scene.officer, "state=unknown&people=2").await;
    assert_eq!(unknown.status, 303);
    let page = scene.site.open(&format!("/incidents{incident}"), &scene.officer).await.text();
    assert!(page.contains("nobody knows where") && page.contains("0</span> not counted yet"), "{page}");
}
