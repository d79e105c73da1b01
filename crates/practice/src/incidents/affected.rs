//! Whom an incident affects: "account X from one moment to another" gives exactly which patients, which classes of data, how
//! often, first and last, each with the numbers of the entries that show it. Computed from the audit trail alone.

use super::{IncidentError, allowed};
use crate::{
    House,
    accounts::in_person,
    audit::{self, StaffName},
    record::resource,
    trail::{Touch, Touches},
};
use domain::{PatientId, Timestamp};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{ClassId, classes_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub use crate::trail::Whose;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whose doing.
    pub whose: Whose,
    /// From this moment on.
    pub from: Timestamp,
    /// Up to before this one.
    pub to: Timestamp,
}

/// How often something was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Often {
    /// What, in the program's word.
    pub what: String,
    /// In how many entries.
    pub times: u64,
}

/// Entries of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeenOf {
    /// The log.
    pub log: String,
    /// Their numbers there, in order: an export of the trail proves each.
    pub seqs: Vec<u64>,
}

/// What was seen of somebody, and which entries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seen {
    /// In how many entries.
    pub times: u64,
    /// The first one's moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last one's moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// The classes of data whose keys were handed out. What was shown of them may be less, never more.
    pub classes: Vec<Often>,
    /// What was opened: a program, the log, a note.
    pub parts: Vec<Often>,
    /// The entries.
    pub entries: Vec<SeenOf>,
}

/// A patient whom it affects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AffectedPatient {
    /// Who. A record that was made twice stands here under its own id.
    pub patient_id: PatientId,
    /// What was seen of them.
    #[serde(flatten)]
    pub seen: Seen,
}

/// How far a log was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Through {
    /// The log.
    pub log: String,
    /// All entries below this number.
    pub through: u64,
    /// How many there were when it was asked; null where that cannot be told.
    pub size: Option<u64>,
}

/// Whom it affects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Affected {
    /// The patients of whose record something was opened, whoever was seen first standing first.
    pub patients: Vec<AffectedPatient>,
    /// Patients about whom something was done with which nothing of their record opens: only that they are patients was seen.
    pub named_only: Vec<AffectedPatient>,
    /// How many other patients were asked for and refused: nothing of theirs was opened.
    pub refused_patients: u64,
    /// What was looked at of which the trail names no patient: lists that were searched, where whoever was shown has an entry of
    /// their own, and billing's accounts, which have none. Look into those by hand.
    pub no_patient_named: Vec<Often>,
    /// How many entries there are of whoever was asked about, in this time.
    pub entries: u64,
    /// How far each log was looked at.
    pub logs: Vec<Through>,
    /// How many entries of the logs cannot be opened: anybody's, and at any time.
    pub unreadable: u64,
    /// Whether this is all: every entry was looked at that was recorded before the question, and none of that time was dropped.
    pub complete: bool,
    /// Entries up to this moment were dropped when their time was over. Null where nothing was.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub dropped_until: Option<Timestamp>,
}

/// Who can be asked about by name.
pub async fn choices(house: &House, session: &Session<Full>) -> Result<Vec<StaffName>, IncidentError> {
    let practice = allowed(house, session, Resource::whole(Word::new("affected"))).await?;
    Ok(audit::staff(house, session, practice).await?)
}

/// Whom somebody's doing affects, in person: the answer is a list of patients. The question is an entry that names whose doing
/// it is about.
pub async fn affected(house: &House, session: &Session<Full>, asked: &Asked) -> Result<Affected, IncidentError> {
    let about = match asked.whose {
        Whose::Account(account) => resource(Word::new("affected_by_account"), account),
        Whose::Session(session) => resource(Word::new("affected_by_session"), session),
        Whose::Address(address) => resource(Word::new("affected_by_address"), address),
    };
    let practice = allowed(house, session, about).await?;
    in_person(house, session)?;
    if asked.to <= asked.from {
        return Err(IncidentError::Backwards);
    }
    let touches = house.trail.touches(practice, asked.whose, asked.from, asked.to).await?;
    Ok(Affected::of(&touches, asked.from))
}

/// What comes together of a patient.
struct Gathered {
    first: Timestamp,
    last: Timestamp,
    classes: HashMap<ClassId, u64>,
    parts: BTreeMap<String, u64>,
    entries: BTreeMap<usize, Vec<u64>>,
    times: u64,
}

