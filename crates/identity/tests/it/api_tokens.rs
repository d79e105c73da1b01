use crate::fixture::{House, at, with_totp};
use domain::{PermissionName, Role, Timestamp};
use identity::{
    AccountClaims, ApiTokenError, ApiTokenRecord, ApiTokenSecret, EnrollmentError, IssueApiTokenError, PromoteError,
    Scopes, SessionError, TokenLabel,
};

const DAY: i64 = 24 * 60 * 60;

fn scopes() -> Scopes {
    Scopes::new(vec![PermissionName::ReadExercise]).expect("one scope")
}

fn label() -> TokenLabel {
    TokenLabel::new("Tablet in room 2").expect("a label")
}

fn issue(house: &House, ends: Timestamp) -> Result<(ApiTokenSecret, ApiTokenRecord), IssueApiTokenError> {
    let session = house.full(&house.therapist, at(0));
    house.keeper.issue_api_token(&session, label(), scopes(), ends, at(1), &house.rng)
}

#[test]
fn a_token_opens_a_session_with_its_scopes_and_its_name() {
    let house = House::new();
    let (secret, record) = issue(&house, at(30 * DAY)).expect("issued");
    assert!(secret.text().starts_with("pat_"));
    let session = house.keeper.resume_api_token(&secret, &record, &house.therapist, at(DAY), house.origin());
    let session = session.expect("resumed");
    assert_eq!(session.token(), Some(record.id));
    assert_eq!(session.id().as_bytes(), record.id.as_bytes());
    assert_eq!(session.scopes(), Some(&[PermissionName::ReadExercise][..]));
    assert!(session.in_scope(PermissionName::ReadExercise));
    assert!(!session.in_scope(PermissionName::ReadNotes));
}

#[test]
fn a_token_needs_a_fresh_factor() {
    let house = House::new();
    let session = house.full(&house.therapist, at(0));
    let late = house.keeper.issue_api_token(&session, label(), scopes(), at(DAY), at(300), &house.rng).err();
    assert_eq!(late, Some(IssueApiTokenError::StepUp));
}

#[test]
fn a_token_ends_within_ninety_days() {
    let house = House::new();
    assert!(issue(&house, at(1 + 90 * DAY)).is_ok());
    for ends in [at(2 + 90 * DAY), at(1), at(-DAY)] {
        assert_eq!(issue(&house, ends).err(), Some(IssueApiTokenError::Expiry));
    }
    let (secret, record) = issue(&house, at(DAY)).expect("issued");
    let late = house.keeper.resume_api_token(&secret, &record, &house.therapist, at(DAY), house.origin()).err();
    assert_eq!(late, Some(ApiTokenError::Expired));
}

#[test]
fn a_tokens_session_issues_no_tokens_steps_nothing_up_and_changes_no_factors() {
    let house = House::new();
    let (secret, record) = issue(&house, at(DAY)).expect("issued");
    let session = house.keeper.resume_api_token(&secret, &record, &house.therapist, at(2), house.origin());
    let session = session.expect("resumed");
    assert!(!house.keeper.has_fresh_factor(&session, at(2)));
    let again = house.keeper.issue_api_token(&session, label(), scopes(), at(DAY), at(2), &house.rng).err();
    assert_eq!(again, Some(IssueApiTokenError::ApiToken));
    assert_eq!(house.keeper.enrollment(&session, at(2)).err(), Some(EnrollmentError::ApiToken));
    let proof = house.totp_proof(house.therapist.account, at(2));
    let accepted = with_totp(&house.therapist);
    let step_up = house.keeper.refresh_factor(&session, proof, &accepted, at(2), &house.rng).err();
    assert_eq!(step_up, Some(PromoteError::ApiToken));
}

#[test]
fn a_token_row_changed_in_any_field_opens_nothing() {
    let house = House::new();
    let (secret, genuine) = issue(&house, at(DAY)).expect("issued");
    let changes: [fn(&mut ApiTokenRecord, &House); 9] = [
        |row, house| row.id = domain::TokenId::random(&house.rng),
        |row, house| row.practice = domain::PracticeId::random(&house.rng),
        |row, house| row.account = house.admin.account,
        |row, _| row.role = Role::Admin,
        |row, house| row.patient = house.patient.patient,
        |row, _| row.scopes = Scopes::new(PermissionName::ALL.to_vec()).expect("all"),
        |row, _| row.label = TokenLabel::new("Another").expect("a label"),
        |row, _| row.created_at = at(2),
        |row, _| row.expires_at = at(60 * DAY),
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
        let refused = house.keeper.resume_api_token(&secret, &row, &current, at(3), house.origin()).err();
        assert_eq!(refused, Some(ApiTokenError::Forged), "change {n}");
    }
}

#[test]
fn a_token_dies_with_its_account_and_with_its_role() {
    let house = House::new();
    let (secret, record) = issue(&house, at(DAY)).expect("issued");
    let with = |current| house.keeper.resume_api_token(&secret, &record, &current, at(3), house.origin()).err();
    let disabled = AccountClaims { active: false, ..house.therapist };
    assert_eq!(with(disabled), Some(ApiTokenError::Account(SessionError::Disabled)));
    let promoted = AccountClaims { role: Role::Admin, ..house.therapist };
    assert_eq!(with(promoted), Some(ApiTokenError::Account(SessionError::AccountChanged)));
}

#[test]
fn anothers_secret_opens_nothing() {
    let house = House::new();
    let (_, record) = issue(&house, at(DAY)).expect("issued");
    let (other, _) = issue(&house, at(DAY)).expect("issued");
    let refused = house.keeper.resume_api_token(&other, &record, &house.therapist, at(3), house.origin()).err();
    assert_eq!(refused, Some(ApiTokenError::WrongSecret));
}

#[test]
fn scopes_are_at_least_one_each_once_and_read_back() {
    assert!(Scopes::new(vec![]).is_err());
    let twice = vec![PermissionName::ReadNotes, PermissionName::ReadExercise, PermissionName::ReadNotes];
    let scopes = Scopes::new(twice).expect("two");
    assert_eq!(scopes.as_slice(), [PermissionName::ReadExercise, PermissionName::ReadNotes]);
    assert_eq!(Scopes::parse(&scopes.text()).expect("its own text"), scopes);
    assert!(Scopes::parse("read_exercise everything").is_err());
    assert!(Scopes::parse("").is_err());
}

#[test]
fn a_label_is_one_short_line() {
    assert_eq!(TokenLabel::new("  Laptop ").expect("a label").as_str(), "Laptop");
    assert!(TokenLabel::new("").is_err());
    assert!(TokenLabel::new("a\nb").is_err());
    assert!(TokenLabel::new("a".repeat(61)).is_err());
}
