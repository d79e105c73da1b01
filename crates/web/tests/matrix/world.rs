//! Two practices, an account of each role, and patients who stand to these accounts in each way.

use crate::{
    chart::{Chart, chart, created},
    reviews,
};
use axum::http::Method;
use crypto::SystemRng;
use domain::{
    AccountId, AlertAnswer, AlertId, AlertRule, CareLinkId, ChargeId, PatientId, PracticeId, Role, Timestamp,
};
use jiff::SignedDuration;
use practice::library::{shelve, starter};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{
    Batch,
    rows::{
        accounts,
        alerts::{self, AlertRow},
        billing as rows, billing_outbox,
        care_links::{self, CareKind, CareLinkRow},
        export_holds::{self, HoldRow},
        patients, programs, progress_notes, training, visits,
    },
};
use testkit::{
    house::{Person, TestHouse},
    site::Site,
};

/// How somebody stands to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// Everybody is on the care team; the patient's account is the patient's own.
    Own,
    /// Everybody was on the care team, until a second ago.
    Ended,
    /// Of the same practice, treated by somebody else.
    Other,
    /// Of another practice.
    Foreign,
    /// There is nobody with this id.
    Unknown,
}

impl Relation {
    pub(crate) const ALL: [Self; 5] = [Self::Unknown, Self::Own, Self::Ended, Self::Other, Self::Foreign];
}

/// The site and who is in it.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) practice: PracticeId,
    pub(crate) exercise: String,
    pub(crate) people: BTreeMap<Role, Person>,
    pub(crate) cookies: BTreeMap<Role, String>,
    pub(crate) charts: BTreeMap<Relation, Chart>,
    /// A therapist of the practice who asks for nothing: to be given places on care teams.
    pub(crate) colleague: Person,
    /// Somebody of the other practice.
    pub(crate) stranger: Person,
}

/// The dose of everything that is prescribed here.
pub(crate) fn dose() -> Value {
    json!({ "sets": 3, "reps": 10, "side": "both", "times_a_day": 2, "weekdays": [1, 2, 3, 4, 5, 6, 7] })
}

/// A program of one exercise.
pub(crate) fn program(exercise: &str) -> Value {
    let item = json!({ "exercise_id": exercise, "dose": dose(), "instruction": "Slowly" });
    json!({ "title": "Knee, first weeks", "starts_on": "2026-05-04", "items": [item] })
}

/// A visit at a moment.
pub(crate) fn visit(therapist: AccountId, at: Timestamp) -> Value {
    json!({ "therapist_id": therapist, "starts_at": at, "minutes": 30, "clinic": "Riverside" })
}

/// What a visit is charged for.
pub(crate) fn charge() -> Value {
    let services = [
        json!({ "code": "97110", "minutes": 33, "modifiers": ["GP"] }),
        json!({ "code": "97140", "minutes": 7, "modifiers": ["GP", "59"] }),
    ];
    json!({ "services": services, "diagnoses": ["M25.561"] })
}

