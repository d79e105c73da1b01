use crate::fixture::{House, at};
use domain::SeededRng;
use identity::{ApiTokenSecret, InvitationSecret, SessionToken};

#[test]
fn a_token_reads_back_from_its_text() {
    let house = House::new();
    let (token, record) = house.start(&house.therapist, at(0));
    assert_eq!(token.text().len(), 43);
    let read = SessionToken::parse(&token.text()).expect("its own text");
    assert_eq!(read.hash(), record.token_hash);
    assert_ne!(record.token_hash.as_slice(), token.text().as_bytes());
}

#[test]
fn what_is_no_token_is_refused_by_its_length_first() {
    for text in ["", "a", &"a".repeat(42), &"a".repeat(44), &"a".repeat(1 << 20), &"!".repeat(43), &"ä".repeat(43)] {
        assert!(SessionToken::parse(text).is_err());
        assert!(InvitationSecret::parse(text).is_err());
        assert!(ApiTokenSecret::parse(text).is_err());
    }
}

#[test]
fn two_spellings_of_one_token_do_not_exist() {
    // 43 characters carry 258 bits: the last two must be zero.
    assert!(SessionToken::parse(&"A".repeat(43)).is_ok());
    assert!(SessionToken::parse(&format!("{}B", "A".repeat(42))).is_err());
}

#[test]
fn an_api_token_starts_with_its_mark() {
    let body = "A".repeat(43);
    assert!(ApiTokenSecret::parse(&format!("pat_{body}")).is_ok());
    assert!(ApiTokenSecret::parse(&format!("pot_{body}")).is_err());
    assert!(ApiTokenSecret::parse(&body).is_err());
}

#[test]
fn tokens_come_from_the_given_randomness() {
    let house = House::new();
    let token = |seed| {
        let proof = house.password_proof(house.therapist.account);
        let started = house.keeper.start(proof, &house.therapist, at(0), &SeededRng::new(seed));
        started.expect("started").0.text().to_string()
    };
    assert_eq!(token(1), token(1));
    assert_ne!(token(1), token(2));
}
