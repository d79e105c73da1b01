//! A held visit is charged and corrected; what was said goes to billing, and is shown to care never again.

use super::*;
use phi::{Protection, Store, billing_branch, registry};
use store::rows::billing::charges;

const TYPED: &str = "services[0].code=97110&services[0].minutes=33&services[0].modifiers=GP&services[1].code=97140\
                     &services[1].minutes=7&services[1].modifiers=KX&diagnoses=m17.11,+S83.511A";

impl Clinic {
    /// A visit that was held; its place.
    async fn held(&self) -> String {
        let visit = json!({
            "therapist_id": self.therapist.account(), "starts_at": self.site.now(), "minutes": 45, "state": "held",
        });
        let visit = self.change(Method::POST, "/visits", &visit, None).await;
        assert_eq!(visit.status, 201, "{}", visit.text());
        format!("/visits/{}/charge", visit.json()["visit_id"].as_str().expect("an id"))
    }

    async fn charges(&self) -> usize {
        let (db, branch) = (&self.site.house.stores.billing, billing_branch(self.practice));
        charges::drafts(db, branch, None, 100).await.expect("read").len()
    }

    async fn keyed(&self, place: &str, body: &Value, key: &str) -> Answer {
        let request = Request::post(self.at(place))
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        self.site.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }
}

fn charge(minutes: u16) -> Value {
    let services = json!([
        { "code": "97110", "minutes": minutes, "modifiers": ["GP"] },
        { "code": "97140", "minutes": 7 },
    ]);
    json!({ "services": services, "diagnoses": ["M25.561"] })
}

#[tokio::test]
async fn the_units_are_shown_step_by_step_under_both_rules_before_anything_is_sent() {
    let clinic = Clinic::new().await;
    let at = clinic.held().await;
    let form = clinic.page(&at).await.text();
    assert!(form.contains("Charge a visit") && form.contains("was recorded"), "{form}");
    assert!(clinic.page("/visits").await.text().contains(&format!("{at}\">Charge")));

    let counted = clinic.submit(&at, &format!("seen=0&do=check&{TYPED}")).await;
    assert_eq!(counted.status, 200, "{}", counted.text());
    for shown in ["33 + 7 = 40", "They allow 3 units", ">3 units<", ">2 units<", "M17.11, S83.511A"] {
        assert!(counted.text().contains(shown), "{shown}: {}", counted.text());
    }
    let asked = json!({ "services": charge(33)["services"] });
    let units = clinic.change(Method::POST, &format!("{at}/units"), &asked, None).await.json();
    assert_eq!((&units["cms"]["allowed_units"], &units["cms"]["lines"][1]["extra_unit"]), (&json!(3), &json!(true)));
    assert_eq!(units["ama"]["lines"][1]["units"], json!(0));
    assert_eq!(clinic.charges().await, 0, "nothing was sent");

    // The other buttons lose nothing that was typed.
    for act in ["more", "edit"] {
        let page = clinic.submit(&at, &format!("seen=0&do={act}&{TYPED}")).await;
        let text = page.text();
        assert!(page.status == 200 && text.contains("value=\"97140\"") && text.contains("value=\"m17.11, S83.511A\""));
        assert_eq!(text.contains("Service 3"), act == "more");
    }
}

