use crate::fixture::{House, PASSWORD, at, block_on, typed};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc};
use crypto::Key;
use domain::{AccountId, SeededRng};
use identity::{HashingLimits, NewPassword, Password, PasswordError, PasswordHash, PasswordHasher, WeakPassword};
use std::{future::Future, pin::pin, sync::mpsc, task::Context};

#[test]
fn a_right_password_is_a_proof_and_needs_no_new_hash() {
    let house = House::new();
    let account = house.therapist.account;
    let stored = Some((account, house.password_hash(account)));
    let verified = block_on(house.hasher.verify(typed(PASSWORD), stored, &house.rng)).expect("right");
    assert_eq!(verified.proof.account(), account);
    assert!(verified.upgraded.is_none());
}

#[test]
fn a_wrong_password_and_an_unknown_account_answer_the_same() {
    let house = House::new();
    let account = house.therapist.account;
    let stored = Some((account, house.password_hash(account)));
    let wrong = block_on(house.hasher.verify(typed("not the password"), stored, &house.rng)).err();
    let unknown = block_on(house.hasher.verify(typed(PASSWORD), None, &house.rng)).err();
    assert_eq!(wrong, Some(PasswordError::Wrong));
    assert_eq!(unknown, Some(PasswordError::Wrong));
}

#[test]
fn a_hash_is_argon2id_with_the_stated_cost_and_its_own_salt() {
    let house = House::new();
    let (one, two) = (house.password_hash(house.admin.account), house.password_hash(house.admin.account));
    assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(one != two);
    assert!(PasswordHash::parse(one.as_str()).ok() == Some(one));
}

#[test]
fn a_hash_copied_to_another_account_verifies_nothing() {
    let house = House::new();
    let copied = Some((house.admin.account, house.password_hash(house.therapist.account)));
    let refused = block_on(house.hasher.verify(typed(PASSWORD), copied, &house.rng)).err();
    assert_eq!(refused, Some(PasswordError::Wrong));
}

#[test]
fn a_hash_made_without_the_servers_key_verifies_nothing() {
    let house = House::new();
    let by_hand: phc::PasswordHash =
        Argon2::default().hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16]).expect("hashed");
    let stored = PasswordHash::parse(&by_hand.to_string()).expect("well-formed");
    let refused = block_on(house.hasher.verify(typed(PASSWORD), Some((house.admin.account, stored)), &house.rng)).err();
    assert_eq!(refused, Some(PasswordError::Wrong));
}

#[test]
fn a_hash_with_older_parameters_is_replaced_at_sign_in() {
    let house = House::new();
    let account = house.therapist.account;
    // The derivation stands here once more on purpose: stored hashes depend on it.
    let pepper = Key::from_bytes([7; 32]).derive("password", &[]).derive("password pepper", &[]);
    let pepper = pepper.derive("account", &[account.as_bytes()]);
    let weaker = Params::new(8 * 1024, 1, 1, None).expect("within bounds");
    let weaker = Argon2::new_with_secret(pepper.expose(), Algorithm::Argon2id, Version::V0x13, weaker).expect("argon2");
    let old: phc::PasswordHash = weaker.hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16]).expect("hashed");
    let old = PasswordHash::parse(&old.to_string()).expect("well-formed");

    let verified = block_on(house.hasher.verify(typed(PASSWORD), Some((account, old)), &house.rng)).expect("right");
    let upgraded = verified.upgraded.expect("a new hash");
    assert!(upgraded.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let again = block_on(house.hasher.verify(typed(PASSWORD), Some((account, upgraded)), &house.rng)).ok();
    assert!(again.expect("right").upgraded.is_none());
}

#[test]
fn a_stored_hash_cannot_ask_for_the_whole_machine() {
    let tail = "$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    assert!(PasswordHash::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1{tail}")).is_ok());
    for head in
        ["$argon2id$v=19$m=4194304,t=2,p=1", "$argon2id$v=19$m=19456,t=2000,p=1", "$argon2i$v=19$m=19456,t=2,p=1"]
    {
        assert!(PasswordHash::parse(&format!("{head}{tail}")).is_err());
    }
    for text in ["", "plain text", "$argon2id$v=19$m=19456,t=2,p=1"] {
        assert!(PasswordHash::parse(text).is_err());
    }
}

