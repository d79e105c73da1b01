//! Money: bookings that sum to zero, and how long it is owed.

use domain::{
    Date,
    billing::{Aging, BookAccount, BookingKind, Cents, Posting, Postings},
};
use proptest::prelude::*;

fn day(month: i8, day: i8) -> Date {
    Date::new(2026, month, day).expect("a day")
}

#[test]
fn a_booking_goes_from_one_account_to_another() {
    let charge = Postings::of(BookingKind::Charge, Cents(12_345)).expect("an amount");
    assert_eq!(charge.on(BookAccount::Receivable), Some(Cents(12_345)));
    assert_eq!(charge.on(BookAccount::Income), Some(Cents(-12_345)));
    assert_eq!(charge.on(BookAccount::Cash), Some(Cents(0)));
    let payment = Postings::of(BookingKind::Payment, Cents(5_000)).expect("an amount");
    assert_eq!(payment.on(BookAccount::Receivable), Some(Cents(-5_000)));
    let void = charge.opposite().expect("a void");
    assert_eq!(void.on(BookAccount::Receivable), Some(Cents(-12_345)));
}

#[test]
fn a_booking_that_does_not_sum_to_zero_is_refused() {
    let posting = |account, amount| Posting { account, amount: Cents(amount) };
    use BookAccount::{Cash, Income, Receivable};
    assert!(Postings::new(vec![posting(Receivable, 100), posting(Income, -99)]).is_err());
    assert!(Postings::new(vec![posting(Receivable, 0), posting(Income, 0)]).is_err());
    assert!(Postings::new(vec![]).is_err());
    assert!(Postings::new(vec![posting(Cash, i64::MAX), posting(Receivable, i64::MAX), posting(Income, 2)]).is_err());
    assert!(
        serde_json::from_str::<Postings>(r#"[{"account":"cash","amount":1},{"account":"income","amount":1}]"#).is_err()
    );
    for amount in [0, -1, i64::MIN] {
        assert!(Postings::of(BookingKind::Charge, Cents(amount)).is_err());
    }
    assert!(Postings::of(BookingKind::Void, Cents(1)).is_err());
}

#[test]
fn what_is_owed_longest_is_settled_first() {
    let charges = [(day(6, 1), Cents(300)), (day(1, 1), Cents(100)), (day(4, 2), Cents(200))];
    let aging = Aging::of(day(6, 1), &charges, Cents(150)).expect("sums fit");
    let expected = Aging { current: Cents(300), over_30: Cents(150), ..Aging::default() };
    assert_eq!(aging, expected);
    assert_eq!(aging.balance(), Some(Cents(450)));
    let overpaid = Aging::of(day(6, 1), &charges, Cents(700)).expect("sums fit");
    assert_eq!(overpaid, Aging { credit: Cents(100), ..Aging::default() });
    assert_eq!(overpaid.balance(), Some(Cents(-100)));
}

#[test]
fn a_day_decides_between_two_spans() {
    let spans = [
        (day(5, 2), Aging { current: Cents(1), ..Aging::default() }),
        (day(5, 1), Aging { over_30: Cents(1), ..Aging::default() }),
        (day(4, 2), Aging { over_30: Cents(1), ..Aging::default() }),
        (day(4, 1), Aging { over_60: Cents(1), ..Aging::default() }),
        (day(3, 3), Aging { over_60: Cents(1), ..Aging::default() }),
        (day(3, 2), Aging { over_90: Cents(1), ..Aging::default() }),
        (day(2, 1), Aging { over_90: Cents(1), ..Aging::default() }),
        (day(1, 31), Aging { over_120: Cents(1), ..Aging::default() }),
    ];
    for (service, expected) in spans {
        assert_eq!(Aging::of(day(6, 1), &[(service, Cents(1))], Cents(0)), Some(expected), "{service}");
    }
}

#[test]
fn what_is_owed_is_the_sum_of_its_spans_and_the_balance_is_less_what_was_paid_beyond() {
    let aging = Aging {
        current: Cents(1),
        over_30: Cents(20),
        over_60: Cents(300),
        over_90: Cents(4_000),
        over_120: Cents(50_000),
        credit: Cents(7),
    };
    assert_eq!(aging.spans().map(|(_, cents)| cents.0), [1, 20, 300, 4_000, 50_000]);
    assert_eq!((aging.owed(), aging.balance()), (Some(Cents(54_321)), Some(Cents(54_314))));
}

#[test]
fn money_is_written_in_dollars_and_never_wraps() {
    assert_eq!(Cents(-123_405).to_string(), "-$1,234.05");
    assert_eq!(Cents(7).to_string(), "$0.07");
    assert_eq!(Cents(i64::MAX).plus(Cents(1)), None);
    assert_eq!(Cents(i64::MAX).times(2), None);
    assert_eq!(Cents(i64::MIN).opposite(), None);
}

proptest! {
    #[test]
    fn any_bookings_and_their_voids_sum_to_zero(amounts in prop::collection::vec((0_usize..4, 1_i64..10_000_000), 1..60)) {
        let mut all = Vec::new();
        for (kind, amount) in amounts {
            let booking = Postings::of(BookingKind::ALL[kind], Cents(amount)).expect("an amount");
            all.push(booking.opposite().expect("a void"));
            all.push(booking);
            let sum = Cents::sum(all.iter().flat_map(Postings::iter).map(|posting| posting.amount));
            prop_assert_eq!(sum, Some(Cents(0)));
        }
    }

    #[test]
    fn aging_loses_no_cent(charges in prop::collection::vec((1_i8..13, 1_i8..29, 1_i64..1_000_000), 0..20), settled in 0_i64..5_000_000) {
        let charges: Vec<_> = charges.into_iter().map(|(m, d, amount)| (day(m, d), Cents(amount))).collect();
        let charged = Cents::sum(charges.iter().map(|(_, amount)| *amount)).expect("fits");
        let aging = Aging::of(Date::new(2027, 1, 1).expect("a day"), &charges, Cents(settled)).expect("fits");
        prop_assert_eq!(aging.balance(), charged.plus(Cents(-settled)));
    }
}
