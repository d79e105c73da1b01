use crate::fixture::{House, at, with_totp};
use domain::{LoginSessionId, PatientId, PracticeId, Role};
use identity::{
    AccountClaims, Bootstrap, Enrolled, FactorKind, FactorUse, PromoteError, Resumed, SessionError, SessionRecord,
    StartError, accepted_factors,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

#[test]
fn a_password_alone_gives_a_half_session() {
    let house = House::new();
    let (token, record) = house.start(&house.therapist, at(0));
    let resumed = house.keeper.resume(&token, &record, &house.therapist, at(1), house.origin()).expect("resumed");
    assert!(matches!(resumed, Resumed::Half(_)));
}

#[test]
fn password_and_factor_give_a_full_session_that_says_who_and_how() {
    let house = House::new();
    let session = house.full(&house.patient, at(0));
    assert_eq!(session.account(), house.patient.account);
    assert_eq!(session.practice(), house.patient.practice);
    assert_eq!(session.role(), Role::Patient);
    assert_eq!(session.patient(), house.patient.patient);
    assert_eq!(session.factor_kind(), FactorKind::Totp);
    assert_eq!(session.factor_at(), at(0));
    assert_eq!(session.created_at(), at(0));
    assert_eq!(session.level_word(), "full");
    assert!(session.scopes().is_none() && session.token().is_none());
}

#[test]
fn a_session_starts_only_for_the_account_whose_password_it_was() {
    let house = House::new();
    let proof = house.password_proof(house.therapist.account);
    let refused = house.keeper.start(proof, &house.patient, at(0), &house.rng).err();
    assert_eq!(refused, Some(StartError::AnotherAccount));
}

#[test]
fn a_disabled_account_starts_no_session() {
    let house = House::new();
    let disabled = AccountClaims { active: false, ..house.therapist };
    let proof = house.password_proof(disabled.account);
    assert_eq!(house.keeper.start(proof, &disabled, at(0), &house.rng).err(), Some(StartError::Disabled));
}

#[test]
fn a_therapists_account_is_nobodys_patient() {
    let house = House::new();
    let odd = AccountClaims { patient: house.patient.patient, ..house.therapist };
    let proof = house.password_proof(odd.account);
    assert_eq!(house.keeper.start(proof, &odd, at(0), &house.rng).err(), Some(StartError::Inconsistent));
}

#[test]
fn a_factor_of_another_account_does_not_promote() {
    let house = House::new();
    let foreign = house.totp_proof(house.patient.account, at(0));
    let half = house.half(&house.therapist, at(0));
    let refused = house.keeper.promote(half, foreign, &with_totp(&house.therapist), at(0), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::AnotherAccount));
}

#[test]
fn the_accepted_factors_of_another_account_do_not_promote() {
    let house = House::new();
    let proof = house.totp_proof(house.therapist.account, at(0));
    let half = house.half(&house.therapist, at(0));
    let refused = house.keeper.promote(half, proof, &with_totp(&house.patient), at(0), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::AnotherAccount));
}

#[test]
fn totp_does_not_promote_an_admin_who_has_a_passkey() {
    let house = House::new();
    let enrolled = Enrolled { totp: true, passkey: true, recovery_codes: true };
    let accepted = accepted_factors(house.admin.account, Role::Admin, enrolled, Bootstrap::Open);
    let proof = house.totp_proof(house.admin.account, at(0));
    let half = house.half(&house.admin, at(0));
    let refused = house.keeper.promote(half, proof, &accepted, at(0), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::NotAccepted));
}

#[test]
fn token_and_id_change_with_the_level() {
    let house = House::new();
    let (token, record) = house.start(&house.therapist, at(0));
    let half = house.keeper.resume(&token, &record, &house.therapist, at(0), house.origin());
    let half = half.ok().and_then(Resumed::half).expect("half");
    let proof = house.totp_proof(house.therapist.account, at(5));
    let accepted = with_totp(&house.therapist);
    let (promoted, full) = house.keeper.promote(half, proof, &accepted, at(5), &house.rng).expect("promoted");
    assert_ne!(*promoted.text(), *token.text());
    assert_ne!(full.id, record.id);
    let old = house.keeper.resume(&token, &full, &house.therapist, at(5), house.origin()).err();
    assert_eq!(old, Some(SessionError::WrongToken));
}

