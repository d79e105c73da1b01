//! Keys that are rotated by another program while this one answers.

use crate::support::{MemoryKeys, World, world};
use crypto::{Key, SystemRng};
use domain::{PatientId, PersonName, PracticeId, Role};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{
    AccessError, Grant, KeyError, Keyring, OpenFailure, Purpose, ReadIdentity, RowId, Sealed, WriteIdentity,
    fields::patients::GivenName, rewrap_for_roots,
};
use std::sync::{Arc, Mutex};

fn why() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient")))
}

/// A patient of a practice, and somebody who may change who they are.
async fn registered(world: &World) -> (Session<Full>, PatientId) {
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, why()).await.unwrap();
    (desk, patient)
}

/// A name, sealed as somebody does who asks for leave now.
async fn sealed_now(world: &World, session: &Session<Full>, patient: PatientId) -> Sealed<GivenName> {
    let grant: Grant<'_, WriteIdentity> = world.guard.authorize(session, patient, why()).await.unwrap();
    grant.seal(RowId::new(*patient.as_bytes()), &PersonName::new("Ana").unwrap())
}

fn copy(key: &Key) -> Key {
    Key::from_bytes(*key.expose())
}

/// A practice whose key the new one of two roots wraps alone.
async fn moved_on(roots: [&Key; 2], keys: &Arc<MemoryKeys>) -> PracticeId {
    let practice = PracticeId::random(&SystemRng);
    let before = Keyring::new(roots[0], keys.clone(), Arc::new(SystemRng));
    before.create_practice_key(practice, "2026-05-14T12:00:00Z".parse().unwrap()).await.unwrap();
    keys.change_practice(practice, |stored| {
        let both = rewrap_for_roots(practice, &stored[0], &roots, &SystemRng).unwrap();
        stored[0] = rewrap_for_roots(practice, &both, &roots[1..], &SystemRng).unwrap();
    });
    practice
}

#[tokio::test]
async fn many_who_meet_a_new_root_at_the_same_moment_all_get_their_keys() {
    let (old, new) = (Key::random(&SystemRng), Key::random(&SystemRng));
    let keys = Arc::new(MemoryKeys::default());
    let practice = moved_on([&old, &new], &keys).await;
    let loads = Arc::new(Mutex::new(0));
    let (provider, counted) = (copy(&new), loads.clone());
    let keyring = Keyring::new(&old, keys.clone(), Arc::new(SystemRng)).renewing(Arc::new(move || {
        *counted.lock().unwrap() += 1;
        Some(copy(&provider))
    }));
    // All have read what is stored, with the old root in memory, before the first of them asks for the new one.
    keys.meet(3);
    let (one, two, three) = tokio::join!(
        keyring.check_practice(practice),
        keyring.check_practice(practice),
        keyring.check_practice(practice)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok(), "{one:?} {two:?} {three:?}");
    assert_eq!(*loads.lock().unwrap(), 1, "what one has loaded, the others need not load");
}

#[tokio::test]
async fn a_root_whose_provider_is_away_is_said_to_be_out_of_force_and_keys_are_no_damage() {
    let (old, new) = (Key::random(&SystemRng), Key::random(&SystemRng));
    let keys = Arc::new(MemoryKeys::default());
    let practice = moved_on([&old, &new], &keys).await;
    let there = Arc::new(Mutex::new(None));
    let provider = there.clone();
    let keyring = Keyring::new(&old, keys.clone(), Arc::new(SystemRng))
        .renewing(Arc::new(move || provider.lock().unwrap().as_ref().map(copy)));
    assert!(matches!(keyring.check_practice(practice).await, Err(KeyError::OldRoot)));
    *there.lock().unwrap() = Some(copy(&old));
    assert!(matches!(keyring.check_practice(practice).await, Err(KeyError::OldRoot)));
    *there.lock().unwrap() = Some(copy(&new));
    assert!(keyring.check_practice(practice).await.is_ok());
    // Bytes that the root in memory should unwrap and does not are damage.
    keys.change_practice(practice, |stored| *stored[0].wrapped.last_mut().unwrap() ^= 1);
    assert!(matches!(keyring.check_practice(practice).await, Err(KeyError::Unwrap("practice"))));
}

#[tokio::test]
async fn what_was_sealed_under_a_newer_key_than_a_grant_carries_is_not_taken_for_lost() {
    let world = world().await;
    let (desk, patient) = registered(&world).await;
    let (first, old) =
        (sealed_now(&world, &desk, patient).await, world.guard.authorize(&desk, patient, why()).await.unwrap());
    let old: Grant<'_, ReadIdentity> = old;
    let next = world.keyring.next_patient_key(old.receipt(), desk.practice(), patient, 2).await.unwrap();
    world.keys.change_patient(desk.practice(), patient, |stored| stored.push(next));
    let second = sealed_now(&world, &desk, patient).await;
    assert_eq!(old.open(&first).unwrap().expose().as_str(), "Ana");
    assert_eq!(old.open(&second).err().unwrap().why, OpenFailure::NewerKey);
    let new: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, patient, why()).await.unwrap();
    assert_eq!(new.open(&second).unwrap().expose().as_str(), "Ana");
    // A version that is gone is another matter.
    world.keys.change_patient(desk.practice(), patient, |stored| stored.retain(|key| key.version == 2));
    let after: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, patient, why()).await.unwrap();
    assert_eq!(after.open(&first).err().unwrap().why, OpenFailure::KeyVersion);
}

#[tokio::test]
async fn a_request_that_read_a_wrapping_which_was_let_go_since_reads_the_new_one() {
    let world = world().await;
    let (desk, patient) = registered(&world).await;
    let practice = desk.practice();
    let sealed = sealed_now(&world, &desk, patient).await;
    let grant: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, patient, why()).await.unwrap();
    let read_before = world.keys.of_patient(practice, patient);
    let next = world.keyring.next_practice_key(grant.receipt(), practice, 2);
    world.keys.change_practice(practice, |stored| stored.push(next));
    let stored = [(patient, read_before[0].clone())];
    let new = world.keyring.rewrap_patient_keys(grant.receipt(), practice, &stored).await.unwrap();
    world.keys.change_patient(practice, patient, |stored| stored[0] = new[0].1.clone());
    world.keys.change_practice(practice, |stored| stored.retain(|key| key.version == 2));
    // Others have asked since, so that the old version is not in memory either.
    world.keyring.check_practice(practice).await.unwrap();
    world.keys.answer_once_with(read_before.clone());
    let slow: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, patient, why()).await.unwrap();
    assert_eq!(slow.open(&sealed).unwrap().expose().as_str(), "Ana");
    // Somebody whose key was destroyed meanwhile is not there any more.
    world.keys.answer_once_with(read_before);
    world.keys.destroy(practice, patient);
    let gone = world.guard.authorize::<ReadIdentity>(&desk, patient, why()).await;
    assert!(matches!(gone, Err(AccessError::Denied)));
}
