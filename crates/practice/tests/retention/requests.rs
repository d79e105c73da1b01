//! What patients ask about their record, and what of it was wrong: kept by the policy, and never by forgetting.

use crate::{fixture::Office, fixture::visit, on_both};
use domain::{AccountId, PatientId, RestrictionAnswer, RestrictionKind, Role, Unobserved, VisitState};
use ledger::{Resource, Word};
use phi::{AccessError, Purpose, ReadContact, ReadExercise, ReadNotes, ReadVisits, WriteExercise};
use practice::{
    merging::{self, MergeError, NewMerge},
    restrictions::{self, NewRestriction, RestrictionError},
    retention::{NewHold, place, plan},
    voiding::{self, NewVoid, VoidError},
};
use store::{
    Batch,
    rows::{
        care_links::{self, CareKind, CareLinkRow},
        visits,
    },
};
use testkit::house::Person;

on_both! {
    notes_are_for_the_patients_own_therapist_from_the_next_request_on
    whom_a_patient_keeps_away_sees_and_ends_nothing_of_theirs
    what_does_not_fit_is_not_written_down
    a_visit_that_was_entered_in_error_does_not_move_the_clock
    a_record_that_was_made_twice_is_closed_and_read_from_the_one_that_goes_on
    records_of_one_person_are_kept_held_and_destroyed_together
    there_are_no_chains_of_merges
}

pub(crate) const fn agreed(what: RestrictionKind, account_id: Option<AccountId>) -> NewRestriction {
    NewRestriction { what, account_id, asked_on: None, answer: RestrictionAnswer::Agreed }
}

/// The reason of the last entry about a patient.
pub(crate) fn reason(office: &Office, patient: PatientId) -> String {
    let entries = office.test.ledger.entries();
    entries.iter().rfind(|entry| entry.patient == Some(patient)).expect("an entry").reason.as_str().to_owned()
}

macro_rules! may {
    ($office:expr, $permission:ty, $person:expr, $patient:expr) => {{
        let session = $office.session($person).await;
        let purpose = Purpose::treatment(Resource::whole(Word::new("record")));
        match $office.house().guard.authorize::<$permission>(&session, $patient, purpose).await {
            Ok(_) => true,
            Err(AccessError::Denied) => false,
            Err(error) => panic!("{error}"),
        }
    }};
}
pub(crate) use may;

async fn standing_in(office: &Office, member: &Person, patient: PatientId) {
    let row = CareLinkRow {
        practice_id: office.practice,
        care_link_id: domain::CareLinkId::random(&crypto::SystemRng),
        patient_id: patient,
        account_id: member.account(),
        kind: CareKind::Covering,
        starts_at: office.test.now(),
        ends_at: None,
        created_by: member.account(),
        created_at: office.test.now(),
    };
    office.house().stores.identity.commit(care_links::insert(Batch::new(), &row)).await.expect("stored");
}

