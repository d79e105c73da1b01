//! A request to any route that would be served if it were allowed.

use crate::{
    chart::Chart,
    world::{Relation, World, charge, entry, program, visit},
};
use axum::{
    body::Body,
    http::{Request, header, request::Builder},
};
use crypto::SystemRng;
use domain::{AccountId, PatientId, Role, VisitId};
use form_urlencoded::Serializer;
use serde_json::{Value, json};
use web::{Kind, Route, Verb};

/// The method and the path of a route, as the table names it.
pub(crate) fn name(route: &Route) -> String {
    format!("{} {}", route.method.word(), route.path)
}

/// Whether a route says of something of a patient's that it was entered in error.
fn voids(route: &Route) -> bool {
    route.path.ends_with("/void") && !route.path.contains("billing")
}

/// Whether a route is for a patient who was denied what they asked.
fn disagrees(route: &Route) -> bool {
    route.path.ends_with("/disagreement") || route.path.starts_with("/amendments/")
}

/// What is sent to a route, apart from whose session it is in.
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) media: &'static str,
    pub(crate) if_match: Option<String>,
}

impl Sent {
    /// In the session of a cookie.
    pub(crate) fn with(&self, method: Verb, cookie: &str) -> Request<Body> {
        let builder = Request::builder().method(method.word()).header("sec-fetch-site", "same-origin");
        self.finish(builder.header(header::COOKIE, cookie))
    }

    /// With an API token, as a program sends it.
    pub(crate) fn with_token(&self, method: Verb, secret: &str) -> Request<Body> {
        self.finish(Request::builder().method(method.word()).header(header::AUTHORIZATION, format!("Bearer {secret}")))
    }

    /// Only whether it is there and how long it is, and only if it is not what the caller has already.
    pub(crate) fn head(&self, cookie: &str) -> Request<Body> {
        let builder = Request::builder().method("HEAD").header(header::COOKIE, cookie);
        self.finish(builder.header(header::IF_NONE_MATCH, "*").header(header::RANGE, "bytes=0-0"))
    }

    fn finish(&self, builder: Builder) -> Request<Body> {
        let mut request = builder.uri(&self.path);
        if !self.media.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.media);
        }
        if let Some(tag) = &self.if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        request.body(Body::from(self.body.clone())).expect("a request")
    }
}

/// A request to a route about the patient, or the account, that stands so to who asks.
pub(crate) async fn sent(world: &World, route: &Route, relation: Relation) -> Sent {
    let chart = &world.charts[&relation];
    let account = match relation {
        Relation::Foreign => world.stranger.account(),
        Relation::Unknown => AccountId::random(&SystemRng),
        _ if route.path.contains("{account_id}") => world.site.account(world.practice, Role::Billing).await.account(),
        _ => world.colleague.account(),
    };
    if route.path.ends_with("/{patient_id}/invitation") && relation == Relation::Other {
        // An account that nobody has opened yet; whoever has one keeps it.
        world.close_account(chart).await;
    }
    let if_match = match name(route).as_str() {
        "PUT /api/v1/patients/{patient_id}" => Some(world.patient_version(chart).await),
        "PUT /api/v1/patients/{patient_id}/visits/{visit_id}" => Some(world.visit_version(chart).await),
        "POST /api/v1/patients/{patient_id}/notes/{note_id}/amendment" => {
            Some(i64::from(world.note_version(chart).await))
        }
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction"
        | "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal" => {
            Some(world.sent_for(chart, 0).await)
        }
        "PUT /api/v1/patients/{patient_id}/program" | "POST /api/v1/patients/{patient_id}/program/end" => {
            Some(i64::from(world.program_version(chart).await))
        }
        "PUT /api/v1/accounts/{account_id}" => Some(world.account_version(account).await),
        "PUT /api/v1/billing/accounts/{billing_account_id}/payer" => Some(world.billing_version(chart).await),
        "POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/bill"
        | "POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/void"
        | "POST /api/v1/billing/accounts/{billing_account_id}/charges/{charge_id}/ask" => {
            Some(world.charge_version(chart, chart.billed.charge(route)).await)
        }
        _ => None,
    };
    let (body, media) = match route.kind {
        _ if matches!(route.method, Verb::Get | Verb::Delete) => (Vec::new(), ""),
        Kind::Api => (json_body(world, route, chart).to_string().into_bytes(), "application/json"),
        _ => (form_body(world, route, chart, account).await.into_bytes(), "application/x-www-form-urlencoded"),
    };
    let mut path = filled(route, chart, account);
    if relation == Relation::Own && route.path.contains("/merge") && route.method != Verb::Get {
        let closed = route.method == Verb::Delete || route.path.ends_with("/undo");
        let twice = chart.twice[2 * usize::from(closed) + usize::from(route.kind == Kind::Page)];
        path = path.replace(&chart.patient.to_string(), &twice.to_string());
    }
    if name(route) == "GET /alerts/channels" {
        path.push_str(&format!("?renew={}", chart.channels[2]));
    }
    if name(route) == "GET /alerts/settings" {
        // With the form of one setting.
        path.push_str("?change=denials_count");
    }
    if name(route) == "GET /api/v1/incidents/log" {
        path.push_str("?year=2026");
    }
    if name(route) == "GET /api/v1/incidents/affected" {
        path.push_str("?address=192.0.2.7&from=2026-05-01&to=2026-05-14");
    }
    Sent { path, body, media, if_match: if_match.map(|version| format!("\"{version}\"")) }
}

