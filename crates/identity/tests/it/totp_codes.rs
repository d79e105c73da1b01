use crate::fixture::{House, at, code_of};
use domain::Timestamp;
use identity::{FactorKind, TotpError, TotpSecret};

/// The first moment of a step, so that a test can count steps.
fn step_start() -> i64 {
    30 - at(0).as_second() % 30
}

fn secret(house: &House) -> TotpSecret {
    TotpSecret::random(house.therapist.account, &house.rng)
}

#[test]
fn a_present_code_is_a_proof_of_its_account() {
    let house = House::new();
    let secret = secret(&house);
    let (proof, step) = secret.verify(&code_of(&secret, at(0)), None, at(0)).expect("right");
    assert_eq!((proof.account(), proof.kind(), proof.at()), (house.therapist.account, FactorKind::Totp, at(0)));
    assert_eq!(step, u64::try_from(at(0).as_second()).expect("after 1970") / 30);
}

#[test]
fn the_codes_of_rfc_6238_are_accepted() {
    // Appendix B, SHA-1, the last six of the eight digits.
    let house = House::new();
    let account = house.therapist.account;
    let stored = [&[1], account.as_bytes().as_slice(), b"12345678901234567890"].concat();
    let secret = TotpSecret::from_stored(account, &stored).expect("the appendix's secret");
    for (second, code) in
        [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
    {
        let now = Timestamp::from_second(second).expect("within the calendar");
        assert!(secret.verify(code, None, now).is_ok());
    }
}

#[test]
fn a_code_is_accepted_once() {
    let house = House::new();
    let secret = secret(&house);
    let code = code_of(&secret, at(0));
    let (_proof, step) = secret.verify(&code, None, at(0)).expect("right");
    assert_eq!(secret.verify(&code, Some(step), at(1)).err(), Some(TotpError::Replayed));
    let next = code_of(&secret, at(30));
    assert!(secret.verify(&next, Some(step), at(30)).is_ok());
}

#[test]
fn a_code_before_the_last_used_one_is_refused() {
    let house = House::new();
    let secret = secret(&house);
    let start = step_start();
    let (earlier, later) = (code_of(&secret, at(start)), code_of(&secret, at(start + 30)));
    let (_proof, step) = secret.verify(&later, None, at(start + 30)).expect("right");
    assert_eq!(secret.verify(&earlier, Some(step), at(start + 31)).err(), Some(TotpError::Replayed));
}

#[test]
fn a_clock_may_be_off_by_one_step_and_no_more() {
    let house = House::new();
    let secret = secret(&house);
    let start = step_start();
    let code = code_of(&secret, at(start));
    assert!(secret.verify(&code, None, at(start - 30)).is_ok());
    assert!(secret.verify(&code, None, at(start + 59)).is_ok());
    assert_eq!(secret.verify(&code, None, at(start - 31)).err(), Some(TotpError::Wrong));
    assert_eq!(secret.verify(&code, None, at(start + 60)).err(), Some(TotpError::Wrong));
}

#[test]
fn spaces_in_a_code_do_not_matter_and_anything_else_is_wrong() {
    let house = House::new();
    let secret = secret(&house);
    let code = code_of(&secret, at(0));
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert!(secret.verify(&spaced, None, at(0)).is_ok());
    let long = code.repeat(100_000);
    for wrong in ["", "12345", "1234567", "abcdef", "+12345", "１２３４５６", &long] {
        assert_eq!(secret.verify(wrong, None, at(0)).err(), Some(TotpError::Wrong));
    }
}

#[test]
fn a_stored_secret_belongs_to_its_account() {
    let house = House::new();
    let secret = secret(&house);
    let stored = secret.to_stored();
    let read = TotpSecret::from_stored(house.therapist.account, &stored).expect("its own bytes");
    assert_eq!(*read.base32(), *secret.base32());
    let moved = TotpSecret::from_stored(house.admin.account, &stored).err();
    assert_eq!(moved, Some(TotpError::NotThisAccounts));
    let cut = TotpSecret::from_stored(house.therapist.account, &stored[..stored.len() - 1]).err();
    assert_eq!(cut, Some(TotpError::NotThisAccounts));
}

#[test]
fn an_app_is_given_issuer_name_and_secret() {
    let house = House::new();
    let secret = secret(&house);
    let uri = secret.provisioning_uri("Patella: Demo", "ana@example.org");
    assert!(uri.starts_with("otpauth://totp/Patella%20%20Demo:ana%40example"), "{}", *uri);
    assert!(uri.contains(&format!("secret={}", *secret.base32())));
    assert_eq!(secret.base32().len(), 32);
}
