//! What was due, what of it was done, and how it felt: computed from the versions of a program and the log, without
//! any input or output.

use crate::{Dose, Effort, ItemId, Items, Pain, Performed, ProgramItem, weekday_number};
use jiff::{ToSpan, civil::Date};
use serde::Serialize;

/// One signed version of a program, as far as it says what is due when.
#[derive(Clone, Copy)]
pub struct VersionInTime<'a> {
    /// The day on which it was signed, in the practice's time zone.
    pub signed_on: Date,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day; none while open.
    pub ends_on: Option<Date>,
    /// Its exercises.
    pub items: &'a Items,
}

impl VersionInTime<'_> {
    /// Nothing is due before a version was signed, whatever day it names.
    fn begins(&self) -> Date {
        self.starts_on.max(self.signed_on)
    }
}

/// One entry of the log.
#[derive(Clone, Copy)]
pub struct Done<'a> {
    /// Which item.
    pub item_id: ItemId,
    /// On which day.
    pub on: Date,
    /// How much. No set at all ("tried, could not") is not counted as done.
    pub performed: &'a Performed,
    /// How it hurt.
    pub pain: Pain,
    /// How hard it was.
    pub effort: Effort,
}

/// What was due on a day, and what of it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DayAdherence {
    /// The day.
    pub date: Date,
    /// How many log entries were due; 0 on a day of rest.
    pub due: u32,
    /// How many of them were done, at most `due`: more of one exercise does not make up for another.
    pub done: u32,
}

/// The median of the scores of a week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct WeekMedian {
    /// The Monday of the week.
    pub week: Date,
    /// The median, 0 to 10; none for a week without entries.
    pub median: Option<f64>,
}

/// How one item of the program went over some days.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ItemAdherence {
    /// How many log entries were due.
    pub due: u32,
    /// How many of them were done, at most what was due on each day.
    pub done: u32,
    /// The median pain, 0 to 10; none without entries.
    pub pain_median: Option<f64>,
    /// For each day, oldest first: repetitions done (seconds, for a plain hold); none on a day without entries.
    pub volume: Vec<Option<u32>>,
}

/// The version in force on a day: of those that had begun, the one signed last, unless it has ended. `versions` are in
/// the order in which they were signed.
pub fn in_force<'v, 'a>(versions: &'v [VersionInTime<'a>], day: Date) -> Option<&'v VersionInTime<'a>> {
    in_force_by(versions, day, |version| (version.begins(), version.ends_on))
}

/// The same for anything that has versions: `dates` gives the day on which one begins (never before it was signed) and
/// its last day.
pub fn in_force_by<V>(versions: &[V], day: Date, dates: impl Fn(&V) -> (Date, Option<Date>)) -> Option<&V> {
    let last = versions.iter().rfind(|version| dates(version).0 <= day)?;
    dates(last).1.is_none_or(|end| day <= end).then_some(last)
}

/// Every day from `first` to `last` with what was due and done.
pub fn adherence(versions: &[VersionInTime<'_>], log: &[Done<'_>], first: Date, last: Date) -> Vec<DayAdherence> {
    days(first, last)
        .map(|date| {
            let mut day = DayAdherence { date, due: 0, done: 0 };
            for item in in_force(versions, date).map_or(&[][..], |version| version.items.as_slice()) {
                let (due, done) = item_on(item, log, date);
                day.due += due;
                day.done += done;
            }
            day
        })
        .collect()
}

/// Percent of everything due that was done, 0 to 100; none when nothing was due.
pub fn percent(due: u32, done: u32) -> Option<u32> {
    (due > 0).then(|| (u64::from(done.min(due)) * 100 / u64::from(due)) as u32)
}

/// Percent over several days.
pub fn percent_of(days: &[DayAdherence]) -> Option<u32> {
    let (due, done) = days.iter().fold((0, 0), |(due, done), day| (due + day.due, done + day.done.min(day.due)));
    percent(due, done)
}