/// Another patient as whom a record goes on: one on whose care team nobody is who asks, for nobody who has a place on either
/// closes a record.
fn goes_on_as(world: &World, chart: &Chart) -> PatientId {
    let other = world.charts[&Relation::Other].patient;
    if chart.patient == other { world.charts[&Relation::Ended].patient } else { other }
}

/// The path with ids of real things.
fn filled(route: &Route, chart: &Chart, account: AccountId) -> String {
    let page = usize::from(route.kind == Kind::Page);
    let value = |name: &str| match name {
        "patient_id" => chart.patient.to_string(),
        "program_id" => chart.program.clone(),
        "item_id" => chart.item.clone(),
        "note_id" if voids(route) => chart.wrong.1[page].clone(),
        "entry_id" if voids(route) => chart.wrong.0[if route.path.starts_with("/log") { 2 } else { page }].clone(),
        "visit_id" if voids(route) => chart.wrong.2[page].clone(),
        "note_id" => chart.note.clone(),
        "entry_id" => chart.entries[page].clone(),
        "visit_id" if route.path.contains("/charge") => chart.held[page].clone(),
        "visit_id" => chart.visit.clone(),
        "plan_id" => chart.plans[page].clone(),
        "hold_id" => chart.holds[page].clone(),
        "alert_id" => chart.alerts[page].clone(),
        "agreement_id" => chart.agreements[page].clone(),
        "channel_id" if route.path.ends_with("/agreement") => chart.channels[2].clone(),
        "channel_id" => chart.channels[page].clone(),
        "review_id" => chart.reviews[usize::from(route.path.contains("/record"))].clone(),
        "access_item_id" => chart.accesses[page + usize::from(route.path.ends_with("/end"))].clone(),
        "emergency_id" => chart.emergencies[page].clone(),
        "incident_id" if route.path.ends_with("/closing") => chart.incidents[2 + page].clone(),
        "incident_id" => chart.incidents[page].clone(),
        "setting" => "denials_count".to_owned(),
        "restriction_id" => chart.restrictions[page].clone(),
        "amendment_id" if disagrees(route) => chart.amendments[2 + page].clone(),
        "amendment_id" => chart.amendments[page].clone(),
        "care_link_id" => chart.links[page].clone(),
        "account_id" => account.to_string(),
        "billing_account_id" => chart.billed.account.to_string(),
        "charge_id" => chart.billed.charge(route).to_string(),
        "booking_id" => chart.billed.booking(route).to_string(),
        "exercise_id" => chart.exercise.clone(),
        "version" => if voids(route) && page == 1 { "2" } else { "1" }.to_owned(),
        "n" => "0".to_owned(),
        "name" => "look.css".to_owned(),
        "secret" => "A".repeat(43),
        "session_id" | "token_id" | "passkey_id" => AccountId::random(&SystemRng).to_string(),
        other => panic!("{}: nothing is known of {{{other}}}", route.path),
    };
    route.path_parameters().fold(route.path.to_owned(), |path, parameter| {
        path.replace(&format!("{{*{parameter}}}"), &value(parameter))
            .replace(&format!("{{{parameter}}}"), &value(parameter))
    })
}

