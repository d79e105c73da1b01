//! What does not fit is refused with the field's name, stores nothing, and is not said back.

use crate::{
    expectation::{Whom, whom},
    fail_closed::rows,
    request::{Sent, json_body, name, sent},
    world::{Relation, World},
};
use axum::http::Method;
use crypto::SystemRng;
use domain::{PatientId, Role};
use serde_json::{Value, json};
use testkit::site::Answer;
use web::{Kind, Route, Verb, routes};

/// Stands in every bad value, and may stand in no answer.
pub(crate) const MARKER: &str = "marker-7f3a91";

/// A route, a session that it serves, and a request that fits but for its body.
pub(crate) struct Door {
    pub(crate) route: Route,
    pub(crate) cookie: String,
    pub(crate) request: Sent,
    /// The names and schemas of the body's fields; none where nothing is read.
    fields: Option<Value>,
    pub(crate) fitting: Value,
}

impl Door {
    async fn send(&self, world: &World, media: &'static str, body: &[u8]) -> Answer {
        let Sent { path, if_match, .. } = &self.request;
        let sent = Sent { path: path.clone(), body: body.to_vec(), media, if_match: if_match.clone() };
        world.site.send(sent.with(self.route.method, &self.cookie)).await
    }
    pub(crate) async fn json(&self, world: &World, body: &Value) -> Answer {
        self.send(world, "application/json", body.to_string().as_bytes()).await
    }
    /// The fitting body with one field in place.
    fn with(&self, field: &str, value: Value) -> Value {
        let mut body = self.fitting.clone();
        body[field] = value;
        body
    }
}

fn role_for(whom: Whom) -> Role {
    match whom {
        Whom::Myself | Whom::Patients | Whom::PatientsOwn | Whom::Anyone => Role::Patient,
        Whom::Registers | Whom::Clerk | Whom::ClerksForm | Whom::Desk | Whom::Books => Role::FrontDesk,
        Whom::GovernsPatient | Whom::GovernsAccount | Whom::Governs | Whom::GovernorsForm | Whom::Audits => Role::Admin,
        Whom::AuditsPatient | Whom::AuditsAccount => Role::Admin,
        Whom::Bills | Whom::BillsAccount => Role::Billing,
        _ => Role::Therapist,
    }
}

/// Every route whose `wanted` says so, with who is served there.
pub(crate) async fn doors(world: &World, wanted: impl Fn(&Route) -> bool) -> Vec<Door> {
    let description = world.site.api(Method::GET, "/api/v1/openapi.json", "", None).await.json();
    let mut doors = Vec::new();
    for route in routes::table().routes().into_iter().filter(wanted) {
        let whom = whom(&name(&route)).unwrap_or(Whom::Anyone);
        let role = role_for(whom);
        let cookie = match whom {
            Whom::All => String::new(),
            Whom::Half => world.site.half_signed_in(&world.people[&role]).await,
            _ => world.cookies[&role].clone(),
        };
        let operation = &description["paths"][route.path][route.method.word().to_lowercase()];
        let mut schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
        if let Some(part) = schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
            schema = description.pointer(part).cloned().unwrap_or(Value::Null);
        }
        let reads = !operation["requestBody"].is_null();
        let fields = reads.then(|| schema["properties"].clone());
        let request = sent(world, &route, Relation::Own).await;
        let fitting = json_body(world, &route, &world.charts[&Relation::Own]);
        doors.push(Door { route, cookie, request, fields, fitting });
    }
    doors
}

pub(crate) async fn body_doors(world: &World) -> Vec<Door> {
    let doors = doors(world, |route| route.kind == Kind::Api).await;
    let doors: Vec<Door> = doors.into_iter().filter(|door| door.fields.is_some()).collect();
    assert!(doors.len() >= 15, "the description names the bodies");
    doors
}