async fn notes_are_for_the_patients_own_therapist_from_the_next_request_on(office: Office) {
    let patient = office.patient("1970-01-01").await;
    let own = office.test.account(office.practice, Role::Therapist).await;
    let other = office.test.account(office.practice, Role::Therapist).await;
    office.test.care_link(&own, patient).await;
    standing_in(&office, &other, patient).await;
    assert!(may!(office, ReadNotes, &other, patient));
    let officer = office.session(&office.officer).await;
    let declined = NewRestriction { answer: RestrictionAnswer::Declined, ..agreed(RestrictionKind::Notes, None) };
    restrictions::answer(office.house(), &officer, patient, &declined, None).await.expect("written down");
    assert!(may!(office, ReadNotes, &other, patient), "what was declined changes nothing");
    let asked =
        restrictions::answer(office.house(), &officer, patient, &agreed(RestrictionKind::Notes, None), None).await;
    let asked = asked.expect("agreed");
    assert!(!may!(office, ReadNotes, &other, patient));
    assert_eq!(reason(&office, patient), "notes-withheld");
    assert!(may!(office, ReadExercise, &other, patient) && may!(office, ReadNotes, &own, patient));
    let session = office.session(&other).await;
    assert!(restrictions::notes_withheld(office.house(), &session, patient).await.expect("asked"));
    // Of another patient nothing is withheld.
    let neighbour = office.patient("1970-01-01").await;
    standing_in(&office, &other, neighbour).await;
    assert!(may!(office, ReadNotes, &other, neighbour));

    office.test.clock.advance_seconds(3600);
    let stale = restrictions::end(office.house(), &officer, patient, asked).await;
    assert!(matches!(stale, Err(RestrictionError::NotInPerson(_))), "the factor was proven an hour ago");
    let fresh = office.session(&office.admin).await;
    restrictions::end(office.house(), &fresh, patient, asked).await.expect("ended");
    assert!(may!(office, ReadNotes, &other, patient));
    let again = restrictions::end(office.house(), &fresh, patient, asked).await;
    assert!(matches!(again, Err(RestrictionError::NotInForce)));
    let all = restrictions::list(office.house(), &fresh, patient).await.expect("read");
    let ended = all.iter().find(|one| one.restriction_id == asked).expect("it stays");
    assert_eq!((all.len(), ended.in_force, ended.answer), (2, false, RestrictionAnswer::Agreed));
    assert_eq!(ended.decided_by.account_id, office.officer.account());
    assert_eq!(ended.ended_by.as_ref().map(|by| by.account_id), Some(office.admin.account()));
}

async fn whom_a_patient_keeps_away_sees_and_ends_nothing_of_theirs(office: Office) {
    let patient = office.patient("1970-01-01").await;
    let therapist = office.test.account(office.practice, Role::Therapist).await;
    office.test.care_link(&therapist, patient).await;
    let officer = office.session(&office.officer).await;
    for kept in [&therapist, &office.clerk, &office.admin] {
        let new = agreed(RestrictionKind::Account, Some(kept.account()));
        restrictions::answer(office.house(), &officer, patient, &new, None).await.expect("agreed");
    }
    assert!(!may!(office, ReadExercise, &therapist, patient) && !may!(office, ReadNotes, &therapist, patient));
    assert_eq!(reason(&office, patient), "patient-keeps-away");
    assert!(!may!(office, ReadVisits, &office.clerk, patient), "the front desk too");
    assert!(!may!(office, ReadContact, &office.clerk, patient));
    let colleague = office.test.account(office.practice, Role::FrontDesk).await;
    assert!(may!(office, ReadVisits, &colleague, patient));
    let admin = office.session(&office.admin).await;
    let all = restrictions::list(office.house(), &admin, patient).await.expect("read");
    for one in &all {
        let end = restrictions::end(office.house(), &admin, patient, one.restriction_id).await;
        assert!(matches!(end, Err(RestrictionError::Named)));
    }
    let theirs = all.iter().find(|one| one.account.as_ref().is_some_and(|who| who.account_id == therapist.account()));
    restrictions::end(office.house(), &officer, patient, theirs.expect("there").restriction_id).await.expect("ended");
    assert!(may!(office, ReadExercise, &therapist, patient));
    for role in [Role::Therapist, Role::FrontDesk, Role::Billing, Role::Operator] {
        let session = office.session(&office.test.account(office.practice, role).await).await;
        let list = restrictions::list(office.house(), &session, patient).await;
        assert!(matches!(list, Err(RestrictionError::Access(AccessError::Denied))), "{role}");
    }
}

