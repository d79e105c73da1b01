//! What a merge may not be used for, what it leaves behind, and answers that are sent twice.

use crate::{
    fixture::Office,
    on_both,
    requests::{agreed, may, reason},
};
use domain::{RestrictionAnswer, RestrictionKind, Role};
use ledger::{Resource, Word};
use phi::{AccessError, Purpose, ReadExercise, ReadNotes, ReadVisits};
use practice::{
    accounts::DirectoryError,
    care_team::{self, CareTeamError, NewMember},
    merging::{self, MergeError, NewMerge},
    restrictions::{self, NewRestriction, RestrictionError},
};
use store::{
    Batch,
    rows::{
        accounts::{self, AccountState},
        care_links::{self, CareKind, CareLinkRow},
        destroyed, erasure,
    },
};
use testkit::house::Person;

on_both! {
    whoever_has_a_place_on_one_of_two_records_merges_neither
    a_merge_that_is_taken_back_leaves_nothing_behind
    a_closed_record_gets_no_place_and_no_account_and_a_destroyed_one_is_not_closed
    an_answer_that_is_sent_twice_is_written_once
}

async fn whoever_has_a_place_on_one_of_two_records_merges_neither(office: Office) {
    let (theirs, treated) = (office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let admin = office.session(&office.admin).await;
    office.test.care_link(&office.admin, treated).await;
    for (closed, into) in [(theirs, treated), (treated, theirs)] {
        let merged = merging::merge(office.house(), &admin, closed, &NewMerge { into }).await;
        assert!(matches!(merged, Err(MergeError::Place)), "{merged:?}");
        assert_eq!(reason(&office, treated), "has-a-place");
        assert!(!may!(office, ReadNotes, &office.admin, theirs));
    }
    // A place that begins later is one.
    let third = office.patient("1970-01-01").await;
    let row = CareLinkRow {
        practice_id: office.practice,
        care_link_id: domain::CareLinkId::random(&crypto::SystemRng),
        patient_id: third,
        account_id: office.officer.account(),
        kind: CareKind::Assigned,
        starts_at: office.test.now() + std::time::Duration::from_secs(3600),
        ends_at: None,
        created_by: office.admin.account(),
        created_at: office.test.now(),
    };
    office.house().stores.identity.commit(care_links::insert(Batch::new(), &row)).await.expect("stored");
    let officer = office.session(&office.officer).await;
    let merged = merging::merge(office.house(), &officer, third, &NewMerge { into: theirs }).await;
    assert!(matches!(merged, Err(MergeError::Place)));
    merging::merge(office.house(), &officer, theirs, &NewMerge { into: treated })
        .await
        .expect("who is on neither does");
}

async fn a_merge_that_is_taken_back_leaves_nothing_behind(office: Office) {
    let (wrong, right) = (office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let officer = office.session(&office.officer).await;
    let kept_away = |person: &Person| agreed(RestrictionKind::Account, Some(person.account()));
    let other = office.test.account(office.practice, Role::FrontDesk).await;
    let ask = async |patient, new| restrictions::answer(office.house(), &officer, patient, &new, None).await;
    ask(wrong, kept_away(&office.clerk)).await.expect("agreed");
    ask(right, kept_away(&other)).await.expect("agreed");
    merging::merge(office.house(), &officer, wrong, &NewMerge { into: right }).await.expect("closed");
    for patient in [wrong, right] {
        assert!(!may!(office, ReadVisits, &office.clerk, patient) && !may!(office, ReadVisits, &other, patient));
    }
    merging::part(office.house(), &officer, wrong).await.expect("taken back");
    assert!(may!(office, ReadVisits, &office.clerk, right), "what another asked is not theirs");
    assert!(may!(office, ReadVisits, &other, wrong));
    assert!(!may!(office, ReadVisits, &office.clerk, wrong) && !may!(office, ReadVisits, &other, right));
    let asked = restrictions::list(office.house(), &officer, right).await.expect("read");
    assert_eq!(asked.len(), 1);
}

async fn a_closed_record_gets_no_place_and_no_account_and_a_destroyed_one_is_not_closed(office: Office) {
    let (closed, stays) = (office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let own = office.test.patient_account(office.practice, closed).await;
    let admin = office.session(&office.admin).await;
    let change = async |state| {
        let house = office.house();
        let row = accounts::by_id(&house.stores.identity, office.practice, own.account()).await.expect("read");
        let seen = row.expect("there").version;
        practice::accounts::change(house, &admin, own.account(), Role::Patient, state, seen).await.map(|_| ())
    };
    change(AccountState::Disabled).await.expect("closed");
    let officer = office.session(&office.officer).await;
    merging::merge(office.house(), &officer, closed, &NewMerge { into: stays }).await.expect("merged");
    assert!(matches!(change(AccountState::Active).await, Err(DirectoryError::Closed)));
    let therapist = office.test.account(office.practice, Role::Therapist).await;
    let place = NewMember { account_id: therapist.account(), kind: CareKind::Assigned, starts_at: None, ends_at: None };
    let given = care_team::assign(office.house(), &admin, closed, place).await;
    assert!(matches!(given, Err(CareTeamError::Closed)), "{:?}", given.err());
    merging::part(office.house(), &officer, closed).await.expect("taken back");
    assert!(!may!(office, ReadExercise, &therapist, closed), "nothing was waiting there");
    change(AccountState::Active).await.expect("their own again");

    let gone = office.patient("1970-01-01").await;
    let stores = &office.house().stores;
    let destroy = destroyed::destroy_key(Batch::new(), office.practice, gone, office.test.now(), 1);
    stores.keys.commit(destroy).await.expect("destroyed");
    stores.clinical.commit(erasure::clinical(Batch::new(), office.practice, gone, None)).await.expect("removed");
    let merged = merging::merge(office.house(), &officer, gone, &NewMerge { into: stays }).await;
    assert!(matches!(merged, Err(MergeError::Other | MergeError::Access(_))), "{merged:?}");
}

async fn an_answer_that_is_sent_twice_is_written_once(office: Office) {
    let (patient, neighbour) = (office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let officer = office.session(&office.officer).await;
    let new = agreed(RestrictionKind::Account, Some(office.clerk.account()));
    let send = async |patient, new: &NewRestriction, key| {
        restrictions::answer(office.house(), &officer, patient, new, Some(key)).await
    };
    let first = send(patient, &new, "one").await.expect("agreed");
    assert_eq!(send(patient, &new, "one").await.expect("the same"), first);
    let other = NewRestriction { answer: RestrictionAnswer::Declined, ..agreed(RestrictionKind::Notes, None) };
    assert!(matches!(send(patient, &other, "one").await, Err(RestrictionError::KeyUsed)));
    assert_ne!(send(neighbour, &new, "one").await.expect("about another"), first);
    assert_eq!(restrictions::list(office.house(), &officer, patient).await.expect("read").len(), 1);
    restrictions::end(office.house(), &officer, patient, first).await.expect("ended");
    assert!(may!(office, ReadVisits, &office.clerk, patient), "no twin keeps it in force");
    assert_eq!(send(patient, &new, "one").await.expect("late"), first);
    assert!(may!(office, ReadVisits, &office.clerk, patient), "and a late one does not bring it back");
}