#[tokio::test]
async fn what_was_sent_is_with_billing_and_care_is_shown_no_word_of_it() {
    let clinic = Clinic::new().await;
    let at = clinic.held().await;
    let sent = clinic.submit(&at, &format!("seen=0&key=b-1&do=send&{TYPED}")).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    assert_eq!(clinic.charges().await, 1);
    let again = clinic.submit(&at, &format!("seen=0&key=b-2&do=send&{TYPED}")).await;
    assert_eq!(again.status, 409);
    assert!(
        again.text().contains("charged before") && again.text().contains("value=\"97110\""),
        "nothing typed is lost"
    );
    assert_eq!(clinic.charges().await, 1);

    let page = clinic.page(&at).await.text();
    assert!(page.contains("Correct a charge") && clinic.page("/visits").await.text().contains("Correct the charge"));
    let request =
        Request::get(clinic.at(&at)).header(header::COOKIE, &clinic.cookie).header(header::IF_NONE_MATCH, "\"1\"");
    let seen = clinic.site.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(seen.status, 200, "the visit may stand otherwise under the same tag");
    assert_eq!((seen.header("etag"), &seen.json()["sent"]), (Some("\"1\""), &json!(1)));
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let own = clinic.site.signed_in(&patient).await;
    let mut pages = vec![page, seen.text()];
    for place in ["", "/visits", "/notes", "/log", "/program"] {
        pages.push(clinic.page(place).await.text());
    }
    for place in ["", "/visits", "/notes", "/log", "/access-log"] {
        pages.push(clinic.site.api(Method::GET, &clinic.at(place), &own, None).await.text());
    }
    // Not merely the digits: those may stand in a random id.
    for said in ["\"97110", ">97110", " 97110", "\"97140", ">97140", " 97140", "M17.1", "m17.1", "S83.5", "KX"] {
        for page in &pages {
            // A modifier to tick is none that was ticked.
            assert!(!page.replace("KX · beyond", "").replace("value=\"KX\"", "").contains(said), "{said}: {page}");
        }
    }
}

#[test]
fn no_clinical_column_can_hold_what_a_claim_says() {
    for column in registry().filter(|column| column.store != Store::Billing) {
        let billing = matches!(column.protection, Protection::Sealed(phi::ClassId::Charge | phi::ClassId::Diagnosis));
        assert!(!billing && !column.column.contains("diagnos"), "{}.{}", column.table, column.column);
    }
}

#[tokio::test]
async fn a_charge_is_sent_once_whatever_is_repeated_and_corrected_by_who_saw_it() {
    let clinic = Clinic::new().await;
    let at = clinic.held().await;
    let correction = format!("{at}/correction");
    assert_eq!(clinic.change(Method::POST, &correction, &charge(44), Some("\"1\"")).await.status, 409);
    let first = clinic.keyed(&at, &charge(33), "a-1").await;
    let again = clinic.keyed(&at, &charge(33), "a-1").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.text());
    assert_eq!(first.json(), again.json());
    let other = clinic.keyed(&at, &charge(44), "a-1").await;
    assert_eq!((other.status.as_u16(), &other.json()["errors"][0]["field"]), (422, &json!("Idempotency-Key")));
    assert_eq!(clinic.change(Method::POST, &at, &charge(33), None).await.status, 409);

    assert_eq!(clinic.change(Method::POST, &correction, &charge(44), None).await.status, 428);
    assert_eq!(clinic.change(Method::POST, &correction, &charge(44), Some("\"2\"")).await.status, 412);
    let corrected = clinic.change(Method::POST, &correction, &charge(44), Some("\"1\"")).await;
    assert_eq!((corrected.status.as_u16(), corrected.header("etag")), (201, Some("\"2\"")), "{}", corrected.text());
    assert_eq!(clinic.change(Method::POST, &correction, &charge(44), Some("\"1\"")).await.status, 412);
    let page = clinic.submit(&at, &format!("seen=1&key=b-3&do=send&{TYPED}")).await;
    assert!(page.status == 409 && page.text().contains("since you began") && page.text().contains("value=\"97110\""));
    for _ in 0..2 {
        let page = clinic.submit(&at, &format!("seen=2&key=b-4&do=send&{TYPED}")).await;
        assert_eq!(page.status, 303, "sent twice, done once: {}", page.text());
    }
    let keyless = clinic.submit(&at, &format!("seen=3&do=send&{TYPED}")).await;
    assert_eq!(keyless.status, 422, "without a key it could be done twice");
    assert!(clinic.page(&at).await.text().contains("corrected 2 times"));
    assert_eq!(clinic.charges().await, 1, "one of the three is live");
}

