//! Whom billing knows is destroyed like everybody else, and billing keeps what its statements need: for itself alone, and only of
//! whom the record is gone.

pub(crate) mod scene;

use crate::{
    archived::with_archive,
    fixture::{At, Office, beside},
    on_both,
    requests::agreed,
};
use domain::{PatientId, PermissionName, RestrictionKind, Role, VisitState, retention::VerdictKind};
use ledger::{Outcome, Word};
use phi::{AccessError, billing_branch};
use practice::{
    billing::{
        accounts::{self},
        charging::charge_watched,
        statement,
    },
    merging::{self, NewMerge},
    patients::{self},
    record::RecordError,
    restrictions::{self, RestrictionError},
    retention::{Purged, certificate, certificate_pdf, reapply, verify_certificate},
};
use scene::{
    EMAIL, FAMILY, account_of, billed, columns_with, cut_off, is_whole, kept, nothing_kept, services, stated, treated,
    why,
};
use std::collections::BTreeMap;
use store::{
    Batch,
    rows::{billing::charges, billing_outbox, destroyed},
};
use testkit::house::Person;

on_both! {
    a_billed_patient_is_destroyed_and_billing_states_the_account_with_their_name
    nobody_but_billing_comes_to_the_name_of_whoever_was_destroyed
    with_the_accounts_key_the_name_is_gone
    whoever_was_kept_away_is_kept_away_from_what_billing_keeps
    of_whoever_is_spared_after_all_nothing_is_kept
    whose_name_does_not_open_is_spared_and_nothing_is_kept_of_whose_record_does_not
    what_is_on_its_way_to_billing_arrives_first_or_keeps_its_patient
    nobody_is_charged_whose_destruction_has_begun
    what_billing_keeps_is_looked_for_once_more_before_the_key_goes
    of_records_that_were_made_twice_each_account_keeps_its_own_name
}

async fn a_billed_patient_is_destroyed_and_billing_states_the_account_with_their_name(office: Office) {
    let (patient, account) = billed(&office, "Ana").await;
    let other = office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let plan = office.approved().await;
    let planned: BTreeMap<PatientId, (VerdictKind, bool)> =
        office.items(plan).await.iter().map(|item| (item.patient_id, (item.verdict, item.billing_keeps))).collect();
    let due = |keeps| (VerdictKind::Due, keeps);
    assert_eq!(planned, BTreeMap::from([(patient, due(true)), (other, due(false))]), "it says what stays");
    assert_eq!(kept(&office).await, 0, "a plan opens and keeps nothing");
    office.cool();
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 2, spared: 0, did_something: true });
    assert_eq!(office.traces(patient).await, (0, false), "no row and no key");
    assert!(office.survivors().await.is_empty());
    let read = patients::read(office.house(), &office.session(&office.clerk).await, patient).await;
    assert!(matches!(read, Err(RecordError::Access(AccessError::Gone))));

    let biller = office.test.account(office.practice, Role::Billing).await;
    assert!(is_whole(stated(&office, &biller, account).await, &format!("Ana {FAMILY}")));
    let session = office.session(&biller).await;
    let sheet = statement::statement(office.house(), &session, account).await.expect("stated").pdf();
    assert!(sheet.windows(FAMILY.len()).any(|window| window == FAMILY.as_bytes()), "the sheet is for somebody");
    let entries = office.test.ledger.entries();
    let looked = entries.iter().filter(|entry| {
        entry.patient == Some(patient) && entry.permission == Some(PermissionName::ReadContact) && entry.actor.is_some()
    });
    assert!(looked.clone().count() >= 3 && looked.clone().all(|entry| entry.outcome == Outcome::Allowed));
    let kept_by = entries.iter().filter(|entry| entry.action.as_str() == "keep_contact");
    let kept_by: Vec<_> = kept_by.map(|entry| (entry.patient, entry.outcome, entry.reason.as_str())).collect();
    assert_eq!(kept_by, [(Some(patient), Outcome::Allowed, "usual")], "opened once, and recorded");
    for text in [FAMILY, EMAIL, "Ana"] {
        assert_eq!(columns_with(&office, text).await, Vec::<String>::new(), "{text} stands in the open");
    }

    let (_, key) = office.signing();
    for (whom, keeps) in [(patient, true), (other, false)] {
        let note = certificate(office.house(), &office.session(&office.officer).await, whom).await.expect("there");
        assert_eq!(verify_certificate(&note, &key).expect("genuine").kept_for_billing, keeps);
        certificate_pdf(&note).expect("a sheet");
    }
}