/// An entry about an item.
pub(crate) fn entry(item: &str) -> Value {
    let performed = json!({ "sets": 3, "reps": 9 });
    json!({ "item_id": item, "performed": performed, "pain": 2, "effort": 4, "comment": "It went well" })
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::over(TestHouse::new().await).await
    }

    pub(crate) async fn over(house: TestHouse) -> Self {
        let site = Site::over(house).served().await;
        let (practice, foreign) = (site.practice().await, site.practice().await);
        let exercise = shelf(&site, practice).await;
        let foreign_exercise = shelf(&site, foreign).await;
        let (own, ada) = chart(&site, practice, &exercise, "Ada Own").await;
        let (ended, _) = chart(&site, practice, &exercise, "Benedikt Ended").await;
        let (other, _) = chart(&site, practice, &exercise, "Coralie Other").await;
        let (foreign, _) = chart(&site, foreign, &foreign_exercise, "Danilo Foreign").await;
        let stranger = site.account(foreign.practice, Role::Therapist).await;
        let colleague = site.account(practice, Role::Therapist).await;
        let mut people = BTreeMap::from([(Role::Patient, ada)]);
        for role in Role::ALL.iter().filter(|role| **role != Role::Patient) {
            people.insert(*role, site.account(practice, *role).await);
        }
        for person in people.values() {
            // Of every role, so that it is seen that a place on the team is not enough.
            link(&site, person, own.patient, false).await;
            link(&site, person, ended.patient, true).await;
        }
        let unknown = Chart::unknown(practice);
        let charts = BTreeMap::from([
            (Relation::Own, own),
            (Relation::Ended, ended),
            (Relation::Other, other),
            (Relation::Foreign, foreign),
            (Relation::Unknown, unknown),
        ]);
        let mut world =
            Self { site, practice, exercise, people, cookies: BTreeMap::new(), charts, colleague, stranger };
        for role in Role::ALL {
            world.sign_in(*role).await;
        }
        let plans = [plan(&world.site, practice).await, plan(&world.site, practice).await];
        let holds = [hold(&world).await, hold(&world).await];
        let assessor = world.site.account(practice, Role::PrivacyOfficer).await;
        let assessor = world.site.signed_in(&assessor).await;
        let incidents = [
            incident(&world).await,
            // A breach, so that its page has the form of a notice too.
            assessed(&world, &assessor, "breach").await,
            assessed(&world, &assessor, "low_probability").await,
            assessed(&world, &assessor, "low_probability").await,
            told(&world, &assessor).await,
        ];
        let held = [&world.colleague, &world.site.account(practice, Role::Therapist).await].map(Person::account);
        let alerts = [
            alert(&world.site, practice, None).await,
            alert(&world.site, practice, None).await,
            alert(&world.site, practice, Some(held[0])).await,
            alert(&world.site, practice, Some(held[1])).await,
        ];
        let emergencies = [emergency(&world).await, emergency(&world).await];
        let agreements = [on_file(&world).await, on_file(&world).await, on_file(&world).await, on_file(&world).await];
        let under = agreements[2].as_str();
        let channels = [channel(&world, under).await, channel(&world, under).await, channel(&world, under).await];
        let (reviews, accesses) = reviews::two(&world.site, practice, &world.colleague).await;
        let courses = [course(&world).await, course(&world).await, course(&world).await, course(&world).await];
        let trainings = [training(&world, &courses[0]).await, training(&world, &courses[1]).await];
        for chart in world.charts.values_mut() {
            (chart.courses, chart.trainings) = (courses.clone(), trainings.clone());
            (chart.reviews, chart.accesses) = (reviews.clone(), accesses.clone());
            (chart.plans, chart.holds, chart.alerts) = (plans.clone(), holds.clone(), alerts.clone());
            (chart.agreements, chart.channels) = (agreements.clone(), channels.clone());
            chart.emergencies = emergencies.clone();
            chart.incidents = incidents.clone();
        }
        world
    }

    /// A new session for somebody.
    pub(crate) async fn sign_in(&mut self, role: Role) {
        let cookie = self.site.signed_in(&self.people[&role]).await;
        self.cookies.insert(role, cookie);
    }

    /// The version of the program in force; 0 when there is none.
    pub(crate) async fn program_version(&self, chart: &Chart) -> u32 {
        let clinical = &self.site.house.stores.clinical;
        let row = programs::current(clinical, chart.practice, chart.patient).await.expect("read");
        row.map_or(0, |row| row.version)
    }

    /// The newest version of the patient's note; 0 when there is none.
    pub(crate) async fn note_version(&self, chart: &Chart) -> u32 {
        let (clinical, note) = (&self.site.house.stores.clinical, chart.note.parse().expect("an id"));
        let rows = progress_notes::versions(clinical, chart.practice, chart.patient, note).await.expect("read");
        rows.last().map_or(0, |row| row.version)
    }

    /// The version of a patient's details; 0 when there is no such patient.
    pub(crate) async fn patient_version(&self, chart: &Chart) -> i64 {
        let clinical = &self.site.house.stores.clinical;
        let row = patients::by_id(clinical, chart.practice, chart.patient).await.expect("read");
        row.map_or(0, |row| row.version)
    }

    /// The version of the patient's visit; 0 when there is none.
    pub(crate) async fn visit_version(&self, chart: &Chart) -> i64 {
        let clinical = &self.site.house.stores.clinical;
        let visit = chart.visit.parse().expect("an id");
        let row = visits::by_id(clinical, chart.practice, chart.patient, visit).await.expect("read");
        row.map_or(0, |row| row.version)
    }

    /// The version of the patient's billing account; 0 when there is none.
    pub(crate) async fn billing_version(&self, chart: &Chart) -> i64 {
        let (db, branch) = (&self.site.house.stores.billing, phi::billing_branch(chart.practice));
        let row = rows::accounts::by_id(db, branch, chart.billed.account).await.expect("read");
        row.map_or(0, |row| row.version)
    }

    /// The version of a charge; 0 when there is none.
    pub(crate) async fn charge_version(&self, chart: &Chart, charge: ChargeId) -> i64 {
        let (db, branch) = (&self.site.house.stores.billing, phi::billing_branch(chart.practice));
        let row = rows::charges::by_id(db, branch, chart.billed.account, charge).await.expect("read");
        row.map_or(0, |row| row.version)
    }

    /// How often something was sent to billing for a held visit; 0 when nothing was.
    pub(crate) async fn sent_for(&self, chart: &Chart, door: usize) -> i64 {
        let clinical = &self.site.house.stores.clinical;
        let visit = chart.held[door].parse().expect("an id");
        let given = billing_outbox::given(clinical, chart.practice, chart.patient, visit).await.expect("read");
        given.map_or(0, |given| i64::from(given.corrections) + 1)
    }

    /// Takes a patient's account back to where it waits for its first link.
    pub(crate) async fn close_account(&self, chart: &Chart) {
        let identity = &self.site.house.stores.identity;
        let row = accounts::by_patient(identity, chart.practice, chart.patient).await.expect("read").expect("there");
        practice::accounts::invite(&self.site.house, chart.practice, row.account_id).await.expect("invited");
    }

    /// The version of a course; 0 when there is none.
    pub(crate) async fn course_version(&self, course: &str) -> i64 {
        let course = course.parse().expect("an id");
        let rows = training::versions(&self.site.house.stores.identity, self.practice, course).await.expect("read");
        rows.last().map_or(0, |row| row.version)
    }

    /// The version of an account; 0 when there is no such account.
    pub(crate) async fn account_version(&self, account: AccountId) -> i64 {
        let row = accounts::by_id(&self.site.house.stores.identity, self.practice, account).await.expect("read");
        row.map_or(0, |row| row.version)
    }
}