async fn what_does_not_fit_is_not_written_down(office: Office) {
    let patient = office.patient("1970-01-01").await;
    let own = office.test.patient_account(office.practice, patient).await;
    let elsewhere = office.test.account(office.test.practice().await, Role::Therapist).await;
    let officer = office.session(&office.officer).await;
    let answer = async |new: NewRestriction| restrictions::answer(office.house(), &officer, patient, &new, None).await;
    for account in [None, Some(own.account()), Some(elsewhere.account())] {
        let refused = answer(agreed(RestrictionKind::Account, account)).await;
        assert!(matches!(refused, Err(RestrictionError::Account)), "{account:?}");
    }
    let both = answer(agreed(RestrictionKind::Notes, Some(office.clerk.account()))).await;
    assert!(matches!(both, Err(RestrictionError::Account)));
    let tomorrow = Some("2026-05-15".parse().expect("a day"));
    let early = answer(NewRestriction { asked_on: tomorrow, ..agreed(RestrictionKind::Notes, None) }).await;
    assert!(matches!(early, Err(RestrictionError::Day)));
    assert!(restrictions::list(office.house(), &officer, patient).await.expect("read").is_empty());
    assert!(may!(office, ReadExercise, &own, patient));
}

fn wrong() -> NewVoid {
    NewVoid { reason: "Another patient's".parse().expect("fits") }
}

async fn a_visit_that_was_entered_in_error_does_not_move_the_clock(office: Office) {
    let patient = office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let at = |at: &str| at.parse().expect("a moment");
    let row = visit(office.practice, patient, at("2026-05-12T15:00:00Z"), VisitState::Held);
    let late = visit(office.practice, office.patient("1970-01-01").await, at("2025-05-12T15:00:00Z"), VisitState::Held);
    let batch = visits::insert(visits::insert(Batch::new(), &row), &late);
    office.house().stores.clinical.commit(batch).await.expect("stored");
    let officer = office.session(&office.officer).await;
    let planned = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    assert!(office.items(planned).await.is_empty(), "seen this week, and last year");
    let clerk = office.session(&office.clerk).await;
    voiding::visit(office.house(), &clerk, patient, row.visit_id, &wrong()).await.expect("said");
    voiding::visit(office.house(), &clerk, late.patient_id, late.visit_id, &wrong()).await.expect("said");
    let again = voiding::visit(office.house(), &clerk, patient, row.visit_id, &wrong()).await;
    assert!(matches!(again, Err(VoidError::NotStanding)));
    let planned = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    let items = office.items(planned).await;
    assert_eq!((items.len(), items[0].verdict.word()), (1, "due"), "who says it a year later leaves the clock alone");
    assert_eq!(items[0].last_care.map(|day| day.to_string()).as_deref(), Some("2015-01-01"));
    let clinical = &office.house().stores.clinical;
    let kept = visits::by_id(clinical, office.practice, patient, row.visit_id).await.expect("read").expect("it stays");
    assert_eq!(kept.voided.map(|void| void.by), Some(office.clerk.account()));
}

