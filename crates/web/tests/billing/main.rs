//! Billing over the web: a charge becomes money in the books, pages and API say the same, and what was wrong is voided.

mod forms;
mod pages;
mod taken_back;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::{
    PatientId, Role, VisitId,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Service},
};
use identity::{Full, Session};
use practice::billing::charging::{NewCharge, charge};
use serde_json::{Value, json};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A practice with a patient who is treated, somebody for the billing, and a fee for exercise.
struct Office {
    site: Site,
    treats: Person,
    therapist: Session<Full>,
    cookie: String,
    patient: PatientId,
    billing: String,
    biller: domain::AccountId,
}

impl Office {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let patient = site.patient(practice, "Ana", "Ro").await;
        let treats = site.account(practice, Role::Therapist).await;
        site.care_link(&treats, patient).await;
        let office = site.account(practice, Role::Billing).await;
        let (therapist, cookie) = (site.session(&treats).await, site.signed_in(&treats).await);
        let billing = site.signed_in(&office).await;
        let office = Self { site, treats, therapist, cookie, patient, billing, biller: office.account() };
        let fee = json!({ "code": "97110", "valid_from": "2026-01-01", "fee": 4000, "words": "Exercise" });
        office.done(Method::POST, "/fees", Some(fee), 201).await;
        office
    }

    /// Charges a visit of this day for so many minutes of exercise.
    async fn charged(&self, day: &str, minutes: u16) -> Value {
        self.charged_for(self.patient, day, minutes).await
    }

    /// Charges a visit of a new patient, who is Li by family. Says their account.
    async fn charged_of(&self, given: &str, day: &str) -> String {
        let patient = self.site.patient(self.therapist.practice(), given, "Li").await;
        self.site.care_link(&self.treats, patient).await;
        id(&self.charged_for(patient, day, 30).await, "account_id")
    }

    async fn charged_for(&self, patient: PatientId, day: &str, minutes: u16) -> Value {
        let visit = json!({
            "therapist_id": self.therapist.account(), "starts_at": format!("{day}T14:00:00Z"), "minutes": 45,
            "state": "held",
        });
        let path = format!("/api/v1/patients/{patient}/visits");
        let booked = self.site.api(Method::POST, &path, &self.cookie, Some(visit)).await.json();
        let visit: VisitId = booked["visit_id"].as_str().expect("an id").parse().expect("an id");
        let code = CptCode::new("97110").expect("a code");
        let minutes = Some(Minutes::new(minutes).expect("minutes"));
        let new = NewCharge {
            services: ChargeSheet::new(vec![Service { code, minutes, modifiers: vec![] }]).expect("a sheet"),
            diagnoses: Diagnoses::new(vec![DiagnosisCode::new("M25.561").expect("a code")]).expect("codes"),
        };
        charge(&self.site.house, &self.therapist, patient, visit, &new, None).await.expect("charged");
        let drafts = self.done(Method::GET, "/drafts", None, 200).await.json();
        drafts["items"].as_array().expect("a list").iter().find(|line| line["day"] == day).expect("a draft").clone()
    }

    /// Asks the billing part of the API.
    async fn done(&self, method: Method, rest: &str, body: Option<Value>, status: u16) -> Answer {
        let path = format!("/api/v1/billing{rest}");
        let answer = self.site.api(method.clone(), &path, &self.billing, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        answer
    }

    /// The same with headers.
    async fn with(&self, method: Method, rest: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1/billing{rest}"));
        request = request.header(header::COOKIE, &self.billing);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.site.send(request.expect("a request")).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.site.open(path, &self.billing).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }
}

