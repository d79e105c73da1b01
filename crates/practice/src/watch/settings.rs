//! What a practice can set: numbers with plain names, bounds and defaults.

use crate::House;
use domain::{AlertAnswer, AlertRule, Invalid, PracticeId};
use store::{StoreError, rows::watching};

/// What a setting is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things: charts, refusals, days on which something was seen.
    Count,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
    /// An hour of the practice's day, 0 to 24.
    Hour,
    /// 0 for no, 1 for yes.
    YesNo,
    /// Bits of a network address.
    Bits,
    /// Standard deviations, from the median deviation.
    Deviations,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct SettingKind {
    /// Which.
    pub setting: Setting,
    /// Its name, as it is stored and in the API.
    pub name: &'static str,
    /// In words.
    pub words: &'static str,
    /// Counted in.
    pub unit: Unit,
    /// When nobody set it.
    pub default: u32,
    /// The least that makes sense.
    pub least: u32,
    /// The most.
    pub most: u32,
}

macro_rules! settings {
    ($($(#[$doc:meta])* $setting:ident = $name:literal, $words:literal, $unit:ident, $default:literal in $least:literal..=$most:literal;)*) => {
        /// What can be set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Setting { $(#[doc = $words] $setting),* }

        /// All settings, in the order in which they are shown.
        pub const SETTINGS: &[SettingKind] = &[$(SettingKind {
            setting: Setting::$setting, name: $name, words: $words, unit: Unit::$unit,
            default: $default, least: $least, most: $most,
        }),*];
    };
}

settings! {
    Deviations = "deviations", "How far above the usual is unusual", Deviations, 6 in 3..=20;
    ChartsMinutes = "charts_minutes", "Charts are counted over", Minutes, 60 in 5..=720;
    ChartsLeast = "charts_least", "Fewer charts than this are never too many", Count, 20 in 3..=1000;
    ChartsAtFirst = "charts_at_first", "Charts that are too many while nothing is known about the usual", Count, 40 in 5..=1000;
    ListedLeast = "listed_least", "Fewer patients listed on a day than this are never too many", Count, 150 in 10..=100_000;
    ExportsLeast = "exports_least", "Fewer exports on a day than this are never too many", Count, 5 in 1..=1000;
    RisePercent = "rise_percent", "Charts a day, in percent of long before, that are a slow rise", Count, 160 in 110..=1000;
    NetworkBits = "network_bits", "Bits of an address that make its network", Bits, 16 in 8..=32;
    PasskeysToo = "passkeys_too", "A new network is told for sign-ins with a passkey too", YesNo, 0 in 0..=1;
    KnownAfterDays = "known_after_days", "An account is known well enough after", Days, 21 in 1..=90;
    TwoPlacesMinutes = "two_places_minutes", "Two networks in turn are too far apart within", Minutes, 10 in 1..=120;
    OpensAt = "opens_at", "The practice opens at", Hour, 6 in 0..=23;
    ClosesAt = "closes_at", "The practice closes at", Hour, 22 in 1..=24;
    Saturdays = "saturdays", "Open on Saturdays", YesNo, 1 in 0..=1;
    Sundays = "sundays", "Open on Sundays", YesNo, 0 in 0..=1;
    OutsidePatients = "outside_patients", "Patients opened outside hours that are told", Count, 3 in 1..=100;
    HabitDays = "habit_days", "Days in two months that make an hour usual for a person", Count, 3 in 1..=60;
    DenialsCount = "denials_count", "Refused records that are told", Count, 6 in 2..=100;
    DenialsMinutes = "denials_minutes", "Refusals are counted over", Minutes, 30 in 1..=1440;
    GuessesCount = "guesses_count", "Wrong second factors that are told", Count, 5 in 2..=100;
    AccountsCount = "accounts_count", "Accounts tried in vain from one network within an hour that are told", Count, 5 in 2..=100;
    DormantDays = "dormant_days", "An account is dormant after", Days, 30 in 7..=90;
    ChangedHours = "changed_hours", "Hours for which a changed factor or role is watched", Count, 24 in 1..=168;
    ReviewDays = "review_days", "It is told that nobody looked through what was done, or into alerts, after", Days, 14 in 1..=90;
    WitnessMinutes = "witness_minutes", "It is told that the head of the trail arrived at no second path after", Minutes, 60 in 5..=1440;
    NoCareDays = "no_care_days", "A patient is out of care after", Days, 60 in 14..=90;
    NoCarePatients = "no_care_patients", "Such patients opened in a week that are told", Count, 3 in 1..=100;
}

impl Setting {
    /// What is to be known about it.
    pub fn kind(self) -> &'static SettingKind {
        // The list is made from the same lines, in their order.
        &SETTINGS[self as usize]
    }
}

/// The settings of a practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    numbers: Vec<u32>,
    answers: Vec<AlertAnswer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            numbers: SETTINGS.iter().map(|kind| kind.default).collect(),
            answers: AlertRule::ALL.iter().map(|_| AlertAnswer::Alert).collect(),
        }
    }
}

