//! What comes between the moment at which somebody is let merge or part records and the one at which it is stored; and who is
//! not let part them.

use crate::{
    fixture::{At, Office, beside},
    on_both,
    requests::{agreed, may, reason},
};
use domain::{PatientId, RestrictionKind, Role};
use ledger::{Resource, Word};
use phi::{AccessError, Purpose, ReadExercise};
use practice::{
    accounts::{self, DirectoryError, InvitePatientError},
    merging::{self, MergeError, NewMerge},
    restrictions::{self, RestrictionError},
};
use std::{
    future::poll_fn,
    pin::pin,
    task::Poll::{Pending, Ready},
};
use store::{
    CommitError,
    rows::{
        accounts::{AccountState, by_id, by_patient},
        merges,
    },
};
use testkit::house::Person;

on_both! {
    whom_a_patient_keeps_away_parts_no_records_of_theirs
    whoever_has_a_place_on_one_of_two_records_parts_neither
    what_is_decided_in_a_session_that_was_ended_meanwhile_is_not_stored
    an_account_is_not_enabled_beside_a_merge_that_closes_its_record
    an_account_is_not_added_or_emptied_beside_a_merge_that_closes_its_record
    whoever_is_condemned_is_neither_merged_nor_parted_any_more
}

const ADULT: &str = "1970-01-01";
const LONG_AGO: &str = "2015-01-01T15:00:00Z";

async fn merge(office: &Office, closed: PatientId, into: PatientId) -> Result<(), MergeError> {
    let officer = office.session(&office.officer).await;
    merging::merge(office.house(), &officer, closed, &NewMerge { into }).await
}

async fn is_closed(office: &Office, patient: PatientId) -> bool {
    let last = merges::of_patient(&office.house().stores.identity, office.practice, patient).await.expect("read");
    last.is_some_and(|row| row.into.is_some())
}

/// Lets a request come as far as its next entry in the trail, and another go past it there.
async fn overtaken<A, B>(
    office: &Office,
    action: &str,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut first = pin!(first);
    let before = office.test.ledger.entries().len();
    // Asked before the request is: behind its entry it does not go on.
    let recorded = poll_fn(|_| {
        let there = office.test.ledger.entries()[before..].iter().any(|entry| entry.action.as_str() == action);
        if there { Ready(()) } else { Pending }
    });
    let done = tokio::select! {
        biased;
        () = recorded => None,
        done = &mut first => Some(done),
    };
    let second = second.await;
    let first = match done {
        Some(done) => done,
        None => first.await,
    };
    (first, second)
}

async fn whom_a_patient_keeps_away_parts_no_records_of_theirs(office: Office) {
    let (twice, stays) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let officer = office.session(&office.officer).await;
    let keep_away = agreed(RestrictionKind::Account, Some(office.admin.account()));
    restrictions::answer(office.house(), &officer, twice, &keep_away, None).await.expect("agreed");
    merge(&office, twice, stays).await.expect("closed");
    let admin = office.session(&office.admin).await;
    let parted = merging::part(office.house(), &admin, twice).await;
    assert!(matches!(parted, Err(MergeError::Named)), "{parted:?}");
    assert_eq!(reason(&office, twice), "patient-keeps-away");
    // Nor where they are on the team of the one that goes on, which they would open to themself.
    office.test.care_link(&office.admin, stays).await;
    assert!(merging::part(office.house(), &admin, twice).await.is_err());
    assert!(!may!(office, ReadExercise, &office.admin, stays) && is_closed(&office, twice).await);
    merging::part(office.house(), &officer, twice).await.expect("a colleague does");
}

async fn whoever_has_a_place_on_one_of_two_records_parts_neither(office: Office) {
    let (twice, stays) = (office.patient(ADULT).await, office.patient(ADULT).await);
    merge(&office, twice, stays).await.expect("closed");
    office.test.care_link(&office.admin, stays).await;
    let parted = merging::part(office.house(), &office.session(&office.admin).await, twice).await;
    assert!(matches!(parted, Err(MergeError::Place)), "{parted:?}");
    assert_eq!(reason(&office, stays), "has-a-place");
    let entries = office.test.ledger.entries();
    assert_eq!(entries.last().map(|entry| entry.action.as_str()), Some("unmerge_record"));
    assert!(is_closed(&office, twice).await);
}