#[test]
fn a_step_up_rotates_and_keeps_the_absolute_limit() {
    let house = House::new();
    let session = house.full(&house.therapist, at(0));
    assert!(house.keeper.has_fresh_factor(&session, at(4 * MINUTE)));
    assert!(!house.keeper.has_fresh_factor(&session, at(5 * MINUTE)));
    let proof = house.totp_proof(house.therapist.account, at(HOUR));
    let accepted = with_totp(&house.therapist);
    let (token, record) =
        house.keeper.refresh_factor(&session, proof, &accepted, at(HOUR), &house.rng).expect("stepped up");
    assert_ne!(record.id, session.id());
    assert_eq!(record.created_at, at(0));
    let stepped = house.keeper.resume(&token, &record, &house.therapist, at(HOUR), house.origin());
    let stepped = stepped.ok().and_then(Resumed::full).expect("full");
    assert!(house.keeper.has_fresh_factor(&stepped, at(HOUR + MINUTE)));
}

#[test]
fn nothing_is_stepped_up_after_the_absolute_limit() {
    let house = House::new();
    let session = house.full(&house.therapist, at(0));
    let proof = house.totp_proof(house.therapist.account, at(12 * HOUR));
    let accepted = with_totp(&house.therapist);
    let refused = house.keeper.refresh_factor(&session, proof, &accepted, at(12 * HOUR), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::Expired));
}

#[test]
fn an_old_factor_proof_is_worth_nothing() {
    let house = House::new();
    let proof = house.totp_proof(house.therapist.account, at(0));
    let half = house.half(&house.therapist, at(5 * MINUTE));
    let accepted = with_totp(&house.therapist);
    let refused = house.keeper.promote(half, proof, &accepted, at(5 * MINUTE), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::Expired));
}

#[test]
fn a_half_session_lasts_ten_minutes() {
    let house = House::new();
    let (token, record) = house.start(&house.therapist, at(0));
    let resume = |now| house.keeper.resume(&token, &record, &house.therapist, now, house.origin());
    assert!(resume(at(10 * MINUTE - 1)).is_ok());
    assert_eq!(resume(at(10 * MINUTE)).err(), Some(SessionError::Expired));

    let half = resume(at(9 * MINUTE)).ok().and_then(Resumed::half).expect("half");
    let proof = house.totp_proof(house.therapist.account, at(10 * MINUTE));
    let accepted = with_totp(&house.therapist);
    let refused = house.keeper.promote(half, proof, &accepted, at(10 * MINUTE), &house.rng).err();
    assert_eq!(refused, Some(PromoteError::Expired));
}

#[test]
fn staff_are_signed_out_after_fifteen_idle_minutes_and_patients_after_thirty() {
    let house = House::new();
    for (claims, limit) in [(house.therapist, 15 * MINUTE), (house.patient, 30 * MINUTE)] {
        let (token, record) = house.sign_in(&claims, at(0));
        let resume = |now| house.keeper.resume(&token, &record, &claims, now, house.origin());
        assert!(resume(at(limit - 1)).is_ok());
        assert_eq!(resume(at(limit)).err(), Some(SessionError::Idle));
    }
}

#[test]
fn a_busy_session_still_ends_after_twelve_hours() {
    let house = House::new();
    let (token, mut record) = house.sign_in(&house.therapist, at(0));
    let mut now = 0;
    while now + 10 * MINUTE < 12 * HOUR {
        now += 10 * MINUTE;
        record = house.keeper.touch(&record, at(now)).expect("touched");
        assert!(house.keeper.resume(&token, &record, &house.therapist, at(now), house.origin()).is_ok());
    }
    let late = house.keeper.resume(&token, &record, &house.therapist, at(12 * HOUR), house.origin()).err();
    assert_eq!(late, Some(SessionError::Expired));
}

#[test]
fn last_seen_is_written_at_most_once_a_minute() {
    let house = House::new();
    let (_, record) = house.sign_in(&house.therapist, at(0));
    assert!(house.keeper.touch(&record, at(59)).is_none());
    let touched = house.keeper.touch(&record, at(60)).expect("touched");
    assert_eq!(touched.last_seen, at(60));
    assert!(house.keeper.touch(&touched, at(61)).is_none());
}

