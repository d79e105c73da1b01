//! A week of the trail at a glance: who, when, how much.

use super::{AuditError, allowed, staff};
use crate::{House, record::timezone, trail::TrailHealth};
use domain::{AccountId, Date, Role, Timezone, weekday_number};
use identity::{Full, Session};
use jiff::ToSpan;
use ledger::Word;
use std::collections::BTreeMap;

/// Into how many parts a day is divided: night, morning, afternoon, evening.
pub const PARTS: usize = 4;

/// Whose row it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// A member of the staff.
    Staff {
        /// The account.
        account: AccountId,
        /// The name that others see.
        name: String,
        /// As what they were signed in.
        role: Option<Role>,
    },
    /// All patients together.
    Patients,
    /// Nobody who was signed in: tries to sign in, and the command line.
    Nobody,
}

/// What somebody did in a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekRow {
    /// Who.
    pub whose: Whose,
    /// Entries on each day from Monday on, in each part of it.
    pub entries: [[u64; PARTS]; 7],
    /// How many of them were refused or failed.
    pub refused: [[u64; PARTS]; 7],
}

/// A week.
#[derive(Debug, Clone)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Who did most stands first; patients and nobody last.
    pub rows: Vec<WeekRow>,
    /// Whether everything that is durable was counted.
    pub health: TrailHealth,
    /// The time zone in which days begin.
    pub zone: Timezone,
}

/// The week in which a day falls; the present one when none is given.
pub async fn week(house: &House, session: &Session<Full>, day: Option<Date>) -> Result<Week, AuditError> {
    let practice = allowed(house, session, Word::new("audit_week")).await?;
    let zone = timezone(house, practice).await?;
    let day = day.unwrap_or_else(|| zone.day_of(house.clock.now()));
    let monday = day.checked_sub(i32::from(weekday_number(day) - 1).days()).unwrap_or(day);
    let end = monday.checked_add(7.days()).unwrap_or(monday);
    let activity = house.trail.activity(practice, zone.moment(monday, 0, 0), zone.moment(end, 0, 0)).await?;
    let people = staff(house, session, practice).await?;
    let mut rows: BTreeMap<Whose, WeekRow> = BTreeMap::new();
    for hour in activity {
        let known = hour.actor.and_then(|account| people.iter().find(|person| person.account == account));
        let whose = match (hour.actor, hour.role) {
            (_, Some(Role::Patient)) => Whose::Patients,
            (Some(account), role) => {
                let name = known.map_or_else(|| "a former account".to_owned(), |person| person.name.clone());
                Whose::Staff { account, name, role }
            }
            (None, _) => Whose::Nobody,
        };
        let (days, (o_clock, _)) =
            (zone.day_of(hour.hour).duration_since(monday).as_hours() / 24, zone.hour_minute(hour.hour));
        let (Some(day), Some(part)) =
            (usize::try_from(days).ok().filter(|day| *day < 7), usize::try_from(o_clock / 6).ok())
        else {
            continue;
        };
        let empty = WeekRow { whose: whose.clone(), entries: [[0; PARTS]; 7], refused: [[0; PARTS]; 7] };
        let row = rows.entry(whose).or_insert(empty);
        row.entries[day][part.min(PARTS - 1)] += hour.entries;
        row.refused[day][part.min(PARTS - 1)] += hour.refused;
    }
    let mut rows: Vec<WeekRow> = rows.into_values().collect();
    rows.sort_by_key(|row| (!matches!(row.whose, Whose::Staff { .. }), std::cmp::Reverse(row.total())));
    Ok(Week { monday, rows, health: house.trail.health(), zone })
}

impl WeekRow {
    /// All entries of the week.
    pub fn total(&self) -> u64 {
        self.entries.iter().flatten().sum()
    }
    /// All that were refused or failed.
    pub fn total_refused(&self) -> u64 {
        self.refused.iter().flatten().sum()
    }
    /// All between midnight and six.
    pub fn at_night(&self) -> u64 {
        self.entries.iter().map(|day| day[0]).sum()
    }
}