impl Settings {
    /// A number.
    pub fn number(&self, setting: Setting) -> u32 {
        self.numbers[setting as usize]
    }

    /// What follows from what a rule finds.
    pub fn answer(&self, rule: AlertRule) -> AlertAnswer {
        self.answers[rule as usize]
    }

    /// Sets a number; refused outside its bounds.
    pub fn set(&mut self, setting: Setting, value: u32) -> Result<(), Invalid> {
        let kind = setting.kind();
        if !(kind.least..=kind.most).contains(&value) {
            return Err(Invalid::new("is out of its bounds"));
        }
        self.numbers[setting as usize] = value;
        Ok(())
    }

    /// Sets what follows from what a rule finds.
    pub fn set_answer(&mut self, rule: AlertRule, answer: AlertAnswer) {
        self.answers[rule as usize] = answer;
    }

    /// Reads what is stored: a number by its name, an answer as `answer.` and the rule. What this version does not know, or
    /// what is out of its bounds now, leaves the default.
    pub(super) fn stored<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut settings = Self::default();
        for (name, value) in rows {
            if let Some(rule) = name.strip_prefix(ANSWER) {
                if let (Ok(rule), Ok(answer)) = (rule.parse::<AlertRule>(), value.parse())
                    && rule.can_be_answered(answer)
                {
                    settings.set_answer(rule, answer);
                }
            } else if let (Some(kind), Ok(value)) = (SETTINGS.iter().find(|kind| kind.name == name), value.parse()) {
                // Out of bounds: the default stays.
                let _ = settings.set(kind.setting, value);
            }
        }
        settings
    }
}

/// What a practice set.
pub(super) async fn of_practice(house: &House, practice: PracticeId) -> Result<Settings, StoreError> {
    let rows = watching::settings(&house.stores.identity, practice).await?;
    Ok(Settings::stored(rows.iter().map(|row| (row.name.as_str(), row.value.as_str()))))
}

/// On which weekdays, 1 (Monday) to 7 (Sunday), a practice works: from Monday to Friday, and at the weekend as it is set.
pub(crate) async fn working_days(
    house: &House,
    practice: PracticeId,
) -> Result<impl Fn(u8) -> bool + use<>, StoreError> {
    let settings = of_practice(house, practice).await?;
    Ok(move |weekday| match weekday {
        6 => settings.number(Setting::Saturdays) == 1,
        7 => settings.number(Setting::Sundays) == 1,
        _ => true,
    })
}

/// Before the name of a rule: the setting of what follows from it.
pub(super) const ANSWER: &str = "answer.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_within_its_bounds_and_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for kind in SETTINGS {
            assert!((kind.least..=kind.most).contains(&kind.default), "{}", kind.name);
            assert!(names.insert(kind.name), "{}", kind.name);
            assert_eq!(kind.setting.kind().name, kind.name);
        }
    }

    #[test]
    fn what_is_stored_is_read_and_what_makes_no_sense_leaves_the_default() {
        let read = Settings::stored([
            ("denials_count", "9"),
            ("guesses_count", "0"),
            ("opens_at", "early"),
            ("unknown", "1"),
            ("answer.denials", "note"),
            ("answer.exports", "shout"),
        ]);
        assert_eq!((read.number(Setting::DenialsCount), read.number(Setting::GuessesCount)), (9, 5));
        assert_eq!(read.number(Setting::OpensAt), 6);
        assert_eq!(read.answer(AlertRule::Denials), AlertAnswer::Note);
        assert_eq!(read.answer(AlertRule::Exports), AlertAnswer::Alert);
        assert!(Settings::default().set(Setting::ClosesAt, 25).is_err());
    }
}