#[tokio::test]
async fn a_visit_that_was_not_held_is_not_charged_and_says_so() {
    let clinic = Clinic::new().await;
    let visit = json!({ "therapist_id": clinic.therapist.account(), "starts_at": clinic.site.now(), "minutes": 45 });
    let visit = clinic.change(Method::POST, "/visits", &visit, None).await.json();
    let at = format!("/visits/{}/charge", visit["visit_id"].as_str().expect("an id"));
    assert!(clinic.page(&at).await.text().contains("This visit was not held"));
    assert!(!clinic.page("/visits").await.text().contains(&at));
    let refused = clinic.change(Method::POST, &at, &charge(33), None).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("not held"), "{}", refused.text());
    let refused = clinic.submit(&at, &format!("seen=0&key=b-5&do=send&{TYPED}")).await;
    assert_eq!(refused.status, 409);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_sent() {
    let clinic = Clinic::new().await;
    let at = clinic.held().await;
    for (typed, id) in [
        ("services[0].code=9711&diagnoses=M25.561", "f-services-0--code"),
        ("services[0].code=97110&services[0].minutes=0&diagnoses=M25.561", "f-services-0--minutes"),
        ("services[0].code=97110&services[0].modifiers=XX&diagnoses=M25.561", "f-services-0--modifiers"),
        ("services[0].code=97110&diagnoses=knee", "f-diagnoses"),
        ("diagnoses=M25.561", "f-services-0--code"),
    ] {
        for act in ["check", "send"] {
            let page = clinic.submit(&at, &format!("seen=0&do={act}&{typed}")).await;
            assert_eq!(page.status, 422, "{typed}");
            assert!(page.text().contains(&format!("href=\"#{id}\"")), "{typed}: {}", page.text());
        }
    }
    assert_eq!(clinic.charges().await, 0);
}

#[tokio::test]
async fn a_visit_that_was_charged_took_place_and_one_that_was_entered_in_error_is_not_charged() {
    let clinic = Clinic::new().await;
    let (charged, wrong) = (clinic.held().await, clinic.held().await);
    let place = |charge: &str| charge.trim_end_matches("/charge").to_owned();
    assert_eq!(clinic.change(Method::POST, &charged, &charge(33), None).await.status, 201);
    let why = json!({ "reason": "Of another patient" });
    let void = format!("{}/void", place(&charged));
    let refused = clinic.change(Method::POST, &void, &why, None).await;
    assert!(refused.status == 409 && refused.text().contains("The visit is charged"), "{}", refused.text());
    assert_eq!(clinic.submit(&void, "reason=Of+another+patient").await.status, 409);
    assert_eq!(clinic.page(&void).await.status, 409);
    let held = clinic.read(&clinic.at(&place(&charged))).await;
    assert_eq!((&held.json()["voided"], &held.json()["charged"]), (&Value::Null, &json!(true)));
    assert_eq!(held.header("etag"), Some("\"2-settled\""), "to be charged is a change of the visit");
    for (field, value) in [("state", json!("cancelled")), ("starts_at", json!("2026-05-01T15:00:00Z"))] {
        let mut moved = json!({
            "therapist_id": clinic.therapist.account(), "starts_at": clinic.site.now(), "minutes": 45, "state": "held",
        });
        moved[field] = value;
        let refused = clinic.change(Method::PUT, &place(&charged), &moved, Some("\"2\"")).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!(field)));
    }

    let void = format!("{}/void", place(&wrong));
    assert_eq!(clinic.change(Method::POST, &void, &why, None).await.status, 204);
    let refused = clinic.change(Method::POST, &wrong, &charge(33), None).await;
    assert!(refused.status == 409 && refused.text().contains("entered in error"), "{}", refused.text());
    assert_eq!(clinic.submit(&wrong, &format!("seen=0&key=b-6&do=send&{TYPED}")).await.status, 409);
    let form = clinic.page(&wrong).await.text();
    assert!(form.contains("This visit was entered in error") && !form.contains("Count the units"), "{form}");
    assert_eq!(clinic.charges().await, 1);
    let visits = clinic.page("/visits").await.text();
    assert!(visits.contains("Correct the charge") && !visits.contains(&wrong), "{visits}");
    assert!(!visits.contains("/void\""), "neither can be said to be wrong now");
}

