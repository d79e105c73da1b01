//! What a breach asks for: who is told and by when, how many live in which state, what a letter says (45 CFR 164.404-408).

use crate::{Date, Invalid, StateCode, role::words, text::texts};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroize;

/// Days after its discovery within which everybody is told who is affected by a breach (45 CFR 164.404(b)), and the media
/// (164.406(b)) and the Secretary (164.408(b)) where they are to be; "without unreasonable delay" holds before that.
pub const NOTICE_DAYS: i32 = 60;
/// From so many affected on the Secretary is told at once (45 CFR 164.408(b)); of fewer, after the end of the year (164.408(c)).
pub const SECRETARY_FROM: u64 = 500;
/// Above so many residents of one state the media there are told (45 CFR 164.406(a)).
pub const MEDIA_ABOVE: u64 = 500;

words! {
    /// A notice that was given of a breach.
    BreachNotice, "is not a notice" {
        /// To each who is affected (45 CFR 164.404).
        Individuals = "individuals",
        /// In place of letters, to those whose contact is insufficient or out of date (45 CFR 164.404(d)(2)).
        Substitute = "substitute",
        /// To the media of a state (45 CFR 164.406).
        Media = "media",
        /// To the Secretary (45 CFR 164.408).
        Secretary = "secretary",
    }
}

words! {
    /// How notice was given to those whose contact is insufficient.
    SubstituteWay, "is not a way" {
        /// On the practice's web site for 90 days, with a toll-free number: ten or more of them.
        Web = "web",
        /// In print or broadcast media where they likely live, with a toll-free number: ten or more of them.
        Media = "media",
        /// In another written form, by telephone or otherwise: fewer than ten.
        Other = "other",
    }
}

words! {
    /// A language of letters.
    LetterLanguage, "is not a language of letters" {
        /// English.
        English = "en",
        /// Spanish.
        Spanish = "es",
    }
}

texts! {
    /// A part of a letter, in plain language.
    LetterWords: 1..=1500, "must be 1 to 1500 characters of plain text";
}

impl LetterWords {
    /// Whether it may name a way to ask: a telephone number, an e-mail address, a web site or a postal address (45 CFR
    /// 164.404(c)(1)(E)). All of these have one of such characters; nobody else can tell whether it is the right one.
    pub fn names_a_way(&self) -> bool {
        let text = self.as_str();
        text.contains('@') || text.contains("www.") || text.contains("://") || text.chars().any(|c| c.is_ascii_digit())
    }
}

/// How many of those affected live in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateCount {
    /// The state, by its two letters; null for those of whom nobody knows where they live. It is always said.
    #[schemars(with = "Option<String>", required)]
    #[serde(deserialize_with = "Option::deserialize")]
    pub state: Option<StateCode>,
    /// How many.
    pub people: u32,
}

/// What counts of counts in their order: for each state, and for those nobody knows where, the last one.
pub fn newest_counts(counts: impl IntoIterator<Item = StateCount>) -> Vec<StateCount> {
    let newest: BTreeMap<Option<StateCode>, u32> =
        counts.into_iter().map(|count| (count.state, count.people)).collect();
    newest.into_iter().map(|(state, people)| StateCount { state, people }).collect()
}

/// How many of those affected are counted nowhere; negative when more are counted than are affected. A breach is closed when it
/// is none.
pub fn uncounted(affected: u64, counts: &[StateCount]) -> i64 {
    let counted: i64 = counts.iter().map(|count| i64::from(count.people)).sum();
    i64::try_from(affected).unwrap_or(i64::MAX).saturating_sub(counted)
}

/// A notice that a breach asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DueNotice {
    /// To whom.
    pub notice: BreachNotice,
    /// The state of the media.
    #[schemars(with = "Option<String>")]
    pub state: Option<StateCode>,
}

/// The notices that a breach asks for before it can be closed: one to the media of each state. Of fewer than 500 the Secretary is
/// told by the log of the year.
pub fn notices_due(affected: u64, counts: &[StateCount]) -> Vec<DueNotice> {
    let to = |notice, state| DueNotice { notice, state };
    let mut due = vec![to(BreachNotice::Individuals, None)];
    let many = counts.iter().filter(|count| count.state.is_some() && u64::from(count.people) > MEDIA_ABOVE);
    due.extend(many.map(|count| to(BreachNotice::Media, count.state)));
    if affected >= SECRETARY_FROM {
        due.push(to(BreachNotice::Secretary, None));
    }
    due
}

/// The last day on which notice of a breach may be given that was discovered on a day.
pub fn notice_due(discovered_on: Date) -> Date {
    discovered_on.saturating_add(NOTICE_DAYS.days())
}

/// The last day on which the Secretary is told of the breaches under 500 that were discovered in a year: 60 days after its end
/// (45 CFR 164.408(c)).
pub fn log_due(year: i16) -> Date {
    jiff::civil::date(year, 12, 31).saturating_add(NOTICE_DAYS.days())
}