impl Gathered {
    fn add(patients: &mut HashMap<PatientId, Self>, patient: PatientId, touch: &Touch, classes: &[ClassId]) {
        let gathered = patients.entry(patient).or_insert_with(|| Self {
            first: touch.at,
            last: touch.at,
            classes: HashMap::new(),
            parts: BTreeMap::new(),
            entries: BTreeMap::new(),
            times: 0,
        });
        gathered.first = gathered.first.min(touch.at);
        gathered.last = gathered.last.max(touch.at);
        gathered.times += 1;
        for class in classes {
            *gathered.classes.entry(*class).or_default() += 1;
        }
        *gathered.parts.entry(touch.kind.as_str().to_owned()).or_default() += 1;
        gathered.entries.entry(touch.log).or_default().push(touch.seq);
    }

    fn seen(self, logs: &[Through]) -> Seen {
        let classes = self.classes.into_iter().map(|(class, times)| (class.name().to_owned(), times));
        let entries = self.entries.into_iter().filter_map(|(log, mut seqs)| {
            seqs.sort_unstable();
            Some(SeenOf { log: logs.get(log)?.log.clone(), seqs })
        });
        Seen {
            times: self.times,
            first: self.first,
            last: self.last,
            classes: often(classes.collect()),
            parts: often(self.parts),
            entries: entries.collect(),
        }
    }
}

fn often(counts: BTreeMap<String, u64>) -> Vec<Often> {
    counts.into_iter().map(|(what, times)| Often { what, times }).collect()
}

fn listed(patients: HashMap<PatientId, Gathered>, logs: &[Through]) -> Vec<AffectedPatient> {
    let seen =
        |(patient_id, gathered): (PatientId, Gathered)| AffectedPatient { patient_id, seen: gathered.seen(logs) };
    let mut listed: Vec<_> = patients.into_iter().map(seen).collect();
    listed.sort_by_key(|patient| (patient.seen.first, *patient.patient_id.as_bytes()));
    listed
}

impl Affected {
    /// Whom these entries affect, of a time that begins so.
    pub fn of(touches: &Touches, from: Timestamp) -> Self {
        let (mut opened, mut named, mut refused) = (HashMap::new(), HashMap::new(), HashSet::new());
        let mut nobody: BTreeMap<String, u64> = BTreeMap::new();
        for touch in &touches.entries {
            let classes = touch.permission.map_or(&[][..], classes_of);
            match (touch.patient, touch.outcome) {
                (Some(patient), Outcome::Denied) => {
                    refused.insert(patient);
                }
                // Whoever was let in held the keys, whatever came of it.
                (Some(patient), Outcome::Allowed | Outcome::Failed) if classes.is_empty() => {
                    Gathered::add(&mut named, patient, touch, classes);
                }
                (Some(patient), Outcome::Allowed | Outcome::Failed) => {
                    Gathered::add(&mut opened, patient, touch, classes);
                }
                (None, Outcome::Allowed | Outcome::Failed) if !classes.is_empty() => {
                    *nobody.entry(touch.kind.as_str().to_owned()).or_default() += 1;
                }
                (None, _) => {}
            }
        }
        named.retain(|patient, _| !opened.contains_key(patient));
        refused.retain(|patient| !opened.contains_key(patient) && !named.contains_key(patient));
        let through = touches.logs.iter();
        let logs: Vec<Through> = through
            .map(|looked| Through { log: looked.log.as_str().to_owned(), through: looked.through, size: looked.size })
            .collect();
        let dropped_until = touches.dropped.map(|dropped| dropped.until);
        Self {
            patients: listed(opened, &logs),
            named_only: listed(named, &logs),
            refused_patients: refused.len() as u64,
            no_patient_named: often(nobody),
            entries: touches.entries.len() as u64,
            logs,
            unreadable: touches.unreadable,
            complete: touches.is_whole() && dropped_until.is_none_or(|until| until < from),
            dropped_until,
        }
    }

    /// All classes of data of which something was opened, of anybody.
    pub fn classes(&self) -> BTreeSet<&str> {
        self.patients.iter().flat_map(|patient| &patient.seen.classes).map(|class| class.what.as_str()).collect()
    }
}
