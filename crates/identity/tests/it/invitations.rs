use crate::fixture::{House, at};
use identity::{AcceptError, EnrollmentError, InvitationSecret};

const DAY: i64 = 24 * 60 * 60;

#[test]
fn an_invitation_gives_the_right_to_enroll_and_names_itself_for_deletion() {
    let house = House::new();
    let (secret, record) = house.keeper.invite(house.admin.practice, house.admin.account, at(0), &house.rng);
    let read = InvitationSecret::parse(&secret.text()).expect("its own text");
    let enrollment = house.keeper.accept(&read, &record, at(DAY)).expect("accepted");
    assert_eq!(enrollment.account(), house.admin.account);
    assert_eq!(enrollment.practice(), house.admin.practice);
    assert_eq!(enrollment.invitation(), Some(record.id));
}

#[test]
fn an_invitation_lasts_seven_days() {
    let house = House::new();
    let (secret, record) = house.keeper.invite(house.admin.practice, house.admin.account, at(0), &house.rng);
    assert!(house.keeper.accept(&secret, &record, at(7 * DAY - 1)).is_ok());
    assert_eq!(house.keeper.accept(&secret, &record, at(7 * DAY)).err(), Some(AcceptError::Expired));
    assert_eq!(house.keeper.accept(&secret, &record, at(-DAY)).err(), Some(AcceptError::Expired));
}

#[test]
fn an_invitation_written_or_changed_by_hand_opens_nothing() {
    let house = House::new();
    let (secret, record) = house.keeper.invite(house.therapist.practice, house.therapist.account, at(0), &house.rng);
    let mut for_another = record.clone();
    for_another.account = house.admin.account;
    let mut longer = record.clone();
    longer.created_at = at(DAY);
    for row in [for_another, longer] {
        assert_eq!(house.keeper.accept(&secret, &row, at(DAY)).err(), Some(AcceptError::Forged));
    }
    let (other, _) = house.keeper.invite(house.therapist.practice, house.therapist.account, at(0), &house.rng);
    assert_eq!(house.keeper.accept(&other, &record, at(DAY)).err(), Some(AcceptError::WrongSecret));
}

#[test]
fn somebody_signed_in_changes_their_factors_only_right_after_proving_one() {
    let house = House::new();
    let session = house.full(&house.therapist, at(0));
    let enrollment = house.keeper.enrollment(&session, at(299)).expect("fresh");
    assert_eq!((enrollment.account(), enrollment.invitation()), (house.therapist.account, None));
    assert_eq!(house.keeper.enrollment(&session, at(300)).err(), Some(EnrollmentError::StepUp));
}
