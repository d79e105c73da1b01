use crate::fixture::House;
use domain::Role;
use identity::{Bootstrap, Enrolled, FactorKind, accepted_factors};

const EVERYTHING: Enrolled = Enrolled { totp: true, passkey: true, recovery_codes: true };

fn kinds(role: Role, enrolled: Enrolled, bootstrap: Bootstrap) -> Vec<FactorKind> {
    accepted_factors(House::new().admin.account, role, enrolled, bootstrap).kinds().to_vec()
}

#[test]
fn an_admin_with_a_passkey_comes_in_by_passkey_only() {
    for bootstrap in [Bootstrap::Open, Bootstrap::Closed] {
        assert_eq!(kinds(Role::Admin, EVERYTHING, bootstrap), [FactorKind::Passkey]);
    }
}

#[test]
fn an_admin_without_a_passkey_comes_in_by_totp_while_the_bootstrap_is_open() {
    let enrolled = Enrolled { passkey: false, ..EVERYTHING };
    assert_eq!(kinds(Role::Admin, enrolled, Bootstrap::Open), [FactorKind::Totp]);
    assert_eq!(kinds(Role::Admin, enrolled, Bootstrap::Closed), []);
}

#[test]
fn everybody_else_comes_in_by_any_factor_they_have() {
    for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
        let all = [FactorKind::Passkey, FactorKind::Totp, FactorKind::RecoveryCode];
        assert_eq!(kinds(*role, EVERYTHING, Bootstrap::Closed), all);
        let totp = Enrolled { totp: true, ..Enrolled::default() };
        assert_eq!(kinds(*role, totp, Bootstrap::Closed), [FactorKind::Totp]);
    }
}

#[test]
fn nobody_comes_in_without_a_factor() {
    for role in Role::ALL {
        assert_eq!(kinds(*role, Enrolled::default(), Bootstrap::Open), []);
    }
}

#[test]
fn a_kind_reads_back_from_its_word() {
    for kind in FactorKind::ALL {
        assert_eq!(kind.word().parse::<FactorKind>().expect("its own word"), kind);
        assert_eq!(serde_json::to_value(kind).expect("json"), kind.word());
    }
    assert!("sms".parse::<FactorKind>().is_err());
}
