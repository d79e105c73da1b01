//! The numbers behind the pictures.

use super::PROGRESS;
use crate::{
    House,
    exercises::{self, ExerciseBrief},
    record::{RecordError, purpose, timezone},
};
use domain::{
    Date, Dose, Effort, ExerciseId, ItemId, Items, Pain, PatientId, Performed, Timezone,
    progress::{self, DayAdherence, Done, VersionInTime, WeekMedian, days_before, monday_of},
};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Clear, Covers, Exercise, Grant, OpenError, Permission, ReadExercise};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{
    log_entries::{self, LogEntryRow},
    programs::{self, ProgramVersionRow},
};

/// Weeks that progress looks back, the present one included.
const WEEKS: u32 = 12;
/// Days over which single exercises are looked at.
const ITEM_DAYS: u32 = 14;
/// Days over which the percentage is told.
const PERCENT_DAYS: u32 = 28;

/// How it goes with one patient's exercises.
#[derive(Serialize, JsonSchema)]
pub struct Progress {
    /// The present day of the practice; the last one looked at.
    pub today: Date,
    /// Every day of the last 12 weeks.
    pub adherence: Vec<DayAdherence>,
    /// Percent of what was due in the last 4 weeks that was done; none when nothing was due.
    pub percent_in_4_weeks: Option<u32>,
    /// The median pain of every week.
    pub pain: Vec<WeekMedian>,
    /// The median effort of every week.
    pub effort: Vec<WeekMedian>,
    /// The exercises of the program in force, over the last 14 days.
    pub by_item: Vec<ItemProgress>,
}

/// How it goes with one exercise.
#[derive(Serialize, JsonSchema)]
pub struct ItemProgress {
    /// The item.
    pub item_id: ItemId,
    /// Which exercise.
    pub exercise_id: ExerciseId,
    /// What the library says about it.
    pub exercise: ExerciseBrief,
    /// How much of it.
    pub dose: Dose,
    /// How many log entries were due in 14 days.
    pub due: u32,
    /// How many of them were done.
    pub done: u32,
    /// Percent done; none when nothing was due.
    pub percent: Option<u32>,
    /// The median pain; none without entries.
    pub pain_median: Option<f64>,
    /// Repetitions (seconds, for holds) of each of the 14 days, oldest first; none on a day without entries.
    pub volume: Vec<Option<u32>>,
}

/// The progress of a patient, for who treats them and for themself.
pub async fn progress(house: &House, session: &Session<Full>, patient: PatientId) -> Result<Progress, RecordError> {
    let purpose = purpose(session, patient, Resource::whole(PROGRESS));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, purpose).await?;
    let record = Record::read(house, &grant).await?;
    Opened::open(&grant, &record)?.progress(house, &record).await
}

/// The rows that progress is computed from.
pub(super) struct Record {
    pub(super) zone: Timezone,
    pub(super) today: Date,
    first: Date,
    /// In the order in which they were signed.
    versions: Vec<ProgramVersionRow>,
    /// Oldest first.
    pub(super) entries: Vec<LogEntryRow>,
}

impl Record {
    /// Reads them, which needs a grant.
    pub(super) async fn read<P>(house: &House, grant: &Grant<'_, P>) -> Result<Self, RecordError>
    where
        P: Permission + Covers<Exercise>,
    {
        let (practice, patient, db) = (grant.practice(), grant.subject(), &house.stores.clinical);
        let zone = timezone(house, practice).await?;
        let today = zone.day_of(house.clock.now());
        let first = days_before(monday_of(today), (WEEKS - 1) * 7);
        let mut versions = programs::standing(db, practice, patient).await?;
        versions.reverse();
        let entries = log_entries::between(db, practice, patient, first, today).await?;
        Ok(Self { zone, today, first, versions, entries })
    }
}

/// The same, opened: lent by the grant.
pub(super) struct Opened<'g> {
    items: Vec<Clear<'g, Items>>,
    log: Vec<(ItemId, Date, Clear<'g, Performed>, Pain, Effort)>,
}

impl<'g> Opened<'g> {
    pub(super) fn open<P>(grant: &'g Grant<'_, P>, record: &Record) -> Result<Self, OpenError>
    where
        P: Permission + Covers<Exercise>,
    {
        let items = record.versions.iter().map(|row| grant.open(&row.items)).collect::<Result<_, _>>()?;
        let entry = |row: &LogEntryRow| {
            let (pain, effort) = (*grant.open(&row.pain)?.expose(), *grant.open(&row.effort)?.expose());
            Ok((row.item_id, row.performed_on, grant.open(&row.performed)?, pain, effort))
        };
        Ok(Self { items, log: record.entries.iter().map(entry).collect::<Result<_, OpenError>>()? })
    }

    pub(super) async fn progress(&self, house: &House, record: &Record) -> Result<Progress, RecordError> {
        let (first, today) = (record.first, record.today);
        let versions: Vec<VersionInTime<'_>> = record
            .versions
            .iter()
            .zip(&self.items)
            .map(|(row, items)| VersionInTime {
                signed_on: record.zone.day_of(row.signed_at),
                starts_on: row.starts_on,
                ends_on: row.ends_on,
                items: items.expose(),
            })
            .collect();
        let log: Vec<Done<'_>> = self
            .log
            .iter()
            .map(|(item_id, on, performed, pain, effort)| Done {
                item_id: *item_id,
                on: *on,
                performed: performed.expose(),
                pain: *pain,
                effort: *effort,
            })
            .collect();
        let adherence = progress::adherence(&versions, &log, first, today);
        let (pain, effort) = progress::weekly_medians(&log, first, today);
        let since = days_before(today, PERCENT_DAYS - 1);
        let lately: Vec<DayAdherence> = adherence.iter().filter(|day| day.date >= since).copied().collect();
        let by_item = self.by_item(house, record, &versions, &log).await?;
        let percent_in_4_weeks = progress::percent_of(&lately);
        Ok(Progress { today, adherence, percent_in_4_weeks, pain, effort, by_item })
    }

    /// The items of the version signed last: what the therapist has prescribed, even if it begins tomorrow.
    async fn by_item(
        &self,
        house: &House,
        record: &Record,
        versions: &[VersionInTime<'_>],
        log: &[Done<'_>],
    ) -> Result<Vec<ItemProgress>, RecordError> {
        let (Some(row), Some(items)) = (record.versions.last(), self.items.last()) else { return Ok(Vec::new()) };
        let items = items.expose().as_slice();
        let ids = items.iter().map(|item| item.exercise_id).collect();
        let known = exercises::briefs(&house.stores.clinical, row.practice_id, ids).await?;
        let first = days_before(record.today, ITEM_DAYS - 1);
        let line = |item: &domain::ProgramItem| {
            let went = progress::item_adherence(versions, log, item.item_id, first, record.today);
            let exercise = known.get(&item.exercise_id).cloned().unwrap_or_else(exercises::gone);
            ItemProgress {
                item_id: item.item_id,
                exercise_id: item.exercise_id,
                exercise,
                dose: item.dose.clone(),
                due: went.due,
                done: went.done,
                percent: progress::percent(went.due, went.done),
                pain_median: went.pain_median,
                volume: went.volume,
            }
        };
        Ok(items.iter().map(line).collect())
    }
}
