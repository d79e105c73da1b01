//! Ending an access for a review: by the mechanism by which it always ends, which records it, in one write with what the review
//! says of it.

use super::{ReviewError, Without, hand::Hand, standing::Standing, without};
use crate::{Event, House, accounts::changed, record::resource, staff};
use domain::{AccessDecision, CareLinkId, EmergencyId, PatientId, Role, TokenId};
use ledger::Word;
use store::{
    Batch,
    rows::{
        access_reviews::{self as rows, Decided, ItemRow},
        accounts::{self, AccountState},
        api_tokens, care_links, emergencies,
    },
};

/// Ends what an item is about, if it is still there; says what became of it. [`ReviewError::Decided`] when somebody else was
/// quicker, [`ReviewError::Last`] where nobody could give access any more and somebody asked for it.
pub(super) async fn end(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    let staff = staff::everybody(house, item.practice_id).await?;
    match Standing::of(house, item, &staff).await? {
        Some(Standing::Account { role, version }) => {
            let without = without(&staff, item.whose, hand.account());
            suspend(house, item, hand, (role, version), without).await
        }
        Some(Standing::Place(patient)) => end_place(house, item, hand, patient).await,
        Some(Standing::Token(token)) => revoke(house, item, hand, token).await,
        Some(Standing::Emergency { emergency, patient, open }) => {
            disapprove(house, item, hand, (emergency, patient), open).await
        }
        None => gone(house, item, hand).await,
    }
}

async fn suspend(
    house: &House,
    item: &ItemRow,
    hand: &Hand,
    (role, version): (Role, i64),
    without: Without,
) -> Result<AccessDecision, ReviewError> {
    let (practice, account) = (item.practice_id, item.whose);
    let of_account =
        |action| Event { reason: hand.reason(), ..Event::done(action, resource(Word::new("account"), account)) };
    let batch = match without {
        Without::Nobody if hand.account().is_some() => return Err(ReviewError::Last),
        Without::Nobody => {
            // The watch tells whoever watches over the practice: at least the one whom it is about.
            let event = of_account(Word::new("spare_access"));
            hand.record(house, event.clone()).await?;
            // Still the last one, as it was seen to be.
            let batch = accounts::unchanged(Batch::new(), practice, account, version);
            return decide(house, batch, item, hand, AccessDecision::Spared, [event]).await;
        }
        // Whoever goes on is there when this is stored: two who end each other do not both succeed.
        Without::Somebody(other, seen) => accounts::hold(Batch::new(), practice, other, seen),
        Without::Anybody => Batch::new(),
    };
    let event = of_account(Word::new("change_account"));
    hand.record(house, event.clone()).await?;
    let mut batch = batch;
    // Its tokens end with it, by the same hand: they are not gone without the review.
    for token in rows::waiting_tokens(&house.stores.identity, practice, item.review_id, account).await? {
        let (there, db) = (TokenId::from_bytes(token.subject), &house.stores.identity);
        let row = api_tokens::by_id(db, practice, account, there).await?;
        let (decision, held) = match row.filter(|row| row.expires_at > house.clock.now()) {
            Some(_) => (hand.ends(), api_tokens::revoke(batch, practice, account, there)),
            None => (AccessDecision::Gone, batch),
        };
        batch = rows::decide(held, &token, &decided(house, hand, decision, None));
    }
    let batch = changed(batch, practice, account, (role, AccountState::Disabled), version);
    let decision = hand.ends();
    let batch = rows::decide(batch, item, &decided(house, hand, decision, Some(version + 1)));
    hand.carry_out(house, [event], batch).await.map(|()| decision)
}

async fn end_place(
    house: &House,
    item: &ItemRow,
    hand: &Hand,
    patient: PatientId,
) -> Result<AccessDecision, ReviewError> {
    let (practice, link) = (item.practice_id, CareLinkId::from_bytes(item.subject));
    let event = Event::done(Word::new("end_care_team"), resource(Word::new("care_link"), link));
    let event = Event { patient: Some(patient), reason: hand.reason(), ..event };
    hand.record(house, event.clone()).await?;
    let batch = care_links::end(Batch::new(), practice, patient, link, house.clock.now());
    decide(house, batch, item, hand, hand.ends(), [event]).await
}

async fn revoke(house: &House, item: &ItemRow, hand: &Hand, token: TokenId) -> Result<AccessDecision, ReviewError> {
    let event = Event::done(Word::new("revoke_token"), crate::account::api_token(token));
    let event = Event { reason: hand.reason(), ..event };
    hand.record(house, event.clone()).await?;
    let batch = api_tokens::revoke(Batch::new(), item.practice_id, item.whose, token);
    decide(house, batch, item, hand, hand.ends(), [event]).await
}

/// An hour that is over cannot be ended: the review says that nobody stood by it, and so does the patient's trail. Whoever opened the
/// record is told. Where the hour is not over, it is now.
async fn disapprove(
    house: &House,
    item: &ItemRow,
    hand: &Hand,
    (emergency, patient): (EmergencyId, PatientId),
    open: bool,
) -> Result<AccessDecision, ReviewError> {
    let event = Event::done(Word::new("disapprove_emergency"), resource(Word::new("emergency"), emergency));
    let event = Event { patient: Some(patient), reason: hand.reason(), ..event };
    hand.record(house, event.clone()).await?;
    let batch = Batch::new();
    let batch = match open {
        true => emergencies::end(batch, item.practice_id, emergency, item.whose, house.clock.now()),
        false => batch,
    };
    decide(house, batch, item, hand, hand.ends(), [event]).await
}

/// It had ended by then without the review.
pub(super) async fn gone(house: &House, item: &ItemRow, hand: &Hand) -> Result<AccessDecision, ReviewError> {
    decide(house, Batch::new(), item, hand, AccessDecision::Gone, []).await
}

/// What is said of an item.
pub(super) fn decided(house: &House, hand: &Hand, decision: AccessDecision, version: Option<i64>) -> Decided {
    Decided { decision, by: hand.account(), at: house.clock.now(), version }
}

async fn decide<const N: usize>(
    house: &House,
    batch: Batch,
    item: &ItemRow,
    hand: &Hand,
    decision: AccessDecision,
    recorded: [Event; N],
) -> Result<AccessDecision, ReviewError> {
    let batch = rows::decide(batch, item, &decided(house, hand, decision, None));
    hand.carry_out(house, recorded, batch).await.map(|()| decision)
}