#[tokio::test]
async fn putting_a_visit_back_is_offered_where_it_works() {
    let clinic = Clinic::new().await;
    let visit = |day: &str, state: &str| {
        json!({
            "therapist_id": clinic.therapist.account(), "starts_at": format!("2026-05-{day}T14:00:00Z"), "minutes": 45,
            "state": state,
        })
    };
    let young = clinic.held().await;
    assert_eq!(clinic.change(Method::POST, &young, &charge(33), None).await.status, 201);
    let charged = (young.trim_end_matches("/charge").to_owned(), "14", true);
    let mut cases = vec![charged];
    for (day, state, settled) in [("06", "held", true), ("08", "held", false), ("02", "no_show", false)] {
        let made = clinic.change(Method::POST, "/visits", &visit(day, state), None).await.json();
        cases.push((format!("/visits/{}", made["visit_id"].as_str().expect("an id")), day, settled));
    }
    let page = clinic.page("/visits").await.text();
    assert_eq!(page.matches("Put back").count(), 2, "{page}");
    for (at, day, settled) in cases {
        let seen = clinic.read(&clinic.at(&at)).await;
        assert_eq!(seen.json()["settled"], json!(settled), "{day}");
        let back = format!("state=planned&seen={}", seen.json()["version"]);
        assert_eq!(clinic.submit(&at, &back).await.status, if settled { 422 } else { 303 }, "{day}");
    }
    assert!(!clinic.page("/visits").await.text().contains("Put back"));
}

#[tokio::test]
async fn that_a_visit_became_settled_with_time_is_not_hidden_behind_what_the_caller_holds() {
    let mut clinic = Clinic::new().await;
    let visit = json!({
        "therapist_id": clinic.therapist.account(), "starts_at": "2026-05-08T14:00:00Z", "minutes": 45, "state": "held",
    });
    let made = clinic.change(Method::POST, "/visits", &visit, None).await;
    let path = clinic.at(&format!("/visits/{}", made.json()["visit_id"].as_str().expect("an id")));
    let tag = made.header("etag").expect("a tag").to_owned();
    let held = async |clinic: &Clinic, tag: &str| {
        let request = Request::get(&path).header(header::COOKIE, &clinic.cookie).header(header::IF_NONE_MATCH, tag);
        clinic.site.send(request.body(Body::empty()).expect("a request")).await
    };
    assert_eq!(held(&clinic, &tag).await.status, 304);
    clinic.site.clock.advance_seconds(3 * 24 * 3600);
    clinic.cookie = clinic.site.signed_in(&clinic.therapist).await;
    let seen = held(&clinic, &tag).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["settled"]), (200, &json!(true)));
    let now = seen.header("etag").expect("a tag").to_owned();
    assert_eq!(held(&clinic, &now).await.status, 304);
    // Nobody changed it: either of the two names the version.
    let place = path.split_once(&clinic.patient.to_string()).expect("a path").1.to_owned();
    for seen in [tag, now.replacen('1', "2", 1)] {
        let moved = clinic.change(Method::PUT, &place, &visit, Some(&seen)).await;
        assert_eq!(moved.status, 200, "{seen}: {}", moved.text());
    }
}

