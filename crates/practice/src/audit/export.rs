//! The trail, or a part of it, to be taken out with proofs. Taking it out is an action of its own.

use super::{AuditError, AuditedEntry, allowed, named};
use crate::{
    Event, House,
    account::still_stands,
    record::Names,
    trail::{Head, Position, Proved, TrailFilter, TrailHealth},
};
use domain::{PracticeId, Timestamp};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::AccessError;
use std::sync::Arc;

/// Entries that are read at once.
const AT_ONCE: usize = 500;

/// An entry with its proof.
pub struct ExportedEntry {
    /// What it says.
    pub audited: AuditedEntry,
    /// That it stands in its log.
    pub proved: Proved,
}

/// An export under way. It holds some hundred entries at a time, however many there are.
pub struct Export {
    house: Arc<House>,
    session: Arc<Session<Full>>,
    practice: PracticeId,
    filter: TrailFilter,
    at: Timestamp,
    heads: Vec<Head>,
    next: Option<Position>,
    health: TrailHealth,
}

impl Export {
    /// Begins one, after it was recorded as what it is. All that is durable by then is signed, so that it can be proved.
    pub async fn begin(
        house: Arc<House>,
        session: Arc<Session<Full>>,
        filter: TrailFilter,
    ) -> Result<Self, AuditError> {
        let practice = allowed(&house, &session, Word::new("audit_export")).await?;
        let event = Event {
            action: Word::new("export_audit"),
            resource: Resource::whole(super::AUDIT),
            patient: filter.patient,
            outcome: Outcome::Allowed,
            reason: Word::new("read-audit"),
        };
        house.record(&session, event).await?;
        house.ledger.checkpoint().await?;
        let heads = house.trail.heads().await?;
        let at = house.clock.now();
        let health = house.trail.health();
        Ok(Self { house, session, practice, filter, at, heads, next: Some(Position::END), health })
    }

    /// Of which practice.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }
    /// When it was begun.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
    /// The signed head of each log, under which its entries are proved.
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }
    /// How the trail was doing when the last entries were read.
    pub const fn health(&self) -> TrailHealth {
        self.health
    }

    /// The next entries, newest first; none at the end. There may be an empty stretch before it. Whoever may read no more gets
    /// no more, however long they take to read.
    pub async fn next(&mut self) -> Result<Option<Vec<ExportedEntry>>, AuditError> {
        let Some(before) = self.next else { return Ok(None) };
        if !still_stands(&self.house, &self.session).await? {
            return Err(AccessError::Denied.into());
        }
        let page = self.house.trail.search(self.practice, &self.filter, before, AT_ONCE).await?;
        self.next = page.next;
        self.health = page.health;
        let places = page.entries.iter().map(|entry| (entry.log.clone(), entry.seq)).collect();
        let proofs = self.house.trail.prove(self.heads.clone(), places).await?;
        let entries = named(&mut Names::new(&self.house, &self.session), page.entries).await?;
        let exported = |(audited, proved)| ExportedEntry { audited, proved };
        Ok(Some(entries.into_iter().zip(proofs).map(exported).collect()))
    }
}
