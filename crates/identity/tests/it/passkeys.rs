use crate::fixture::{House, at};
use domain::{AccountId, Role};
use identity::{
    Authentication, Bootstrap, Enrolled, Enrollment, FactorKind, FactorProof, PasskeyError, Passkeys,
    RegisteredPasskey, Registration, Resumed, accepted_factors,
};
use serde_json::{Value, json};
use testkit::authenticator::Authenticator;

const ORIGIN: &str = "https://patella.example:8443";
const RP_ID: &str = "patella.example";

fn party() -> Passkeys {
    Passkeys::new(RP_ID, ORIGIN, "Patella").expect("a relying party")
}

fn enrollment(house: &House) -> Enrollment {
    let (secret, record) = house.keeper.invite(house.admin.practice, house.admin.account, at(0), &house.rng);
    house.keeper.accept(&secret, &record, at(0)).expect("accepted")
}

fn register(
    house: &House,
    key: &mut Authenticator,
    known: &[RegisteredPasskey],
) -> Result<RegisteredPasskey, PasskeyError> {
    let enrollment = enrollment(house);
    let (options, state) = party().start_registration(&enrollment, "ana@example.org", "Ana", known, at(0))?;
    let state = Registration::from_stored(&state.to_stored())?;
    party().finish_registration(&enrollment, state, &key.create(&options), known, at(60), &house.rng)
}

fn begin(account: AccountId, passkeys: &[RegisteredPasskey]) -> (Value, Authentication) {
    let (options, state) = party().start_authentication(account, passkeys, at(100)).expect("begun");
    (options, Authentication::from_stored(&state.to_stored()).expect("its own bytes"))
}

fn authenticate(
    account: AccountId,
    key: &mut Authenticator,
    passkeys: &[RegisteredPasskey],
) -> Result<(FactorProof, RegisteredPasskey), PasskeyError> {
    let (options, state) = begin(account, passkeys);
    party().finish_authentication(account, state, &key.get(&options), passkeys, at(160))
}

#[test]
fn a_registered_passkey_proves_itself_and_opens_an_admins_full_session() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let registered = register(&house, &mut key, &[]).expect("registered");
    assert_eq!(registered.credential_id(), key.credential);
    let stored = registered.to_stored();
    let passkeys = [RegisteredPasskey::from_stored(house.admin.account, &stored).expect("its own bytes")];
    let (proof, _) = authenticate(house.admin.account, &mut key, &passkeys).expect("proven");
    assert_eq!((proof.account(), proof.kind()), (house.admin.account, FactorKind::Passkey));

    let enrolled = Enrolled { passkey: true, ..Enrolled::default() };
    let accepted = accepted_factors(house.admin.account, Role::Admin, enrolled, Bootstrap::Closed);
    let half = house.half(&house.admin, at(150));
    let (token, record) = house.keeper.promote(half, proof, &accepted, at(160), &house.rng).expect("promoted");
    let resumed = house.keeper.resume(&token, &record, &house.admin, at(161), house.origin()).ok();
    assert_eq!(resumed.and_then(Resumed::full).expect("full").factor_kind(), FactorKind::Passkey);
}

#[test]
fn the_person_must_be_verified_by_the_key_both_times() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    key.verifies = false;
    assert_eq!(register(&house, &mut key, &[]).err(), Some(PasskeyError::Refused));
    key.verifies = true;
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    key.verifies = false;
    assert_eq!(authenticate(house.admin.account, &mut key, &passkeys).err(), Some(PasskeyError::Refused));
}

#[test]
fn the_options_ask_for_verification_and_name_the_site() {
    let house = House::new();
    let (options, _) =
        party().start_registration(&enrollment(&house), "ana@example.org", "Ana", &[], at(0)).expect("begun");
    assert_eq!(options["publicKey"]["rp"]["id"], RP_ID);
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    let passkeys = [register(&house, &mut Authenticator::new(1, RP_ID, ORIGIN), &[]).expect("registered")];
    let (options, _) = begin(house.admin.account, &passkeys);
    assert_eq!(options["publicKey"]["userVerification"], "required");
}

#[test]
fn an_answer_given_to_another_site_is_refused() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    for origin in ["https://patella.example.evil:8443", "https://patella.example", "http://patella.example:8443"] {
        key.origin = origin;
        assert_eq!(authenticate(house.admin.account, &mut key, &passkeys).err(), Some(PasskeyError::Refused));
    }
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    let (earlier, _) = begin(house.admin.account, &passkeys);
    let (_, state) = begin(house.admin.account, &passkeys);
    let refused =
        party().finish_authentication(house.admin.account, state, &key.get(&earlier), &passkeys, at(101)).err();
    assert_eq!(refused, Some(PasskeyError::Refused));
}

