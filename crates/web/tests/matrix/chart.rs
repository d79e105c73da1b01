//! A patient, and something of everything that can belong to one.

use crate::{
    billing::{self, Billed},
    request::Sent,
    world::{entry, program, visit},
};
use axum::http::Method;
use crypto::SystemRng;
use domain::{AccountId, Date, PatientId, PracticeId, RestrictionAnswer, RestrictionId, RestrictionKind, Role};
use serde_json::{Value, json};
use store::{
    Batch,
    rows::{
        care_links,
        merges::{self, MergeRow},
        restrictions::{self, RestrictionRow},
    },
};
use testkit::{house::Person, site::Site};
use web::Verb;

/// The ids of a patient and of what belongs to them.
pub(crate) struct Chart {
    pub(crate) practice: PracticeId,
    pub(crate) patient: PatientId,
    pub(crate) program: String,
    pub(crate) item: String,
    /// An exercise of the practice's library.
    pub(crate) exercise: String,
    pub(crate) note: String,
    /// Two entries, so that both doors of a correction find one that was not corrected.
    pub(crate) entries: [String; 2],
    /// A visit that has begun.
    pub(crate) visit: String,
    /// Two visits that were held and not charged, one for each door.
    pub(crate) held: [String; 2],
    /// What is said to be entered in error, and nothing else is about: an entry for each of three doors, notes and visits for
    /// two.
    pub(crate) wrong: ([String; 3], [String; 2], [String; 2]),
    /// Second records: two open ones, two that are closed, the one as which these go on, and a closed one that goes on as the
    /// patient.
    pub(crate) twice: [PatientId; 6],
    /// Two places of other members, so that both doors of ending one find an open one.
    pub(crate) links: [String; 2],
    /// Two restrictions in force, each about an account that asks for nothing here.
    pub(crate) restrictions: [String; 2],
    /// Four things that the patient asked to be amended: two that wait, one for each door, then two that were denied.
    pub(crate) amendments: [String; 4],
    /// Two plans of destruction and two legal holds of the practice, one for each door.
    pub(crate) plans: [String; 2],
    pub(crate) holds: [String; 2],
    /// What billing has of the patient.
    pub(crate) billed: Billed,
    /// Alerts of the practice: two about nobody, one for each door, and two for which somebody's exports are held.
    pub(crate) alerts: [String; 4],
    /// Agreements of the practice: one to be ended at each door, one under which the channels are, and another.
    pub(crate) agreements: [String; 4],
    /// Channels of the practice: one to be ended at each door, and one to be put under another agreement.
    pub(crate) channels: [String; 3],
    /// Two reviews of access of the practice: one that waits for answers, one that is closed.
    pub(crate) reviews: [String; 2],
    /// Accesses of the first that wait, one for each door through which one is answered.
    pub(crate) accesses: [String; 3],
    /// Two records that a colleague opened in an emergency and closed again, one for each door.
    pub(crate) emergencies: [String; 2],
    /// Incidents of the practice, about nobody, one for each door; then two that somebody else assessed, to be closed.
    pub(crate) incidents: [String; 5],
    /// Courses of the practice: one for each door, then one to be ended at each.
    pub(crate) courses: [String; 4],
    /// Records of training, one to be corrected at each door.
    pub(crate) trainings: [String; 2],
    /// The session of the patient themself; empty when there is nobody.
    pub(crate) cookie: String,
}

impl Chart {
    /// Of nobody: ids that were never given.
    pub(crate) fn unknown(practice: PracticeId) -> Self {
        let id = || PatientId::random(&SystemRng).to_string();
        Self {
            practice,
            patient: PatientId::random(&SystemRng),
            program: id(),
            item: id(),
            exercise: id(),
            note: id(),
            entries: [id(), id()],
            visit: id(),
            held: [id(), id()],
            wrong: ([id(), id(), id()], [id(), id()], [id(), id()]),
            twice: [0; 6].map(|_| PatientId::random(&SystemRng)),
            links: [id(), id()],
            restrictions: [id(), id()],
            amendments: [id(), id(), id(), id()],
            plans: [id(), id()],
            holds: [id(), id()],
            billed: Billed::nothing(),
            alerts: [id(), id(), id(), id()],
            agreements: [id(), id(), id(), id()],
            channels: [id(), id(), id()],
            reviews: [id(), id()],
            accesses: [id(), id(), id()],
            emergencies: [id(), id()],
            incidents: [id(), id(), id(), id(), id()],
            courses: [id(), id(), id(), id()],
            trainings: [id(), id()],
            cookie: String::new(),
        }
    }
}

