//! A visit was charged wrongly: what takes the place of what, before it is in the books and after.

use crate::scene::{longer_charge, new_charge, therapist, visit_id, visits};
use domain::{
    BillingAccountId, ChargeId, Date, PatientId, PracticeId, Role, VisitState,
    billing::{Cents, ChargeState, CptCode, FeeWords},
};
use identity::{Full, Session};
use phi::AccessError;
use practice::{
    billing::{
        BillingError, accounts, books,
        charges::{self, ChargeView},
        charging::{ChargeError, charge, correct, look},
        schedule::{self, Fee},
    },
    record::RecordError,
};
use store::{Batch, rows::billing_outbox};
use testkit::house::TestHouse;

pub(crate) struct Office {
    pub(crate) test: TestHouse,
    pub(crate) practice: PracticeId,
    pub(crate) ana: PatientId,
    pub(crate) therapist: Session<Full>,
    pub(crate) billing: Session<Full>,
}

/// A patient with two visits that were held; 00000 is a code with a fee.
pub(crate) async fn office() -> Office {
    let test = TestHouse::new().await;
    let practice = test.practice().await;
    let ana = test.patient(practice, "Ana", "Ro").await;
    let therapist = therapist(&test, practice, &[ana]).await;
    visits(&test.house, &therapist, &[ana], 0..2, VisitState::Held).await;
    let billing = test.session(&test.account(practice, Role::Billing).await).await;
    let fee = Fee {
        code: CptCode::new("00000").expect("a code"),
        valid_from: Date::constant(2026, 1, 1),
        fee: Cents(4_000),
        words: FeeWords::new("Exercise").expect("words"),
    };
    schedule::set_fee(&test.house, &billing, &fee).await.expect("set");
    Office { test, practice, ana, therapist, billing }
}

impl Office {
    pub(crate) async fn charged(&self) {
        let new = new_charge(0);
        charge(&self.test.house, &self.therapist, self.ana, visit_id(0), &new, None).await.expect("charged");
    }

    pub(crate) async fn corrected(&self, seen: u32) -> Result<u32, ChargeError> {
        let new = longer_charge(0);
        let done = correct(&self.test.house, &self.therapist, self.ana, visit_id(0), seen, &new, None).await;
        done.map(|charged| charged.sent)
    }

    pub(crate) async fn account(&self) -> BillingAccountId {
        let all = accounts::list(&self.test.house, &self.billing, None, 10).await.expect("read");
        all.items[0].account_id
    }

    /// The charges of the patient, the first one first.
    pub(crate) async fn all(&self) -> Vec<ChargeView> {
        self.all_of(0).await
    }

    /// Those of the visit of this number.
    async fn all_of(&self, visit: u32) -> Vec<ChargeView> {
        let code = CptCode::new(&format!("{visit:05}")).expect("a code");
        let account = self.account().await;
        let lines = accounts::one(&self.test.house, &self.billing, account).await.expect("read").charges;
        let mut found = Vec::new();
        for line in lines {
            let view = charges::one(&self.test.house, &self.billing, account, line.charge_id).await.expect("read");
            assert_eq!(line.corrects, view.corrects.is_some());
            // What takes a charge back says no code.
            if view.services.iter().all(|service| service.code == code) {
                found.push(view);
            }
        }
        // Each follows the one that it corrects.
        let mut sorted: Vec<ChargeView> = Vec::new();
        while let Some(at) = found.iter().position(|one| one.corrects == sorted.last().map(|last| last.charge_id)) {
            sorted.push(found.remove(at));
        }
        assert!(found.is_empty());
        sorted
    }

    pub(crate) async fn bill(&self, charge: &ChargeView) -> Result<domain::BookingId, BillingError> {
        charges::bill(&self.test.house, &self.billing, self.account().await, charge.charge_id, charge.version).await
    }
}

pub(crate) fn states(all: &[ChargeView]) -> Vec<ChargeState> {
    all.iter().map(|one| one.state).collect()
}