/// The last day of one notice of a breach that affects so many.
pub fn last_day(notice: BreachNotice, discovered_on: Date, affected: u64) -> Date {
    match notice {
        BreachNotice::Secretary if affected < SECRETARY_FROM => log_due(discovered_on.year()),
        _ => notice_due(discovered_on),
    }
}

/// Whether what is said of a notice fits it: of the media the state, of what stands in for letters the way, and nothing else.
pub fn notice_fits(
    notice: BreachNotice,
    state: Option<StateCode>,
    way: Option<SubstituteWay>,
) -> Result<(), (&'static str, Invalid)> {
    let (of_media, in_place) = (notice == BreachNotice::Media, notice == BreachNotice::Substitute);
    match (state, way) {
        (None, _) if of_media => Err(("state", Invalid::new("must say in which state the media are"))),
        (Some(_), _) if !of_media => Err(("state", Invalid::new("is of notices to the media alone"))),
        (_, None) if in_place => Err(("way", Invalid::new("must say how it was given"))),
        (_, Some(_)) if !in_place => Err(("way", Invalid::new("is of notices in place of letters alone"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn of(state: &str, people: u32) -> StateCount {
        StateCount { state: (!state.is_empty()).then(|| StateCode::new(state).expect("a state")), people }
    }

    fn due(affected: u64, counts: &[StateCount]) -> Vec<String> {
        let said = |due: DueNotice| match due.state {
            Some(state) => format!("{} {}", due.notice, state.as_str()),
            None => due.notice.to_string(),
        };
        notices_due(affected, counts).into_iter().map(said).collect()
    }

    #[test]
    fn the_secretary_is_told_from_500_on_and_the_media_of_each_state_above_500() {
        assert_eq!(due(499, &[of("ca", 499)]), ["individuals"]);
        assert_eq!(due(500, &[of("ca", 500)]), ["individuals", "secretary"]);
        assert_eq!(due(501, &[of("ca", 501)]), ["individuals", "media CA", "secretary"]);
        assert_eq!(due(600, &[of("ca", 300), of("tx", 300)]), ["individuals", "secretary"]);
        let both = [of("ca", 501), of("tx", 502), of("", 600)];
        assert_eq!(due(1603, &both), ["individuals", "media CA", "media TX", "secretary"]);
    }

    #[test]
    fn the_last_count_of_a_state_counts_and_everybody_must_be_counted_somewhere() {
        let said = [of("tx", 501), of("", 3), of("tx", 2), of("ca", 1)];
        let counts = newest_counts(said);
        assert_eq!(counts, [of("", 3), of("ca", 1), of("tx", 2)]);
        assert_eq!((uncounted(6, &counts), uncounted(8, &counts), uncounted(5, &counts)), (0, 2, -1));
        assert!(serde_json::from_str::<StateCount>("{\"people\":3}").is_err(), "it is said, and never left out");
        assert_eq!(serde_json::from_str::<StateCount>("{\"state\":null,\"people\":3}").expect("said"), of("", 3));
    }

    #[test]
    fn the_clock_runs_60_days_of_the_calendar() {
        assert_eq!(notice_due(date(2026, 5, 14)), date(2026, 7, 13));
        assert_eq!(notice_due(date(2027, 12, 31)), date(2028, 2, 29));
        assert_eq!(log_due(2026), date(2027, 3, 1));
        assert_eq!(log_due(2027), date(2028, 2, 29));
        assert_eq!(last_day(BreachNotice::Secretary, date(2026, 5, 14), 499), date(2027, 3, 1));
        assert_eq!(last_day(BreachNotice::Secretary, date(2026, 5, 14), 500), date(2026, 7, 13));
        assert_eq!(last_day(BreachNotice::Individuals, date(2026, 5, 14), 2), date(2026, 7, 13));
    }

    #[test]
    fn a_notice_says_what_is_of_it_and_nothing_else() {
        let state = StateCode::new("TX").ok();
        assert!(notice_fits(BreachNotice::Media, state, None).is_ok());
        assert!(notice_fits(BreachNotice::Media, None, None).is_err());
        assert!(notice_fits(BreachNotice::Secretary, state, None).is_err());
        assert!(notice_fits(BreachNotice::Substitute, None, Some(SubstituteWay::Web)).is_ok());
        assert!(notice_fits(BreachNotice::Substitute, None, None).is_err());
        assert!(notice_fits(BreachNotice::Individuals, None, Some(SubstituteWay::Other)).is_err());
    }

    #[test]
    fn a_way_to_ask_has_a_number_or_an_address() {
        let words = |text: &str| LetterWords::new(text).expect("plain").names_a_way();
        assert!(words("Call 800 555 0100, free of charge."));
        assert!(words("privacy@northside.example") && words("www.northside.example"));
        assert!(!words("Ask us whenever you like."));
    }
}
