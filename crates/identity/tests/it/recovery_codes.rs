use crate::fixture::{House, at};
use crypto::Key;
use identity::{FactorKind, RECOVERY_CODES, RecoveryCodeHash, RecoveryCodes, WrongRecoveryCode};
use std::collections::HashSet;

fn codes() -> RecoveryCodes {
    RecoveryCodes::new(&Key::from_bytes([5; 32]))
}

#[test]
fn ten_different_codes_are_made_that_can_be_read_aloud() {
    let house = House::new();
    let made = codes().generate(house.therapist.account, &house.rng);
    assert_eq!(made.len(), RECOVERY_CODES);
    assert_eq!(made.iter().map(|(code, _)| code.to_string()).collect::<HashSet<_>>().len(), RECOVERY_CODES);
    for (code, _) in &made {
        let groups: Vec<&str> = code.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4]);
        assert!(!code.contains(['i', 'l', 'o', 'u']));
    }
}

#[test]
fn a_code_is_a_proof_and_says_which_one_is_used_up() {
    let house = House::new();
    let account = house.therapist.account;
    let made = codes().generate(account, &house.rng);
    let mut unused: Vec<RecoveryCodeHash> = made.iter().map(|(_, hash)| *hash).collect();
    let (proof, used) = codes().verify(account, &made[3].0, &unused, at(0)).expect("right");
    assert_eq!((proof.account(), proof.kind()), (account, FactorKind::RecoveryCode));
    assert_eq!(used, made[3].1);
    unused.retain(|hash| *hash != used);
    assert_eq!(codes().verify(account, &made[3].0, &unused, at(0)).err(), Some(WrongRecoveryCode));
    assert!(codes().verify(account, &made[4].0, &unused, at(0)).is_ok());
}

#[test]
fn case_spaces_dashes_and_letters_that_look_like_digits_do_not_matter() {
    let house = House::new();
    let account = house.therapist.account;
    let made = codes().generate(account, &house.rng);
    let unused: Vec<RecoveryCodeHash> = made.iter().map(|(_, hash)| *hash).collect();
    for (code, _) in &made {
        let typed = code.to_uppercase().replace('-', "  ").replace('0', "O").replace('1', "l");
        assert!(codes().verify(account, &typed, &unused, at(0)).is_ok());
    }
}

#[test]
fn what_is_no_code_is_refused() {
    let house = House::new();
    let account = house.therapist.account;
    let made = codes().generate(account, &house.rng);
    let unused: Vec<RecoveryCodeHash> = made.iter().map(|(_, hash)| *hash).collect();
    let (longer, shorter) = (format!("{}0", *made[0].0), made[0].0[..13].to_owned());
    for typed in
        ["", "----", "0000-0000-0000", "uuuu-uuuu-uuuu", "ſ000-0000-0000", &longer, &shorter, &"0".repeat(1 << 20)]
    {
        assert!(codes().verify(account, typed, &unused, at(0)).is_err());
    }
}

#[test]
fn a_code_opens_only_its_own_account_and_only_under_its_own_key() {
    let house = House::new();
    let made = codes().generate(house.therapist.account, &house.rng);
    let unused: Vec<RecoveryCodeHash> = made.iter().map(|(_, hash)| *hash).collect();
    assert!(codes().verify(house.patient.account, &made[0].0, &unused, at(0)).is_err());
    let other = RecoveryCodes::new(&Key::from_bytes([6; 32]));
    assert!(other.verify(house.therapist.account, &made[0].0, &unused, at(0)).is_err());
    let stored = RecoveryCodeHash::from_bytes(*unused[0].as_bytes());
    assert!(codes().verify(house.therapist.account, &made[0].0, &[stored], at(0)).is_ok());
}