async fn nobody_but_billing_comes_to_the_name_of_whoever_was_destroyed(office: Office) {
    let (patient, account) = billed(&office, "Ana").await;
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    let guard = &office.house().guard;
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Billing | Role::Patient)) {
        let person = office.test.account(office.practice, *role).await;
        let session = office.session(&person).await;
        let led = guard.follow_link(&session, account, why()).await;
        assert!(matches!(led, Err(AccessError::Denied)), "{role}");
        assert!(statement::statement(office.house(), &session, account).await.is_err(), "{role}");
        assert_eq!(guard.explain(&person.claims, patient).await.expect("explained").allowed, [], "{role}");
    }
    let biller = office.test.account(office.practice, Role::Billing).await;
    let session = office.session(&biller).await;
    for refused in [
        guard.authorize::<phi::ReadContact>(&session, patient, why()).await.err(),
        guard.authorize::<phi::ReadIdentity>(&session, patient, why()).await.err(),
    ] {
        assert!(matches!(refused, Some(AccessError::Denied)), "by the patient's id billing comes to nothing");
    }
    // Whoever asks the policy is told what is so.
    let standing = guard.explain(&biller.claims, patient).await.expect("explained");
    assert_eq!(standing.allowed, [(PermissionName::ReadContact, Word::new("billing-contacts"))]);
}

async fn with_the_accounts_key_the_name_is_gone(office: Office) {
    let (_, account) = billed(&office, "Ana").await;
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    let branch = billing_branch(office.practice);
    let as_key = PatientId::from_bytes(*account.as_bytes());
    let destroy = destroyed::destroy_key(Batch::new(), branch, as_key, office.test.now(), 1);
    office.house().stores.keys.commit(destroy).await.expect("destroyed");
    assert_eq!(kept(&office).await, 1, "the ciphertext may still lie there");
    let biller = office.test.account(office.practice, Role::Billing).await;
    let session = office.session(&biller).await;
    let led = office.house().guard.follow_link(&session, account, why()).await;
    assert!(matches!(led, Err(AccessError::Denied)));
}

async fn whoever_was_kept_away_is_kept_away_from_what_billing_keeps(office: Office) {
    let (patient, account) = billed(&office, "Ana").await;
    let away = office.test.account(office.practice, Role::Billing).await;
    let late = office.test.account(office.practice, Role::Billing).await;
    let biller = office.test.account(office.practice, Role::Billing).await;
    let ask = async |person: &Person| {
        let new = agreed(RestrictionKind::Account, Some(person.account()));
        restrictions::answer(office.house(), &office.session(&office.officer).await, patient, &new, None).await
    };
    ask(&away).await.expect("agreed");
    let plan = office.approved().await;
    office.cool();
    // Later than that it would be lost with the record, and with nobody kept away.
    let asks = At::new("contact_kept", || {
        assert!(matches!(beside(ask(&late)), Err(RestrictionError::Ending)));
    });
    assert_eq!(office.purge_seen_by(plan, &asks).await.expect("carried out").destroyed, 1);
    assert!(stated(&office, &away, account).await.is_none(), "the charges, and no name");
    assert!(is_whole(stated(&office, &biller, account).await, &format!("Ana {FAMILY}")));
    let standing = office.house().guard.explain(&away.claims, patient).await.expect("explained");
    assert_eq!(standing.allowed, []);
    // It can still be asked for, and holds.
    ask(&late).await.expect("agreed");
    assert!(stated(&office, &late, account).await.is_none());
}