#[tokio::test]
async fn a_charge_is_taken_back_by_who_saw_it_and_then_the_visit_may_be_said_to_be_wrong() {
    let clinic = Clinic::new().await;
    let (at, other) = (clinic.held().await, clinic.held().await);
    let back = |at: &str| format!("{at}/withdrawal");
    let why = json!({ "reason": "other_patient" });
    let taken = async |at: &str, seen| clinic.change(Method::POST, &back(at), &why, seen).await;
    assert_eq!(taken(&at, Some("\"0\"")).await.status, 409);
    assert!(!clinic.page(&at).await.text().contains("Take the charge back"));
    assert_eq!(clinic.change(Method::POST, &at, &charge(33), None).await.status, 201);
    assert_eq!(taken(&at, None).await.status, 428);
    assert_eq!(taken(&at, Some("\"2\"")).await.status, 412);
    let wrong = clinic.change(Method::POST, &back(&at), &json!({ "reason": "zq knee" }), Some("\"1\"")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (422, &json!("reason")));
    let answer = taken(&at, Some("\"1\"")).await;
    assert_eq!((answer.status.as_u16(), answer.header("etag")), (201, Some("\"2\"")), "{}", answer.text());
    assert_eq!(taken(&at, Some("\"1\"")).await.status, 412);
    assert_eq!(taken(&at, Some("\"2\"")).await.status, 409, "nothing is charged any more");
    assert_eq!(clinic.charges().await, 0);
    let seen = clinic.read(&clinic.at(&at)).await.json();
    assert_eq!(
        (&seen["taken_back"]["by"]["account_id"], &seen["sent"]),
        (&json!(clinic.therapist.account()), &json!(2))
    );
    let page = clinic.page(&at).await.text();
    assert!(
        page.contains("taken back by") && page.contains("Charge a visit") && !page.contains("Take the charge back")
    );
    assert!(!page.contains("corrected"), "{page}");

    // The same by the page, and what is then offered.
    assert_eq!(clinic.submit(&other, &format!("seen=0&key=b-7&do=send&{TYPED}")).await.status, 303);
    assert!(clinic.page(&other).await.text().contains("Take the charge back"));
    let stale = clinic.submit(&other, "seen=2&key=b-20&do=take-back&reason=not_held").await;
    assert!(stale.status == 409 && stale.text().contains("since you began"), "{}", stale.text());
    for reason in ["", "&reason=", "&reason=knee"] {
        let unsaid = clinic.submit(&other, &format!("seen=1&key=b-21&do=take-back{reason}")).await;
        assert!(unsaid.status == 422 && unsaid.text().contains("Say why the charge is taken back"), "{reason}");
    }
    let unkeyed = clinic.submit(&other, "seen=1&do=take-back&reason=not_held").await;
    assert_eq!(unkeyed.status, 422, "without a key it could come twice");
    for time in ["once", "by a second click"] {
        let back = clinic.submit(&other, "seen=1&key=b-21&do=take-back&reason=not_held").await;
        assert_eq!(back.status, 303, "{time}: {}", back.text());
    }
    assert_eq!(clinic.submit(&other, "seen=2&key=b-22&do=take-back&reason=not_held").await.status, 409);
    assert_eq!(clinic.charges().await, 0);
    let visits = clinic.page("/visits").await.text();
    let place = other.trim_end_matches("/charge");
    assert!(visits.contains(&format!("{place}/void\"")) && !visits.contains("Correct the charge"), "{visits}");
    let why = json!({ "reason": "Of another patient" });
    assert_eq!(clinic.change(Method::POST, &format!("{place}/void"), &why, None).await.status, 204);
    assert_eq!(clinic.submit(&other, &format!("seen=2&key=b-8&do=send&{TYPED}")).await.status, 409);
    // The other one did not take place; then it did, and is charged again.
    let place = at.trim_end_matches("/charge");
    for state in ["planned", "held"] {
        let version = clinic.read(&clinic.at(place)).await.json()["version"].clone();
        assert_eq!(clinic.submit(place, &format!("state={state}&seen={version}")).await.status, 303, "{state}");
    }
    assert_eq!(clinic.submit(&at, &format!("seen=2&key=b-9&do=send&{TYPED}")).await.status, 303);
    assert_eq!(clinic.charges().await, 1);
}
