//! A day in a practice where every protected field holds a marker, mistakes included; then every file, line, page and
//! answer that could have kept one is searched.

mod kept;

use crate::{
    client::Client,
    search::{Search, forms},
    server::{Practice, free, program},
};
use kept::{Kept, SEALED, USED, marker, text};
use serde_json::{Value, json};
use std::{fs, process::Command};
use testkit::{authenticator::Authenticator, postgres};

/// The day: everybody joins, a patient is registered, treated, and writes it down; and all of them mistype.
async fn day(practice: &Practice, client: &Client, kept: &mut Kept) {
    let address = "zqadmin.velkorrin@practice.example";
    let added = ["user", "add", "--role", "admin", "--name", "zqadmin velkorrin", "--email", address];
    let link = practice.done(&added).lines().next().expect("a link").to_owned();
    kept.secret("an administrator's name", "zqadmin velkorrin");
    kept.secret("an administrator's address", address);
    let admin = kept.join(client, "admin", address, &link).await;

    let desk = "zqdesk.farrowmin@practice.example";
    kept.secret("a front desk's address", desk);
    let (_, link) = kept.invite(&admin, desk, "zqdesk farrowmin", "front_desk").await;
    let desk = kept.join(client, "front_desk", desk, &link).await;
    let (email, name) = (marker("identity.accounts.email"), marker("identity.accounts.display_name"));
    let (therapist_id, link) = kept.invite(&admin, email, name, "therapist").await;
    let therapist = kept.join(client, "therapist", email, &link).await;

    let biller = "zqbiller.ostramond@practice.example";
    kept.secret("a biller's address", biller);
    let (_, link) = kept.invite(&admin, biller, "zqbiller ostramond", "billing").await;
    let billing = kept.join(client, "billing", biller, &link).await;

    let mut details = json!({
        "given_name": marker("clinical.patients.given_name"),
        "family_name": marker("clinical.patients.family_name"),
        "birth_date": marker("clinical.patients.birth_date"),
        "email": marker("clinical.patients.email"),
        "phone": format!("+{}", marker("clinical.patients.phone")),
        "record_number": marker("clinical.patients.record_number"),
    });
    let patient_id = text(&kept.done(desk.post("/api/v1/patients", details.clone()).await), "patient_id");
    kept.refused(desk.post("/api/v1/patients", details.clone()).await);
    let patient = format!("/api/v1/patients/{patient_id}");
    let officer = emergency(&admin, client, kept, &patient_id).await;
    incident(&admin, &officer, kept).await;
    training(&admin, &officer, kept).await;
    let member = json!({"account_id": therapist_id, "kind": "assigned"});
    kept.done(admin.post(&format!("{patient}/care-team"), member).await);
    let agreement = json!({"integration": "webhook", "associate": marker("identity.business_agreements.associate"),
        "signed_on": "2020-01-01", "kept_at": marker("identity.business_agreements.kept_at")});
    let agreement = text(&kept.done(admin.post("/api/v1/agreements", agreement).await), "agreement_id");
    let address = format!("https://{}/alerts", marker("identity.channels.target"));
    let channel = json!({"kind": "webhook", "address": address, "agreement_id": agreement});
    kept.done(admin.post("/api/v1/alerts/channels", channel).await);
    let invited = kept.done(desk.post(&format!("{patient}/invitation"), json!({})).await);
    let own = kept.join(client, "patient", marker("clinical.patients.email"), &text(&invited, "link")).await;

    let exercises = therapist.read("/api/v1/exercises").await;
    let dose = json!({"sets": 3, "reps": 10, "side": "both", "times_a_day": 1, "weekdays": [1, 2, 3, 4, 5, 6, 7]});
    let item = json!({
        "exercise_id": exercises["items"][0]["exercise_id"],
        "dose": dose,
        "instruction": marker("clinical.program_versions.items"),
    });
    let today = day_of_practice();
    let program = json!({"title": marker("clinical.program_versions.title"), "starts_on": today, "items": [item]});
    kept.done(therapist.send("PUT", &format!("{patient}/program"), Some(program)).await);
    let note = json!({"body": marker("clinical.progress_notes.body")});
    let note = text(&kept.done(therapist.post(&format!("{patient}/notes"), note).await), "note_id");
    let label = json!({"label": marker("identity.api_tokens.label"), "scopes": ["read_exercise"], "days": 1});
    let token = kept.done(therapist.post("/api/v1/me/tokens", label).await);
    kept.secret("an API token", token["secret"].as_str().expect("a secret"));
    let options = kept.done(therapist.post("/api/v1/me/passkeys/start", json!({})).await);
    let mut key = Authenticator::new(1, "localhost", testkit::house::ORIGIN);
    key.credential = marker("identity.passkeys.credential").into();
    let passkey = json!({"label": marker("identity.passkeys.label"), "credential": key.create(&options)});
    kept.done(therapist.post("/api/v1/me/passkeys/finish", passkey).await);
    // Begun and not finished: what is kept of it until then.
    kept.done(therapist.post("/api/v1/me/passkeys/start", json!({})).await);

    let program = own.read(&format!("{patient}/program")).await;
    let comment = marker("clinical.log_entries.comment");
    let performed: Value =
        serde_json::from_str(&format!("{{{}}}", marker("clinical.log_entries.performed"))).expect("json");
    let mut entry = json!({
        "item_id": program["items"][0]["item_id"], "performed": performed,
        "pain": 2, "effort": 3, "comment": comment,
    });
    let written = kept.done(own.post(&format!("{patient}/log"), entry.clone()).await);
    let correction = format!("{patient}/log/{}/correction", text(&written, "entry_id"));
    let entry_id = text(&kept.done(own.post(&correction, entry.clone()).await), "entry_id");
    let mut visit = json!({
        "therapist_id": therapist_id, "starts_at": "2026-01-05T15:00:00Z", "minutes": 30,
        "clinic": marker("clinical.visits.clinic"), "remark": marker("clinical.visits.remark"),
    });
    // Nobody came to the first one after all; the second one is charged.
    let not_held = text(&kept.done(therapist.post(&format!("{patient}/visits"), visit.clone()).await), "visit_id");
    let booked = kept.done(therapist.post(&format!("{patient}/visits"), visit.clone()).await);
    let visit_id = text(&booked, "visit_id");
    let charge = format!("{patient}/visits/{visit_id}/charge");
    let services: Value =
        serde_json::from_str(&format!("[{{\"code\":\"90719\",{}}}]", marker("billing.charges.sheet"))).expect("json");
    let mut claim = json!({"services": services, "diagnoses": [marker("billing.charges.diagnoses")]});
    kept.refused(therapist.post(&charge, claim.clone()).await);
    visit["state"] = json!("held");
    let (at, held) = (format!("{patient}/visits/{visit_id}"), visit.to_string());
    let held = therapist.try_send("PUT", &at, &[("if-match", "\"1\"")], Some(held)).await;
    kept.done(held.expect("an answer"));
    kept.done(therapist.post(&format!("{charge}/units"), json!({"services": claim["services"]})).await);
    kept.done(therapist.post(&charge, claim.clone()).await);
    let (at, body) = (format!("{charge}/correction"), claim.to_string());
    let corrected = therapist.try_send("POST", &at, &[("if-match", "\"1\"")], Some(body)).await;
    kept.done(corrected.expect("an answer"));
    bill(&billing, kept).await;
    claim["diagnoses"] = json!([marker("billing.charges.diagnoses"), marker("billing.charges.diagnoses")]);
    kept.refused(therapist.post(&charge, claim).await);
    let hold = json!({"patient_id": patient_id, "reason": marker("identity.legal_holds.reason")});
    kept.done(admin.post("/api/v1/retention/holds", hold).await);
    let asked = json!({"words": marker("clinical.amendments.words")});
    let asked = text(&kept.done(own.post(&format!("{patient}/amendments"), asked).await), "amendment_id");
    let answer = json!({"answer": "denied", "ground": "accurate", "words": marker("clinical.amendments.words")});
    kept.done(therapist.post(&format!("{patient}/amendments/{asked}/answer"), answer).await);
    for page in ["/today", "/week", "/progress", "/who-looked", "/amendments"] {
        kept.done(own.get(page).await);
    }
    let charge = format!("/visits/{visit_id}/charge");
    for page in ["", "/program", "/log", "/notes", "/amendments", "/visits", &charge] {
        kept.done(therapist.get(&format!("/patients/{patient_id}{page}")).await);
    }
    for page in ["/people", "/retention"] {
        kept.done(admin.get(page).await);
    }

    // Mistakes: whoever sees the answer, or its line in the log, learns nothing from it.
    entry["pain"] = json!(comment);
    kept.refused(own.post(&format!("{patient}/log"), entry.clone()).await);
    entry["pain"] = json!(2);
    entry["item_id"] = json!(comment);
    kept.refused(own.post(&format!("{patient}/log"), entry).await);
    details["birth_date"] = details["family_name"].clone();
    kept.refused(desk.post("/api/v1/patients", details.clone()).await);
    details["birth_date"] = json!("1931-02-17");
    details["phone"] = details["email"].clone();
    kept.refused(desk.post("/api/v1/patients", details.clone()).await);
    let broken = details.to_string().replace('}', "");
    kept.refused(desk.try_send("POST", "/api/v1/patients", &[], Some(broken)).await.expect("an answer"));
    let name = marker("clinical.patients.given_name").replace(' ', "%20");
    for path in [format!("/api/v1/patients/{name}"), format!("/{name}"), format!("/api/v1/patients?limit={name}")] {
        kept.refused(therapist.get(&path).await);
    }
    // A method is the caller's own word too.
    kept.refused(therapist.send(marker("clinical.patients.record_number"), "/api/v1/me", None).await);
    let wrong = json!({"email": marker("identity.accounts.email"), "password": "zqpassword mistyped"});
    kept.secret("a wrong password", "zqpassword mistyped");
    kept.refused(client.post("/api/v1/session", wrong).await);
    kept.refused(client.with("__Host-session=zqforged.session.token").get("/api/v1/me").await);
    kept.secret("a forged session", "zqforged.session.token");
    kept.done(own.send("DELETE", "/api/v1/session", None).await);
    let end = json!({"reason": marker("clinical.program_versions.end_reason")}).to_string();
    let ended =
        therapist.try_send("POST", &format!("{patient}/program/end"), &[("if-match", "\"1\"")], Some(end)).await;
    kept.done(ended.expect("an answer"));
    // All of it was entered in error.
    let version = format!("program/versions/{}/1", text(&program, "program_id"));
    for (what, column) in [
        (format!("log/{entry_id}"), "clinical.log_entries.void_reason"),
        (format!("notes/{note}"), "clinical.progress_notes.void_reason"),
        (format!("visits/{not_held}"), "clinical.visits.void_reason"),
        (version, "clinical.program_versions.void_reason"),
    ] {
        let reason = json!({"reason": marker(column)});
        kept.done(therapist.post(&format!("{patient}/{what}/void"), reason).await);
    }
}

