//! A therapist charges a visit.

use crate::scene::{new_charge, therapist, visit_id, visits};
use domain::{Role, VisitState, billing::ChargeState};
use phi::{AccessError, Purpose, ReadBilling, WriteBilling, billing_branch};
use practice::{
    billing::{
        charging::{ChargeError, charge, charge_watched},
        courier,
    },
    record::RecordError,
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
    let charged = charge(house, &session, ana, visit_id(0), &new_charge(0)).await.expect("charged");
    assert_eq!((charged.units.cms.units(), charged.units.ama.units()), (2, 2));
    let again = charge(house, &session, ana, visit_id(0), &new_charge(0)).await;
    assert!(matches!(again, Err(ChargeError::Already)));
    let planned = charge(house, &session, ana, visit_id(2), &new_charge(2)).await;
    assert!(matches!(planned, Err(ChargeError::NotHeld)));

    let branch = billing_branch(practice);
    let drafts = charges::drafts(&house.stores.billing, branch, 10).await.expect("read");
    let [(account, id, _)] = drafts[..] else { panic!("{} drafts", drafts.len()) };
    let biller = test.account(practice, Role::Billing).await;
    let billing = test.session(&biller).await;
    let why = || Purpose::payment(ledger::Resource::whole(ledger::Word::new("charge")));
    let grant = house.guard.authorize_account::<WriteBilling>(&billing, account, why()).await.expect("allowed");
    let row = charges::by_id(&house.stores.billing, branch, account, id).await.expect("read").expect("there");
    assert!(*grant.open(&row.sheet).expect("opens").expose() == new_charge(0).services);
    assert!(*grant.open(&row.diagnoses).expect("opens").expose() == new_charge(0).diagnoses);
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
        let denied = charge(house, &test.session(&other).await, ana, visit_id(0), &new_charge(0)).await;
        assert!(matches!(denied, Err(ChargeError::Record(RecordError::Access(AccessError::Denied)))), "{role}");
    }
    let links = house.stores.identity.one("SELECT COUNT(*) FROM billing_links", &[]).await.expect("read");
    assert_eq!(links.int(0), Ok(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_charge_one_patient_at_once_make_one_account() {
    let test = TestHouse::new().await;
    let (house, practice) = (&*test.house, test.practice().await);
    let ana = test.patient(practice, "Ana", "Ro").await;
    let session = therapist(&test, practice, &[ana]).await;
    visits(house, &session, &[ana], 0..16, VisitState::Held).await;
    let bodies: Vec<_> = (0..16).map(new_charge).collect();
    let all = (0..16_u32).zip(&bodies).map(|(n, body)| charge(house, &session, ana, visit_id(n), body));
    for charged in futures::future::join_all(all).await {
        assert!(charged.is_ok());
    }
    let drafts = charges::drafts(&house.stores.billing, billing_branch(practice), 100).await.expect("read");
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
    let drafts = charges::drafts(&house.stores.billing, billing_branch(practice), 10).await.expect("read");
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
            charge(house, &session, patient, visit_id(number), &new_charge(number)).await.expect("charged");
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
        let account = charges::drafts(&house.stores.billing, branch, 10).await.expect("read")[0].0;
        let why = || Purpose::payment(ledger::Resource::whole(ledger::Word::new("charge")));
        if side == "account_index" {
            let led = house.guard.follow_link(&billing, account, why()).await;
            assert!(matches!(led, Err(AccessError::Key(_))), "to somebody else's name");
        } else {
            let charged = charge(house, &session, both[0], visit_id(2), &new_charge(2)).await;
            assert!(charged.is_err(), "on somebody else's account");
            assert_eq!(charges::drafts(&house.stores.billing, branch, 10).await.expect("read").len(), 2);
        }
    }
}