fn minutes(charge: &ChargeView) -> Option<u16> {
    charge.services[0].minutes.map(domain::billing::Minutes::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_takes_the_place_of_a_draft_and_names_it() {
    let office = office().await;
    office.charged().await;
    assert_eq!(office.corrected(1).await.expect("corrected"), 2);
    assert_eq!(office.corrected(2).await.expect("corrected"), 3);
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Void, ChargeState::Void, ChargeState::Draft]);
    assert_eq!((minutes(&all[0]), minutes(&all[2])), (Some(33), Some(44)));
    let chain: Vec<(Option<ChargeId>, Option<ChargeId>)> =
        all.iter().map(|one| (one.corrects, one.corrected_by)).collect();
    let id = |n: usize| Some(all[n].charge_id);
    assert_eq!(chain, [(None, id(1)), (id(0), id(2)), (id(1), None)]);
    let late = office.bill(&all[0]).await;
    assert!(matches!(late, Err(BillingError::NotNow(_))), "what was corrected is not billed");
    office.bill(&all[2]).await.expect("billed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_the_books_stays_there_until_billing_voids_it_and_only_then_its_correction_is_billed() {
    let office = office().await;
    office.charged().await;
    let booking = office.bill(&office.all().await[0]).await.expect("billed");
    office.corrected(1).await.expect("corrected");
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Billed, ChargeState::Draft]);
    let both = office.bill(&all[1]).await;
    assert!(matches!(both, Err(BillingError::NotNow(why)) if why.contains("Void the booking")));

    books::void(&office.test.house, &office.billing, office.account().await, booking, None).await.expect("voided");
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Void, ChargeState::Draft], "the wrong one does not come back");
    office.bill(&all[1]).await.expect("billed");
    let aging = accounts::one(&office.test.house, &office.billing, office.account().await).await.expect("read").aging;
    assert_eq!(aging.balance(), Some(Cents(3 * 4_000)), "44 minutes, and not 33 besides");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_sent_by_who_treats_and_saw_the_last_one_for_a_visit_that_was_charged() {
    let office = office().await;
    let house = &office.test.house;
    assert!(matches!(office.corrected(1).await, Err(ChargeError::NotCharged)));
    office.charged().await;
    for seen in [0, 2, u32::MAX] {
        assert!(matches!(office.corrected(seen).await, Err(ChargeError::Stale)), "{seen}");
    }
    let (first, second) = tokio::join!(office.corrected(1), office.corrected(1));
    assert!(first.is_ok() != second.is_ok(), "two who saw the same are not both taken");
    for role in [Role::Therapist, Role::Billing, Role::FrontDesk, Role::Admin] {
        let other = office.test.session(&office.test.account(office.practice, role).await).await;
        let denied = correct(house, &other, office.ana, visit_id(0), 2, &longer_charge(0), None).await;
        assert!(matches!(denied, Err(ChargeError::Record(RecordError::Access(AccessError::Denied)))), "{role}");
        let denied = look(house, &other, office.ana, visit_id(0)).await;
        assert!(matches!(denied, Err(RecordError::Access(AccessError::Denied))), "{role}");
    }
    let seen = look(house, &office.therapist, office.ana, visit_id(0)).await.expect("read");
    assert_eq!((seen.sent, seen.charged_at.is_some()), (2, true));
    let other = look(house, &office.therapist, office.ana, visit_id(1)).await.expect("read");
    assert_eq!((other.sent, other.charged_at), (0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_is_sent_twice_under_one_key_is_charged_once_and_answered_twice() {
    let office = office().await;
    let house = &office.test.house;
    let sent =
        async |key: &'static str, new| charge(house, &office.therapist, office.ana, visit_id(0), &new, Some(key)).await;
    let first = sent("a-1", new_charge(0)).await.expect("charged");
    let again = sent("a-1", new_charge(0)).await.expect("answered");
    assert_eq!((first.sent_at, first.sent), (again.sent_at, again.sent));
    assert!(matches!(sent("a-1", longer_charge(0)).await, Err(ChargeError::KeyUsed)));
    assert!(matches!(sent("a-2", new_charge(0)).await, Err(ChargeError::Already)));
    assert_eq!(office.all().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_for_which_nothing_is_asked_comes_back_and_what_it_corrects_does_not() {
    let office = office().await;
    office.charged().await;
    office.corrected(1).await.expect("corrected");
    let (house, account) = (&office.test.house, office.account().await);
    let ask = async |charge: &ChargeView| {
        charges::ask(house, &office.billing, account, charge.charge_id, charge.version).await
    };
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Void, ChargeState::Draft]);
    assert!(all[0].nothing_asked.is_none(), "the correction took its place: nobody decided it");
    let last = &all[1];
    charges::void(house, &office.billing, account, last.charge_id, last.version).await.expect("not asked for");
    let all = office.all().await;
    let refused = ask(&all[0]).await;
    assert!(matches!(refused, Err(BillingError::NotNow(why)) if why.contains("corrected")), "{refused:?}");
    let decided = all[1].nothing_asked.as_ref().expect("decided");
    assert_eq!((decided.by.account_id, decided.at), (office.billing.account(), office.test.now()));
    ask(&all[1]).await.expect("asked for");
    assert!(matches!(ask(&all[1]).await, Err(BillingError::Stale)));
    assert_eq!(states(&office.all().await), [ChargeState::Void, ChargeState::Draft]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn care_that_was_brought_back_from_before_a_charge_charges_anew_and_holds_up_nobody() {
    let office = office().await;
    let (house, clinical) = (&office.test.house, &office.test.house.stores.clinical);
    office.charged().await;
    office.corrected(1).await.expect("corrected");
    // As an older backup of the clinical store alone has it: the billing store knows more.
    const BACK: &str = "UPDATE visits SET charged_at = NULL, corrections = 0 WHERE visit_id = $1";
    clinical.commit(Batch::new().run(BACK, &[visit_id(0).into()]).expect(1)).await.expect("brought back");
    office.charged().await;
    charge(house, &office.therapist, office.ana, visit_id(1), &new_charge(1), None).await.expect("charged");
    assert_eq!(billing_outbox::count(clinical, office.practice).await, Ok(0), "all of it arrived");
    let of_the_visit = async || {
        let all = office.all_of(0).await;
        (states(&all), minutes(all.last().expect("there")))
    };
    use ChargeState::{Draft, Void};
    assert_eq!(of_the_visit().await, (vec![Void, Void, Draft], Some(33)), "what care says now is what counts");
    office.corrected(1).await.expect("corrected");
    assert_eq!(of_the_visit().await, (vec![Void, Void, Void, Draft], Some(44)));
}