/// Somebody breaks the glass, mistypes why, reads the record and closes it; somebody else, who is returned, signs.
async fn emergency(admin: &Client, client: &Client, kept: &mut Kept, patient_id: &str) -> Client {
    let officer = "zqofficer.lindamar@practice.example";
    kept.secret("a privacy officer's address", officer);
    let (_, link) = kept.invite(admin, officer, "zqofficer lindamar", "privacy_officer").await;
    let officer = kept.join(client, "privacy_officer", officer, &link).await;
    let reason = marker("identity.emergencies.reason");
    kept.refused(admin.post("/api/v1/emergencies", json!({"patient_id": reason, "reason": reason})).await);
    let nobody = json!({"record_number": "ZQ-0", "reason": reason});
    kept.refused(admin.post("/api/v1/emergencies", nobody).await);
    let opened = json!({"record_number": marker("clinical.patients.record_number"), "reason": reason});
    let opened = kept.done(admin.post("/api/v1/emergencies", opened).await);
    let at = format!("/api/v1/emergencies/{}", text(&opened, "emergency_id"));
    kept.done(admin.get(&format!("/patients/{patient_id}")).await);
    kept.done(admin.send("DELETE", &at, None).await);
    kept.done(officer.get("/emergencies").await);
    let words = marker("identity.emergencies.words");
    kept.refused(officer.post(&format!("{at}/signature"), json!({"finding": words, "words": words})).await);
    let signed = json!({"finding": "justified", "words": words});
    kept.done(officer.post(&format!("{at}/signature"), signed).await);
    kept.done(officer.get("/emergencies?state=signed").await);
    officer
}

