//! Which backups stay, and letting the others go.

use super::{
    create::{MediaList, media_list_of},
    manifest::Manifest,
    target::{MEDIA, Removal, Target, TargetError, backups},
};
use domain::Timestamp;
use jiff::{civil::Date, tz::TimeZone};
use ledger::VerifierKey;
use std::collections::{BTreeMap, BTreeSet};

/// How many backups stay. A backup that any rule keeps stays; days, weeks and months are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepRules {
    /// The newest so many.
    pub last: usize,
    /// The newest of each of so many days that have one.
    pub daily: usize,
    /// The newest of each of so many weeks (from Monday).
    pub weekly: usize,
    /// The newest of each of so many months.
    pub monthly: usize,
}

impl Default for KeepRules {
    /// The last seven, 14 days, 8 weeks, 12 months.
    fn default() -> Self {
        Self { last: 7, daily: 14, weekly: 8, monthly: 12 }
    }
}

/// What became of old backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// They are gone.
    pub gone: Vec<String>,
    /// The storage holds them under lock; until when, if it says so. They are asked for again after the next backup.
    pub locked: Vec<(String, Option<Timestamp>)>,
    /// Why it was not finished, if it was not: in plain words. It goes on after the next backup.
    pub failed: Option<String>,
}

impl KeepRules {
    /// Which of these backups stay. The newest always does.
    pub fn keep<'n>(&self, names: &'n [String]) -> BTreeSet<&'n str> {
        let mut kept: BTreeSet<&str> = names.iter().rev().take(self.last.max(1)).map(String::as_str).collect();
        let mut newest = |most: usize, period: &dyn Fn(Date) -> (i16, i16)| {
            let mut periods = BTreeMap::new();
            for name in names {
                if let Some(day) = day_of(name) {
                    periods.insert(period(day), name.as_str());
                }
            }
            kept.extend(periods.into_values().rev().take(most));
        };
        newest(self.daily, &|day| (day.year(), day.day_of_year()));
        newest(self.weekly, &|day| {
            let week = day.iso_week_date();
            (week.year(), i16::from(week.week()))
        });
        newest(self.monthly, &|day| (day.year(), i16::from(day.month())));
        kept
    }
}

/// The day in a backup's name.
fn day_of(name: &str) -> Option<Date> {
    name.get(..10)?.parse().ok()
}

/// When a backup was made, by its name.
pub fn time_of(name: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%dT%H-%M-%S", name.get(..19)?).ok()?;
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Lets backups go that no rule keeps, then media files that no backup needs. A lock is respected and reported.
pub(super) fn prune(target: &dyn Target, rules: &KeepRules, key: &VerifierKey) -> Pruned {
    let mut pruned = Pruned::default();
    if let Err(error) = prune_into(target, rules, key, &mut pruned) {
        pruned.failed = Some(error);
    }
    pruned
}

fn prune_into(target: &dyn Target, rules: &KeepRules, key: &VerifierKey, pruned: &mut Pruned) -> Result<(), String> {
    let failed = |error: TargetError| error.to_string();
    let names = backups(target).map_err(failed)?;
    let kept = rules.keep(&names);
    for name in names.iter().filter(|name| !kept.contains(name.as_str())) {
        match target.remove(name).map_err(failed)? {
            Removal::Gone => pruned.gone.push(name.clone()),
            Removal::Locked(until) => pruned.locked.push((name.clone(), until)),
        }
    }
    let mut needed = BTreeSet::new();
    for name in backups(target).map_err(failed)? {
        let list = Manifest::read(target, &name, key).map_err(|error| error.to_string());
        let list = list.and_then(|manifest| media_list_of(target, &manifest).map_err(|error| error.to_string()));
        // What a backup needs that cannot be read is not known: then every media file stays.
        let MediaList { files, .. } = list.map_err(|error| format!("no media file was removed: {error}"))?;
        needed.extend(files.into_iter().map(|file| file.path));
    }
    for file in target.names(MEDIA).map_err(failed)? {
        let path = format!("{MEDIA}/{file}");
        if !needed.contains(&path) {
            match target.remove(&path).map_err(failed)? {
                Removal::Gone => pruned.gone.push(path),
                Removal::Locked(until) => pruned.locked.push((path, until)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(days: &[&str]) -> Vec<String> {
        days.iter().map(|day| format!("{day}T01-00-00Z")).collect()
    }

    #[test]
    fn the_newest_of_each_period_stays_and_the_newest_of_all_always() {
        let all = names(&["2026-08-31", "2026-09-01", "2026-09-30", "2026-10-04", "2026-10-05", "2026-10-06"]);
        let rules = |last, daily, weekly, monthly| KeepRules { last, daily, weekly, monthly };
        let kept = |rules: KeepRules| rules.keep(&all).into_iter().map(|name| &name[5..10]).collect::<Vec<_>>();
        assert_eq!(kept(rules(0, 0, 0, 0)), ["10-06"]);
        assert_eq!(kept(rules(2, 0, 0, 0)), ["10-05", "10-06"]);
        assert_eq!(kept(rules(1, 3, 0, 0)), ["10-04", "10-05", "10-06"]);
        // 4 October 2026 is a Sunday.
        assert_eq!(kept(rules(1, 0, 2, 0)), ["10-04", "10-06"]);
        assert_eq!(kept(rules(1, 0, 0, 3)), ["08-31", "09-30", "10-06"]);
    }

    #[test]
    fn of_one_day_the_last_stays() {
        let all: Vec<String> =
            ["2026-10-06T01-00-00Z", "2026-10-06T09-00-00Z", "2026-10-06T09-00-00Z-2"].map(str::to_owned).into();
        let kept = KeepRules { last: 1, daily: 5, weekly: 0, monthly: 0 }.keep(&all);
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), ["2026-10-06T09-00-00Z-2"]);
        assert_eq!(time_of(&all[1]), "2026-10-06T09:00:00Z".parse().ok());
        assert_eq!(time_of(&all[2]), "2026-10-06T09:00:00Z".parse().ok());
    }
}
