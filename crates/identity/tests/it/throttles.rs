use crate::fixture::at;
use identity::{
    Failures, Throttle, account_throttle, address_throttle, search_throttle, search_window, throttle_address,
};
use std::net::IpAddr;

fn failures(count: u32) -> Failures {
    Failures { count, last_at: Some(at(0)) }
}

#[test]
fn nobody_waits_for_a_few_mistakes() {
    assert_eq!(account_throttle(Failures::default(), at(0)), Throttle::Allowed);
    for count in 0..5 {
        assert_eq!(account_throttle(failures(count), at(0)), Throttle::Allowed);
    }
}

#[test]
fn the_wait_doubles_from_the_fifth_failure_up_to_a_quarter_of_an_hour() {
    for (count, wait) in [(5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (11, 900), (99, 900)] {
        assert_eq!(account_throttle(failures(count), at(0)), Throttle::Wait(wait), "{count}");
        assert_eq!(account_throttle(failures(count), at(10)), Throttle::Wait(wait - 10), "{count}");
        let over = i64::try_from(wait).expect("small");
        assert_eq!(account_throttle(failures(count), at(over - 1)), Throttle::Wait(1), "{count}");
        assert_eq!(account_throttle(failures(count), at(over)), Throttle::Allowed, "{count}");
    }
}

#[test]
fn a_hundred_failures_in_a_row_lock_the_account_however_long_ago() {
    for count in [100, 101, u32::MAX] {
        assert_eq!(account_throttle(failures(count), at(1_000_000)), Throttle::Locked);
    }
}

#[test]
fn an_address_waits_from_the_twentieth_failure_and_is_never_locked() {
    assert_eq!(address_throttle(failures(19), at(0)), Throttle::Allowed);
    assert_eq!(address_throttle(failures(20), at(0)), Throttle::Wait(30));
    assert_eq!(address_throttle(failures(22), at(0)), Throttle::Wait(120));
    assert_eq!(address_throttle(failures(u32::MAX), at(0)), Throttle::Wait(900));
    assert_eq!(address_throttle(failures(u32::MAX), at(900)), Throttle::Allowed);
}

#[test]
fn an_addresss_failures_are_forgotten_after_an_hour_and_an_accounts_are_not() {
    assert_eq!(failures(30).and_one_from_address(at(3599)).count, 31);
    assert_eq!(failures(30).and_one_from_address(at(3600)).count, 1);
    assert_eq!(failures(30).and_one(at(1_000_000)), Failures { count: 31, last_at: Some(at(1_000_000)) });
}

#[test]
fn a_clock_set_back_opens_nothing() {
    assert_eq!(account_throttle(failures(5), at(-3600)), Throttle::Wait(30));
    assert_eq!(address_throttle(failures(20), at(-3600)), Throttle::Wait(30));
}

#[test]
fn ipv6_counts_by_its_network_and_mapped_ipv4_as_ipv4() {
    let key = |text: &str| throttle_address(text.parse::<IpAddr>().expect("an address")).to_string();
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(key("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
    assert_eq!(key("::ffff:192.0.2.7"), "192.0.2.7");
    assert_eq!(key("192.0.2.7"), "192.0.2.7");
}

#[test]
fn sixty_searches_are_free_in_ten_minutes_and_then_the_wait_is_for_the_next_ten() {
    let begin = (0..600).find(|second| search_window(at(*second)) != search_window(at(second - 1)));
    let begin = begin.expect("a window begins");
    for second in [begin, begin + 1, begin + 599] {
        assert_eq!(search_window(at(second)), search_window(at(begin)), "{second}");
        assert_eq!(search_throttle(failures(59), at(second)), Throttle::Allowed);
        let left = u64::try_from(begin + 600 - second).expect("not over");
        assert_eq!(search_throttle(failures(60), at(second)), Throttle::Wait(left));
        assert_eq!(search_throttle(failures(u32::MAX), at(second)), Throttle::Wait(left));
    }
    assert_eq!(search_window(at(begin + 600)), search_window(at(begin)) + 1);
}
