//! A program ends, today or on a day; what was prescribed stays readable.

use super::*;

impl Clinic {
    /// Signs a program of one exercise.
    async fn prescribed(&self) -> Value {
        let signed = self.prescribe(&self.program(json!([{ "exercise_id": self.squat, "dose": dose(3) }])), None).await;
        assert_eq!(signed.status, 201, "{}", signed.text());
        signed.json()
    }
}

#[tokio::test]
async fn a_program_that_is_ended_now_is_over_and_the_patient_is_told_kindly_why() {
    let clinic = Clinic::new().await;
    let program = clinic.prescribed().await;
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let own = clinic.site.signed_in(&patient).await;
    assert!(clinic.site.open("/today", &own).await.text().contains("Squat"));

    let end = json!({ "reason": "You reached your goal & more" });
    assert_eq!(clinic.change(Method::POST, "/program/end", &end, None).await.status, 428);
    assert_eq!(clinic.change(Method::POST, "/program/end", &end, Some("\"7\"")).await.status, 412);
    let ended = clinic.change(Method::POST, "/program/end", &end, Some("\"1\"")).await;
    assert_eq!((ended.status.as_u16(), ended.header("etag")), (200, Some("\"2\"")), "{}", ended.text());
    assert_eq!(ended.json()["end_reason"], "You reached your goal & more");
    assert_eq!(clinic.change(Method::POST, "/program/end", &end, Some("\"2\"")).await.status, 404);

    assert_eq!(clinic.read(&clinic.at("/program")).await.status, 404);
    let today = clinic.site.api(Method::GET, &clinic.at("/today"), &own, None).await.json();
    assert_eq!((&today["due"], &today["items"], &today["title"]), (&json!(0), &json!([]), &Value::Null));
    assert_eq!(today["ended"]["reason"], "You reached your goal & more");
    assert_eq!(today["ended"]["ended_on"], "2026-05-14");
    let page = clinic.site.open("/today", &own).await.text();
    for shown in ["You have no program now", "Thursday, 14 May", "You reached your goal &amp; more"] {
        assert!(page.contains(shown), "{shown}");
    }
    let log = json!({ "item_id": program["items"][0]["item_id"], "performed": { "sets": 3 }, "pain": 1, "effort": 2 });
    assert_eq!(clinic.site.api(Method::POST, &clinic.at("/log"), &own, Some(log)).await.status, 422);

    // What was prescribed stays readable, and a new program goes on counting.
    let id = program["program_id"].as_str().expect("an id");
    for version in ["1", "2"] {
        assert_eq!(clinic.read(&clinic.at(&format!("/program/versions/{id}/{version}"))).await.status, 200);
    }
    let page = clinic.page("/program").await.text();
    for shown in ["No program now", "You reached your goal", "Prescribe a new one", "Version 2"] {
        assert!(page.contains(shown), "{shown}");
    }
    clinic.site.behind.clock.advance_seconds(1);
    let next = clinic.prescribed().await;
    assert_eq!(next["version"], 3);
    assert_ne!(next["program_id"], program["program_id"]);
    assert!(clinic.site.open("/today", &own).await.text().contains("Squat"));
}

#[tokio::test]
async fn whoever_saw_a_program_that_was_ended_since_neither_writes_over_the_next_one_nor_takes_it_for_the_same() {
    let clinic = Clinic::new().await;
    clinic.prescribed().await;
    let end = json!({ "reason": "You reached your goal" });
    assert_eq!(clinic.change(Method::POST, "/program/end", &end, Some("\"1\"")).await.status, 200);
    let other = clinic.program(json!([{ "exercise_id": clinic.bridge, "dose": dose(3) }]));
    let other = clinic.prescribe(&other, None).await.json();

    // An editor that was opened before all that.
    for seen in ["\"1\"", "\"2\""] {
        let stale = clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }]));
        assert_eq!(clinic.prescribe(&stale, Some(seen)).await.status, 412, "{seen}");
        assert_eq!(clinic.change(Method::POST, "/program/end", &end, Some(seen)).await.status, 412, "{seen}");
        let request = Request::get(clinic.at("/program"))
            .header(header::COOKIE, &clinic.cookie)
            .header(header::IF_NONE_MATCH, seen);
        let read = clinic.site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!((read.status.as_u16(), read.json()["program_id"].clone()), (200, other["program_id"].clone()));
    }
    assert_eq!(clinic.read(&clinic.at("/program")).await.json()["version"], other["version"]);
}

#[tokio::test]
async fn a_program_runs_to_the_last_day_that_was_set_and_not_beyond() {
    let clinic = Clinic::new().await;
    clinic.prescribed().await;
    let form = clinic.page("/program/end").await;
    assert!(form.status == 200 && form.text().contains("End the program") && form.text().contains("was recorded"));
    for (fields, wrong) in [
        ("seen=1&when=after&last_day=2026-05-13&reason=Done", "must be today or later"),
        ("seen=1&when=after&last_day=soon&reason=Done", "must be a date"),
        ("seen=1&when=now&reason=+", "The reason must be 1 to 500"),
        ("seen=1&reason=Done", "Say when"),
    ] {
        let refused = clinic.submit("/program/end", fields).await;
        assert!(refused.status == 422 && refused.text().contains(wrong), "{fields}: {}", refused.text());
    }
    let sent = clinic.submit("/program/end", "seen=1&when=after&last_day=2026-05-15&reason=Well+done").await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    let stale = clinic.submit("/program/end", "seen=1&when=now&reason=Done").await;
    assert!(stale.status == 409 && stale.text().contains("Somebody else changed the program"));

    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    for (days, shown) in [(0, "Squat"), (1, "Squat"), (1, "ended on Friday, 15 May")] {
        clinic.site.behind.clock.advance_seconds(24 * 3600 * days);
        let own = clinic.site.signed_in(&patient).await;
        assert!(clinic.site.open("/today", &own).await.text().contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn a_program_that_has_not_begun_is_announced_and_can_be_ended_before_it_does() {
    let clinic = Clinic::new().await;
    let items = json!([{ "exercise_id": clinic.squat, "dose": dose(3) }]);
    let program = json!({ "title": "Later", "starts_on": "2026-06-01", "items": items });
    assert_eq!(clinic.prescribe(&program, None).await.status, 201);
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let own = clinic.site.signed_in(&patient).await;
    assert!(clinic.site.open("/today", &own).await.text().contains("It begins on Monday, 1 June"));
    let early = json!({ "last_day": "2026-05-20", "reason": "Plans changed" });
    assert_eq!(clinic.change(Method::POST, "/program/end", &early, Some("\"1\"")).await.status, 422);
    let now = json!({ "reason": "Plans changed" });
    assert_eq!(clinic.change(Method::POST, "/program/end", &now, Some("\"1\"")).await.status, 200);
    assert!(clinic.site.open("/today", &own).await.text().contains("Plans changed"));
    assert_eq!(clinic.page("/program").await.status, 200);
}