/// An incident is opened, assessed by the officer, and closed by somebody else.
async fn incident(admin: &Client, officer: &Client, kept: &mut Kept) {
    let what = marker("identity.incidents.what");
    let new = |subject_id: &str| {
        json!({"subject": "address", "subject_id": subject_id, "from": "2026-01-05T00:00:00Z",
               "to": "2026-01-06T00:00:00Z", "discovered_on": "2026-01-07", "what": what})
    };
    kept.refused(admin.post("/api/v1/incidents", new(what)).await);
    let opened = kept.done(admin.post("/api/v1/incidents", new("192.0.2.250")).await);
    let id = text(&opened, "incident_id");
    let assessment = json!({
        "nature": "care", "nature_words": marker("identity.incident_assessments.nature_words"),
        "recipient": "known", "recipient_words": marker("identity.incident_assessments.recipient_words"),
        "acquired": "viewed", "acquired_words": marker("identity.incident_assessments.acquired_words"),
        "mitigated": "partly", "mitigated_words": marker("identity.incident_assessments.mitigated_words"),
        "conclusion": "low_probability",
    });
    kept.done(officer.post(&format!("/api/v1/incidents/{id}/assessment"), assessment).await);
    let letter = json!({
        "language": "en", "happened": marker("identity.breach_letters.happened"),
        "advice": marker("identity.breach_letters.advice"), "doing": marker("identity.breach_letters.doing"),
        "ask": marker("identity.breach_letters.ask"),
    });
    kept.done(officer.post(&format!("/api/v1/incidents/{id}/letters"), letter).await);
    late_notice(admin, officer, new("192.0.2.251"), kept).await;
    let closing = json!({"lessons": marker("identity.incident_closings.lessons")});
    kept.done(admin.post(&format!("/api/v1/incidents/{id}/closing"), closing).await);
    for path in [format!("/incidents/{id}"), "/incidents".to_owned()] {
        kept.done(officer.get(&path).await);
    }
}

