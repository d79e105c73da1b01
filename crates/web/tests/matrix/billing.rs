//! Billing beside care: what billing has of a patient, and that it finds nothing else of anybody.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    roles::Seen,
    world::{Relation, World},
};
use axum::http::{Method, StatusCode};
use crypto::SystemRng;
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, PatientId, PayerId, PermissionName, Role, VisitId,
    billing::{
        BookingKind, Cents, ChargeSheet, CptCode, Diagnoses, DiagnosisCode, FeeWords, Minutes, Modifier, PayerName,
        Postings, Service, UnitRule,
    },
};
use ledger::{Outcome, Resource, Word};
use phi::{Claim, Purpose, billing_branch};
use serde_json::json;
use std::collections::BTreeSet;
use store::{
    Batch,
    rows::billing::{
        accounts,
        bookings::{self, BookingRow},
        charges,
        fees::{self, FeeRow},
        payers::{self, PayerRow},
    },
};
use testkit::{house::Person, site::Site};
use web::{Kind, Route, Verb, routes};

/// What every claim here says.
const DIAGNOSIS: &str = "M25.561";

/// The ids of what billing has of a patient.
pub(crate) struct Billed {
    pub(crate) account: BillingAccountId,
    pub(crate) payer: PayerId,
    /// Drafts, one for each door of billing and of asking nothing; and two for which nothing is asked.
    charges: [ChargeId; 6],
    /// Payments: one for each door of voiding, one that stays.
    bookings: [BookingId; 3],
}

impl Billed {
    /// Of nobody.
    pub(crate) fn nothing() -> Self {
        Self {
            account: BillingAccountId::random(&SystemRng),
            payer: PayerId::random(&SystemRng),
            charges: std::array::from_fn(|_| ChargeId::random(&SystemRng)),
            bookings: std::array::from_fn(|_| BookingId::random(&SystemRng)),
        }
    }

    /// The charge that a route is asked about.
    pub(crate) fn charge(&self, route: &Route) -> ChargeId {
        let door = match route.path.rsplit('/').next() {
            Some("void") => 1,
            Some("ask") => 2,
            _ => 0,
        };
        self.charges[2 * door + usize::from(route.kind == Kind::Page)]
    }

    /// The booking that a route is asked about.
    pub(crate) fn booking(&self, route: &Route) -> BookingId {
        match (route.path.ends_with("/void"), route.kind) {
            (false, _) => self.bookings[2],
            (true, Kind::Page) => self.bookings[1],
            (true, _) => self.bookings[0],
        }
    }
}

/// Charges six visits of a patient, asks nothing for two of them, and books three payments, with a payer and a fee for them. The visits themselves are
/// not there: billing would not see them.
pub(crate) async fn billed(site: &Site, therapist: &Person, patient: PatientId) -> Billed {
    let (house, branch, now) = (&*site.house, billing_branch(therapist.practice()), site.now());
    let session = site.session(therapist).await;
    let purpose = Purpose::payment(Resource::whole(Word::new("charge")));
    let grant = house.guard.charge(&session, patient, purpose).await.expect("allowed");
    let grant = grant.open_account().await.expect("an account");
    let code = CptCode::new("97110").expect("a code");
    let service = Service { code, minutes: Some(Minutes::new(33).expect("minutes")), modifiers: vec![Modifier::Gp] };
    let sheet = ChargeSheet::new(vec![service]).expect("a sheet");
    let diagnoses = Diagnoses::new(vec![DiagnosisCode::new(DIAGNOSIS).expect("a code")]).expect("codes");
    let day = Date::constant(2026, 5, 4);
    let (mut batch, mut made, mut account) = (Batch::new(), Vec::new(), None);
    for _ in 0..6 {
        let visit = VisitId::random(&SystemRng);
        let crossing = grant.cross((visit, 0), day, therapist.account(), Claim::Of(&sheet, &diagnoses));
        let draft = house.guard.unpack(therapist.practice(), visit, &crossing).await.expect("opens");
        batch = charges::receive(accounts::open(batch, branch, draft.account, now), &draft, now);
        made.push(draft.charge);
        account = Some(draft.account);
    }
    let account = account.expect("six drafts");
    let payer = PayerRow {
        branch,
        payer_id: PayerId::random(&SystemRng),
        name: PayerName::new(format!("Payer of {account}")).expect("a name"),
        unit_rule: UnitRule::Cms,
        created_at: now,
    };
    batch = payers::insert(batch, &payer);
    let ids: [BookingId; 3] = std::array::from_fn(|_| BookingId::random(&SystemRng));
    let postings = Postings::of(BookingKind::Payment, Cents(1_000)).expect("an amount");
    for booking_id in ids {
        let row = BookingRow {
            branch,
            booking_id,
            account_id: account,
            kind: BookingKind::Payment,
            day,
            charge_id: None,
            voids: None,
            payer_id: None,
            booked_by: therapist.account(),
            booked_at: now,
        };
        batch = bookings::insert(batch, &row, &postings);
    }
    house.stores.billing.commit(batch).await.expect("stored");
    for charge in &made[4..] {
        let row = charges::by_id(&house.stores.billing, branch, account, *charge).await.expect("read").expect("there");
        let batch = charges::void(Batch::new(), &row, therapist.account(), now);
        house.stores.billing.commit(batch).await.expect("stored");
    }
    let words = FeeWords::new("Exercise").expect("words");
    let (set_by, valid_from) = (therapist.account(), Date::constant(2026, 1, 1));
    let fee = FeeRow { branch, code, valid_from, fee: Cents(4_000), words, set_by, set_at: now };
    // Once for each practice.
    let _ = house.stores.billing.commit(fees::insert(Batch::new(), &fee)).await;
    let charges = <[ChargeId; 6]>::try_from(made).expect("six");
    Billed { account, payer: payer.payer_id, charges, bookings: ids }
}