fn id(value: &Value, field: &str) -> String {
    value[field].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_is_billed_paid_in_part_and_stated_and_the_dashboard_follows() {
    let office = Office::new().await;
    let draft = office.charged("2026-04-01", 30).await;
    let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
    assert_eq!((&draft["no_payer"], &draft["no_fee"], &draft["no_unit"]), (&json!(true), &json!([]), &json!(false)));
    assert!(office.page("/billing/charges").await.contains("nobody said who pays"));
    let to_bill = office.page("/billing").await;
    assert!(to_bill.contains("charge to bill") && !to_bill.contains("Ana"), "the overview names nobody");

    let payer = json!({ "name": "Medicare", "unit_rule": "cms" });
    let payer = office.done(Method::POST, "/payers", Some(payer), 201).await.json();
    let path = format!("/accounts/{account}");
    let before = office.done(Method::GET, &path, None, 200).await;
    let tag = before.header("etag").expect("a tag").to_owned();
    let body = json!({ "payer_id": payer["payer_id"] });
    let say = format!("{path}/payer");
    assert_eq!(office.with(Method::PUT, &say, &[], Some(body.clone())).await.status, 428);
    assert_eq!(office.with(Method::PUT, &say, &[("if-match", &tag)], Some(body.clone())).await.status, 204);
    assert_eq!(office.with(Method::PUT, &say, &[("if-match", &tag)], Some(body)).await.status, 412);

    let one = format!("{path}/charges/{charge}");
    let view = office.done(Method::GET, &one, None, 200).await;
    let tag = view.header("etag").expect("a tag").to_owned();
    assert_eq!((&view.json()["price"]["total"], &view.json()["diagnoses"]), (&json!(8000), &json!(["M25.561"])));
    assert_eq!(view.json()["price"]["calculation"]["rule"], "cms");
    let bill = format!("{one}/bill");
    assert_eq!(office.with(Method::POST, &bill, &[("if-match", &tag)], None).await.status, 201);
    assert_eq!(office.with(Method::POST, &bill, &[("if-match", &tag)], None).await.status, 412, "billed once");

    let page = format!("/billing/accounts/{account}");
    let paid = "key=a-1&kind=payment&amount=%2420.50&day=2026-05-01&paid_by=patient";
    let paid = office.site.submit(&format!("{page}/bookings"), &office.billing, paid).await;
    assert_eq!((paid.status.as_u16(), paid.header("location")), (303, Some(page.as_str())));
    let account_page = office.page(&page).await;
    for wanted in ["Ana Ro", "$80.00", "-$20.50", "$59.50", "Opening this page was recorded"] {
        assert!(account_page.contains(wanted), "{wanted}");
    }
    let seen = office.done(Method::GET, "/dashboard", None, 200).await.json();
    assert_eq!((&seen["aging"]["over_30"], &seen["drafts"]), (&json!(5950), &json!(0)));
    assert_eq!(
        (&seen["by_payer"][0]["name"], &seen["by_payer"][0]["aging"]["over_30"]),
        (&json!("Medicare"), &json!(5950))
    );
    let overview = office.page("/billing").await;
    assert!(overview.contains("Medicare") && overview.contains("$59.50"));

    for root in ["", "/api/v1"] {
        let sheet = office.site.open(&format!("{root}{page}/statement.pdf"), &office.billing).await;
        assert_eq!((sheet.status.as_u16(), sheet.header("content-type")), (200, Some("application/pdf")));
        assert!(sheet.header("content-disposition").is_some_and(|name| !name.contains("Ro")));
        let text = sheet.text();
        assert!(
            text.starts_with("%PDF-") && text.contains("Ana Ro") && text.contains("$59.50") && !text.contains("M25")
        );
    }
    let statement = office.page(&format!("{page}/statement")).await;
    assert!(statement.contains("$59.50"));
    for age in ["Up to 30 days", "31 to 60 days", "61 to 90 days", "91 to 120 days", "Over 120 days"] {
        assert!(statement.contains(age) && account_page.contains(age), "{age} is called the same everywhere");
    }
    let bookings = office.done(Method::GET, &path, None, 200).await.json()["bookings"].clone();
    let payment =
        bookings.as_array().expect("a list").iter().find(|one| one["kind"] == "payment").expect("there").clone();
    let receipt = format!("{page}/bookings/{}/receipt.pdf", id(&payment, "booking_id"));
    assert!(office.site.open(&receipt, &office.billing).await.text().contains("$20.50"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_is_voided_once_both_stay_and_a_second_void_is_refused() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
    let path = format!("/accounts/{account}");
    let bill = format!("{path}/charges/{charge}/bill");
    let billed = office.with(Method::POST, &bill, &[("if-match", "\"1\"")], None).await.json();
    let void = format!("{path}/bookings/{}/void", id(&billed, "booking_id"));
    let voided = office.done(Method::POST, &void, None, 201).await.json();
    let again = office.done(Method::POST, &void, None, 409).await;
    assert!(again.text().contains("It was voided before."), "{}", again.text());
    let page = format!("/billing/accounts/{account}");
    let form = format!("{page}/bookings/{}/void", id(&billed, "booking_id"));
    assert_eq!(office.site.submit(&form, &office.billing, "key=a-1").await.status, 409);
    assert_eq!(office.site.submit(&form, &office.billing, "").await.status, 422, "without a key it could come twice");
    let of_void = format!("{path}/bookings/{}/void", id(&voided, "booking_id"));
    office.done(Method::POST, &of_void, None, 409).await;
    let view = office.done(Method::GET, &path, None, 200).await.json();
    assert_eq!(view["bookings"].as_array().map(Vec::len), Some(2), "nothing is deleted");
    assert_eq!((&view["aging"]["current"], &view["charges"][0]["state"]), (&json!(0), &json!("draft")));
    let shown = office.page(&page).await;
    assert!(shown.contains("voided") && !shown.contains("/void\""), "nothing is left to void");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_comes_twice_under_one_key_is_done_once() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let path = format!("/accounts/{}/bookings", id(&draft, "account_id"));
    let key = [("idempotency-key", "9f0c-payment")];
    let new = json!({ "kind": "payment", "amount": 500, "day": "2026-05-04" });
    let first = office.with(Method::POST, &path, &key, Some(new.clone())).await.json();
    let again = office.with(Method::POST, &path, &key, Some(new.clone())).await.json();
    assert_eq!(first, again);
    let mut other = new.clone();
    other["amount"] = json!(501);
    let refused = office.with(Method::POST, &path, &key, Some(other)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!("Idempotency-Key")));
    let void = format!("{path}/{}/void", id(&first, "booking_id"));
    let voided = office.with(Method::POST, &void, &key, None).await;
    assert_eq!(voided.status, 201);
    assert_eq!(office.with(Method::POST, &void, &key, None).await.json(), voided.json());
    let payer = json!({ "name": "Northwind", "unit_rule": "ama" });
    let made = office.with(Method::POST, "/payers", &key, Some(payer.clone())).await.json();
    assert_eq!(office.with(Method::POST, "/payers", &key, Some(payer.clone())).await.json(), made);
    assert_eq!(office.done(Method::POST, "/payers", Some(payer), 422).await.json()["errors"][0]["field"], "name");
    let fee = json!({ "code": "97110", "valid_from": "2026-01-01", "fee": 4000, "words": "Exercise" });
    office.done(Method::POST, "/fees", Some(fee.clone()), 201).await;
    let charge = format!("/accounts/{}/charges/{}/bill", id(&draft, "account_id"), id(&draft, "charge_id"));
    assert_eq!(office.with(Method::POST, &charge, &[("if-match", "\"1\"")], None).await.status, 201);
    let mut dearer = fee;
    dearer["fee"] = json!(4500);
    let refused = office.done(Method::POST, "/fees", Some(dearer), 422).await;
    assert_eq!(refused.json()["errors"][0]["field"], "valid_from", "what was in force is not rewritten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_the_books_holds_no_name_and_no_formula() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let payer = json!({ "name": "=HYPERLINK(\"https://x.example\")", "unit_rule": "cms" });
    let payer = office.done(Method::POST, "/payers", Some(payer), 201).await.json();
    let new = json!({ "kind": "payment", "amount": 500, "day": "2026-05-04", "payer_id": payer["payer_id"] });
    office.done(Method::POST, &format!("/accounts/{}/bookings", id(&draft, "account_id")), Some(new), 201).await;
    for path in ["/billing/bookings.csv", "/api/v1/billing/bookings.csv"] {
        let answer = office.site.open(path, &office.billing).await;
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"bookings-2026-05-14.csv\""));
        let text = answer.text();
        assert!(text.contains(",\"'=HYPERLINK(\"\"https://x.example\"\")\",-500,"), "{text}");
        assert!(!text.contains("Ana") && !text.contains("M25"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_another_practice_is_not_there() {
    let office = Office::new().await;
    let account = id(&office.charged("2026-05-04", 30).await, "account_id");
    let paths = [format!("/billing/accounts/{account}"), format!("/api/v1/billing/accounts/{account}/statement.pdf")];
    let practice = office.site.practice().await;
    let person = office.site.account(practice, Role::Billing).await;
    let cookie = office.site.signed_in(&person).await;
    for path in &paths {
        assert_eq!(office.site.open(path, &office.billing).await.status, 200, "{path}");
        assert_eq!(office.site.open(path, &cookie).await.status, 404, "{path}");
    }
    let listed = office.site.api(Method::GET, "/api/v1/billing/accounts", &cookie, None).await.json();
    assert_eq!(listed, json!({ "items": [], "next": null }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_for_which_nothing_is_asked_says_who_decided_that_and_is_asked_for_after_all() {
    let office = Office::new().await;
    let draft = office.charged("2026-05-04", 30).await;
    let (account, charge) = (id(&draft, "account_id"), id(&draft, "charge_id"));
    let (one, page) =
        (format!("/accounts/{account}/charges/{charge}"), format!("/billing/accounts/{account}/charges/{charge}"));
    let act = async |what: &str, seen: &str| {
        let answer = office.with(Method::POST, &format!("{one}/{what}"), &[("if-match", seen)], None).await;
        answer.status.as_u16()
    };
    assert_eq!(act("ask", "\"1\"").await, 409, "it is asked for");
    assert_eq!(act("void", "\"1\"").await, 204);
    let view = office.done(Method::GET, &one, None, 200).await;
    let decided = &view.json()["nothing_asked"];
    assert_eq!(decided["by"]["account_id"], json!(office.biller), "somebody answers for it");
    assert_eq!(decided["at"], json!(office.site.now()));
    let name = decided["by"]["name"].as_str().expect("a name");
    let shown = office.page(&page).await;
    for wanted in [name, "not asked for", "14 May 2026, 9:00", "Ask for it after all"] {
        assert!(shown.contains(wanted), "{wanted}");
    }
    assert_eq!((act("bill", "\"2\"").await, act("void", "\"2\"").await), (409, 409));

    assert_eq!(office.with(Method::POST, &format!("{one}/ask"), &[], None).await.status, 428);
    assert_eq!((act("ask", "\"1\"").await, act("ask", "\"2\"").await), (412, 204));
    let view = office.done(Method::GET, &one, None, 200).await.json();
    assert_eq!((&view["state"], &view["nothing_asked"], &view["version"]), (&json!("draft"), &Value::Null, &json!(3)));
    assert_eq!(office.site.submit(&format!("{page}/void"), &office.billing, "seen=3").await.status, 303);
    let back = office.site.submit(&format!("{page}/ask"), &office.billing, "seen=4").await;
    assert_eq!((back.status.as_u16(), back.header("location")), (303, Some(page.as_str())));
    assert!(!office.page(&page).await.contains("Ask for it after all"));
    assert_eq!(act("bill", "\"5\"").await, 201);
}