/// A course is made, and somebody is trained in it.
async fn training(admin: &Client, officer: &Client, kept: &mut Kept) {
    let course = json!({
        "title": marker("identity.course_versions.title"), "purpose": marker("identity.course_versions.purpose"),
        "roles": ["privacy_officer"], "due_days": 30,
    });
    kept.refused(admin.post("/api/v1/training/courses", json!({"title": course["title"]})).await);
    let made = kept.done(admin.post("/api/v1/training/courses", course).await);
    let id = text(&made, "course_id");
    let whom = text(&officer.read("/api/v1/me").await, "account_id");
    let how = marker("identity.trainings.how");
    let record = json!({"account_id": whom, "trained_on": "2026-01-05", "how": how});
    kept.done(admin.post(&format!("/api/v1/training/courses/{id}/records"), record).await);
    for path in ["/training".to_owned(), "/training/mine".to_owned(), format!("/training/courses/{id}")] {
        kept.done(officer.get(&path).await);
    }
}

/// A breach of long ago, of which somebody was told late.
async fn late_notice(admin: &Client, officer: &Client, mut new: serde_json::Value, kept: &mut Kept) {
    new["discovered_on"] = "2025-01-07".into();
    let opened = kept.done(admin.post("/api/v1/incidents", new).await);
    let id = text(&opened, "incident_id");
    let mut assessment = json!({"conclusion": "breach"});
    for (factor, choice) in [("nature", "care"), ("recipient", "known"), ("acquired", "viewed"), ("mitigated", "not")] {
        assessment[factor] = choice.into();
        assessment[format!("{factor}_words")] = "See the other one.".into();
    }
    kept.done(officer.post(&format!("/api/v1/incidents/{id}/assessment"), assessment).await);
    let late = marker("identity.breach_notices.late");
    let notice = json!({"notice": "individuals", "given_on": "2025-12-01", "late_because": late});
    kept.done(officer.post(&format!("/api/v1/incidents/{id}/notices"), notice).await);
    kept.done(officer.get(&format!("/incidents/{id}")).await);
}

/// The one draft is priced and goes into the books.
async fn bill(billing: &Client, kept: &mut Kept) {
    let fee = json!({"code": "90719", "valid_from": "2026-01-01", "fee": 77773, "words": "Exercise"});
    kept.done(billing.post("/api/v1/billing/fees", fee).await);
    let drafts = billing.read("/api/v1/billing/drafts").await;
    let (account, charge) = (text(&drafts["items"][0], "account_id"), text(&drafts["items"][0], "charge_id"));
    let at = format!("/api/v1/billing/accounts/{account}/charges/{charge}");
    let seen = format!("\"{}\"", billing.read(&at).await["version"]);
    let path = format!("{at}/bill");
    let booked = billing.try_send("POST", &path, &[("if-match", &seen)], None).await;
    kept.done(booked.expect("an answer"));
    let billed = billing.get(&at).await;
    assert!(billed.text.contains(marker("billing.charges.price")), "{}", billed.text);
    for page in [format!("/billing/accounts/{account}/charges/{charge}"), format!("/billing/accounts/{account}")] {
        kept.done(billing.get(&page).await);
    }
}

