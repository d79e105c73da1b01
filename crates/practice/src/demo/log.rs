//! What a made patient did, day by day.

use super::{Adherence, Archetype, DemoError, DemoItem, DemoPlan, DemoProgram, archetype, between, chance, one};
use domain::{Comment, Date, Effort, Pain, Performed, SeededRng, Timestamp, weekday_number};
use jiff::ToSpan;

/// What was done, once.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoEntry {
    /// The item, by its key.
    pub item: u8,
    /// The version that was in force.
    pub version: u32,
    /// The day, where the practice is.
    pub performed_on: Date,
    /// The moment.
    pub performed_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// How much.
    pub performed: Performed,
    /// Pain.
    pub pain: Pain,
    /// Effort.
    pub effort: Effort,
    /// What the patient said.
    pub comment: Option<Comment>,
    /// The entry that this one corrects: a place in the same log. That one is superseded at this one's `recorded_at`.
    pub corrects: Option<usize>,
}

/// How it goes for a patient from the first day to the last. Rates in percent, pain in hundredths of a point.
pub(super) struct Course {
    archetype: &'static Archetype,
    rate: (i32, i32),
    pain: (i32, i32),
    /// A bad stretch: its first day and its length.
    flare: (i32, i32),
}

impl Course {
    pub(super) fn new(rng: &SeededRng, archetype: &'static Archetype, adherence: Adherence) -> Self {
        let rate = match adherence {
            Adherence::Improving => (between(rng, 40, 55), between(rng, 85, 97)),
            Adherence::Declining => (between(rng, 85, 96), between(rng, 25, 45)),
            Adherence::Steady => {
                let rate = between(rng, 60, 95);
                (rate, rate)
            }
        };
        let begin = between(rng, i32::from(archetype.pain.0) * 100, i32::from(archetype.pain.1) * 100);
        // Who does less gets better less.
        let left = match adherence {
            Adherence::Declining => between(rng, 55, 85),
            _ => between(rng, 15, 50),
        };
        Self { archetype, rate, pain: (begin, begin * left / 100), flare: (between(rng, 10, 60), between(rng, 2, 6)) }
    }

    /// A value on the way from one to the other, after `day` of `days`.
    const fn on_the_way((from, to): (i32, i32), day: i32, days: i32) -> i32 {
        from + (to - from) * day / days
    }

    const fn flares(&self, day: i32) -> bool {
        day >= self.flare.0 && day < self.flare.0 + self.flare.1
    }
}

pub(super) fn make(
    plan: &DemoPlan,
    rng: &SeededRng,
    course: &Course,
    program: &DemoProgram,
) -> Result<Vec<DemoEntry>, DemoError> {
    let days = i32::from(plan.options.weeks) * 7;
    let mut log = Vec::new();
    for day in 0..days {
        let date = plan.first_day.checked_add(day.days()).unwrap_or(plan.first_day);
        let Some(version) = program.versions.iter().rev().find(|version| version.starts_on <= date) else { continue };
        // Days are kept or missed as a whole more often than single exercises are: of the misses, two thirds.
        let rate = Course::on_the_way(course.rate, day, days);
        let missed = u64::try_from((100 - rate) * 2 / 3).unwrap_or(0);
        if chance(rng, missed) {
            continue;
        }
        for turn in 0..2_u8 {
            let due = |item: &&DemoItem| item.dose.due_on(weekday_number(date)) > turn;
            // One sitting: begun at some time, one exercise after the other.
            let mut minute = if turn == 0 { between(rng, 6 * 60 + 30, 9 * 60) } else { between(rng, 17 * 60, 20 * 60) };
            for item in version.items.iter().filter(due) {
                minute += between(rng, 3, 7);
                if chance(rng, u64::try_from((100 - rate) / 3).unwrap_or(0)) {
                    continue;
                }
                let sitting = Sitting { plan, rng, course, day, days, date, minute, version: version.version };
                let entry = sitting.entry(item)?;
                let corrected = chance(rng, 1).then(|| sitting.correction(&entry, log.len())).transpose()?;
                log.push(entry);
                log.extend(corrected);
            }
        }
    }
    Ok(log)
}

struct Sitting<'p> {
    plan: &'p DemoPlan,
    rng: &'p SeededRng,
    course: &'p Course,
    day: i32,
    days: i32,
    date: Date,
    minute: i32,
    version: u32,
}

impl Sitting<'_> {
    fn entry(&self, item: &DemoItem) -> Result<DemoEntry, DemoError> {
        let rng = self.rng;
        let flare = if self.course.flares(self.day) { 200 } else { 0 };
        let tenths = Course::on_the_way(self.course.pain, self.day, self.days) + flare + between(rng, -100, 100);
        let pain = u8::try_from(((tenths + 50) / 100).clamp(0, 10)).unwrap_or(0);
        let could_not = pain >= 7 && chance(rng, 6);
        let fewer = could_not || pain >= 6 && chance(rng, 30) || chance(rng, 5);
        let dose = &item.dose;
        let performed = Performed {
            sets: if could_not { 0 } else { dose.sets.saturating_sub(u8::from(fewer && dose.sets > 1)) },
            reps: if could_not { None } else { dose.reps.map(|reps| if fewer { (reps * 4 / 5).max(1) } else { reps }) },
            hold_seconds: if could_not { None } else { dose.hold_seconds },
            load: if could_not { None } else { dose.load },
        };
        let settled = Course::on_the_way((200, 0), self.day, self.days);
        let effort = (400 + settled + i32::from(pain) * 20 + between(rng, -120, 120)) / 100;
        let performed_at = self.moment(self.minute);
        Ok(DemoEntry {
            item: item.key,
            version: self.version,
            performed_on: self.date,
            performed_at,
            recorded_at: performed_at.checked_add(i64::from(between(rng, 20, 240)).seconds()).unwrap_or(performed_at),
            performed,
            pain: Pain::new(pain)?,
            effort: Effort::new(u8::try_from(effort.clamp(0, 10)).unwrap_or(0))?,
            comment: self.comment(pain, fewer, could_not)?,
            corrects: None,
        })
    }

    /// Mistyped, and put right within two hours.
    fn correction(&self, wrong: &DemoEntry, place: usize) -> Result<DemoEntry, DemoError> {
        let pain = wrong.pain.value();
        let pain = if pain == 0 { 1 } else { pain - 1 };
        let after = i64::from(between(self.rng, 5, 120)).minutes();
        Ok(DemoEntry {
            pain: Pain::new(pain)?,
            recorded_at: wrong.recorded_at.checked_add(after).unwrap_or(wrong.recorded_at),
            corrects: Some(place),
            ..wrong.clone()
        })
    }

    fn moment(&self, minute: i32) -> Timestamp {
        let part = |value: i32| i8::try_from(value).unwrap_or(0);
        self.plan.timezone().moment(self.date, part(minute / 60), part(minute % 60))
    }

    fn comment(&self, pain: u8, fewer: bool, could_not: bool) -> Result<Option<Comment>, DemoError> {
        let rng = self.rng;
        let list = if could_not {
            archetype::COULD_NOT
        } else if !chance(rng, if fewer { 20 } else { 5 }) {
            return Ok(None);
        } else if fewer {
            archetype::BAD
        } else if pain > 2 || chance(rng, 50) {
            self.course.archetype.comments
        } else {
            archetype::GOOD
        };
        Ok(Some(Comment::new(one(rng, list))?))
    }
}
