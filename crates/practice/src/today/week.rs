//! A week, day by day.

use super::WEEK;
use crate::{
    House, exercises,
    log::{self, EntryView},
    record::{RecordError, purpose, timezone},
};
use domain::{
    Date, EntryId, ItemId, PatientId, Timezone,
    progress::{self, Done, VersionInTime, days_before, monday_of},
};
use identity::{Full, Session};
use ledger::Resource;
use phi::ReadExercise;
use std::collections::HashMap;
use store::rows::programs;

/// What was due and done in a week.
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// The present day.
    pub today: Date,
    /// Its days up to the present one, Monday first.
    pub days: Vec<WeekDay>,
    /// The practice's time zone.
    pub zone: Timezone,
}

/// A day of it.
pub struct WeekDay {
    /// Which.
    pub date: Date,
    /// How many entries were due.
    pub due: u32,
    /// How many of them were done.
    pub done: u32,
    /// What was written down, oldest first.
    pub entries: Vec<WeekEntry>,
}

/// What was done once.
pub struct WeekEntry {
    /// What the exercise is called.
    pub exercise: String,
    /// The entry, in force or entered in error.
    pub entry: EntryView,
    /// The entry that it corrects.
    pub corrects: Option<EntryId>,
}

/// The week of a day that is named, or the present one. A day ahead of the present one gives the present week.
pub async fn week(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    of: Option<Date>,
) -> Result<Week, RecordError> {
    let why = purpose(session, patient, Resource::whole(WEEK));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let zone = timezone(house, practice).await?;
    let today = zone.day_of(house.clock.now());
    let monday = monday_of(of.unwrap_or(today).min(today));
    let last = monday.saturating_add(jiff::Span::new().days(6)).min(today);
    let entries = log::between(house, session, &grant, monday, last).await?;

    let mut rows = programs::history(db, practice, patient).await?;
    rows.reverse();
    let items = rows.iter().map(|row| grant.open(&row.items)).collect::<Result<Vec<_>, _>>()?;
    let versions: Vec<VersionInTime<'_>> = rows
        .iter()
        .zip(&items)
        .filter(|(row, _)| row.voided.is_none())
        .map(|(row, items)| VersionInTime {
            signed_on: zone.day_of(row.signed_at),
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            items: items.expose(),
        })
        .collect();
    let all = items.iter().flat_map(|items| items.expose().as_slice());
    let by_item: HashMap<ItemId, _> = all.map(|item| (item.item_id, item.exercise_id)).collect();
    let known = exercises::briefs(db, practice, by_item.values().copied().collect()).await?;
    let name = |item: ItemId| {
        let exercise = by_item.get(&item).and_then(|exercise| known.get(exercise));
        exercise.map_or_else(|| exercises::gone().name, |exercise| exercise.name.clone())
    };
    let done: Vec<Done<'_>> = entries.iter().filter(|entry| entry.voided.is_none()).map(as_done).collect();
    let adherence = progress::adherence(&versions, &done, monday, last);
    let mut days: Vec<WeekDay> = adherence
        .into_iter()
        .map(|day| WeekDay { date: day.date, due: day.due, done: day.done, entries: Vec::new() })
        .collect();
    for entry in entries {
        if let Some(day) = days.iter_mut().find(|day| day.date == entry.performed_on) {
            day.entries.push(WeekEntry { exercise: name(entry.item_id), corrects: entry.corrects, entry });
        }
    }
    Ok(Week { monday, today, days, zone })
}

impl Week {
    /// The Monday of the week before.
    pub fn previous(&self) -> Date {
        days_before(self.monday, 7)
    }
    /// The Monday of the week after, if it has begun.
    pub fn next(&self) -> Option<Date> {
        self.monday.checked_add(jiff::Span::new().days(7)).ok().filter(|monday| *monday <= self.today)
    }
}

fn as_done(entry: &EntryView) -> Done<'_> {
    Done {
        item_id: entry.item_id,
        on: entry.performed_on,
        performed: &entry.performed,
        pain: entry.pain,
        effort: entry.effort,
    }
}