async fn shelf(site: &Site, practice: PracticeId) -> String {
    let new = starter().expect("the starter set").into_iter().find(|new| !new.pictures.is_empty()).expect("a picture");
    shelve(&site.house, practice, &new).await.expect("shelved").0.to_string()
}

async fn link(site: &Site, member: &Person, patient: PatientId, ended: bool) -> String {
    if !ended {
        return site.care_link(member, patient).await.to_string();
    }
    let now = site.now();
    let row = CareLinkRow {
        practice_id: member.practice(),
        care_link_id: CareLinkId::random(&SystemRng),
        patient_id: patient,
        account_id: member.account(),
        kind: CareKind::Assigned,
        starts_at: now - SignedDuration::from_hours(1),
        ends_at: Some(now - SignedDuration::from_secs(1)),
        created_by: member.account(),
        created_at: now - SignedDuration::from_hours(1),
    };
    site.house.stores.identity.commit(care_links::insert(Batch::new(), &row)).await.expect("stored");
    row.care_link_id.to_string()
}

/// A plan of the command line's that waits for approval.
async fn plan(site: &Site, practice: PracticeId) -> String {
    let made = practice::retention::plan_unattended(&site.house, practice, &domain::Unobserved).await;
    made.expect("planned").to_string()
}

/// An alert, as the watch stores one: about nobody, or about somebody whose exports are held for it.
pub(crate) async fn alert(site: &Site, practice: PracticeId, held: Option<AccountId>) -> String {
    let alert_id = AlertId::random(&SystemRng);
    let row = AlertRow {
        practice_id: practice,
        alert_id,
        rule: AlertRule::ManyAccounts,
        answer: if held.is_some() { AlertAnswer::HoldExports } else { AlertAnswer::Alert },
        who: held,
        happened_at: site.now(),
        found_at: site.now(),
        compared: r#"{"counted":5,"limit":5,"minutes":60,"own":null,"peers":null}"#.to_owned(),
        login_session_id: None,
        answered_at: None,
    };
    let mut batch = alerts::insert(Batch::new(), &row, &[]);
    if let Some(account_id) = held {
        let row = HoldRow { practice_id: practice, alert_id, account_id, held_at: site.now(), lifted: None };
        batch = alerts::answered(export_holds::hold(batch, &row), practice, alert_id, site.now());
    }
    site.house.stores.identity.commit(batch).await.expect("stored");
    alert_id.to_string()
}