/// The median pain and effort of every week that touches the days from `first` to `last`.
pub fn weekly_medians(log: &[Done<'_>], first: Date, last: Date) -> (Vec<WeekMedian>, Vec<WeekMedian>) {
    let of = |score: fn(&Done<'_>) -> u8| {
        let mut weeks = Vec::new();
        let mut week = monday_of(first);
        while week <= last {
            let next = plus(week, 7);
            let scores = log.iter().filter(|done| done.on >= week && done.on < next).map(score).collect();
            weeks.push(WeekMedian { week, median: median(scores) });
            if next <= week {
                break;
            }
            week = next;
        }
        weeks
    };
    (of(|done| done.pain.value()), of(|done| done.effort.value()))
}

/// How one item went from `first` to `last`, in the versions that were in force.
pub fn item_adherence(
    versions: &[VersionInTime<'_>],
    log: &[Done<'_>],
    item_id: ItemId,
    first: Date,
    last: Date,
) -> ItemAdherence {
    let (mut due, mut done, mut volume) = (0, 0, Vec::new());
    for day in days(first, last) {
        let items = in_force(versions, day).map_or(&[][..], |version| version.items.as_slice());
        if let Some(item) = items.iter().find(|item| item.item_id == item_id) {
            let (day_due, day_done) = item_on(item, log, day);
            due += day_due;
            done += day_done;
        }
        let entries: Vec<u32> =
            log.iter().filter(|e| e.item_id == item_id && e.on == day).map(|e| volume_of(e.performed)).collect();
        volume.push((!entries.is_empty()).then(|| entries.iter().sum()));
    }
    let within = |entry: &&Done<'_>| entry.item_id == item_id && entry.on >= first && entry.on <= last;
    let pain = log.iter().filter(within).map(|entry| entry.pain.value()).collect();
    ItemAdherence { due, done, pain_median: median(pain), volume }
}

/// How many entries of an item are due on a day, and how many of them are done.
fn item_on(item: &ProgramItem, log: &[Done<'_>], day: Date) -> (u32, u32) {
    let due = due_on(&item.dose, day);
    let entries = log.iter().filter(|done| done.item_id == item.item_id && done.on == day && done.performed.sets > 0);
    (due, due.min(u32::try_from(entries.count()).unwrap_or(u32::MAX)))
}

fn due_on(dose: &Dose, day: Date) -> u32 {
    u32::from(dose.due_on(weekday_number(day)))
}

fn volume_of(performed: &Performed) -> u32 {
    let each = performed.reps.or(performed.hold_seconds).unwrap_or(1);
    u32::from(performed.sets) * u32::from(each)
}

fn median(mut scores: Vec<u8>) -> Option<f64> {
    scores.sort_unstable();
    let middle = scores.len() / 2;
    match scores.len() {
        0 => None,
        n if n % 2 == 1 => Some(f64::from(scores[middle])),
        _ => Some((f64::from(scores[middle - 1]) + f64::from(scores[middle])) / 2.0),
    }
}

/// The Monday of the week of a day.
pub fn monday_of(day: Date) -> Date {
    day.checked_sub(i32::from(weekday_number(day) - 1).days()).unwrap_or(day)
}

/// The day so many days before another.
pub fn days_before(day: Date, days: u32) -> Date {
    day.checked_sub(i64::from(days).days()).unwrap_or(day)
}

fn plus(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExerciseId, Side, Weekdays};
    use jiff::civil::date;

    const FULL: Performed = Performed { sets: 3, reps: Some(10), hold_seconds: None, load: None };
    const TRIED: Performed = Performed { sets: 0, reps: None, hold_seconds: None, load: None };

    fn id(n: u8) -> ItemId {
        ItemId::from_bytes([n; 16])
    }

    fn item(n: u8, times_a_day: u8, weekdays: &[u8]) -> ProgramItem {
        let dose = Dose {
            sets: 3,
            reps: Some(10),
            hold_seconds: None,
            load: None,
            side: Side::Both,
            rest_seconds: None,
            tempo: None,
            times_a_day,
            weekdays: Weekdays::new(weekdays).expect("days"),
        };
        ProgramItem { item_id: id(n), exercise_id: ExerciseId::from_bytes([9; 16]), dose, instruction: None }
    }

    fn items(items: &[ProgramItem]) -> Items {
        Items::new(items.to_vec()).map_err(|(place, _)| place).expect("items")
    }

    fn version(items: &Items, day: Date) -> VersionInTime<'_> {
        VersionInTime { signed_on: day, starts_on: day, ends_on: None, items }
    }

    fn done(n: u8, on: Date) -> Done<'static> {
        let (pain, effort) = (Pain::new(3).expect("pain"), Effort::new(5).expect("effort"));
        Done { item_id: id(n), on, performed: &FULL, pain, effort }
    }

    const EVERY_DAY: &[u8] = &[1, 2, 3, 4, 5, 6, 7];
    /// A Monday.
    const MONDAY: Date = Date::constant(2026, 5, 11);

    fn day(n: i8) -> Date {
        date(2026, 5, 11 + n)
    }

    #[test]
    fn a_day_with_nothing_due_counts_neither_for_nor_against() {
        let some_days = items(&[item(1, 1, &[1, 3])]);
        let days = adherence(&[version(&some_days, MONDAY)], &[done(1, day(0))], day(0), day(1));
        assert_eq!(days[1], DayAdherence { date: day(1), due: 0, done: 0 });
        assert_eq!(percent_of(&days), Some(100));
        assert_eq!(percent_of(&days[1..]), None);
    }

    #[test]
    fn more_done_than_due_counts_as_all_of_that_exercise_and_not_for_another() {
        let two = items(&[item(1, 1, EVERY_DAY), item(2, 1, EVERY_DAY)]);
        let log = [done(1, day(0)), done(1, day(0)), done(1, day(0))];
        let days = adherence(&[version(&two, MONDAY)], &log, day(0), day(0));
        assert_eq!((days[0].due, days[0].done), (2, 1));
    }

    #[test]
    fn a_version_signed_in_the_middle_of_a_week_changes_what_is_due_from_that_day() {
        let (old, new) = (items(&[item(1, 1, EVERY_DAY)]), items(&[item(1, 2, EVERY_DAY), item(2, 1, EVERY_DAY)]));
        let versions =
            [version(&old, MONDAY), VersionInTime { signed_on: day(2), starts_on: MONDAY, ..version(&new, day(2)) }];
        let due: Vec<u32> = adherence(&versions, &[], day(0), day(3)).iter().map(|day| day.due).collect();
        assert_eq!(due, [1, 1, 3, 3]);
    }

    #[test]
    fn a_version_that_begins_later_leaves_the_old_one_in_force_until_then() {
        let (old, new) = (items(&[item(1, 1, EVERY_DAY)]), items(&[item(2, 3, EVERY_DAY)]));
        let versions = [version(&old, MONDAY), VersionInTime { signed_on: day(1), ..version(&new, day(3)) }];
        let due: Vec<u32> = adherence(&versions, &[], day(0), day(4)).iter().map(|day| day.due).collect();
        assert_eq!(due, [1, 1, 1, 3, 3]);
    }

    #[test]
    fn nothing_is_due_before_the_first_version_was_signed_or_after_the_last_day() {
        let some = items(&[item(1, 1, EVERY_DAY)]);
        let short = VersionInTime { ends_on: Some(day(2)), starts_on: day(0), ..version(&some, day(1)) };
        let due: Vec<u32> = adherence(&[short], &[], day(0), day(3)).iter().map(|day| day.due).collect();
        assert_eq!(due, [0, 1, 1, 0]);
    }

    #[test]
    fn an_exercise_that_was_tried_and_not_done_is_not_done() {
        let some = items(&[item(1, 1, EVERY_DAY)]);
        let tried = Done { performed: &TRIED, ..done(1, day(0)) };
        assert_eq!(adherence(&[version(&some, MONDAY)], &[tried], day(0), day(0))[0].done, 0);
    }

    #[test]
    fn a_week_without_entries_has_no_median_and_an_even_number_has_the_middle_between() {
        let score = |pain: u8, on| Done { pain: Pain::new(pain).expect("pain"), ..done(1, on) };
        let log = [score(2, day(0)), score(9, day(1)), score(4, day(3)), score(3, day(6))];
        let (pain, effort) = weekly_medians(&log, day(1), day(13));
        assert_eq!(pain, [WeekMedian { week: MONDAY, median: Some(3.5) }, WeekMedian { week: day(7), median: None }]);
        assert_eq!(effort[0].median, Some(5.0));
    }

    #[test]
    fn an_item_is_followed_over_the_versions_of_its_program() {
        let (old, new) = (items(&[item(1, 1, EVERY_DAY)]), items(&[item(1, 2, EVERY_DAY)]));
        let versions = [version(&old, MONDAY), version(&new, day(1))];
        let log = [done(1, day(0)), done(1, day(1)), done(1, day(1))];
        let went = item_adherence(&versions, &log, id(1), day(0), day(2));
        assert_eq!((went.due, went.done, went.pain_median), (5, 3, Some(3.0)));
        assert_eq!(went.volume, [Some(30), Some(60), None]);
    }
}