/// What is wrong with an answer, if anything: another status, no name of the field, the marker in it.
fn fault(door: &Door, case: &str, answer: &Answer, status: u16, field: Option<&str>) -> Option<String> {
    let text = answer.text();
    let fields: Vec<String> = match serde_json::from_str::<Value>(&text) {
        Ok(body) => (body["errors"].as_array().into_iter().flatten())
            .filter_map(|error| error["field"].as_str().map(str::to_owned))
            .collect(),
        Err(_) => Vec::new(),
    };
    let named = field.is_none_or(|field| fields.iter().any(|named| named.starts_with(field)));
    let fits = answer.status == status && named && !text.contains(MARKER);
    (!fits).then(|| format!("{} {case}: {} {text}", name(&door.route), answer.status))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_that_does_not_fit_is_taken_stored_or_said_back() {
    let world = World::new().await;
    let doors = body_doors(&world).await;
    let before = rows(&world).await;
    let mut wrong = Vec::new();
    for door in &doors {
        let broken = format!("{{\"{MARKER}\": ");
        let answer = door.send(&world, "application/json", broken.as_bytes()).await;
        wrong.extend(fault(door, "malformed", &answer, 400, None));

        let answer = door.send(&world, "text/plain", door.fitting.to_string().as_bytes()).await;
        wrong.extend(fault(door, "as plain text", &answer, 415, None));

        let answer = door.json(&world, &door.with("diagnosis", MARKER.into())).await;
        wrong.extend(fault(door, "with a diagnosis", &answer, 422, Some("diagnosis")));

        let answer = door.send(&world, "application/json", b"{\"title\": \"\xff\xfe\"}").await;
        wrong.extend(fault(door, "no UTF-8", &answer, 400, None));

        let huge = json!({ "title": MARKER, "body": "x".repeat(10 * 1024 * 1024) });
        let answer = door.json(&world, &huge).await;
        wrong.extend(fault(door, "ten megabytes", &answer, 413, None));

        for (field, schema) in door.fields.as_ref().and_then(Value::as_object).into_iter().flatten() {
            // A credential is any JSON; what is in it, WebAuthn judges.
            if schema.as_bool() == Some(true) || field == "credential" {
                continue;
            }
            let answer = door.json(&world, &door.with(field, json!([[[MARKER]]]))).await;
            wrong.extend(fault(door, &format!("{field} of another type"), &answer, 422, Some(field)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows(&world).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_that_do_not_exist_and_values_out_of_bounds_are_refused_by_name() {
    let world = World::new().await;
    let doors = body_doors(&world).await;
    let before = rows(&world).await;
    let mut wrong = Vec::new();
    let day = || json!("2026-02-31");
    let moment = || json!("2026-02-31T10:00:00Z");
    let register = ("POST /api/v1/patients", "PUT /api/v1/patients/{patient_id}");
    let log = "POST /api/v1/patients/{patient_id}/log";
    let program = "PUT /api/v1/patients/{patient_id}/program";
    let visits = "POST /api/v1/patients/{patient_id}/visits";
    let charge = "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge";
    let correct = "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction";
    let units = "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/units";
    let withdraw = "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal";
    let service = |field: &str, value: Value| {
        let mut service = json!({ "code": "97110", "minutes": 33, "modifiers": ["GP"] });
        service[field] = value;
        json!([service])
    };
    let end = "POST /api/v1/patients/{patient_id}/program/end";
    let amend = "POST /api/v1/patients/{patient_id}/notes/{note_id}/amendment";
    let money = "POST /api/v1/billing/accounts/{billing_account_id}/bookings";
    let team = "POST /api/v1/patients/{patient_id}/care-team";
    let cases = [
        (register.0, "birth_date", day()),
        (register.1, "birth_date", day()),
        (register.0, "birth_date", json!("2027-01-01")),
        (register.0, "birth_date", json!(format!("1984-03-02{MARKER}"))),
        (register.0, "email", json!(MARKER)),
        (register.0, "given_name", json!("")),
        (register.0, "given_name", json!(MARKER.repeat(200))),
        (register.1, "family_name", json!("a\u{0}b")),
        (program, "starts_on", day()),
        (program, "ends_on", day()),
        (program, "ends_on", json!("2026-05-01")),
        (program, "items", json!([])),
        (program, "title", json!("")),
        (end, "last_day", day()),
        (end, "last_day", json!("2026-05-01")),
        (end, "reason", json!("")),
        (end, "reason", json!(MARKER.repeat(50))),
        (amend, "body", json!("")),
        (log, "performed_at", moment()),
        (log, "performed_at", json!("2027-01-01T00:00:00Z")),
        (log, "pain", json!(11)),
        (log, "pain", json!(-1)),
        (log, "pain", json!(2.5)),
        (log, "effort", json!(11)),
        (log, "performed", json!({ "sets": 999 })),
        (log, "performed", json!({ "sets": 3, "diagnosis": MARKER })),
        (log, "comment", json!("x".repeat(2001))),
        (log, "item_id", json!(MARKER)),
        (visits, "starts_at", moment()),
        (visits, "starts_at", json!("2029-01-01T10:00:00Z")),
        (visits, "state", json!(MARKER)),
        (visits, "minutes", json!(4)),
        (visits, "therapist_id", json!(PatientId::random(&SystemRng))),
        (charge, "services", json!([])),
        (charge, "services[0].code", service("code", json!(MARKER))),
        (charge, "services[0].minutes", service("minutes", json!(0))),
        (charge, "services[0].minutes", service("minutes", json!("33"))),
        (charge, "services[0].modifiers[0]", service("modifiers", json!([MARKER]))),
        (charge, "services[0].price", service("price", json!(1))),
        (charge, "services", json!([{ "code": "97110" }, { "code": "97110" }])),
        (charge, "diagnoses", json!([])),
        (charge, "diagnoses[1]", json!(["M25.561", MARKER])),
        (correct, "services[0].minutes", service("minutes", json!(1441))),
        (correct, "diagnoses", json!(["M25.561", "M25.561"])),
        (units, "services[0].modifiers[0]", service("modifiers", json!([MARKER]))),
        (withdraw, "reason", json!(MARKER)),
        (withdraw, "reason", json!("")),
        (withdraw, "reason", Value::Null),
        (team, "starts_at", moment()),
        (team, "kind", json!(MARKER)),
        (team, "account_id", json!(MARKER)),
        (money, "amount", json!(0)),
        (money, "amount", json!(-1)),
        (money, "amount", json!(12.5)),
        (money, "amount", json!("12.50")),
        (money, "amount", json!(100_000_001)),
        (money, "day", day()),
        (money, "day", json!("2026-05-15")),
        (money, "kind", json!("charge")),
        (money, "kind", json!("void")),
        (money, "payer_id", json!(PatientId::random(&SystemRng))),
        ("POST /api/v1/billing/fees", "code", json!("9711")),
        ("POST /api/v1/billing/fees", "fee", json!(0)),
        ("POST /api/v1/billing/fees", "valid_from", day()),
        ("POST /api/v1/billing/payers", "unit_rule", json!(MARKER)),
        ("POST /api/v1/billing/payers", "name", json!("")),
        ("POST /api/v1/training/courses", "roles", json!([])),
        ("POST /api/v1/training/courses", "roles", json!(["patient"])),
        ("POST /api/v1/training/courses", "renewal_months", json!(0)),
        ("POST /api/v1/training/courses", "due_days", json!(366)),
        ("POST /api/v1/training/courses", "title", json!("")),
        ("PUT /api/v1/training/settings", "warn_days", json!(91)),
        ("POST /api/v1/training/courses/{course_id}/records", "trained_on", day()),
        ("POST /api/v1/training/courses/{course_id}/records", "trained_on", json!("2027-01-01")),
        ("POST /api/v1/training/records/{training_id}/correction", "trained_on", json!("2027-01-01")),
        ("POST /api/v1/training/records/{training_id}/correction", "how", json!("")),
        ("POST /api/v1/agreements", "signed_on", day()),
        ("POST /api/v1/agreements", "signed_on", json!("2027-01-01")),
        ("POST /api/v1/agreements", "ends_on", day()),
        ("POST /api/v1/agreements", "ends_on", json!("2026-05-13")),
        ("POST /api/v1/agreements", "associate", json!("")),
        ("POST /api/v1/agreements", "integration", json!(MARKER)),
        ("POST /api/v1/agreements", "kept_at", Value::Null),
        ("POST /api/v1/alerts/channels", "address", json!(format!("http://{MARKER}.example/"))),
        ("POST /api/v1/alerts/channels", "address", json!(MARKER)),
        ("POST /api/v1/alerts/channels", "kind", json!("backup_storage")),
        ("POST /api/v1/alerts/channels", "agreement_id", json!(PatientId::random(&SystemRng))),
        ("PUT /api/v1/alerts/channels/{channel_id}/agreement", "agreement_id", json!(PatientId::random(&SystemRng))),
        ("POST /api/v1/invitations", "role", json!(MARKER)),
        ("POST /api/v1/invitations", "email", json!(MARKER)),
        ("PUT /api/v1/accounts/{account_id}", "state", json!(MARKER)),
        ("POST /api/v1/patients/{patient_id}/notes", "body", json!("")),
        ("POST /api/v1/patients/{patient_id}/notes", "body", json!("x".repeat(20_001))),
    ];
    for (route, field, value) in cases {
        let door = doors.iter().find(|door| name(&door.route) == route).expect(route);
        let case = format!("{field} = {}", value.to_string().chars().take(40).collect::<String>());
        let whole = field.split_once('[').map_or(field, |(whole, _)| whole);
        let answer = door.json(&world, &door.with(whole, value)).await;
        wrong.extend(fault(door, &case, &answer, 422, Some(field)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows(&world).await, before, "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_id_is_not_there() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let named = |route: &Route| route.path_parameters().any(|parameter| parameter.ends_with("_id"));
    for door in doors(&world, named).await {
        // The patient of the address stays real, so that it is the other id that is wrong.
        for bad in [MARKER, "1", "00000000-0000-0000-0000", "%00", "%ff%fe", "' OR 1=1 --"] {
            for parameter in door.route.path_parameters().filter(|parameter| parameter.ends_with("_id")) {
                let place = door.route.path.split('/').position(|part| part == format!("{{{parameter}}}"));
                let mut parts: Vec<&str> = door.request.path.split('/').collect();
                let bad = bad.replace(' ', "%20");
                parts[place.expect("a place")] = &bad;
                let Sent { body, media, if_match, .. } = &door.request;
                let request = Sent { path: parts.join("/"), body: body.clone(), media, if_match: if_match.clone() };
                let answer = world.site.send(request.with(door.route.method, &door.cookie)).await;
                if answer.status != 404 || answer.text().contains(MARKER) {
                    wrong.push(format!("{} {parameter} = {bad}: {}", name(&door.route), answer.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_does_not_fit_is_refused_by_name() {
    let world = World::new().await;
    let own = world.charts[&Relation::Own].patient;
    for (path, field) in [
        ("/api/v1/patients?limit=0".to_owned(), "limit"),
        ("/api/v1/patients?limit=many".to_owned(), "limit"),
        (format!("/api/v1/patients?cursor={MARKER}"), "cursor"),
        (format!("/api/v1/patients?diagnosis={MARKER}"), "diagnosis"),
        (format!("/api/v1/patients/{own}/log?limit=100000"), "limit"),
        (format!("/api/v1/patients/{own}/log?cursor=AAAA"), "cursor"),
        (format!("/api/v1/patients/{own}/notes?cursor=AAAA"), "cursor"),
        (format!("/api/v1/exercises?region={MARKER}"), "region"),
    ] {
        let answer = world.site.api(Method::GET, &path, &world.cookies[&Role::Therapist], None).await;
        let (status, text) = (answer.status.as_u16(), answer.text());
        assert_eq!((status, &answer.json()["errors"][0]["field"]), (422, &json!(field)), "{path}: {text}");
        assert!(!text.contains(MARKER), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_of_a_page_breaks_the_server_or_stores_what_does_not_fit() {
    let world = World::new().await;
    let closes = ["{care_link_id}/end", "{session_id}/end", "/end-all"];
    let form = |route: &Route| {
        let closes = closes.iter().any(|end| route.path.ends_with(end));
        route.kind == Kind::Page && route.method == Verb::Post && !closes
    };
    let doors = doors(&world, form).await;
    // These read no fields, or any.
    let quiet = ["/program/edit", "/sign-out", "/invitation", "/account", "/begin"];
    let before = rows(&world).await;
    let mut wrong = Vec::new();
    for door in doors.iter().filter(|door| !quiet.iter().any(|part| door.route.path.contains(part))) {
        let media = "application/x-www-form-urlencoded";
        for (case, status, media, body) in [
            ("diagnosis", 422, media, format!("diagnosis={MARKER}").into_bytes()),
            ("no UTF-8", 400, media, b"q=%ff%fe&body=%ff".to_vec()),
            ("JSON", 415, "application/json", b"{}".to_vec()),
            ("ten megabytes", 413, media, vec![b'x'; 10 * 1024 * 1024]),
        ] {
            let answer = door.send(&world, media, &body).await;
            if answer.status != status || answer.text().contains(MARKER) {
                wrong.push(format!("{} {case}: {}", name(&door.route), answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rows(&world).await, before, "nothing was stored");
}