async fn a_record_that_was_made_twice_is_closed_and_read_from_the_one_that_goes_on(office: Office) {
    let (twice, stays) = (office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let before = office.test.account(office.practice, Role::Therapist).await;
    let now = office.test.account(office.practice, Role::Therapist).await;
    office.test.care_link(&before, twice).await;
    office.test.care_link(&now, stays).await;
    let officer = office.session(&office.officer).await;
    let keep_away = agreed(RestrictionKind::Account, Some(office.clerk.account()));
    restrictions::answer(office.house(), &officer, twice, &keep_away, None).await.expect("agreed");
    merging::merge(office.house(), &officer, twice, &NewMerge { into: stays }).await.expect("closed");

    assert!(may!(office, ReadExercise, &now, twice) && may!(office, ReadNotes, &now, twice));
    assert!(!may!(office, WriteExercise, &now, twice), "nobody writes in it");
    assert_eq!(reason(&office, twice), "record-made-twice");
    assert!(may!(office, WriteExercise, &now, stays));
    assert!(!may!(office, ReadExercise, &before, twice), "their place ended");
    assert!(!may!(office, ReadVisits, &office.clerk, stays), "what was asked about the one holds for the other");
    let late = restrictions::answer(office.house(), &officer, twice, &agreed(RestrictionKind::Notes, None), None).await;
    assert!(matches!(late, Err(RestrictionError::Closed)));
    let view = merging::standing(office.house(), &officer, stays).await.expect("read");
    assert_eq!((view.into, view.others), (None, vec![twice]));
    let chart = practice::progress::chart(office.house(), &office.session(&now).await, twice).await.expect("opened");
    assert_eq!(chart.goes_on_as, Some(stays));

    let asked = restrictions::list(office.house(), &officer, stays).await.expect("read");
    assert_eq!((asked.len(), asked[0].patient_id), (1, twice), "and is shown there");

    merging::part(office.house(), &officer, twice).await.expect("taken back");
    assert!(!may!(office, ReadExercise, &now, twice) && !may!(office, ReadExercise, &before, twice));
    office.test.care_link(&before, twice).await;
    assert!(may!(office, WriteExercise, &before, twice));
    merging::merge(office.house(), &officer, twice, &NewMerge { into: stays }).await.expect("closed again");
    assert!(may!(office, ReadExercise, &now, twice));
}

async fn records_of_one_person_are_kept_held_and_destroyed_together(office: Office) {
    let officer = office.session(&office.officer).await;
    let merge = async |twice: PatientId, stays: PatientId| {
        merging::merge(office.house(), &officer, twice, &NewMerge { into: stays }).await.expect("closed");
    };
    let (old, young) = (office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await, office.patient("1970-01-01").await);
    office.visit(young, "2025-03-01T15:00:00Z", VisitState::Held).await;
    merge(old, young).await;
    let (empty, seen) =
        (office.patient("1970-01-01").await, office.seen_at("1970-01-01", "2014-01-01T15:00:00Z").await);
    merge(empty, seen).await;
    let (held, other) = (
        office.seen_at("1970-01-01", "2013-01-01T15:00:00Z").await,
        office.seen_at("1970-01-01", "2013-01-01T15:00:00Z").await,
    );
    merge(held, other).await;
    let hold = NewHold { patient_id: Some(other), incident: None, reason: "A claim".parse().expect("fits") };
    let second = office.test.account(office.practice, Role::PrivacyOfficer).await;
    place(office.house(), &office.session(&second).await, &hold).await.expect("held");

    let made = office.approved().await;
    let due: Vec<_> = office.items(made).await.into_iter().filter(|item| item.verdict.word() == "due").collect();
    assert_eq!(due.len(), 2, "the one without a visit of its own goes with the other");
    office.cool();
    let done = office.purge(made).await.expect("carried out");
    assert_eq!((done.destroyed, done.spared), (2, 0));
    let mut survivors = vec![old, young, held, other];
    survivors.sort();
    assert_eq!(office.survivors().await, survivors);
    for gone in [empty, seen] {
        assert_eq!(office.traces(gone).await, (0, false));
    }
}

async fn there_are_no_chains_of_merges(office: Office) {
    let (a, b, c) =
        (office.patient("1970-01-01").await, office.patient("1970-01-01").await, office.patient("1970-01-01").await);
    let officer = office.session(&office.officer).await;
    let merge =
        async |of: PatientId, into: PatientId| merging::merge(office.house(), &officer, of, &NewMerge { into }).await;
    assert!(matches!(merge(a, a).await, Err(MergeError::Other)));
    assert!(matches!(merge(a, PatientId::random(&crypto::SystemRng)).await, Err(MergeError::Other)));
    merge(a, b).await.expect("closed");
    for (of, into) in [(b, c), (c, a), (b, a), (a, c)] {
        assert!(matches!(merge(of, into).await, Err(MergeError::Standing)), "{of} {into}");
    }
    merge(c, b).await.expect("a third of the same person");
    assert!(matches!(merging::part(office.house(), &officer, b).await, Err(MergeError::Standing)));
    let own = office.patient("1970-01-01").await;
    office.test.patient_account(office.practice, own).await;
    assert!(matches!(merge(own, b).await, Err(MergeError::HasAccount)));
}