/// A patient with a therapist of their own, a program, a log, a note and an account.
pub(crate) async fn chart(site: &Site, practice: PracticeId, exercise: &str, name: &str) -> (Chart, Person) {
    let (given, family) = name.split_once(' ').expect("two names");
    let patient = site.patient(practice, given, family).await;
    let treating = site.account(practice, Role::Therapist).await;
    let links =
        [site.care_link(&treating, patient).await.to_string(), site.care_link(&treating, patient).await.to_string()];
    let account = site.patient_account(practice, patient).await;
    let keeper_id = treating.account();
    let billed = billing::billed(site, &treating, patient).await;
    let (keeper, own) = (site.signed_in(&treating).await, site.signed_in(&account).await);
    let at = |rest: &str| format!("/api/v1/patients/{patient}{rest}");
    let program = created(site, Method::PUT, &at("/program"), &keeper, program(exercise)).await;
    let visit = visit(keeper_id, site.now());
    let visit = created(site, Method::POST, &at("/visits"), &keeper, visit).await["visit_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let note = created(site, Method::POST, &at("/notes"), &keeper, json!({ "body": "Bends to ninety degrees." })).await;
    let note = note["note_id"].as_str().expect("an id").to_owned();
    let item = program["items"][0]["item_id"].as_str().expect("an id").to_owned();
    let mut entries = Vec::new();
    for _ in 0..2 {
        let entry = created(site, Method::POST, &at("/log"), &own, entry(&item)).await;
        entries.push(entry["entry_id"].as_str().expect("an id").to_owned());
    }
    let entries = <[String; 2]>::try_from(entries).expect("two");
    let make = async |place: &str, cookie: &str, body: Value, id: &str| {
        created(site, Method::POST, &at(place), cookie, body).await[id].as_str().expect("an id").to_owned()
    };
    let entry_of = async || make("/log", &own, entry(&item), "entry_id").await;
    let wrong_entries = [entry_of().await, entry_of().await, entry_of().await];
    let note_of = async || make("/notes", &keeper, json!({ "body": "Of somebody else." }), "note_id").await;
    let wrong_notes = [note_of().await, note_of().await];
    let visit_of = async || make("/visits", &keeper, crate::world::visit(keeper_id, site.now()), "visit_id").await;
    let wrong_visits = [visit_of().await, visit_of().await];
    let held_of = async || {
        let mut held = crate::world::visit(keeper_id, site.now());
        held["state"] = "held".into();
        make("/visits", &keeper, held, "visit_id").await
    };
    let held = [held_of().await, held_of().await];
    // As another on whose care team nobody is who asks: whoever has a place takes no merge back.
    let stays = site.patient(practice, "Zoe", "Twice").await;
    let twice = [
        site.patient(practice, "Zoe", "Twice").await,
        site.patient(practice, "Zoe", "Twice").await,
        closed(site, &treating, &keeper, stays).await,
        closed(site, &treating, &keeper, stays).await,
        stays,
        closed(site, &treating, &keeper, patient).await,
    ];
    let restrictions = [restriction(site, practice, patient).await, restriction(site, practice, patient).await];
    let ask = async || make("/amendments", &own, json!({ "words": "It was the left one." }), "amendment_id").await;
    let amendments = [ask().await, ask().await, ask().await, ask().await];
    for denied in &amendments[2..] {
        let body = json!({ "answer": "denied", "ground": "accurate", "words": "It was the right one." });
        let path = at(&format!("/amendments/{denied}/answer"));
        let answer = site.api(Method::POST, &path, &keeper, Some(body)).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
    // Two that are not in force any more, one for each door of voiding one.
    for seen in 1..=2 {
        let mut next = crate::world::program(exercise);
        next["items"][0]["item_id"] = program["items"][0]["item_id"].clone();
        let body = next.to_string().into_bytes();
        let sent =
            Sent { path: at("/program"), body, media: "application/json", if_match: Some(format!("\"{seen}\"")) };
        assert_eq!(site.send(sent.with(Verb::Put, &keeper)).await.status, 200);
    }
    let program = program["program_id"].as_str().expect("an id").to_owned();
    let exercise = exercise.to_owned();
    (
        Chart {
            practice,
            patient,
            program,
            item,
            note,
            exercise,
            entries,
            visit,
            held,
            wrong: (wrong_entries, wrong_notes, wrong_visits),
            twice,
            links,
            restrictions,
            amendments,
            plans: Default::default(),
            holds: Default::default(),
            billed,
            alerts: Default::default(),
            agreements: Default::default(),
            channels: Default::default(),
            reviews: Default::default(),
            accesses: Default::default(),
            emergencies: Default::default(),
            incidents: Default::default(),
            courses: Default::default(),
            trainings: Default::default(),
            cookie: own,
        },
        account,
    )
}

/// A second record of somebody, closed. Something was in it: a visit that was held, and a note.
async fn closed(site: &Site, treating: &Person, cookie: &str, goes_on_as: PatientId) -> PatientId {
    let practice = treating.practice();
    let twice = site.patient(practice, "Zoe", "Twice").await;
    let place = site.care_link(treating, twice).await;
    let mut held = visit(treating.account(), site.now());
    held["state"] = "held".into();
    for (place, body) in [("visits", held), ("notes", json!({ "body": "Of the first time." }))] {
        created(site, Method::POST, &format!("/api/v1/patients/{twice}/{place}"), cookie, body).await;
    }
    let ended = care_links::end(Batch::new(), practice, twice, place, site.now());
    site.house.stores.identity.commit(ended).await.expect("stored");
    let row = MergeRow {
        practice_id: practice,
        patient_id: twice,
        number: 1,
        into: Some(goes_on_as),
        decided_by: AccountId::random(&SystemRng),
        decided_at: site.now(),
    };
    site.house.stores.identity.commit(merges::insert(Batch::new(), &row)).await.expect("stored");
    twice
}

/// That somebody of billing be kept away.
async fn restriction(site: &Site, practice: PracticeId, patient: PatientId) -> String {
    let kept_away = site.account(practice, Role::Billing).await.account();
    let row = RestrictionRow {
        practice_id: practice,
        restriction_id: RestrictionId::random(&SystemRng),
        patient_id: patient,
        what: RestrictionKind::Account,
        account_id: Some(kept_away),
        answer: RestrictionAnswer::Agreed,
        asked_on: Date::constant(2026, 5, 1),
        decided_by: kept_away,
        decided_at: site.now(),
        ended: None,
    };
    site.house.stores.identity.commit(restrictions::insert(Batch::new(), &row)).await.expect("stored");
    row.restriction_id.to_string()
}

pub(crate) async fn created(site: &Site, method: Method, path: &str, cookie: &str, body: Value) -> Value {
    let answer = site.api(method, path, cookie, Some(body)).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    answer.json()
}
