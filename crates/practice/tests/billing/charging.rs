//! A therapist charges a visit.

use crate::scene::{new_charge, therapist, visit_id, visits};
use domain::{Role, VisitState, billing::ChargeState};
use phi::{AccessError, Purpose, ReadBilling, WriteBilling, billing_branch};
use practice::{
    billing::{
        charging::{ChargeError, charge, charge_watched, correct},
        courier,
    },
    record::RecordError,
    voiding::{self, NewVoid, VoidError},
};
use store::rows::{billing::charges, billing_outbox};
use testkit::house::TestHouse;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_visit_becomes_one_draft_that_billing_opens() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..2, VisitState::Held).await;
    visits(house, &session, &[ana], 2..3, VisitState::Planned).await;
    let charged = charge(house, &session, ana, visit_id(0), &new_charge(0), None).await.expect("charged");
    assert_eq!((charged.units.cms.units(), charged.units.ama.units()), (2, 2));
    let again = charge(house, &session, ana, visit_id(0), &new_charge(0), None).await;
    assert!(matches!(again, Err(ChargeError::Already)));
    let planned = charge(house, &session, ana, visit_id(2), &new_charge(2), None).await;
    assert!(matches!(planned, Err(ChargeError::NotHeld)));

    let branch = billing_branch(practice);
    let drafts = charges::drafts(&house.stores.billing, branch, None, 10).await.expect("read");
    let [(account, id, _)] = drafts[..] else { panic!("{} drafts", drafts.len()) };
    let biller = test.account(practice, Role::Billing).await;
    let billing = test.session(&biller).await;
    let why = || Purpose::payment(ledger::Resource::whole(ledger::Word::new("charge")));
    let grant = house.guard.authorize_account::<WriteBilling>(&billing, account, why()).await.expect("allowed");
    let row = charges::by_id(&house.stores.billing, branch, account, id).await.expect("read").expect("there");
    assert!(*grant.open(&row.sheet).expect("opens").expose() == Some(new_charge(0).services));
    assert!(*grant.open(&row.diagnoses).expect("opens").expose() == Some(new_charge(0).diagnoses));
    assert_eq!((row.state, row.therapist_id), (ChargeState::Draft, session.account()));
    let contact = house.guard.follow_link(&billing, account, why()).await.expect("allowed");
    assert_eq!(contact.subject(), ana);
    let own = house.guard.authorize_account::<ReadBilling>(&session, account, why()).await;
    assert!(matches!(own, Err(AccessError::Denied)), "what was charged is not shown again to the therapist");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_therapist_who_does_not_treat_the_patient_charges_nothing_and_makes_no_account() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..1, VisitState::Held).await;
    for role in [Role::Therapist, Role::Billing, Role::FrontDesk, Role::Admin] {
        let other = test.account(practice, role).await;
        let denied = charge(house, &test.session(&other).await, ana, visit_id(0), &new_charge(0), None).await;
        assert!(matches!(denied, Err(ChargeError::Record(RecordError::Access(AccessError::Denied)))), "{role}");
    }
    assert_eq!(accounts_of(house).await, 0);
}

/// How many patients billing knows.
async fn accounts_of(house: &practice::House) -> i64 {
    let links = house.stores.identity.one("SELECT COUNT(*) FROM billing_links", &[]).await.expect("read");
    links.int(0).expect("a number")
}

fn wrong() -> NewVoid {
    NewVoid { reason: "Of another patient".parse().expect("fits") }
}