async fn of_whoever_is_spared_after_all_nothing_is_kept(office: Office) {
    let (patient, account) = billed(&office, "Ana").await;
    let plan = office.approved().await;
    office.cool();
    for step in ["contact_kept", "archived", "recorded"] {
        cut_off(&office, plan, step).await;
        assert_eq!(kept(&office).await, 1, "{step}");
    }
    // Taken back meanwhile: the next run lets everybody go back to the beginning.
    office.visit(patient, "2026-05-16T12:00:00Z", VisitState::Held).await;
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true });
    assert_eq!(kept(&office).await, 0, "it would be of a day that is past");
    let biller = office.test.account(office.practice, Role::Billing).await;
    assert!(is_whole(stated(&office, &biller, account).await, &format!("Ana {FAMILY}")), "from the record");
}

async fn whose_name_does_not_open_is_spared_and_nothing_is_kept_of_whose_record_does_not(office: Office) {
    let archive = with_archive(office);
    let office = &archive.office;
    let (nameless, spoilt_account) = billed(office, "Ana").await;
    let (unreadable, _) = billed(office, "Ben").await;
    let (gone, account) = billed(office, "Cem").await;
    const SPOIL: &str = "UPDATE patients SET given_name = $1 WHERE patient_id = $2";
    let spoilt: &[u8] = &[1; 60];
    let batch = Batch::new().run(SPOIL, &[spoilt.into(), nameless.into()]).expect(1);
    office.house().stores.clinical.commit(batch).await.expect("spoilt");
    // A visit that is sealed under no key at all: the name opens, and the archive cannot be made.
    office.visit(unreadable, "2014-01-01T15:00:00Z", VisitState::Held).await;
    let plan = office.approved().await;
    office.cool();
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 2, did_something: true });
    let mut survivors = [nameless, unreadable];
    survivors.sort();
    assert_eq!(office.survivors().await, survivors);
    assert_eq!(kept(office).await, 1, "of the one who was destroyed");
    let biller = office.test.account(office.practice, Role::Billing).await;
    // In the list, in which the spoilt name stands too.
    assert!(is_whole(stated(office, &biller, account).await, &format!("Cem {FAMILY}")));
    let session = office.session(&biller).await;
    let listed = accounts::list(office.house(), &session, None, 100).await.expect("listed").items;
    let damaged: Vec<_> = listed.iter().filter(|line| line.name_is_damaged).map(|line| line.account_id).collect();
    assert_eq!((listed.len(), &damaged[..]), (3, &[spoilt_account][..]), "it says whose name is damaged");
    assert!(listed.iter().all(|line| line.name.is_some() != line.name_is_damaged));
    let view = accounts::one(office.house(), &session, spoilt_account).await.expect("the account is whole");
    assert!(view.contact_is_damaged && view.contact.is_none() && view.charges.len() == 1);
    let entries = office.test.ledger.entries();
    let spared: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == "spare_record").collect();
    assert!(spared.iter().all(|entry| entry.reason.as_str() == "does-not-open") && spared.len() == 2);
    assert!(!office.traces(gone).await.1);
}