#[test]
fn a_change_of_the_account_counts_at_the_next_request() {
    let house = House::new();
    let (token, record) = house.sign_in(&house.therapist, at(0));
    let with = |current: AccountClaims| house.keeper.resume(&token, &record, &current, at(1), house.origin()).err();
    assert_eq!(with(house.therapist), None);
    assert_eq!(with(AccountClaims { active: false, ..house.therapist }), Some(SessionError::Disabled));
    let changed = Some(SessionError::AccountChanged);
    assert_eq!(with(AccountClaims { role: Role::Admin, ..house.therapist }), changed);
    assert_eq!(with(AccountClaims { account: house.patient.account, ..house.therapist }), changed);
    assert_eq!(with(AccountClaims { practice: PracticeId::random(&house.rng), ..house.therapist }), changed);
    assert_eq!(with(AccountClaims { patient: house.patient.patient, ..house.therapist }), changed);
}

#[test]
fn a_row_changed_in_any_field_is_no_session() {
    let house = House::new();
    let (token, genuine) = house.sign_in(&house.patient, at(0));
    let changes: [fn(&mut SessionRecord, &House); 11] = [
        |row, house| row.id = LoginSessionId::random(&house.rng),
        |row, house| row.practice = PracticeId::random(&house.rng),
        |row, house| row.account = house.admin.account,
        |row, _| row.role = Role::Admin,
        |row, house| row.patient = Some(PatientId::random(&house.rng)),
        |row, _| row.patient = None,
        |row, _| row.created_at = at(1),
        |row, _| row.factor = Some(FactorUse { kind: FactorKind::Passkey, at: at(0) }),
        |row, _| row.factor = Some(FactorUse { kind: FactorKind::Totp, at: at(1) }),
        |row, _| row.last_seen = at(1),
        |row, _| row.mac[31] ^= 1,
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut row = genuine.clone();
        change(&mut row, &house);
        let current = AccountClaims {
            practice: row.practice,
            account: row.account,
            role: row.role,
            patient: row.patient,
            active: true,
        };
        let refused = house.keeper.resume(&token, &row, &current, at(2), house.origin()).err();
        assert_eq!(refused, Some(SessionError::Forged), "change {n}");
        assert!(house.keeper.touch(&row, at(120)).is_none(), "change {n} was signed again");
    }
}

#[test]
fn a_half_row_does_not_become_full_by_writing_a_factor_into_it() {
    let house = House::new();
    let (token, mut row) = house.start(&house.therapist, at(0));
    row.factor = Some(FactorUse { kind: FactorKind::Totp, at: at(0) });
    let refused = house.keeper.resume(&token, &row, &house.therapist, at(1), house.origin()).err();
    assert_eq!(refused, Some(SessionError::Forged));
}

#[test]
fn a_row_with_anothers_token_hash_is_refused() {
    let house = House::new();
    let (_, mut row) = house.sign_in(&house.admin, at(0));
    let (own, mine) = house.sign_in(&house.therapist, at(0));
    row.token_hash = mine.token_hash;
    let refused = house.keeper.resume(&own, &row, &house.admin, at(1), house.origin()).err();
    assert_eq!(refused, Some(SessionError::Forged));
}

#[test]
fn a_session_from_the_future_is_refused_beyond_the_clocks_difference() {
    let house = House::new();
    let (token, record) = house.sign_in(&house.therapist, at(0));
    let resume = |now| house.keeper.resume(&token, &record, &house.therapist, now, house.origin()).err();
    assert_eq!(resume(at(-60)), None);
    assert_eq!(resume(at(-61)), Some(SessionError::Expired));
}

#[test]
fn another_key_makes_every_row_worthless() {
    let house = House::new();
    let (token, record) = house.sign_in(&house.therapist, at(0));
    let other = identity::SessionKeeper::new(&crypto::Key::from_bytes([8; 32]), *house.keeper.limits());
    let refused = other.resume(&token, &record, &house.therapist, at(1), house.origin()).err();
    assert_eq!(refused, Some(SessionError::Forged));
}