/// Whom billing knows is kept for as long as billing is, so nobody becomes known to it by mistake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_charged_billing_does_not_get_to_know_the_patient() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..2, VisitState::Held).await;
    visits(house, &session, &[ana], 2..3, VisitState::Planned).await;
    voiding::visit(house, &session, ana, visit_id(1), &wrong()).await.expect("said");
    let charged = async |n| charge(house, &session, ana, visit_id(n), &new_charge(n), None).await;
    assert!(matches!(charged(9).await, Err(ChargeError::Record(RecordError::Access(AccessError::Denied)))), "no visit");
    assert!(matches!(charged(1).await, Err(ChargeError::NotHeld)), "entered in error");
    assert!(matches!(charged(2).await, Err(ChargeError::NotHeld)), "not held");
    let nothing = correct(house, &session, ana, visit_id(0), 1, &new_charge(0), None).await;
    assert!(matches!(nothing, Err(ChargeError::NotCharged)));
    assert_eq!(accounts_of(house).await, 0);
    charged(0).await.expect("charged");
    assert_eq!(accounts_of(house).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_charged_or_entered_in_error_and_never_both() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..12, VisitState::Held).await;
    let mut live = 0;
    for n in 0..12 {
        let (new, wrong) = (new_charge(n), wrong());
        let charging = charge(house, &session, ana, visit_id(n), &new, None);
        let (charged, voided) = tokio::join!(charging, voiding::visit(house, &session, ana, visit_id(n), &wrong));
        match (charged, voided) {
            (Ok(_), Err(VoidError::Charged | VoidError::NotStanding)) => live += 1,
            (Err(ChargeError::NotHeld | ChargeError::Stale), Ok(())) => {}
            (charged, voided) => panic!("{:?} {:?}", charged.err(), voided.err()),
        }
    }
    let drafts = charges::drafts(&house.stores.billing, billing_branch(practice), None, 100).await.expect("read");
    assert_eq!(drafts.len(), live);
    // One after the other, each way.
    visits(house, &session, &[ana], 20..22, VisitState::Held).await;
    charge(house, &session, ana, visit_id(20), &new_charge(20), None).await.expect("charged");
    let voided = voiding::visit(house, &session, ana, visit_id(20), &wrong()).await;
    assert!(matches!(voided, Err(VoidError::Charged)));
    voiding::visit(house, &session, ana, visit_id(21), &wrong()).await.expect("said");
    let charged = charge(house, &session, ana, visit_id(21), &new_charge(21), None).await;
    assert!(matches!(charged, Err(ChargeError::NotHeld)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_charge_one_patient_at_once_make_one_account() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..16, VisitState::Held).await;
    let bodies: Vec<_> = (0..16).map(new_charge).collect();
    let all = (0..16_u32).zip(&bodies).map(|(n, body)| charge(house, &session, ana, visit_id(n), body, None));
    for charged in futures::future::join_all(all).await {
        assert!(charged.is_ok());
    }
    let drafts = charges::drafts(&house.stores.billing, billing_branch(practice), None, 100).await.expect("read");
    assert_eq!(drafts.len(), 16);
    assert!(drafts.iter().all(|(account, ..)| *account == drafts[0].0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_does_not_open_waits_and_holds_up_no_other() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..2, VisitState::Held).await;
    for number in 0..2 {
        let new = new_charge(number);
        let done = charge_watched(house, &session, ana, visit_id(number), &new, &domain::Unobserved);
        done.await.expect("on its way");
    }
    let damage = "UPDATE billing_outbox SET crossing = $1 WHERE visit_id = $2";
    let damage = store::Batch::new().run(damage, &[vec![1_u8, 0, 0, 0, 1, 7, 7].into(), visit_id(0).into()]);
    house.stores.clinical.commit(damage.expect(1)).await.expect("damaged");
    let carried = courier::deliver(house, &domain::Unobserved).await;
    assert!(matches!(carried, Err(courier::DeliverError::Unopened { count: 1 })));
    let drafts = charges::drafts(&house.stores.billing, billing_branch(practice), None, 10).await.expect("read");
    assert_eq!(drafts.len(), 1);
    assert_eq!(billing_outbox::count(&house.stores.clinical, practice).await, Ok(1));
}

/// Whoever can write to the identity store cannot read a link, but can exchange the fingerprints by which two are found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_was_put_in_anothers_place_leads_nowhere() {
    for side in ["patient_index", "account_index"] {
        let test = TestHouse::new().await;
        let (house, practice) = (&*test.house, test.practice().await);
        let both = [test.patient(practice, "Ana", "Ro").await, test.patient(practice, "Ben", "Li").await];
        let session = therapist(&test, practice, &both).await;
        visits(house, &session, &both, 0..4, VisitState::Held).await;
        for number in 0..2 {
            let patient = both[number as usize % 2];
            charge(house, &session, patient, visit_id(number), &new_charge(number), None).await.expect("charged");
        }
        let identity = &house.stores.identity;
        let sql: &'static str = format!("SELECT link_id, {side} FROM billing_links").leak();
        let rows = identity.rows(sql, &[]).await.expect("read");
        let stored = |n: usize| -> ([u8; 16], [u8; 32]) {
            (rows[n].array(0).expect("an id"), rows[n].array(1).expect("a fingerprint"))
        };
        let ((one, its), (other, others)) = (stored(0), stored(1));
        let put: &'static str = format!("UPDATE billing_links SET {side} = $1 WHERE link_id = $2").leak();
        let batch = [(one, [0; 32]), (other, its), (one, others)]
            .iter()
            .fold(store::Batch::new(), |batch, (link, print)| batch.run(put, &[print.into(), link.into()]).expect(1));
        identity.commit(batch).await.expect("exchanged");

        let billing = test.session(&test.account(practice, Role::Billing).await).await;
        let branch = billing_branch(practice);
        let account = charges::drafts(&house.stores.billing, branch, None, 10).await.expect("read")[0].0;
        let why = || Purpose::payment(ledger::Resource::whole(ledger::Word::new("charge")));
        if side == "account_index" {
            let led = house.guard.follow_link(&billing, account, why()).await;
            assert!(matches!(led, Err(AccessError::Key(_))), "to somebody else's name");
        } else {
            let charged = charge(house, &session, both[0], visit_id(2), &new_charge(2), None).await;
            assert!(charged.is_err(), "on somebody else's account");
            assert_eq!(charges::drafts(&house.stores.billing, branch, None, 10).await.expect("read").len(), 2);
        }
    }
}