fn address() -> String {
    format!("{}@example.org", AccountId::random(&SystemRng))
}

/// An incident that ends nobody's session and affects nobody.
pub(crate) fn incident() -> Value {
    json!({
        "subject": "address", "subject_id": "192.0.2.250", "from": "2026-05-13T00:00:00Z", "to": "2026-05-14T00:00:00Z",
        "discovered_on": "2026-05-14", "what": "Somebody sat at an open desk.",
    })
}

/// A body that fits the route.
pub(crate) fn json_body(world: &World, route: &Route, chart: &Chart) -> Value {
    match name(route).as_str() {
        "POST /api/v1/patients" | "PUT /api/v1/patients/{patient_id}" => {
            let email = format!("{}@example.org", chart.patient);
            json!({ "given_name": "Ada", "family_name": "Changed", "birth_date": "1984-03-02", "email": email })
        }
        "PUT /api/v1/patients/{patient_id}/program" => {
            let mut program = program(&world.exercise);
            // The same item in the next version, so that what is about it still is.
            program["items"][0]["item_id"] = chart.item.clone().into();
            program
        }
        "POST /api/v1/patients/find" => json!({ "q": "Ada", "everybody": true }),
        "POST /api/v1/patients/{patient_id}/notes" | "POST /api/v1/patients/{patient_id}/notes/{note_id}/amendment" => {
            json!({ "body": "Stairs are easier now." })
        }
        // Far ahead, so that what is about the program still is.
        "POST /api/v1/patients/{patient_id}/program/end" => json!({ "last_day": "2030-01-01", "reason": "Well done." }),
        "POST /api/v1/patients/{patient_id}/log" | "POST /api/v1/patients/{patient_id}/log/{entry_id}/correction" => {
            entry(&chart.item)
        }
        "POST /api/v1/patients/{patient_id}/visits" | "PUT /api/v1/patients/{patient_id}/visits/{visit_id}" => {
            visit(world.colleague.account(), world.site.now())
        }
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge"
        | "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction" => charge(),
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal" => json!({ "reason": "not_held" }),
        "POST /api/v1/patients/{patient_id}/visits/{visit_id}/charge/units" => {
            json!({ "services": charge()["services"] })
        }
        "POST /api/v1/patients/{patient_id}/care-team" => {
            json!({ "account_id": world.colleague.account(), "kind": "covering" })
        }
        "POST /api/v1/billing/accounts/{billing_account_id}/bookings" => {
            json!({ "kind": "payment", "amount": 1250, "day": "2026-05-14" })
        }
        "PUT /api/v1/billing/accounts/{billing_account_id}/payer" => json!({ "payer_id": chart.billed.payer }),
        "POST /api/v1/billing/payers" => json!({ "name": address(), "unit_rule": "cms" }),
        "POST /api/v1/billing/fees" => {
            json!({ "code": "97140", "valid_from": "2026-05-01", "fee": 3800, "words": "Manual therapy" })
        }
        "POST /api/v1/incidents" => incident(),
        "POST /api/v1/incidents/{incident_id}/assessment" => {
            json!({
                "nature": "care", "nature_words": "Charts.", "recipient": "known", "recipient_words": "A colleague.",
                "acquired": "viewed", "acquired_words": "The entries show it.", "mitigated": "partly",
                "mitigated_words": "They said so.", "conclusion": "breach",
            })
        }
        "POST /api/v1/incidents/{incident_id}/states" => json!({ "state": "TX", "people": 3 }),
        "POST /api/v1/incidents/{incident_id}/notices" => json!({ "notice": "individuals", "given_on": "2026-05-14" }),
        "POST /api/v1/incidents/{incident_id}/closing" => json!({ "lessons": "Ask sooner." }),
        "POST /api/v1/alerts/{alert_id}/review" => json!({ "words": "Asked her: it was a review of charts." }),
        "POST /api/v1/emergencies" => {
            json!({ "patient_id": chart.patient, "reason": "Fell in the waiting room" })
        }
        "POST /api/v1/emergencies/{emergency_id}/signature" => {
            json!({ "finding": "justified", "words": "Asked the front desk: it was so." })
        }
        "PUT /api/v1/alerts/settings/{setting}" => json!({ "value": "7" }),
        "POST /api/v1/alerts/channels" => {
            json!({ "kind": "webhook", "address": "https://receiver.example/alerts", "agreement_id": chart.agreements[2] })
        }
        "PUT /api/v1/alerts/channels/{channel_id}/agreement" => json!({ "agreement_id": chart.agreements[3] }),
        "POST /api/v1/agreements" => crate::world::agreement(),
        "PUT /api/v1/access-reviews/settings" => json!({ "due_days": 21, "unused_days": 45 }),
        "POST /api/v1/access-reviews/{review_id}/items/{access_item_id}" => json!({ "decision": "keep" }),
        _ if voids(route) => json!({ "reason": "Another patient's" }),
        "POST /api/v1/patients/{patient_id}/merge" => {
            json!({ "into": goes_on_as(world, chart) })
        }
        "POST /api/v1/patients/{patient_id}/amendments"
        | "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/disagreement" => {
            json!({ "words": "It was the left knee." })
        }
        "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/answer" => {
            json!({ "answer": "accepted", "words": "It says left now." })
        }
        // Declined, so that everything about this patient still is as expected.
        "POST /api/v1/patients/{patient_id}/restrictions" => json!({ "what": "notes", "answer": "declined" }),
        "POST /api/v1/retention/holds" => json!({ "reason": "A claim is open" }),
        "POST /api/v1/invitations" => json!({ "email": address(), "display_name": "New", "role": "therapist" }),
        "PUT /api/v1/accounts/{account_id}" => json!({ "role": "billing", "state": "disabled" }),
        "POST /api/v1/session" => json!({ "email": "somebody@example.org", "password": "not the password" }),
        "PUT /api/v1/me/password" => {
            json!({ "current_password": "not the password", "new_password": "gravel mirror 88" })
        }
        "POST /api/v1/me/tokens" => json!({ "label": "Nightly report", "scopes": ["read_exercise"], "days": 30 }),
        "POST /api/v1/me/passkeys/finish" => json!({ "label": "Desk key", "credential": {} }),
        "POST /api/v1/session/passkey/finish" | "POST /api/v1/session/step-up/passkey/finish" => {
            json!({ "credential": {} })
        }
        "POST /api/v1/session/totp"
        | "POST /api/v1/session/recovery"
        | "POST /api/v1/session/step-up/totp"
        | "POST /api/v1/me/totp/confirm" => json!({ "code": "000000" }),
        "POST /api/v1/invitations/{secret}/accept" => json!({ "password": "gravel mirror 88", "code": "000000" }),
        "POST /api/v1/invitations/{secret}/passkey/finish" => {
            json!({ "password": "gravel mirror 88", "credential": {} })
        }
        _ => json!({}),
    }
}

