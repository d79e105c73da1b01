//! From a visit's services to what is asked for them.

use domain::billing::{Cents, ChargeSheet, CptCode, Minutes, Modifier, PriceError, Service, UnitRule, price};

fn code(text: &str) -> CptCode {
    CptCode::new(text).expect("a code")
}

fn timed(text: &str, minutes: u16) -> Service {
    Service { code: code(text), minutes: Some(Minutes::new(minutes).expect("minutes")), modifiers: vec![Modifier::Gp] }
}

fn once(text: &str) -> Service {
    Service { code: code(text), minutes: None, modifiers: vec![] }
}

#[test]
fn a_visit_costs_its_units_under_the_payers_rule_times_the_fees_of_the_day() {
    let sheet = ChargeSheet::new(vec![timed("97110", 33), timed("97140", 7), once("97161")]).expect("a sheet");
    let fee = |asked: CptCode| Some(Cents(if asked == code("97161") { 10_000 } else { 4_000 }));
    let cms = price(&sheet, UnitRule::Cms, fee).expect("a price");
    assert_eq!(cms.calculation.units(), 3);
    assert_eq!(cms.total, Cents(3 * 4_000 + 10_000));
    let ama = price(&sheet, UnitRule::Ama, fee).expect("a price");
    assert_eq!(ama.total, Cents(2 * 4_000 + 10_000));
    assert_eq!(ama.lines.iter().map(|line| line.units).collect::<Vec<_>>(), [2, 0, 1]);
}

#[test]
fn a_code_without_a_fee_is_named_and_nothing_is_guessed() {
    let sheet = ChargeSheet::new(vec![timed("97110", 15), once("97161")]).expect("a sheet");
    let only = |asked: CptCode| (asked == code("97110")).then_some(Cents(4_000));
    assert_eq!(price(&sheet, UnitRule::Cms, only), Err(PriceError::NoFee(vec![code("97161")])));
}

#[test]
fn a_sheet_names_each_code_and_each_modifier_once() {
    assert!(ChargeSheet::new(vec![]).is_err());
    assert!(ChargeSheet::new(vec![timed("97110", 15), timed("97110", 15)]).is_err());
    let twice = Service { modifiers: vec![Modifier::Gp, Modifier::Gp], ..timed("97110", 15) };
    assert!(ChargeSheet::new(vec![twice]).is_err());
    assert!(ChargeSheet::new(vec![timed("97110", 1000), timed("97140", 1000)]).is_err());
    let thirteen = (0..13).map(|n| once(&format!("971{n:02}"))).collect();
    assert!(ChargeSheet::new(thirteen).is_err());
}