#[test]
fn one_password_typed_on_two_keyboards_is_the_same() {
    let house = House::new();
    let account = house.therapist.account;
    let chosen = NewPassword::new(typed("Bu\u{308}gelbrett Mango 92 flink"), &[]).expect("strong");
    let stored = block_on(house.hasher.hash(account, chosen, &house.rng)).expect("hashed");
    let composed = typed("B\u{fc}gelbrett Mango 92 flink");
    assert!(block_on(house.hasher.verify(composed, Some((account, stored)), &house.rng)).is_ok());
}

#[test]
fn a_password_has_up_to_128_characters_of_any_kind() {
    assert!(Password::new(String::new()).is_err());
    assert!(Password::new("x".repeat(128)).is_ok());
    assert!(Password::new("x".repeat(129)).is_err());
    assert!(Password::new("\u{1F9B5}".repeat(128)).is_ok());
    assert!(Password::new("\u{FDFA}".repeat(100)).is_err());
    assert!(Password::new("x".repeat(10 << 20)).is_err());
}

#[test]
fn a_chosen_password_has_twelve_characters_and_cannot_be_guessed() {
    let refused = |text: &str, about: &[&str]| NewPassword::new(typed(text), about).err();
    assert_eq!(refused("x8#kQ2!mZp1", &[]), Some(WeakPassword::TooShort));
    for weak in ["password1234", "aaaaaaaaaaaaaaaa", "qwertyuiop123", "123456789012"] {
        assert!(matches!(refused(weak, &[]), Some(WeakPassword::Guessable { .. })), "{weak}");
    }
    assert_eq!(refused(PASSWORD, &[]), None);
}

#[test]
fn name_and_address_add_nothing_to_a_password() {
    let about = ["magdalena.kowalczyk@example.org", "Magdalena Kowalczyk"];
    for text in ["MagdalenaKowalczyk1", "kowalczykmagdalena2024", "Magdalena Kowalczyk Patella!"] {
        assert!(NewPassword::new(typed(text), &[]).is_ok(), "{text}");
        let Err(WeakPassword::Guessable { warning, suggestions }) = NewPassword::new(typed(text), &about) else {
            panic!("{text} was let through");
        };
        let shown = format!("{warning:?} {suggestions:?}").to_lowercase();
        assert!(!shown.contains("magdalena") && !shown.contains("kowalczyk"));
    }
    assert!(NewPassword::new(typed("Magdalena's ostrich lantern 47"), &about).is_ok());
}

/// A runtime whose only blocking thread is held until the sender is dropped or used.
fn occupied() -> (tokio::runtime::Runtime, mpsc::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("runtime");
    let (release, held) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || held.recv());
    (runtime, release)
}

fn narrow_hasher(rng: &SeededRng) -> PasswordHasher {
    PasswordHasher::new(&Key::from_bytes([1; 32]), HashingLimits { concurrent: 1, queued: 0 }, rng).expect("a hasher")
}

#[test]
fn a_full_queue_says_busy_and_the_one_in_turn_is_served() {
    let rng = SeededRng::new(3);
    let hasher = narrow_hasher(&rng);
    let (runtime, release) = occupied();
    let _entered = runtime.enter();
    let mut first = pin!(hasher.verify(typed(PASSWORD), None, &rng));
    assert!(first.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
    assert_eq!(runtime.block_on(hasher.verify(typed(PASSWORD), None, &rng)).err(), Some(PasswordError::Busy));
    drop(release);
    assert_eq!(runtime.block_on(first).err(), Some(PasswordError::Wrong));
    assert_eq!(runtime.block_on(hasher.verify(typed(PASSWORD), None, &rng)).err(), Some(PasswordError::Wrong));
}

#[test]
fn hanging_up_makes_no_room_while_the_hash_still_runs() {
    let rng = SeededRng::new(3);
    let hasher = narrow_hasher(&rng);
    let (runtime, release) = occupied();
    let _entered = runtime.enter();
    {
        let mut hung_up = pin!(hasher.verify(typed(PASSWORD), None, &rng));
        assert!(hung_up.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
    }
    assert_eq!(runtime.block_on(hasher.verify(typed(PASSWORD), None, &rng)).err(), Some(PasswordError::Busy));
    drop(release);
}

#[test]
fn a_proof_is_spent_on_its_own_account_only() {
    let house = House::new();
    let nobody = AccountId::random(&house.rng);
    let proof = house.password_proof(nobody);
    assert!(house.keeper.start(proof, &house.therapist, at(0), &house.rng).is_err());
}