/// Today in the practice.
fn day_of_practice() -> String {
    use domain::{Clock, SystemClock, Timezone};
    Timezone::new("America/New_York").expect("a time zone").day_of(SystemClock.now()).to_string()
}

/// A day, a crash in the middle of work, a new start; then the search.
async fn nothing_is_found(practice: &Practice, metrics: u16, elsewhere: &[&std::path::Path]) {
    let mut kept = Kept::new();
    let mut server = practice.spawn(&["sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"]);
    assert!(server.listens(), "{}", server.log());
    day(practice, &server.client(), &mut kept).await;
    let used = USED.lock().expect("unpoisoned").clone();
    let unused: Vec<_> = SEALED.iter().filter(|(name, marker)| marker.is_ok() && !used.contains(name)).collect();
    assert!(unused.is_empty(), "nothing in the day holds the markers of {unused:?}");
    let page = reqwest::get(format!("http://127.0.0.1:{metrics}/metrics")).await.expect("metrics");
    let page = page.text().await.expect("text");
    assert!(page.contains("patella_http_requests_total"), "{page}");
    // Its memory holds what was last used; it must not end up in a file.
    let aborted = Command::new("kill").args(["-ABRT", &server.id().to_string()]).status().expect("kill");
    assert!(aborted.success());
    let status = server.stop();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(6));

    let search = Search::new(&kept.texts);
    let mut found = Vec::new();
    for (name, text) in [("log", server.log()), ("metrics", page), ("errors", kept.errors.join("\n"))] {
        found.extend(search.found(text.as_bytes()).into_iter().map(|what| format!("{name}: {what}")));
    }
    let mut files = 0;
    let own = practice.path();
    for folder in [&*own].iter().chain(elsewhere) {
        let (count, below) = search.found_below(folder);
        files += count;
        found.extend(below);
    }
    assert!(found.is_empty(), "in the open:\n{}", found.join("\n"));
    assert!(files > 100 && kept.errors.len() > 10 && server.log().lines().count() > 50, "there was enough to search");

    // And it would have been found.
    for (n, (form, bytes)) in forms(marker("clinical.progress_notes.body")).into_iter().enumerate() {
        let planted = own.join("stores/media").join(format!("planted-{n}"));
        fs::write(&planted, [&b"something before "[..], &bytes, b" and after"].concat()).expect("written");
        let (_, below) = search.found_below(&own);
        assert!(below.iter().any(|what| what.contains("planted")), "{form} is not found");
        fs::remove_file(planted).expect("removed");
    }

    // What was sealed is still there.
    let mut server = practice.start();
    server.stop_well();
    practice.done(&["audit", "verify"]);
}

#[test]
fn every_sealed_column_has_a_marker_or_a_reason() {
    let output = program(&[]).arg("data-dictionary").output().expect("runs");
    let (mut table, mut sealed) = (String::new(), Vec::new());
    for line in String::from_utf8(output.stdout).expect("text").lines() {
        if let Some(name) = line.strip_prefix("## ") {
            table = name.to_owned();
        } else if line.contains("| sealed: ") {
            sealed.push(format!("{table}.{}", line.split('|').nth(1).expect("a column").trim()));
        }
    }
    sealed.sort();
    let mut known: Vec<_> = SEALED.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(sealed, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_marker_is_found_in_any_file_log_metric_or_error_of_embedded_stores() {
    let metrics = free();
    let practice = Practice::founded("", metrics);
    nothing_is_found(&practice, metrics, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_marker_is_found_in_any_file_log_metric_or_error_of_postgresql() {
    // Its pages are not encrypted as a whole: here a column that is not sealed would be seen.
    let Some(server) = postgres::Server::start().expect("starts") else { return };
    let (stores, _) = server.stores().expect("databases");
    let metrics = free();
    let practice = Practice::founded(&stores, metrics);
    nothing_is_found(&practice, metrics, &[server.folder()]).await;
}
