//! Values of the domain in plain language.

mod access;
pub mod alerts;
mod billing;
pub mod channels;
mod days;
mod dose;
pub mod incidents;
pub mod reviews;
pub mod trail;
pub mod training;

pub use access::{action, may, permission, purpose, role, sentence};
pub use billing::{booking_kind, charge_state, unit_rule, withdrawal_reason};
pub use days::{day, day_month, full_date, greeting, how_long_ago, moment, time, weekday, weekday_rest, weekday_short};
pub use dose::{
    dose, dose_brief, dose_today, duration, how_often, load, load_number, load_unit, performed, side, side_choice,
    tempo, weekdays,
};

use domain::{BodyRegion, Effort, Equipment, Pain};
use maud::{Markup, html};

/// What each number of the pain scale means, 0 to 10, in our words.
pub const PAIN: [&str; 11] = [
    "no pain",
    "barely there",
    "mild",
    "noticeable, easy to bear",
    "bothers me at times",
    "hard to ignore",
    "gets in the way",
    "strong",
    "very strong",
    "hard to stand",
    "the worst I can imagine",
];

/// What each number of the effort scale means, 0 to 10, in our words.
pub const EFFORT: [&str; 11] = [
    "no effort",
    "very easy",
    "easy",
    "moderate",
    "a little hard",
    "fairly hard",
    "somewhat hard, but steady",
    "hard",
    "very hard",
    "nearly all I have",
    "the most I can do",
];

/// What a pain score means: "noticeable, easy to bear".
pub fn pain(pain: Pain) -> &'static str {
    PAIN[usize::from(pain.value())]
}

/// What an effort score means: "fairly hard".
pub fn effort(effort: Effort) -> &'static str {
    EFFORT[usize::from(effort.value())]
}

/// "1 set", "3 sets".
pub fn count(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// An e-mail address that may break at its @, so that a narrow column does not break it in a word.
pub fn email(address: &str) -> Markup {
    let (name, host) = address.split_once('@').unwrap_or((address, ""));
    html! { (name) @if !host.is_empty() { wbr; "@" (host) } }
}

/// The part of the body.
pub fn region(region: BodyRegion) -> &'static str {
    match region {
        BodyRegion::Knee => "Knee",
        BodyRegion::Hip => "Hip",
        BodyRegion::Ankle => "Ankle and foot",
        BodyRegion::Shoulder => "Shoulder",
        BodyRegion::ElbowWrist => "Elbow, wrist and hand",
        BodyRegion::Neck => "Neck",
        BodyRegion::Back => "Back",
        BodyRegion::Balance => "Balance",
        BodyRegion::General => "Whole body",
    }
}

/// What one needs.
pub fn equipment(equipment: Equipment) -> &'static str {
    match equipment {
        Equipment::None => "nothing needed",
        Equipment::Band => "elastic band",
        Equipment::HandWeight => "hand weight",
        Equipment::CuffWeight => "cuff weight",
        Equipment::Chair => "chair",
        Equipment::Step => "step",
        Equipment::Wall => "wall or counter",
        Equipment::Towel => "towel or strap",
        Equipment::Ball => "exercise ball",
        Equipment::Foam => "foam roller or cushion",
        Equipment::Stick => "stick",
        Equipment::Barbell => "barbell",
        Equipment::Machine => "machine",
        Equipment::Other => "other equipment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Dose, Load, LoadUnit, Performed, Side, Tempo, Weekdays};
    use jiff::civil::date;

    /// As it is read: a space is a space.
    fn read(text: impl AsRef<str>) -> String {
        text.as_ref().replace('\u{a0}', " ")
    }

    fn a_dose() -> Dose {
        Dose {
            sets: 3,
            reps: Some(10),
            hold_seconds: Some(2),
            load: None,
            side: Side::Right,
            rest_seconds: Some(45),
            tempo: None,
            times_a_day: 2,
            weekdays: Weekdays::new(&[1, 3, 5]).expect("valid"),
        }
    }

    #[test]
    fn a_dose_reads_as_a_sentence() {
        assert_eq!(
            read(dose(&a_dose())),
            "3 sets of 10, hold 2 seconds, right side, 45 s rest, twice a day, Mon Wed Fri"
        );
    }

    #[test]
    fn a_plain_hold_is_said_without_sets_of_nothing() {
        let hold = Dose { reps: None, hold_seconds: Some(30), side: Side::Both, rest_seconds: None, ..a_dose() };
        assert_eq!(read(dose_today(&hold)), "3 holds of 30 seconds");
        assert_eq!(dose_today(&Dose { sets: 1, hold_seconds: Some(1), ..hold }), "1 hold of 1 second");
    }

    #[test]
    fn a_daily_dose_done_once_says_only_every_day() {
        let daily = Dose { times_a_day: 1, weekdays: Weekdays::DAILY, ..a_dose() };
        assert_eq!(how_often(&daily), "every day");
        assert_eq!(read(dose_brief(&daily)), "3 × 10 · hold 2 s · right side · daily");
    }

    #[test]
    fn a_load_keeps_its_tenths() {
        assert_eq!(read(load(Load { tenths: 25, unit: LoadUnit::Kilogram })), "2.5 kg");
        assert_eq!(read(load(Load { tenths: 100, unit: LoadUnit::Pound })), "10 lb");
    }

    #[test]
    fn working_days_have_a_name() {
        let days = |days: &[u8]| weekdays(Weekdays::new(days).expect("valid"));
        assert_eq!(days(&[1, 2, 3, 4, 5]), "Monday to Friday");
        assert_eq!(days(&[2]), "Tuesdays");
        assert_eq!(days(&[7, 6]), "Saturday and Sunday");
    }

    #[test]
    fn a_tempo_leaves_out_what_takes_no_time() {
        assert_eq!(read(tempo(Tempo { down: 3, bottom: 1, up: 2, top: 0 })), "3 s down, 1 s pause, 2 s up");
        assert_eq!(tempo(Tempo { down: 0, bottom: 0, up: 0, top: 0 }), "at your own pace");
    }

    #[test]
    fn no_set_done_says_that_it_was_tried() {
        let none = Performed { sets: 0, reps: None, hold_seconds: None, load: None };
        assert_eq!(performed(&none), "tried, could not");
        assert_eq!(performed(&Performed { sets: 1, reps: Some(8), ..none }), "1 set of 8");
    }

    #[test]
    fn days_read_as_on_a_calendar() {
        assert_eq!(day(date(2026, 5, 14)), "Thursday, 14 May");
        assert_eq!(full_date(date(2026, 5, 4)), "4 May 2026");
        assert_eq!(how_long_ago(date(2026, 5, 13), date(2026, 5, 14)), "yesterday");
        assert_eq!(how_long_ago(date(2026, 2, 13), date(2026, 5, 14)), "13 February 2026");
        assert_eq!(how_long_ago(date(2026, 5, 20), date(2026, 5, 14)), "20 May 2026");
    }

    #[test]
    fn every_number_of_a_scale_has_its_own_words() {
        for words in [PAIN, EFFORT] {
            let mut sorted = words;
            sorted.sort_unstable();
            assert!(sorted.windows(2).all(|two| two[0] != two[1]));
            assert!(words.iter().all(|word| !word.contains('|')), "the bar separates them in the page");
        }
    }

    #[test]
    fn an_unknown_weekday_is_no_panic() {
        assert_eq!(weekday(0), "");
        assert_eq!(weekday_short(8), "");
    }
}