#[test]
fn another_key_that_claims_the_same_credential_is_refused() {
    let house = House::new();
    let passkeys = [register(&house, &mut Authenticator::new(1, RP_ID, ORIGIN), &[]).expect("registered")];
    let refused = authenticate(house.admin.account, &mut Authenticator::new(1, RP_ID, ORIGIN), &passkeys).err();
    assert_eq!(refused, Some(PasskeyError::Refused));
}

#[test]
fn a_counter_goes_only_forward() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    key.counter = 5;
    let mut passkeys = [register(&house, &mut key, &[]).expect("registered")];
    assert_eq!(authenticate(house.admin.account, &mut key, &passkeys).err(), Some(PasskeyError::Cloned));
    key.counter = 6;
    let (_proof, used) = authenticate(house.admin.account, &mut key, &passkeys).expect("proven");
    passkeys = [used];
    for counter in [6, 5, 0] {
        key.counter = counter;
        assert_eq!(authenticate(house.admin.account, &mut key, &passkeys).err(), Some(PasskeyError::Cloned));
    }
    key.counter = 7;
    assert!(authenticate(house.admin.account, &mut key, &passkeys).is_ok());
}

#[test]
fn a_copy_is_noticed_when_two_ceremonies_began_from_the_same_counter() {
    let house = House::new();
    let account = house.admin.account;
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let before = [register(&house, &mut key, &[]).expect("registered")];
    let (first, first_state) = begin(account, &before);
    let (second, second_state) = begin(account, &before);
    key.counter = 9;
    let after = party().finish_authentication(account, first_state, &key.get(&first), &before, at(110));
    let after = [after.expect("proven").1];
    let copied = party().finish_authentication(account, second_state, &key.get(&second), &after, at(111)).err();
    assert_eq!(copied, Some(PasskeyError::Cloned));
}

#[test]
fn a_ceremony_lasts_five_minutes_and_belongs_to_its_account() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    let finish = |account, now| {
        let (options, state) = begin(house.admin.account, &passkeys);
        let answer = Authenticator::new(1, RP_ID, ORIGIN).get(&options);
        party().finish_authentication(account, state, &answer, &passkeys, now).err()
    };
    assert_eq!(finish(house.admin.account, at(400)), Some(PasskeyError::Expired));
    assert_eq!(finish(house.therapist.account, at(110)), Some(PasskeyError::AnotherAccount));
    assert_eq!(
        party().start_authentication(house.therapist.account, &passkeys, at(0)).err(),
        Some(PasskeyError::AnotherAccount)
    );
    let moved = RegisteredPasskey::from_stored(house.therapist.account, &passkeys[0].to_stored()).err();
    assert_eq!(moved, Some(PasskeyError::AnotherAccount));
}

#[test]
fn a_passkey_removed_meanwhile_proves_nothing() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    let (options, state) = begin(house.admin.account, &passkeys);
    let refused = party().finish_authentication(house.admin.account, state, &key.get(&options), &[], at(101)).err();
    assert_eq!(refused, Some(PasskeyError::Refused));
    assert_eq!(party().start_authentication(house.admin.account, &[], at(0)).err(), Some(PasskeyError::NoPasskey));
}

#[test]
fn a_key_that_names_another_user_is_refused() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    key.user_handle = Some(house.therapist.account.as_bytes().to_vec());
    assert_eq!(authenticate(house.admin.account, &mut key, &passkeys).err(), Some(PasskeyError::Refused));
    key.user_handle = Some(house.admin.account.as_bytes().to_vec());
    assert!(authenticate(house.admin.account, &mut key, &passkeys).is_ok());
}

#[test]
fn a_key_is_not_registered_twice() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let known = [register(&house, &mut key, &[]).expect("registered")];
    assert!(register(&house, &mut key, &known).is_err());
    assert!(register(&house, &mut Authenticator::new(2, RP_ID, ORIGIN), &known).is_ok());
}

#[test]
fn what_is_no_answer_is_malformed() {
    let house = House::new();
    let mut key = Authenticator::new(1, RP_ID, ORIGIN);
    let passkeys = [register(&house, &mut key, &[]).expect("registered")];
    for answer in [json!(null), json!({}), json!([1]), json!({ "id": 7 })] {
        let (_, state) = begin(house.admin.account, &passkeys);
        let refused = party().finish_authentication(house.admin.account, state, &answer, &passkeys, at(101)).err();
        assert_eq!(refused, Some(PasskeyError::Malformed));
    }
    assert_eq!(Authentication::from_stored(b"{}").err(), Some(PasskeyError::Damaged));
}

#[test]
fn a_site_must_be_named_by_a_host_that_covers_its_origin() {
    assert!(Passkeys::new("localhost", "https://localhost:8443", "Patella").is_ok());
    assert!(Passkeys::new("example.org", "https://patella.example.org", "Patella").is_ok());
    for (id, origin) in
        [("patella.example", "https://other.example"), ("127.0.0.1", "https://127.0.0.1"), ("x", "no address")]
    {
        assert!(Passkeys::new(id, origin, "Patella").is_err());
    }
}