async fn what_is_decided_in_a_session_that_was_ended_meanwhile_is_not_stored(office: Office) {
    let (twice, stays) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let officer = office.session(&office.officer).await;
    let keep_away = agreed(RestrictionKind::Account, Some(office.clerk.account()));
    let asked = restrictions::answer(office.house(), &officer, stays, &keep_away, None).await.expect("agreed");
    let ended = office.ended_session(&office.officer).await;
    let merged = merging::merge(office.house(), &ended, twice, &NewMerge { into: stays }).await;
    assert!(matches!(merged, Err(MergeError::Commit(CommitError::Conflict { .. }))), "{merged:?}");
    assert!(!is_closed(&office, twice).await);
    merge(&office, twice, stays).await.expect("closed");
    let parted = merging::part(office.house(), &ended, twice).await;
    assert!(matches!(parted, Err(MergeError::Commit(CommitError::Conflict { .. }))), "{parted:?}");
    assert!(is_closed(&office, twice).await);
    let lifted = restrictions::end(office.house(), &ended, stays, asked).await;
    assert!(matches!(lifted, Err(RestrictionError::Commit(CommitError::Conflict { .. }))), "{lifted:?}");
    assert!(restrictions::list(office.house(), &officer, stays).await.expect("read")[0].in_force);
}

/// Sets the state of the account of a patient, as an administrator does.
pub(crate) async fn set(office: &Office, own: &Person, state: AccountState) -> Result<(), DirectoryError> {
    let admin = office.session(&office.admin).await;
    let row = by_id(&office.house().stores.identity, office.practice, own.account()).await.expect("read");
    let seen = row.expect("there").version;
    accounts::change(office.house(), &admin, own.account(), Role::Patient, state, seen).await.map(|_| ())
}

async fn an_account_is_not_enabled_beside_a_merge_that_closes_its_record(office: Office) {
    let stays = office.patient(ADULT).await;
    for merge_first in [true, false] {
        let twice = office.patient(ADULT).await;
        let own = office.test.patient_account(office.practice, twice).await;
        set(&office, &own, AccountState::Disabled).await.expect("disabled");
        let (merging, enabling) = (merge(&office, twice, stays), set(&office, &own, AccountState::Active));
        let (merged, enabled) = if merge_first {
            overtaken(&office, "merge_record", merging, enabling).await
        } else {
            let (enabled, merged) = overtaken(&office, "change_account", enabling, merging).await;
            (merged, enabled)
        };
        match (&merged, &enabled) {
            (Err(MergeError::HasAccount), Ok(())) | (Ok(()), Err(DirectoryError::Closed)) => {}
            both => panic!("merge first {merge_first}: {both:?}"),
        }
        let row = by_patient(&office.house().stores.identity, office.practice, twice).await.expect("read");
        assert_eq!(row.expect("there").state == AccountState::Disabled, is_closed(&office, twice).await);
    }
}

async fn an_account_is_not_added_or_emptied_beside_a_merge_that_closes_its_record(office: Office) {
    let stays = office.patient(ADULT).await;
    let clerk = office.session(&office.clerk).await;
    for merge_first in [true, false] {
        let twice = office.test.patient(office.practice, "Ada", "Canary").await;
        let (merging, adding) = (merge(&office, twice, stays), accounts::invite_patient(office.house(), &clerk, twice));
        let (merged, added) = if merge_first {
            overtaken(&office, "merge_record", merging, adding).await
        } else {
            let (added, merged) = overtaken(&office, "write_identity", adding, merging).await;
            (merged, added)
        };
        match (&merged, added.map(|_| ())) {
            (Err(MergeError::HasAccount), Ok(())) | (Ok(()), Err(InvitePatientError::Closed)) => {}
            both => panic!("merge first {merge_first}: {both:?}"),
        }
    }
    let twice = office.patient(ADULT).await;
    let own = office.test.patient_account(office.practice, twice).await;
    set(&office, &own, AccountState::Disabled).await.expect("disabled");
    merge(&office, twice, stays).await.expect("closed");
    let admin = office.session(&office.admin).await;
    let emptied = accounts::invite_again(office.house(), &admin, own.account()).await;
    assert!(matches!(emptied.map(|_| ()), Err(DirectoryError::Closed)), "it would no longer be disabled");
}

async fn whoever_is_condemned_is_neither_merged_nor_parted_any_more(office: Office) {
    let (due, twice) = (office.seen_at(ADULT, LONG_AGO).await, office.seen_at(ADULT, LONG_AGO).await);
    let seen = office.seen_at(ADULT, "2026-05-12T15:00:00Z").await;
    merge(&office, twice, due).await.expect("closed");
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let comes = At::new("condemned", || {
        for (closed, into) in [(due, seen), (seen, due)] {
            let late = beside(merging::merge(office.house(), &officer, closed, &NewMerge { into }));
            assert!(matches!(late, Err(MergeError::TooLate)), "{late:?}");
        }
        let late = beside(merging::part(office.house(), &officer, twice));
        assert!(matches!(late, Err(MergeError::TooLate)), "{late:?}");
    });
    assert_eq!(office.purge_seen_by(plan, &comes).await.expect("carried out").destroyed, 2);
    assert_eq!(office.survivors().await, [seen]);
}