async fn what_is_on_its_way_to_billing_arrives_first_or_keeps_its_patient(office: Office) {
    let (waits, broken) = (treated(&office, "Ana").await, treated(&office, "Ben").await);
    let branch = billing_branch(office.practice);
    let stores = &office.house().stores;
    for (patient, visit, therapist) in [&waits, &broken] {
        let session = office.session(therapist).await;
        let sent = charge_watched(office.house(), &session, *patient, *visit, &services(), &domain::Unobserved).await;
        sent.expect("charged, and nobody carries it");
    }
    const SPOIL: &str = "UPDATE billing_outbox SET crossing = $1 WHERE visit_id = $2";
    let spoilt: &[u8] = &[1; 60];
    let batch = Batch::new().run(SPOIL, &[spoilt.into(), broken.1.into()]).expect(1);
    stores.clinical.commit(batch).await.expect("spoilt");
    assert_eq!(charges::drafts(&stores.billing, branch, None, 10).await.expect("read").len(), 0);
    let plan = office.approved().await;
    office.cool();
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 1, did_something: true });
    assert_eq!(office.survivors().await, [broken.0]);
    assert_eq!(charges::drafts(&stores.billing, branch, None, 10).await.expect("read").len(), 1, "it arrived");
    assert_eq!(billing_outbox::count(&stores.clinical, office.practice).await, Ok(1));
    let account = account_of(&office, waits.0).await;
    let biller = office.test.account(office.practice, Role::Billing).await;
    assert!(is_whole(stated(&office, &biller, account).await, &format!("Ana {FAMILY}")));
    let entries = office.test.ledger.entries();
    let spared = entries.iter().rfind(|entry| entry.action.as_str() == "spare_record").expect("recorded");
    assert_eq!((spared.patient, spared.reason.as_str()), (Some(broken.0), "charge-on-its-way"));
}

/// Leave to charge was given before, and is used after.
async fn nobody_is_charged_whose_destruction_has_begun(office: Office) {
    let (patient, _, therapist) = treated(&office, "Ana").await;
    let plan = office.approved().await;
    office.cool();
    let session = office.session(&therapist).await;
    let guard = &office.house().guard;
    let early = guard.charge(&session, patient, why()).await.expect("allowed");
    let early = std::sync::Mutex::new(Some(early));
    let charges = At::new("condemned", || {
        let grant = early.lock().expect("nobody panicked").take().expect("once");
        assert!(matches!(beside(grant.open_account()).map(drop), Err(AccessError::Denied)));
    });
    let late = guard.charge(&session, patient, why()).await.expect("allowed");
    assert_eq!(office.purge_seen_by(plan, &charges).await.expect("carried out").destroyed, 1);
    // Nobody is condemned any more: there is no key, and no certificate that would have to be taken back.
    assert!(matches!(late.open_account().await.map(drop), Err(AccessError::Denied)));
}

async fn what_billing_keeps_is_looked_for_once_more_before_the_key_goes(office: Office) {
    let (patient, account) = billed(&office, "Ana").await;
    let plan = office.approved().await;
    office.cool();
    cut_off(&office, plan, "listed").await;
    nothing_kept(&office).await;
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    let biller = office.test.account(office.practice, Role::Billing).await;
    assert!(is_whole(stated(&office, &biller, account).await, &format!("Ana {FAMILY}")));

    // A backup from before brings the record and a link without anything; the record is destroyed again before it is served.
    nothing_kept(&office).await;
    reapply(&office.house().stores, &office.house().keyring, office.destroyed().entries()).await.expect("applied");
    assert!(stated(&office, &biller, account).await.is_none(), "the account, without a name");
    assert_eq!(office.traces(patient).await, (0, false));
}

async fn of_records_that_were_made_twice_each_account_keeps_its_own_name(office: Office) {
    let ((twice, one), (stays, other)) = (billed(&office, "Ann").await, billed(&office, "Anna").await);
    let away = office.test.account(office.practice, Role::Billing).await;
    let new = agreed(RestrictionKind::Account, Some(away.account()));
    let officer = office.session(&office.officer).await;
    restrictions::answer(office.house(), &officer, stays, &new, None).await.expect("agreed");
    merging::merge(office.house(), &officer, twice, &NewMerge { into: stays }).await.expect("closed");
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 2);
    let biller = office.test.account(office.practice, Role::Billing).await;
    assert!(is_whole(stated(&office, &biller, one).await, &format!("Ann {FAMILY}")));
    assert!(is_whole(stated(&office, &biller, other).await, &format!("Anna {FAMILY}")));
    for account in [one, other] {
        assert!(stated(&office, &away, account).await.is_none(), "what was asked for one record holds for both");
    }
}