/// Whose form carries a key, so that it is done once when it is sent twice.
const WITH_KEY: [&str; 10] = [
    "POST /amendments",
    "POST /patients/{patient_id}/notes",
    "POST /patients/{patient_id}/visits",
    "POST /patients/{patient_id}/visits/{visit_id}/charge",
    "POST /patients/{patient_id}/restrictions",
    "POST /billing/accounts/{billing_account_id}/bookings",
    "POST /billing/accounts/{billing_account_id}/bookings/{booking_id}/void",
    "POST /billing/payers",
    "POST /today/{item_id}",
    "POST /log/{entry_id}/correct",
];

async fn form_body(world: &World, route: &Route, chart: &Chart, account: AccountId) -> String {
    let mut form = Serializer::new(String::new());
    if WITH_KEY.contains(&name(route).as_str()) {
        form.append_pair("key", &VisitId::random(&SystemRng).to_string());
    }
    match name(route).as_str() {
        "POST /patients" => {
            form.append_pair("q", "Ada");
        }
        "POST /patients/new" => {
            form.extend_pairs([("given_name", "Eve"), ("family_name", "New"), ("birth_date", "1984-03-02")]);
            form.append_pair("seen", &VisitId::random(&SystemRng).to_string());
        }
        "POST /patients/{patient_id}/edit" => {
            form.extend_pairs([("given_name", "Ada"), ("family_name", "Typed"), ("birth_date", "1984-03-02")]);
            form.append_pair("email", &format!("{}@example.org", chart.patient));
            form.append_pair("seen", &world.patient_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/program/edit" => {
            form.extend_pairs([("title", "Knee"), ("starts_on", "2026-05-04"), ("items[0].dose.sets", "3")]);
            form.extend_pairs([("items[0].dose.reps", "12"), ("items[0].dose.times_a_day", "1")]);
            form.extend_pairs([("items[0].dose.side", "both"), ("items[0].dose.weekdays", "1")]);
            form.append_pair("items[0].item_id", &chart.item);
            form.append_pair("items[0].exercise_id", &world.exercise);
            form.append_pair("seen", &world.program_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/notes/{note_id}/amend" => {
            form.append_pair("body", "Stairs are easier now.");
            form.append_pair("seen", &world.note_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/program/end" => {
            form.extend_pairs([("when", "after"), ("last_day", "2030-01-01"), ("reason", "Well done.")]);
            form.append_pair("seen", &world.program_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/notes" => {
            form.append_pair("body", "Stairs are easier now.");
        }
        "POST /patients/{patient_id}/visits" => {
            form.append_pair("therapist_id", &world.colleague.account().to_string());
            form.extend_pairs([("day", "2026-06-01"), ("time", "09:30"), ("minutes", "30")]);
        }
        "POST /patients/{patient_id}/visits/{visit_id}" => {
            form.append_pair("state", "held");
            form.append_pair("seen", &world.visit_version(chart).await.to_string());
        }
        "POST /patients/{patient_id}/visits/{visit_id}/charge" => {
            form.append_pair("seen", &world.sent_for(chart, 1).await.to_string());
            form.extend_pairs([("services[0].code", "97110"), ("services[0].minutes", "33")]);
            form.extend_pairs([("services[0].modifiers", "GP"), ("diagnoses", "M25.561"), ("do", "send")]);
        }
        "POST /patients/{patient_id}/care-team" => {
            form.append_pair("account_id", &world.colleague.account().to_string());
            form.append_pair("kind", "covering");
        }
        "POST /today/{item_id}" | "POST /log/{entry_id}/correct" => {
            form.extend_pairs([("sets", "3"), ("reps", "10"), ("pain", "2"), ("effort", "4")]);
        }
        "POST /billing/accounts/{billing_account_id}/bookings" => {
            form.extend_pairs([
                ("kind", "payment"),
                ("amount", "12.50"),
                ("day", "2026-05-14"),
                ("paid_by", "patient"),
            ]);
        }
        "POST /billing/accounts/{billing_account_id}/payer" => {
            form.append_pair("payer", &chart.billed.payer.to_string());
            form.append_pair("seen", &world.billing_version(chart).await.to_string());
        }
        "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/bill"
        | "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/void"
        | "POST /billing/accounts/{billing_account_id}/charges/{charge_id}/ask" => {
            form.append_pair("seen", &world.charge_version(chart, chart.billed.charge(route)).await.to_string());
        }
        "POST /billing/payers" => {
            form.extend_pairs([("name", address().as_str()), ("unit_rule", "ama")]);
        }
        "POST /billing/fees" => {
            form.extend_pairs([
                ("code", "97530"),
                ("words", "Activities"),
                ("valid_from", "2026-05-01"),
                ("fee", "41.00"),
            ]);
        }
        "POST /incidents/new" => {
            form.extend_pairs([
                ("address", "192.0.2.250"),
                ("from", "2026-05-13"),
                ("to", "2026-05-13"),
                ("discovered_on", "2026-05-14"),
                ("what", "Somebody sat at an open desk."),
            ]);
        }
        "POST /incidents/{incident_id}/assessment" => {
            form.extend_pairs([
                ("nature", "care"),
                ("nature_words", "Charts."),
                ("recipient", "known"),
                ("recipient_words", "A colleague."),
                ("acquired", "viewed"),
                ("acquired_words", "The entries show it."),
                ("mitigated", "partly"),
                ("mitigated_words", "They said so."),
                ("conclusion", "breach"),
            ]);
        }
        "POST /incidents/{incident_id}/states" => {
            form.extend_pairs([("state", "TX"), ("people", "3")]);
        }
        "POST /incidents/{incident_id}/notices" => {
            form.extend_pairs([("notice", "individuals"), ("given_on", "2026-05-14")]);
        }
        "POST /incidents/{incident_id}/closing" => {
            form.append_pair("lessons", "Ask sooner.");
        }
        "POST /alerts/{alert_id}" => {
            form.append_pair("words", "Asked her: it was a review of charts.");
        }
        "POST /alerts/channels" => {
            form.extend_pairs([("kind", "webhook"), ("address", "https://receiver.example/alerts")]);
            form.append_pair("agreement_id", &chart.agreements[2]);
        }
        "POST /alerts/channels/{channel_id}/agreement" => {
            form.append_pair("other", &chart.agreements[3]);
        }
        "POST /agreements" => {
            form.extend_pairs([("integration", "webhook"), ("associate", "Receiver Inc."), ("kept_at", "Folder 7")]);
            form.extend_pairs([("signed_on", "2026-05-01"), ("ends_on", "2030-01-01")]);
        }
        "POST /reviews/settings" => {
            form.extend_pairs([("due_days", "21"), ("unused_days", "45")]);
        }
        "POST /emergencies/open" => {
            form.append_pair("patient_id", &chart.patient.to_string());
            form.append_pair("reason", "Fell in the waiting room");
        }
        "POST /emergencies/{emergency_id}" => {
            form.extend_pairs([("finding", "justified"), ("words", "Asked the front desk: it was so.")]);
        }
        "POST /alerts/settings" => {
            form.extend_pairs([("name", "denials_count"), ("value", "7")]);
        }
        _ if voids(route) => {
            form.append_pair("reason", "Another patient's");
        }
        "POST /patients/{patient_id}/merge" => {
            form.append_pair("into", &goes_on_as(world, chart).to_string());
        }
        "POST /patients/{patient_id}/restrictions" => {
            form.extend_pairs([("from", "notes"), ("asked_on", "2026-05-01"), ("answer", "declined")]);
        }
        "POST /amendments" | "POST /amendments/{amendment_id}" => {
            form.append_pair("words", "It was the left knee.");
        }
        "POST /patients/{patient_id}/amendments/{amendment_id}" => {
            form.extend_pairs([("answer", "denied"), ("ground", "accurate"), ("words", "It was the right one.")]);
        }
        "POST /retention/holds" => {
            form.append_pair("reason", "A claim is open");
        }
        "POST /people/invite" => {
            form.extend_pairs([("display_name", "New"), ("email", &address()), ("role", "therapist")]);
        }
        "POST /people/{account_id}" => {
            form.extend_pairs([("role", "billing"), ("state", "disabled")]);
            form.append_pair("version", &world.account_version(account).await.to_string());
        }
        _ => {}
    }
    form.finish()
}
