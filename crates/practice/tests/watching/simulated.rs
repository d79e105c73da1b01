//! A made-up year. The figures of the documentation come from `patella simulate`, with another seed.

use practice::watch::{
    Settings,
    simulate::{Simulation, table},
};

#[test]
fn what_is_planted_is_found_and_a_therapist_is_not_bothered_more_than_once_a_month() {
    let simulation = Simulation { seed: 1, therapists: 3, days: 230, each: 1 };
    let outcome = simulation.run(&Settings::default());
    let told = table(&simulation, &outcome);
    let (planted, found) = outcome.planted_and_found();
    assert_eq!((planted, found), (15, 15), "{told}");
    assert!(outcome.wrong_per_therapist_and_month() <= 2.0, "{told}");
    assert!(told.contains("15 attacks planted, 15 found"), "{told}");
}

#[test]
fn the_same_seed_makes_the_same_year() {
    let simulation = Simulation { seed: 5, therapists: 3, days: 40, each: 0 };
    assert_eq!(simulation.run(&Settings::default()), simulation.run(&Settings::default()));
}
