//! An incident from its opening to its end: frozen, assessed, told, closed by somebody else.

use super::scene::{Scene, assessment};
use axum::http::Method;
use domain::{AccountId, PatientId, Role};
use identity::{Full, Origin, Session};
use ledger::Outcome;
use serde_json::json;
use store::{
    Batch,
    rows::{
        accounts::{self, AccountState},
        login_sessions,
    },
};
use testkit::house::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freezing_ends_sessions_writes_down_whom_it_affects_and_holds_their_records_once() {
    let scene = Scene::new().await;
    let incident = scene.open(&scene.therapist).await;
    assert_eq!(scene.read(&incident).await["affected"], 0);
    let frozen = scene.post(&scene.officer, &format!("{incident}/freeze"), json!({})).await.json();
    let wanted = json!({
        "frozen": true, "affected": 2, "held": 2, "waiting": 0, "lifted": 0, "not_held": 0, "sessions_ended": true,
        "complete": true, "missing": [],
    });
    assert_eq!(frozen, wanted);
    let path = format!("/api/v1/patients/{}", scene.patients[0]);
    assert_eq!(scene.site.api(Method::GET, &path, &scene.session, None).await.status, 401, "signed out");
    let view = scene.read(&incident).await;
    let mut listed: Vec<&str> =
        view["patients"].as_array().unwrap().iter().map(|one| one["patient_id"].as_str().unwrap()).collect();
    let mut opened: Vec<String> = scene.patients.iter().map(PatientId::to_string).collect();
    listed.sort_unstable();
    opened.sort();
    assert_eq!(listed, opened);
    assert_eq!(view["patients"][0]["classes"], json!(["contact", "exercise", "identifying"]));
    assert_eq!((&view["timeline"][0]["patients"], &view["timeline"][0]["day"]), (&2.into(), &"2026-05-14".into()));
    // Again: nobody is held twice, and what is held carries the incident's number.
    scene.done(&scene.officer, &format!("{incident}/freeze"), json!({})).await;
    let holds = scene.holds().await;
    assert_eq!(holds.len(), 2);
    assert!(holds.iter().all(|hold| format!("/{}", hold["incident"].as_str().unwrap()) == incident));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_is_closed_by_somebody_who_did_not_assess_it_when_everybody_was_told() {
    let scene = Scene::new().await;
    let incident = scene.open(&scene.therapist).await;
    let (officer, other) = (&scene.officer, &scene.other);
    let closing = json!({ "lessons": "Ask sooner." });
    let (assess, close) = (format!("{incident}/assessment"), format!("{incident}/closing"));
    assert_eq!(scene.post(other, &close, closing.clone()).await.status, 409, "before it was assessed");
    let notice = json!({ "notice": "individuals", "given_on": "2026-05-14" });
    let notices = format!("{incident}/notices");
    assert_eq!(scene.post(officer, &notices, notice.clone()).await.status, 409, "of what is no breach yet");
    scene.done(officer, &assess, assessment("low_probability")).await;
    scene.done(officer, &assess, assessment("breach")).await;
    let view = scene.read(&incident).await;
    assert_eq!(view["assessments"].as_array().unwrap().len(), 2, "what was assessed before stays");
    assert_eq!(view["assessments"][1]["mitigated"]["words"], "She said that nothing was written down.");
    assert_eq!((&view["due_on"], &view["days_left"]), (&"2026-07-13".into(), &60.into()));
    assert_eq!(view["notices_missing"], json!([{ "notice": "individuals", "state": null }]));
    // More than 500 of one state: the media too.
    scene.done(officer, &format!("{incident}/states"), json!({ "state": "tx", "people": 501 })).await;
    assert_eq!(
        scene.read(&incident).await["notices_missing"],
        json!([{ "notice": "individuals", "state": null }, { "notice": "media", "state": "TX" }])
    );
    scene.done(officer, &format!("{incident}/states"), json!({ "state": "TX", "people": 2 })).await;
    let unknown = scene.post(other, &close, closing.clone()).await;
    assert_eq!(unknown.status, 409);
    assert!(
        unknown.text().contains("Freeze the incident first"),
        "nobody is counted of whom nobody looked: {}",
        unknown.text()
    );
    scene.done(officer, &format!("{incident}/freeze"), json!({})).await;
    let early = scene.post(other, &close, closing.clone()).await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("each who is affected"), "{}", early.text());
    let tomorrow = json!({ "notice": "individuals", "given_on": "2026-05-20" });
    assert_eq!(scene.post(officer, &notices, tomorrow).await.status, 409, "not yet");
    scene.done(officer, &notices, notice.clone()).await;
    assert_eq!(scene.post(officer, &notices, notice).await.status, 409, "once");
    assert_eq!(scene.post(officer, &close, closing.clone()).await.status, 409, "whoever assessed it");
    scene.done(other, &close, closing.clone()).await;
    let view = scene.read(&incident).await;
    assert_eq!((&view["closed"], &view["lessons"]), (&true.into(), &"Ask sooner.".into()));
    for (path, body) in
        [(&assess, assessment("low_probability")), (&close, closing), (&format!("{incident}/freeze"), json!({}))]
    {
        assert_eq!(scene.post(other, path, body).await.status, 409, "{path} after the end");
    }
    let log = scene.site.api(Method::GET, "/api/v1/incidents/log?year=2026", officer, None).await.json();
    assert_eq!((&log["due_on"], log["breaches"].as_array().unwrap().len()), (&"2027-03-01".into(), 1));
    assert_eq!(log["breaches"][0]["individuals_told_on"], "2026-05-14");
    let other_year = scene.site.api(Method::GET, "/api/v1/incidents/log?year=2025", officer, None).await.json();
    assert_eq!(other_year["breaches"], json!([]));
    // Each step stands in the trail.
    let entries = scene.site.ledger.entries();
    for action in ["open_incident", "assess_incident", "count_incident", "note_breach_notice", "close_incident"] {
        assert!(
            entries.iter().any(|entry| entry.action.as_str() == action && entry.outcome == Outcome::Allowed),
            "{action}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_that_was_frozen_before_its_time_was_over_is_frozen_again_before_it_is_closed() {
    let scene = Scene::new().await;
    let to = scene.site.now() + jiff::SignedDuration::from_hours(1);
    let new = json!({
        "subject": "account", "subject_id": scene.therapist.account(), "from": "2026-05-14T00:00:00Z", "to": to,
        "discovered_on": "2026-05-14", "what": "It may go on.",
    });
    let opened = scene.post(&scene.officer, "", new).await.json();
    let incident = format!("/{}", opened["incident_id"].as_str().unwrap());
    let (freeze, close) = (format!("{incident}/freeze"), format!("{incident}/closing"));
    scene.done(&scene.officer, &freeze, json!({})).await;
    scene.done(&scene.officer, &format!("{incident}/assessment"), assessment("breach")).await;
    let closing = json!({ "lessons": "Wait until it is over." });
    let early = scene.post(&scene.other, &close, closing.clone()).await;
    assert!(early.status == 409 && early.text().contains("frozen before its time was over"), "{}", early.text());

    scene.site.clock.advance_seconds(2 * 60 * 60);
    let officer = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let officer = scene.site.signed_in(&officer).await;
    let again = scene.post(&officer, &freeze, json!({})).await.json();
    assert_eq!((&again["frozen"], &again["complete"]), (&true.into(), &true.into()), "{again}");
    let next = scene.post(&officer, &close, closing).await;
    assert!(!next.text().contains("frozen before"), "{}", next.text());
}

/// A session that serves a request from an address.
async fn session_from(scene: &Scene, person: &Person, address: [u8; 4]) -> Session<Full> {
    let (token, sessions) = (scene.site.token(person).await, &scene.site.house.sessions);
    let found = login_sessions::with_account(&scene.site.house.stores.identity, &token.hash()).await;
    let (record, claims) = found.unwrap().unwrap();
    let origin = Origin { address: Some(address.into()), ..scene.site.origin() };
    sessions.resume(&token, &record, &claims, scene.site.now(), origin).unwrap().full().unwrap()
}

/// Somebody is kept away from an incident as if there were none, whatever they try, and each try is recorded.
async fn is_kept_from(scene: &Scene, cookie: &str, incident: &str) {
    let steps = [
        ("freeze", json!({})),
        ("assessment", assessment("low_probability")),
        ("states", json!({ "state": "TX", "people": 2 })),
        ("notices", json!({ "notice": "individuals", "given_on": "2026-05-14" })),
        ("closing", json!({ "lessons": "None." })),
    ];
    let refused = || {
        let entries = scene.site.ledger.entries().into_iter();
        entries.filter(|one| one.reason.as_str() == "about-oneself" && one.outcome == Outcome::Denied).count()
    };
    let before = refused();
    for (step, body) in steps {
        assert_eq!(scene.post(cookie, &format!("{incident}/{step}"), body).await.status, 404, "{step}");
    }
    let path = format!("/api/v1/incidents{incident}");
    assert_eq!(scene.site.api(Method::GET, &path, cookie, None).await.status, 404);
    assert_eq!(scene.site.open(&format!("/incidents{incident}"), cookie).await.status, 404);
    assert_eq!(refused() - before, 7);
    for path in ["/api/v1/incidents", "/api/v1/incidents/log?year=2026"] {
        let list = scene.site.api(Method::GET, path, cookie, None).await;
        assert!(list.status == 200 && !list.text().contains(&incident[1..]), "{path}: {}", list.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_freezes_or_decides_about_what_they_did_themself_nor_lifts_its_holds() {
    let scene = Scene::new().await;
    // The administrator looked at the account of a patient, in a session that the trail has.
    let admin = scene.site.signed_in(&scene.admin).await;
    let own = scene.site.patient_account(scene.practice, scene.patients[0]).await;
    let path = format!("/api/v1/accounts/{}", own.account());
    assert_eq!(scene.site.api(Method::GET, &path, &admin, None).await.status, 200);
    scene.site.clock.advance_seconds(1);
    let incident = scene.open(&scene.admin).await;
    is_kept_from(&scene, &admin, &incident).await;
    scene.done(&scene.officer, &format!("{incident}/assessment"), assessment("breach")).await;
    scene.done(&scene.officer, &format!("{incident}/freeze"), json!({})).await;
    let admin = scene.site.signed_in(&scene.admin).await;
    is_kept_from(&scene, &admin, &incident).await;
    let holds = scene.holds().await;
    assert_eq!(holds.len(), 1, "whose account was looked at");
    let lift = format!("/api/v1/retention/holds/{}", holds[0]["hold_id"].as_str().unwrap());
    let refused = scene.site.api(Method::DELETE, &lift, &admin, None).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("You may not lift this hold"), "{}", refused.text());
    let lifted = scene.site.api(Method::DELETE, &lift, &scene.officer, None).await;
    assert!(lifted.status.is_success(), "{}", lifted.text());
    // By the session in which it happened it is the same: the trail says whose it was.
    let entries = scene.site.ledger.entries();
    let session =
        entries.iter().find(|entry| entry.actor == Some(scene.admin.account())).unwrap().login_session.unwrap();
    let new = json!({
        "subject": "session", "subject_id": session, "from": "2026-05-14T00:00:00Z", "to": "2026-05-15T12:00:00Z",
        "discovered_on": "2026-05-14", "what": "Again.",
    });
    let opened = scene.post(&scene.officer, "", new).await.json();
    is_kept_from(&scene, &admin, &format!("/{}", opened["incident_id"].as_str().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_at_an_address_is_handled_by_somebody_who_was_not_there_unless_there_is_nobody() {
    let scene = Scene::new().await;
    let house = &scene.site.house;
    // Both administrators were at the address in that time; of the officers nobody was.
    let second = scene.site.account(scene.practice, Role::Admin).await;
    for admin in [&scene.admin, &second] {
        let session = session_from(&scene, admin, [192, 0, 2, 77]).await;
        practice::accounts::account(house, &session, scene.therapist.account()).await.unwrap();
    }
    scene.site.clock.advance_seconds(1);
    let new = json!({
        "subject": "address", "subject_id": "192.0.2.77", "from": "2026-05-14T00:00:00Z", "to": scene.site.now(),
        "discovered_on": "2026-05-14", "what": "Somebody at that address.",
    });
    let opened = scene.post(&scene.officer, "", new.clone()).await.json();
    let incident = format!("/{}", opened["incident_id"].as_str().unwrap());
    let admin = scene.site.signed_in(&scene.admin).await;
    is_kept_from(&scene, &admin, &incident).await;
    let view = scene.read(&incident).await;
    assert_eq!((&view["about_oneself"], &view["by_involved"]), (&false.into(), &false.into()));
    // Nobody else is left: then whoever can does, and it is marked.
    let (db, none) = (&house.stores.identity, AccountId::from_bytes([0; 16]));
    for row in accounts::staff(db, scene.practice, none, 100).await.unwrap() {
        if row.role == Role::PrivacyOfficer {
            let (account, state) = (row.account_id, AccountState::Disabled);
            let batch =
                accounts::set_role_and_state(Batch::new(), scene.practice, account, row.role, state, row.version);
            db.commit(batch).await.unwrap();
        }
    }
    scene.done(&admin, &format!("{incident}/assessment"), assessment("low_probability")).await;
    let answer = scene.site.api(Method::GET, &format!("/api/v1/incidents{incident}"), &admin, None).await.json();
    assert_eq!((&answer["about_oneself"], &answer["by_involved"]), (&true.into(), &true.into()));
    let page = scene.site.open(&format!("/incidents{incident}"), &admin).await.text();
    assert!(page.contains("Handled by somebody whom it may be about"), "{page}");
    let entries = scene.site.ledger.entries();
    let marked = entries.iter().filter(|entry| entry.reason.as_str() == "nobody-else");
    assert!(marked.count() >= 3 && entries.iter().any(|entry| entry.action.as_str() == "assess_incident"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_needs_a_factor_proven_just_now_and_another_practice_sees_nothing() {
    let scene = Scene::new().await;
    let incident = scene.open(&scene.therapist).await;
    let stranger = scene.site.practice().await;
    assert_ne!(stranger, scene.practice);
    let stranger = scene.site.account(stranger, Role::PrivacyOfficer).await;
    let stranger = scene.site.signed_in(&stranger).await;
    let path = format!("/api/v1/incidents{incident}");
    assert_eq!(scene.site.api(Method::GET, &path, &stranger, None).await.status, 404);
    assert_eq!(scene.post(&stranger, &format!("{incident}/freeze"), json!({})).await.status, 404);
    scene.site.clock.advance_seconds(6 * 60);
    for (step, body) in [("freeze", json!({})), ("assessment", assessment("breach"))] {
        assert_eq!(scene.post(&scene.officer, &format!("{incident}/{step}"), body).await.status, 401, "{step}");
    }
    assert!(scene.holds().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_lead_from_the_form_to_the_end() {
    let scene = Scene::new().await;
    let officer = &scene.officer;
    let fields = format!(
        "account_id={}&from=2026-05-14&to={}&discovered_on=2026-05-14&what=Charts+at+night",
        scene.therapist.account(),
        scene.site.now().to_string().replace(':', "%3A")
    );
    let wrong =
        scene.site.submit("/incidents/new", officer, &fields.replace("discovered_on=2026", "discovered_on=2027")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("has not come yet") && wrong.text().contains("Charts at night"), "{}", wrong.text());
    let opened = scene.site.submit("/incidents/new", officer, &fields).await;
    assert_eq!(opened.status, 303, "{}", opened.text());
    let here = opened.header("location").unwrap().to_owned();
    assert_eq!(scene.site.submit(&format!("{here}/freeze"), officer, "").await.status, 303);
    let half = scene.site.submit(&format!("{here}/assessment"), officer, "nature=care&nature_words=Two+charts").await;
    assert_eq!(half.status, 422);
    assert!(half.text().contains("Two charts"), "what was typed stays");
    let all = "nature=care&nature_words=a&recipient=bound&recipient_words=b&acquired=viewed&acquired_words=c&mitigated=not\
               &mitigated_words=d&conclusion=breach";
    assert_eq!(scene.site.submit(&format!("{here}/assessment"), officer, all).await.status, 303);
    let page = scene.site.open(&here, officer).await.text();
    assert!(page.contains("Notices are to be given") && page.contains("13 July 2026"), "{page}");
    assert!(page.contains("name and contact") && page.contains("held") && !page.contains("Ruiz"));
    assert_eq!(scene.site.submit(&format!("{here}/states"), officer, "state=TX&people=2").await.status, 303);
    let given = "notice=individuals&given_on=2026-05-14";
    assert_eq!(scene.site.submit(&format!("{here}/notices"), officer, given).await.status, 303);
    assert_eq!(scene.site.submit(&format!("{here}/closing"), &scene.other, "lessons=Ask+sooner").await.status, 303);
    let page = scene.site.open(&here, officer).await.text();
    assert!(page.contains("Ask sooner") && !page.contains("Assess the risk"));
    let list = scene.site.open("/incidents", officer).await.text();
    assert!(list.contains("closed") && list.contains(&here));
    let log = scene.site.open("/incidents/log", officer).await.text();
    assert!(log.contains("Breaches under 500 discovered in 2026") && log.contains("1 March 2027"), "{log}");
}