/// An agreement with somebody who receives alerts.
pub(crate) fn agreement() -> Value {
    json!({ "integration": "webhook", "associate": "Receiver Inc.", "signed_on": "2026-05-01", "kept_at": "Folder 7" })
}

async fn on_file(world: &World) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let added = created(&world.site, Method::POST, "/api/v1/agreements", cookie, agreement()).await;
    added["agreement_id"].as_str().expect("an id").to_owned()
}

async fn channel(world: &World, under: &str) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let body = json!({ "kind": "webhook", "address": "https://receiver.example/alerts", "agreement_id": under });
    let set = created(&world.site, Method::POST, "/api/v1/alerts/channels", cookie, body).await;
    set["channel_id"].as_str().expect("an id").to_owned()
}

/// A record that a colleague opened in an emergency and closed again.
async fn emergency(world: &World) -> String {
    let cookie = world.site.signed_in(&world.colleague).await;
    let patient = world.charts[&Relation::Other].patient;
    let body = json!({ "patient_id": patient, "reason": "Fell in the waiting room" });
    let opened = created(&world.site, Method::POST, "/api/v1/emergencies", &cookie, body).await;
    let emergency = opened["emergency_id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/emergencies/{emergency}");
    assert_eq!(world.site.api(Method::DELETE, &path, &cookie, None).await.status, 204);
    emergency
}

async fn hold(world: &World) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let body = json!({ "reason": "A claim is open" });
    let placed = created(&world.site, Method::POST, "/api/v1/retention/holds", cookie, body).await;
    placed["hold_id"].as_str().expect("an id").to_owned()
}

/// A course of the practice.
async fn course(world: &World) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let body = crate::request::course();
    let made = created(&world.site, Method::POST, "/api/v1/training/courses", cookie, body).await;
    made["course_id"].as_str().expect("an id").to_owned()
}

/// That a colleague was trained.
async fn training(world: &World, course: &str) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let body = crate::request::training(world);
    let path = format!("/api/v1/training/courses/{course}/records");
    let recorded = created(&world.site, Method::POST, &path, cookie, body).await;
    recorded["training_id"].as_str().expect("an id").to_owned()
}

async fn incident(world: &World) -> String {
    let cookie = &world.cookies[&Role::PrivacyOfficer];
    let body = crate::request::incident();
    let opened = created(&world.site, Method::POST, "/api/v1/incidents", cookie, body).await;
    opened["incident_id"].as_str().expect("an id").to_owned()
}

/// A breach of which letters can be made: it is frozen, and somebody wrote what they say.
async fn told(world: &World, assessor: &str) -> String {
    let incident = assessed(world, assessor, "breach").await;
    let at = |what: &str| format!("/api/v1/incidents/{incident}/{what}");
    let frozen = world.site.api(Method::POST, &at("freeze"), assessor, Some(json!({}))).await;
    assert!(frozen.status.is_success(), "{}", frozen.text());
    for language in ["en", "es"] {
        let words = "Call 1-800-555-0100.";
        let letter = json!({ "language": language, "happened": words, "advice": words, "doing": words, "ask": words });
        let written = world.site.api(Method::POST, &at("letters"), assessor, Some(letter)).await;
        assert!(written.status.is_success(), "{}", written.text());
    }
    incident
}

/// An incident that somebody else assessed so.
async fn assessed(world: &World, assessor: &str, conclusion: &str) -> String {
    let incident = incident(world).await;
    let mut body = json!({ "conclusion": conclusion });
    for (factor, choice) in
        [("nature", "contact"), ("recipient", "bound"), ("acquired", "neither"), ("mitigated", "assured")]
    {
        body[factor] = choice.into();
        body[format!("{factor}_words")] = "Nobody was there.".into();
    }
    let path = format!("/api/v1/incidents/{incident}/assessment");
    let answer = world.site.api(Method::POST, &path, assessor, Some(body)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    incident
}
