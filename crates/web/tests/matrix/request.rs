//! A request to any route that would be served if it were allowed.

mod body;

pub(crate) use body::{course, incident, json_body, training};

use crate::{
    chart::Chart,
    world::{Relation, World},
};
use axum::{
    body::Body,
    http::{Request, header, request::Builder},
};
use body::form_body;
use crypto::SystemRng;
use domain::{AccountId, Role};
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

/// Whether a route ends a course.
fn ends_course(route: &Route) -> bool {
    route.path.contains("/training/courses/") && (route.method == Verb::Delete || route.path.ends_with("/end"))
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
        "PUT /api/v1/training/courses/{course_id}" => Some(world.course_version(&chart.courses[0]).await),
        "DELETE /api/v1/training/courses/{course_id}" => Some(world.course_version(&chart.courses[2]).await),
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
        "alert_id" => chart.alerts[page + 2 * usize::from(route.path.ends_with("/lift"))].clone(),
        "agreement_id" => chart.agreements[page].clone(),
        "channel_id" if route.path.ends_with("/agreement") => chart.channels[2].clone(),
        "channel_id" => chart.channels[page].clone(),
        "review_id" => chart.reviews[usize::from(route.path.contains("/record"))].clone(),
        "access_item_id" => chart.accesses[page + usize::from(route.path.ends_with("/end"))].clone(),
        "emergency_id" => chart.emergencies[page].clone(),
        "course_id" => chart.courses[page + 2 * usize::from(ends_course(route))].clone(),
        "training_id" => chart.trainings[page].clone(),
        "incident_id" if route.path.ends_with("/closing") => chart.incidents[2 + page].clone(),
        "incident_id" if route.path.contains("/letters") => chart.incidents[4].clone(),
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
