//! The archive of whom a rule wants archived: made while they are condemned and may still go back to the beginning, and looked for
//! once more before their key goes.

use super::{PurgeError, Run};
use crate::retention::archive::{self, ArchiveError};
use domain::{Date, PatientId, retention::RetentionRule};
use std::collections::BTreeSet;
use store::rows::retention::{ItemRow, ItemStep};

impl Run<'_> {
    /// Until when those are archived who are condemned on a day: the longest that any rule asks for, of those that two people
    /// approved and those that are in force now.
    pub(super) fn archive_until(&self, today: Date) -> Option<Date> {
        longest(self.rules.iter().chain(self.house.retention.rules.as_slice()), today)
    }

    /// Archives the condemned, one by one. Says whose record does not open: they are not to be destroyed.
    pub(super) async fn archive(
        &self,
        condemned: &[(PatientId, String)],
        until: Option<Date>,
    ) -> Result<BTreeSet<PatientId>, PurgeError> {
        let mut unreadable = BTreeSet::new();
        let Some(until) = until else {
            let moves: Vec<_> = condemned.iter().map(|(patient, _)| (*patient, ItemStep::Archived)).collect();
            self.move_on(&moves, ItemStep::Condemned).await?;
            self.observer.reached("archived");
            return Ok(unreadable);
        };
        for (patient, rule) in condemned {
            let whose = (self.row.practice_id, *patient);
            match archive::archive(self.house, whose, rule, until, self.observer).await {
                Ok(()) => self.move_on(&[(*patient, ItemStep::Archived)], ItemStep::Condemned).await?,
                Err(error) if error.is_of_the_record() => {
                    tracing::warn!(%patient, %error, "spared");
                    unreadable.insert(*patient);
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.observer.reached("archived");
        Ok(unreadable)
    }

    /// Sees to it that the archive of somebody who is listed is there, if one is wanted.
    pub(super) async fn archive_is_there(&self, item: &ItemRow) -> Result<(), ArchiveError> {
        let line = self.ledger.find(item.practice_id, item.patient_id);
        let listed_on = self.judge.zone.day_of(line.map_or(item.changed_at, |line| line.at));
        // Who was listed by a plan that a restore brought back was not condemned by it: what was approved is what is known.
        let Some(until) = item.archive_until.or_else(|| longest(self.rules.iter(), listed_on)) else { return Ok(()) };
        let rule = item.executed_rule.as_ref().unwrap_or(&item.rule);
        archive::ensure(self.house, (item.practice_id, item.patient_id), rule, until, self.observer).await
    }
}

fn longest<'r>(rules: impl Iterator<Item = &'r RetentionRule>, from: Date) -> Option<Date> {
    rules.filter_map(|rule| rule.archived_until(from)).max()
}
