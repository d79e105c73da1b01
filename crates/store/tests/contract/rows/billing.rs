//! The billing store and the link to it.

use super::{ACCOUNT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{
    BillingAccountId, BillingLinkId, BookingId, ChargeId, Date, OccasionId, PayerId,
    billing::{
        BookAccount, BookingKind, Cents, ChargeState, CptCode, FeeWords, PayerName, Posting, Postings, UnitRule,
    },
};
use phi::{BillingLinks as _, Draft, RowId, Sealed, StoredLink, billing_branch};
use store::{
    Batch, CommitError, Db, Store,
    rows::{
        billing::{
            accounts,
            bookings::{self, BookingRow},
            charges,
            fees::{self, FeeRow},
            payers::{self, PayerRow},
        },
        billing_links::{self, Links},
    },
};

pub(super) const BILLED: BillingAccountId = BillingAccountId::from_bytes([5; 16]);
pub(super) const BRANCH: domain::PracticeId = billing_branch(PRACTICE);

pub(crate) async fn a_link_is_found_from_both_sides_and_a_patient_has_one(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let links = Links::new(db.clone());
    let link = |n: u8, patient: u8| StoredLink {
        practice: PRACTICE,
        link: BillingLinkId::from_bytes([n; 16]),
        patient_index: [patient; 32],
        account_index: [n + 100; 32],
        sealed: sealed([n; 16], "both"),
        created_at: at(1),
        kept: None,
    };
    assert!(links.add(link(1, 1)).await.expect("stored"));
    assert!(!links.add(link(2, 1)).await.expect("answered"), "the patient has one");
    for found in [links.of_patient(PRACTICE, [1; 32]).await, links.of_account(PRACTICE, [101; 32]).await] {
        let found = found.expect("read").expect("there");
        assert_eq!((found.link, found.sealed.as_bytes()), (BillingLinkId::from_bytes([1; 16]), &b"both"[..]));
        assert_eq!((found.patient_index, found.account_index, found.created_at), ([1; 32], [101; 32], at(1)));
    }
    assert!(links.of_patient(PRACTICE, [2; 32]).await.expect("read").is_none());
    assert!(links.of_account(BRANCH, [101; 32]).await.expect("read").is_none());

    let id = |n: u8| BillingLinkId::from_bytes([n; 16]);
    assert!(links.keep(PRACTICE, id(1), Some(sealed([1; 16], "kept"))).await.expect("stored"));
    assert!(!links.keep(PRACTICE, id(2), Some(sealed([2; 16], "kept"))).await.expect("answered"), "there is no such");
    assert!(links.add(link(3, 3)).await.expect("stored"));
    let with = billing_links::with_kept(&db, PRACTICE, id(0), 10).await.expect("read");
    assert_eq!(with.len(), 1, "nothing is kept with the other");
    let stored = |link: &StoredLink| link.kept.as_ref().map(|kept| kept.as_bytes().to_vec());
    assert_eq!(stored(&with[0]), Some(b"kept".to_vec()));
    let anew = billing_links::replace_kept(Batch::new(), &with[0], &sealed([1; 16], "anew"));
    db.commit(anew).await.expect("replaced");
    let late = billing_links::replace_kept(Batch::new(), &with[0], &sealed([1; 16], "late"));
    db.commit(late).await.expect("nothing happens");
    let found = links.of_patient(PRACTICE, [1; 32]).await.expect("read").expect("there");
    assert_eq!(stored(&found), Some(b"anew".to_vec()), "what was stored since stays");
    assert!(links.keep(PRACTICE, id(1), None).await.expect("taken away"));
    assert!(billing_links::with_kept(&db, PRACTICE, id(0), 10).await.expect("read").is_empty());
}

pub(super) fn draft(n: u8) -> Draft {
    let row = RowId::new([n; 16]);
    Draft {
        branch: BRANCH,
        account: BILLED,
        charge: ChargeId::from_bytes([n; 16]),
        occasion: OccasionId::from_bytes([n; 16]),
        number: 0,
        day: Date::constant(2026, 5, i8::try_from(n).expect("small")),
        therapist: ACCOUNT,
        sheet: Sealed::stored(row, b"sheet".to_vec()),
        diagnoses: Sealed::stored(row, b"diagnoses".to_vec()),
        taken_back: None,
    }
}

async fn received(db: &Db, n: u8) {
    let batch = accounts::open(Batch::new(), BRANCH, BILLED, at(1));
    db.commit(charges::receive(batch, &draft(n), at(2))).await.expect("received");
}

pub(crate) async fn a_draft_that_comes_twice_is_one_and_moves_on_where_it_was_seen(house: &mut dyn House) {
    let db = furnished(house, Store::Billing).await;
    for n in [1, 2, 1] {
        received(&db, n).await;
    }
    let of = |n: u8| ChargeId::from_bytes([n; 16]);
    let day = |n: i8| Date::constant(2026, 5, n);
    let drafts = charges::drafts(&db, BRANCH, None, 10).await;
    assert_eq!(drafts, Ok(vec![(BILLED, of(1), day(1)), (BILLED, of(2), day(2))]));
    let behind = charges::drafts(&db, BRANCH, Some((day(1), of(1))), 10).await;
    assert_eq!(behind, Ok(vec![(BILLED, of(2), day(2))]));
    let one = charges::by_id(&db, BRANCH, BILLED, of(1)).await.expect("read").expect("there");
    assert_eq!((one.sheet.as_bytes(), one.diagnoses.as_bytes()), (&b"sheet"[..], &b"diagnoses"[..]));
    assert_eq!((one.day, one.state, one.version, one.received_at), (day(1), ChargeState::Draft, 1, at(2)));
    assert!(one.price.is_none() && one.therapist_id == ACCOUNT && one.branch == BRANCH);
    let price = Sealed::stored(RowId::new([1; 16]), b"price".to_vec());
    let billed = charges::advance(Batch::new(), &one, ChargeState::Billed, Some(&price));
    assert_eq!(db.commit(billed).await, Ok(()));
    let late = db.commit(charges::advance(Batch::new(), &one, ChargeState::Void, None)).await;
    assert_eq!(late, Err(CommitError::Conflict { statement: 0 }));
    let now = charges::of_account(&db, BRANCH, BILLED, None, 10).await.expect("read");
    assert_eq!(
        now.iter().map(|row| (row.charge_id, row.state)).collect::<Vec<_>>(),
        [(of(2), ChargeState::Draft), (of(1), ChargeState::Billed)]
    );
    let behind = charges::of_account(&db, BRANCH, BILLED, Some((day(2), of(2))), 10).await.expect("read");
    assert_eq!(behind.iter().map(|row| row.charge_id).collect::<Vec<_>>(), [of(1)]);
    assert_eq!(now[1].price.as_ref().map(Sealed::as_bytes), Some(&b"price"[..]));
    assert_eq!(charges::count(&db, BRANCH).await, Ok(vec![(ChargeState::Billed, 1), (ChargeState::Draft, 1)]));
    assert!(charges::by_id(&db, PRACTICE, BILLED, of(1)).await.expect("read").is_none());

    // Nothing is asked for the other one, by somebody; and it is asked for after all.
    let other = async || charges::by_id(&db, BRANCH, BILLED, of(2)).await.expect("read").expect("there");
    let seen = other().await;
    db.commit(charges::void(Batch::new(), &seen, ACCOUNT, at(7))).await.expect("void");
    let void = other().await;
    assert_eq!((void.state, void.voided_by, void.voided_at), (ChargeState::Void, Some(ACCOUNT), Some(at(7))));
    for late in [charges::void(Batch::new(), &seen, ACCOUNT, at(8)), charges::restore(Batch::new(), &seen)] {
        assert_eq!(db.commit(late).await, Err(CommitError::Conflict { statement: 0 }));
    }
    db.commit(charges::restore(Batch::new(), &void)).await.expect("a draft again");
    let draft = other().await;
    assert_eq!((draft.state, draft.voided_by, draft.voided_at), (ChargeState::Draft, None, None));
}

pub(crate) async fn of_the_charges_of_an_occasion_one_is_live_in_whatever_order_they_come(house: &mut dyn House) {
    let db = furnished(house, Store::Billing).await;
    let occasion = OccasionId::from_bytes([9; 16]);
    let arrives_on = async |account: BillingAccountId, n: u8, number: u64| {
        let batch = accounts::open(Batch::new(), BRANCH, account, at(1));
        let draft = Draft { account, occasion, number, ..draft(n) };
        db.commit(charges::receive(batch, &draft, at(2))).await
    };
    let arrives = async |n: u8, number: u64| arrives_on(BILLED, n, number).await;
    let of = async |n: u8| {
        let id = ChargeId::from_bytes([n; 16]);
        charges::by_id(&db, BRANCH, BILLED, id).await.expect("read").expect("there")
    };
    let states = async || {
        let all = charges::of_occasion(&db, &of(1).await).await.expect("read");
        all.iter().map(|row| (row.charge_id.as_bytes()[0], row.state)).collect::<Vec<_>>()
    };
    use ChargeState::{Billed, Draft as Waiting, Void};
    arrives(1, 0).await.expect("arrived");
    arrives(2, 1).await.expect("arrived");
    // Once more, as after a kill, and a later one before the one before it.
    for (n, number) in [(1, 0), (2, 1), (4, 3), (3, 2), (4, 3)] {
        assert_eq!(arrives(n, number).await, Ok(()));
    }
    assert_eq!(states().await, [(1, Void), (2, Void), (3, Void), (4, Waiting)]);
    assert_eq!((of(1).await.version, of(4).await.version), (2, 1));

    // What is in the books stays there; its correction waits until it is taken out, and then it is void.
    db.commit(charges::advance(Batch::new(), &of(4).await, Billed, None)).await.expect("billed");
    arrives(5, 4).await.expect("arrived");
    let both = db.commit(charges::advance(Batch::new(), &of(5).await, Billed, None)).await;
    assert!(matches!(both, Err(CommitError::Duplicate { .. })), "{both:?}");
    assert_eq!(states().await[3..], [(4, Billed), (5, Waiting)]);
    db.commit(charges::reopen(Batch::new(), &of(4).await)).await.expect("taken out");
    assert_eq!(states().await[3..], [(4, Void), (5, Waiting)]);
    db.commit(charges::advance(Batch::new(), &of(5).await, Billed, None)).await.expect("billed");
    db.commit(charges::reopen(Batch::new(), &of(5).await)).await.expect("taken out");
    assert_eq!(states().await[4..], [(5, Waiting)], "nothing corrects it");
    let corrected = db.commit(charges::restore(Batch::new(), &of(4).await)).await;
    assert_eq!(corrected, Err(CommitError::Conflict { statement: 0 }), "a correction of it has come");
    let twice = db.commit(charges::advance(Batch::new(), &of(4).await, Waiting, None)).await;
    assert!(matches!(twice, Err(CommitError::Duplicate { .. })), "the store keeps two drafts apart: {twice:?}");

    // Care was brought back from before all of it, and counts from the beginning again: the last that it said counts.
    for (n, number) in [(6, 0), (7, 1), (6, 0), (7, 1)] {
        assert_eq!(arrives(n, number).await, Ok(()));
    }
    assert_eq!(states().await[4..], [(5, Void), (6, Void), (7, Waiting)]);
    assert_eq!((of(6).await.number, of(7).await.number), (5, 6));
    db.commit(charges::advance(Batch::new(), &of(7).await, Billed, None)).await.expect("billed");
    arrives(8, 0).await.expect("arrived");
    assert_eq!(states().await[6..], [(7, Billed), (8, Waiting)], "what is in the books stays there");

    // The link was lost with an older identity store, and the patient has got another account.
    let another = BillingAccountId::from_bytes([77; 16]);
    assert_eq!(arrives_on(another, 9, 9).await, Ok(()));
    assert_eq!(states().await[7..], [(8, Void)]);
    let one = charges::by_id(&db, BRANCH, another, ChargeId::from_bytes([9; 16])).await.expect("read");
    assert_eq!(one.map(|row| (row.number, row.state)), Some((9, Waiting)));
}

pub(crate) async fn accounts_have_payers_and_codes_have_fees_from_a_day_on(house: &mut dyn House) {
    let db = furnished(house, Store::Billing).await;
    received(&db, 1).await;
    let payer = |n: u8, name: &str| PayerRow {
        branch: BRANCH,
        payer_id: PayerId::from_bytes([n; 16]),
        name: PayerName::new(name).expect("a name"),
        unit_rule: UnitRule::Cms,
        created_at: at(3),
    };
    db.commit(payers::insert(Batch::new(), &payer(1, "Medicare"))).await.expect("stored");
    let twice = db.commit(payers::insert(Batch::new(), &payer(2, "Medicare"))).await;
    assert_eq!(twice, Err(CommitError::Duplicate { statement: 0 }));
    assert_eq!(payers::all(&db, BRANCH).await, Ok(vec![payer(1, "Medicare")]));
    let medicare = Some(PayerId::from_bytes([1; 16]));
    db.commit(accounts::set_payer(Batch::new(), BRANCH, BILLED, medicare, 1)).await.expect("stored");
    let late = db.commit(accounts::set_payer(Batch::new(), BRANCH, BILLED, None, 1)).await;
    assert_eq!(late, Err(CommitError::Conflict { statement: 0 }));
    let account = accounts::by_id(&db, BRANCH, BILLED).await.expect("read").expect("there");
    assert_eq!((account.payer_id, account.version, account.opened_at), (medicare, 2, at(1)));
    let all = accounts::all(&db, BRANCH).await.expect("read");
    assert_eq!(all.iter().map(|row| (row.account_id, row.payer_id)).collect::<Vec<_>>(), [(BILLED, medicare)]);
    assert!(all[0].payer_is_said());
    let first = BillingAccountId::from_bytes([0; 16]);
    assert_eq!(accounts::page(&db, BRANCH, first, 10).await, Ok(vec![account]));
    assert_eq!(accounts::page(&db, BRANCH, BILLED, 10).await, Ok(vec![]));

    let code = CptCode::new("97110").expect("a code");
    let fee = |month: i8, cents: i64| FeeRow {
        branch: BRANCH,
        code,
        valid_from: Date::constant(2026, month, 1),
        fee: Cents(cents),
        words: FeeWords::new("Exercise").expect("words"),
        set_by: ACCOUNT,
        set_at: at(4),
    };
    for one in [fee(1, 4000), fee(6, 4200)] {
        db.commit(fees::insert(Batch::new(), &one)).await.expect("stored");
    }
    let twice = db.commit(fees::insert(Batch::new(), &fee(6, 1))).await;
    assert_eq!(twice, Err(CommitError::Duplicate { statement: 0 }));
    let replaced = async |seen: &FeeRow, cents: i64, set: i64| {
        let new = FeeRow { fee: Cents(cents), set_at: at(set), ..seen.clone() };
        db.commit(fees::replace(Batch::new(), seen, &new)).await.map(|()| new)
    };
    let dearer = replaced(&fee(6, 4200), 4300, 5).await.expect("nothing was billed with it");
    assert_eq!(replaced(&fee(6, 4200), 1, 5).await, Err(CommitError::Conflict { statement: 0 }), "seen too early");
    let still =
        async |fee: &FeeRow, day| db.commit(fees::is_in_force(Batch::new(), fee, Date::constant(2026, 6, day))).await;
    assert_eq!(still(&dearer, 2).await, Ok(()));
    assert_eq!(still(&fee(6, 4200), 2).await, Err(CommitError::Conflict { statement: 0 }), "it was replaced");
    assert_eq!(still(&fee(1, 4000), 1).await, Err(CommitError::Conflict { statement: 0 }), "a later one has begun");
    let booking = BookingRow {
        branch: BRANCH,
        booking_id: BookingId::from_bytes([1; 16]),
        account_id: BILLED,
        kind: BookingKind::Charge,
        day: Date::constant(2026, 6, 2),
        charge_id: Some(ChargeId::from_bytes([1; 16])),
        voids: None,
        payer_id: None,
        booked_by: ACCOUNT,
        booked_at: at(6),
    };
    let postings = Postings::of(BookingKind::Charge, Cents(4300)).expect("postings");
    db.commit(bookings::insert(Batch::new(), &booking, &postings)).await.expect("stored");
    assert_eq!(replaced(&dearer, 1, 7).await, Err(CommitError::Conflict { statement: 0 }), "it was billed with");
    let first = replaced(&fee(1, 4000), 4001, 7).await.expect("the later one was in force on that day");
    let all = fees::all(&db, BRANCH).await.expect("read");
    assert_eq!(all, [dearer, first]);
    let on = |year, month, day| fees::on(&all, code, Date::constant(year, month, day)).map(|fee| fee.fee);
    assert_eq!((on(2025, 12, 31), on(2026, 5, 31), on(2026, 6, 1)), (None, Some(Cents(4001)), Some(Cents(4300))));
}

pub(crate) async fn bookings_are_added_voided_once_and_sum_to_zero(house: &mut dyn House) {
    let db = furnished(house, Store::Billing).await;
    received(&db, 1).await;
    let row = |n: u8, kind, voids: Option<u8>| BookingRow {
        branch: BRANCH,
        booking_id: BookingId::from_bytes([n; 16]),
        account_id: BILLED,
        kind,
        day: Date::constant(2026, 5, 14),
        charge_id: (kind == BookingKind::Charge).then_some(ChargeId::from_bytes([1; 16])),
        voids: voids.map(|n| BookingId::from_bytes([n; 16])),
        payer_id: None,
        booked_by: ACCOUNT,
        booked_at: at(n.into()),
    };
    let charge = Postings::of(BookingKind::Charge, Cents(12_000)).expect("postings");
    let payment = Postings::of(BookingKind::Payment, Cents(5_000)).expect("postings");
    let batch = bookings::insert(Batch::new(), &row(1, BookingKind::Charge, None), &charge);
    db.commit(bookings::insert(batch, &row(2, BookingKind::Payment, None), &payment)).await.expect("stored");
    let twice = db.commit(bookings::insert(Batch::new(), &row(2, BookingKind::Payment, None), &payment)).await;
    assert_eq!(twice, Err(CommitError::Duplicate { statement: 0 }));
    let back = payment.opposite().expect("the opposite");
    db.commit(bookings::insert(Batch::new(), &row(3, BookingKind::Void, Some(2)), &back)).await.expect("voided");
    let again = db.commit(bookings::insert(Batch::new(), &row(4, BookingKind::Void, Some(2)), &back)).await;
    assert_eq!(again, Err(CommitError::Duplicate { statement: 0 }));
    let booked = bookings::of_account(&db, BRANCH, BILLED).await.expect("read");
    let owed: Vec<_> = booked.iter().map(|one| (one.row.booking_id.as_bytes()[0], one.owed)).collect();
    assert_eq!(owed, [(1, Cents(12_000)), (2, Cents(-5_000)), (3, Cents(5_000))]);
    assert_eq!(booked[2].row, row(3, BookingKind::Void, Some(2)));
    let one = bookings::by_id(&db, BRANCH, BILLED, BookingId::from_bytes([1; 16])).await.expect("read");
    assert_eq!(one.expect("there").row, row(1, BookingKind::Charge, None));
    let behind = bookings::page(&db, BRANCH, Some((at(1), BookingId::from_bytes([1; 16]))), 1).await.expect("read");
    assert_eq!(behind.iter().map(|one| one.row.booking_id.as_bytes()[0]).collect::<Vec<_>>(), [2]);
    let sums = bookings::sums(&db, BRANCH).await.expect("read");
    assert_eq!(Cents::sum(sums.iter().map(|(_, cents)| *cents)), Some(Cents(0)));
    assert!(sums.contains(&(BookAccount::Receivable, Cents(12_000))), "{sums:?}");
    let postings = bookings::postings(&db, BRANCH, BookingId::from_bytes([2; 16])).await.expect("read");
    assert_eq!(
        postings,
        [
            Posting { account: BookAccount::Cash, amount: Cents(5_000) },
            Posting { account: BookAccount::Receivable, amount: Cents(-5_000) }
        ]
    );
    let stranger = BillingAccountId::from_bytes([6; 16]);
    let elsewhere = BookingRow { account_id: stranger, ..row(7, BookingKind::Payment, None) };
    let refused = db.commit(bookings::insert(Batch::new(), &elsewhere, &payment)).await;
    assert!(matches!(refused, Err(CommitError::Refused { .. })), "{refused:?}");
}