/// Routes that are neither about billing nor about oneself: charts, lists, searches, the library and its pictures, people,
/// the trail, the policy, retention.
fn clinical() -> Vec<(Route, Whom)> {
    let own = [Whom::All, Whom::Half, Whom::Anyone, Whom::Bills, Whom::BillsAccount];
    let rows = routes::table().routes().into_iter().filter_map(|route| whom(&name(&route)).map(|whom| (route, whom)));
    rows.filter(|(_, whom)| !own.contains(whom)).collect()
}

fn billing_reads() -> Vec<Route> {
    let reads = |route: &Route| {
        route.method == Verb::Get && matches!(whom(&name(route)), Some(Whom::Bills | Whom::BillsAccount))
    };
    routes::table().routes().into_iter().filter(reads).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_billing_session_on_every_clinical_route_finds_nothing_and_no_difference_between_existing_and_missing() {
    let world = World::new().await;
    let (cookie, person) = (&world.cookies[&Role::Billing], &world.people[&Role::Billing]);
    let scopes = practice::account::scopes_of(Role::Billing);
    let fresh = world.site.signed_in(person).await;
    let new = json!({ "label": "Everything", "scopes": scopes, "days": 1 });
    let token = world.site.api(Method::POST, "/api/v1/me/tokens", &fresh, Some(new)).await.json();
    let token = token["secret"].as_str().expect("a secret");
    let (mut wrong, mut asked) = (Vec::new(), BTreeSet::new());
    for (route, whom) in clinical() {
        let mut seen: Vec<(Relation, Vec<Seen>)> = Vec::new();
        for relation in Relation::ALL {
            let request = sent(&world, &route, relation).await;
            let mut answers = vec![world.site.send(request.with(route.method, cookie)).await];
            if route.method == Verb::Get {
                answers.push(world.site.send(request.head(cookie)).await);
            }
            if route.kind == Kind::Api {
                answers.push(world.site.send(request.with_token(route.method, token)).await);
            }
            for answer in &answers {
                let fits = match whom {
                    // Everybody has a list of their patients: billing's is empty.
                    Whom::List => answer.status == 200 && !answer.text().contains("patient_id"),
                    _ => answer.status == StatusCode::NOT_FOUND || answer.status == StatusCode::FORBIDDEN,
                };
                if !fits {
                    wrong.push(format!("{} {relation:?}: {}", name(&route), answer.status));
                }
            }
            seen.push((relation, answers.iter().map(Seen::of).collect()));
        }
        let missing = &seen[0].1;
        wrong.extend(seen.iter().filter(|(_, answers)| answers != missing).map(|(relation, answers)| {
            format!("{} {relation:?}: {answers:?}, unlike what is missing: {missing:?}", name(&route))
        }));
        asked.insert(route.path);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for path in [
        "/patients/{patient_id}/program",
        "/api/v1/patients/{patient_id}/log",
        "/api/v1/patients/find",
        "/patients",
        "/exercises/{exercise_id}/pictures/{n}",
        "/api/v1/exercises/{exercise_id}/pictures/{n}",
        "/audit",
        "/api/v1/audit/export",
        "/api/v1/patients/{patient_id}/access-log",
        "/api/v1/policy/patients/{patient_id}",
    ] {
        assert!(asked.contains(path), "{path} was asked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_billing_opens_is_of_billing_or_a_name_and_contact_and_each_is_recorded() {
    let world = World::new().await;
    let (cookie, person) = (&world.cookies[&Role::Billing], &world.people[&Role::Billing]);
    let own = &world.charts[&Relation::Own];
    let before = world.site.ledger.entries().len();
    let mut texts = Vec::new();
    for route in billing_reads() {
        let request = sent(&world, &route, Relation::Own).await;
        let recorded = world.site.ledger.entries().len();
        let answer = world.site.send(request.with(route.method, cookie)).await;
        assert_eq!(answer.status, 200, "{}: {}", name(&route), answer.text());
        let entries = world.site.ledger.entries().split_off(recorded);
        assert!(!entries.is_empty(), "{} is not recorded", name(&route));
        let named = answer.text().contains("Ada Own");
        let recorded = entries.iter().any(|entry| entry.patient == Some(own.patient));
        assert!(!named || recorded, "{} shows a name that is not recorded under its patient", name(&route));
        texts.push((name(&route), named, answer.text()));
    }
    assert!(texts.iter().filter(|(_, named, _)| *named).count() >= 6, "names are shown where statements need them");
    let billing = [PermissionName::ReadBilling, PermissionName::WriteBilling, PermissionName::ReadContact];
    for entry in &world.site.ledger.entries()[before..] {
        assert_eq!((entry.actor, entry.outcome), (Some(person.account()), Outcome::Allowed));
        // That the books were taken out is an entry of its own, beside the one of the permission.
        let books = entry.action.to_string() == "export_books";
        assert!(books || entry.permission.is_some_and(|permission| billing.contains(&permission)), "{entry:?}");
        assert_eq!(entry.patient.is_some(), entry.permission == Some(PermissionName::ReadContact), "{entry:?}");
        assert!(!format!("{entry:?}").contains(&own.billed.account.to_string()), "the trail names no account");
    }
    for (name, _, text) in &texts {
        // The address of everybody here is their id: that is contact, as a page and as a file write it.
        let text = text.replace(&format!("{}@", own.patient), "").replace(&format!("{}<wbr>@", own.patient), "");
        let never = [&own.patient.to_string(), &own.program, &own.item, &own.note, &own.visit];
        let never = never.into_iter().map(String::as_str).chain(["1984", "Knee", "Slowly", "It went well", "Bends"]);
        for told in never {
            assert!(!text.contains(told), "{name} shows {told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_diagnosis_of_a_claim_stands_with_its_charge_and_on_no_overview() {
    let world = World::new().await;
    let cookie = &world.cookies[&Role::Billing];
    for route in billing_reads() {
        let answer = world.site.send(sent(&world, &route, Relation::Own).await.with(Verb::Get, cookie)).await;
        let shows = route.path.ends_with("/charges/{charge_id}");
        assert_eq!(answer.text().contains(DIAGNOSIS), shows, "{}", name(&route));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_things_of_one_account_open_nothing_under_another() {
    let world = World::new().await;
    let (own, other) = (&world.charts[&Relation::Own].billed, &world.charts[&Relation::Other].billed);
    let cookie = &world.cookies[&Role::Billing];
    for root in ["", "/api/v1"] {
        let at = format!("{root}/billing/accounts/{}", own.account);
        let charge = format!("{at}/charges/{}", other.charges[0]);
        let receipt = format!("{at}/bookings/{}/receipt.pdf", other.bookings[2]);
        for path in [&charge, &receipt] {
            assert_eq!(world.site.open(path, cookie).await.status, 404, "{path}");
        }
    }
    let void = format!("/api/v1/billing/accounts/{}/bookings/{}/void", own.account, other.bookings[2]);
    assert_eq!(world.site.api(Method::POST, &void, cookie, None).await.status, 404);
}
