//! Units of timed codes, held against the Medicare Claims Processing Manual (publication 100-04, chapter 5, section 20.2)
//! and the midpoint rule.

use domain::billing::{CptCode, Minutes, UnitRule, calculate_units};
use proptest::prelude::*;

/// Codes in the order in which a test gives minutes: the first four stand in the manual's examples too.
const CODES: [&str; 8] = ["97112", "97110", "97140", "97116", "97035", "97530", "97535", "97542"];

fn timed(minutes: &[u16]) -> Vec<(CptCode, Minutes)> {
    let codes = CODES.iter().map(|code| CptCode::new(code).expect("a code"));
    codes.zip(minutes).map(|(code, minutes)| (code, Minutes::new(*minutes).expect("minutes"))).collect()
}

fn units(rule: UnitRule, minutes: &[u16]) -> Vec<u16> {
    let calculation = calculate_units(rule, &timed(minutes)).expect("a day's minutes");
    calculation.lines.iter().map(|line| line.units).collect()
}

fn total(rule: UnitRule, minutes: &[u16]) -> u32 {
    calculate_units(rule, &timed(minutes)).expect("a day's minutes").units()
}

#[test]
fn a_single_code_has_the_units_of_the_manuals_table() {
    // The table of the manual: units, from minutes, to minutes. Under 8 minutes nothing is billed.
    let table = [
        (0, 1, 7),
        (1, 8, 22),
        (2, 23, 37),
        (3, 38, 52),
        (4, 53, 67),
        (5, 68, 82),
        (6, 83, 97),
        (7, 98, 112),
        (8, 113, 127),
        // "The pattern remains the same for treatment times in excess of 2 hours."
        (9, 128, 142),
        (10, 143, 157),
        (16, 233, 247),
    ];
    for (expected, from, to) in table {
        for minutes in [from, from + 1, (from + to) / 2, to - 1, to] {
            assert_eq!(total(UnitRule::Cms, &[minutes]), expected, "{minutes} minutes");
            assert_eq!(total(UnitRule::Ama, &[minutes]), expected, "{minutes} minutes, alone under the midpoint rule");
        }
    }
}

#[test]
fn several_codes_share_the_units_as_in_the_manuals_examples() {
    // 24 minutes of 97112 and 23 of 97110: 3 units, 2 of them for 97112.
    assert_eq!(units(UnitRule::Cms, &[24, 23]), [2, 1]);
    // 20 and 20: 3 units; both had 15 minutes, either gets the third.
    assert_eq!(units(UnitRule::Cms, &[20, 20]), [2, 1]);
    // 33 minutes of 97110 and 7 of 97140: 2 units and 1.
    assert_eq!(units(UnitRule::Cms, &[33, 7]), [2, 1]);
    // 18 minutes of 97110, 13 of 97140, 10 of 97116, 8 of 97035: 49 minutes, 3 units, one each for the longest three.
    assert_eq!(units(UnitRule::Cms, &[18, 13, 10, 8]), [1, 1, 1, 0]);
    // 7, 7 and 7: 21 minutes, one unit for one of them.
    assert_eq!(units(UnitRule::Cms, &[7, 7, 7]), [1, 0, 0]);
}

/// Minutes, units under the CMS rule, units under the midpoint rule.
type Vector = (&'static [u16], &'static [u16], &'static [u16]);

#[test]
fn the_two_rules_part_where_minutes_are_left_over() {
    let vectors: &[Vector] = &[
        (&[33, 7], &[2, 1], &[2, 0]),
        (&[8, 8], &[1, 0], &[1, 1]),
        (&[7, 7], &[1, 0], &[0, 0]),
        (&[24, 23], &[2, 1], &[2, 2]),
        (&[7, 8], &[0, 1], &[0, 1]),
        (&[15, 7], &[1, 0], &[1, 0]),
        (&[15, 8], &[1, 1], &[1, 1]),
        (&[14, 9], &[1, 1], &[1, 1]),
        (&[12, 10], &[1, 0], &[1, 1]),
        (&[10, 12], &[0, 1], &[1, 1]),
        (&[11, 12], &[1, 1], &[1, 1]),
        (&[22, 1], &[2, 0], &[1, 0]),
        (&[22, 22], &[2, 1], &[1, 1]),
        (&[29, 29], &[2, 2], &[2, 2]),
        (&[8, 8, 8], &[1, 1, 0], &[1, 1, 1]),
        (&[5, 5, 5], &[1, 0, 0], &[0, 0, 0]),
        (&[4, 3], &[0, 0], &[0, 0]),
        (&[3, 4, 1], &[0, 1, 0], &[0, 0, 0]),
        (&[30, 15, 8], &[2, 1, 1], &[2, 1, 1]),
        (&[30, 15, 7], &[2, 1, 0], &[2, 1, 0]),
        (&[10, 10, 10, 10], &[1, 1, 1, 0], &[1, 1, 1, 1]),
        (&[14, 14, 14, 14], &[1, 1, 1, 1], &[1, 1, 1, 1]),
        (&[7, 7, 7, 7, 7, 7, 7], &[1, 1, 1, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 0, 0]),
    ];
    for (minutes, cms, ama) in vectors {
        assert_eq!(units(UnitRule::Cms, minutes), *cms, "{minutes:?} under the CMS rule");
        assert_eq!(units(UnitRule::Ama, minutes), *ama, "{minutes:?} under the midpoint rule");
    }
}

#[test]
fn a_calculation_shows_each_step() {
    let calculation = calculate_units(UnitRule::Cms, &timed(&[33, 7])).expect("a day's minutes");
    let shown = serde_json::to_value(&calculation).expect("JSON");
    let expected = serde_json::json!({
        "rule": "cms", "total_minutes": 40, "allowed_units": 3,
        "lines": [
            {"code": "97112", "minutes": 33, "whole_units": 2, "minutes_left": 3, "extra_unit": false, "units": 2},
            {"code": "97110", "minutes": 7, "whole_units": 0, "minutes_left": 7, "extra_unit": true, "units": 1},
        ],
    });
    assert_eq!(shown, expected);
}

#[test]
fn what_is_no_day_of_timed_codes_is_refused() {
    assert!(Minutes::new(0).is_err());
    assert!(Minutes::new(1441).is_err());
    let twice = [timed(&[10])[0], timed(&[20])[0]];
    assert!(calculate_units(UnitRule::Cms, &twice).is_err());
    assert!(calculate_units(UnitRule::Cms, &timed(&[1000, 441])).is_err());
    for wrong in ["9711", "971100", "9711a", "", " 97110", "+7110"] {
        assert!(CptCode::new(wrong).is_err());
    }
}

proptest! {
    #[test]
    fn units_never_fall_when_minutes_rise(minutes in prop::collection::vec(1_u16..120, 1..8), at in 0_usize..8, more in 1_u16..40) {
        let at = at % minutes.len();
        let mut longer = minutes.clone();
        longer[at] += more;
        for rule in UnitRule::ALL {
            prop_assert!(total(*rule, &longer) >= total(*rule, &minutes));
        }
    }

    #[test]
    fn the_total_never_exceeds_what_the_minutes_allow(minutes in prop::collection::vec(1_u16..120, 1..8)) {
        let all: u32 = minutes.iter().map(|minutes| u32::from(*minutes)).sum();
        prop_assert_eq!(total(UnitRule::Cms, &minutes), (all + 7) / 15);
        let calculation = calculate_units(UnitRule::Ama, &timed(&minutes)).expect("a day's minutes");
        for line in &calculation.lines {
            let units = u32::from(line.units);
            // Each unit beyond the first needs 15 more minutes, the first more than half of them.
            prop_assert!(units == 0 || u32::from(line.minutes.count()) >= 15 * (units - 1) + 8);
        }
    }

    #[test]
    fn a_code_never_gets_more_than_one_unit_beyond_its_whole_ones(minutes in prop::collection::vec(1_u16..60, 1..8)) {
        for rule in UnitRule::ALL {
            for (units, minutes) in units(*rule, &minutes).iter().zip(&minutes) {
                prop_assert!(*units == minutes / 15 || *units == minutes / 15 + 1);
            }
        }
    }
}
