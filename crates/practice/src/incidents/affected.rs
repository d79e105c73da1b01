//! Whom an incident affects: "account X from one moment to another" gives exactly which patients, which classes of data, how
//! often, first and last, each with the numbers of the entries that show it. Computed from the audit trail alone.

use super::{
    IncidentError, allowed,
    facts::Facts,
    missing::{self, Missing},
};
use crate::{
    House,
    accounts::in_person,
    audit::{self, StaffName},
    record::resource,
    trail::{Touch, Touches},
};
use domain::{LoginSessionId, PatientId, PermissionName, PracticeId, Timestamp, TokenId};
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

/// An API token that was made in the session that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MadeToken {
    /// The token: under this id it is asked about as a session is.
    pub token_id: TokenId,
    /// When it was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub made_at: Timestamp,
}

/// Whom it affects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Affected {
    /// The patients of whose record something was opened, whoever was seen first standing first.
    pub patients: Vec<AffectedPatient>,
    /// Others whose account was looked at: name and e-mail address were shown.
    pub account_only: Vec<AffectedPatient>,
    /// Others about whom something was done with which nothing of their record opens: only that they are patients was seen.
    pub named_only: Vec<AffectedPatient>,
    /// How many other patients were asked for and refused: nothing of theirs was opened.
    pub refused_patients: u64,
    /// How often somebody was asked for and refused who is no patient here: ids that were guessed, or whose record is destroyed.
    pub refused_nobody: u64,
    /// Accounts that were looked at and are not there any more, or never were: nobody can say whose they were.
    pub accounts_gone: u64,
    /// What was looked at of which the trail names no patient: lists that were searched, where whoever was shown has an entry of
    /// their own, and billing's accounts, which have none. Look into those by hand.
    pub no_patient_named: Vec<Often>,
    /// What was taken out as a whole: the audit trail, the books. Whoever stands in it is named by no entry.
    pub taken_out: Vec<Often>,
    /// Lists of the practice that were looked at, in which patients stand by id.
    pub lists: Vec<Often>,
    /// Where a session was asked about: all ids under which it went on, in their order.
    pub sessions: Vec<LoginSessionId>,
    /// The API tokens that were made in it. What was done with them is in this answer.
    pub tokens_made: Vec<MadeToken>,
    /// How many entries there are of whoever was asked about, in this time.
    pub entries: u64,
    /// How far each log was looked at.
    pub logs: Vec<Through>,
    /// How many entries of the logs cannot be opened: anybody's, and at any time.
    pub unreadable: u64,
    /// Whether this is all: the time was over, every entry of it was looked at, and none of them was dropped.
    pub complete: bool,
    /// Why it may not be all; nothing where it is.
    pub missing: Vec<Missing>,
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
    Ok(answer(house, practice, asked).await?.0)
}

/// The answer, from the trail and from what the stores say of the ids in it, and what it was made from. Whoever asks has recorded it.
pub(super) async fn answer(
    house: &House,
    practice: PracticeId,
    asked: &Asked,
) -> Result<(Affected, Touches), IncidentError> {
    // Before anything is read: what is over by now is in the logs.
    let now = house.clock.now();
    let touches = house.trail.touches(practice, asked.whose, asked.from, asked.to).await?;
    let facts = Facts::about(house, practice, &touches).await?;
    Ok((Affected::of(&touches, (asked.from, asked.to), now, &facts), touches))
}

/// Whether somebody's account was looked at by whoever governs accounts.
pub(super) fn is_account(touch: &Touch) -> bool {
    match touch.permission {
        Some(permission) => permission == PermissionName::Govern && touch.kind.as_str() == "account",
        None => {
            touch.kind.as_str() == "account"
                && matches!(touch.action.as_str(), "read_account" | "change_account" | "reset_account")
        }
    }
}

/// What leaves as a whole, when it is allowed.
fn is_taken_out(touch: &Touch) -> bool {
    matches!(
        touch.action.as_str(),
        "export_audit" | "export_books" | "export_incident" | "make_breach_letters" | "release_deidentified"
    )
}

/// A list of the practice in which patients stand by id.
fn is_list(touch: &Touch) -> bool {
    use PermissionName as P;
    let lists = matches!(
        touch.permission,
        Some(P::ReadAudit | P::Retain | P::AnswerRequests | P::HandleIncidents | P::Oversee)
    );
    lists && touch.kind.as_str() != "audit_export"
}

/// What comes together of a patient.
struct Gathered {
    /// Whether something of the record was opened.
    opened: bool,
    first: Timestamp,
    last: Timestamp,
    classes: HashMap<ClassId, u64>,
    parts: BTreeMap<String, u64>,
    entries: BTreeMap<usize, Vec<u64>>,
    times: u64,
}

impl Gathered {
    fn add<'a>(
        patients: &'a mut HashMap<PatientId, Self>,
        patient: PatientId,
        touch: &Touch,
        classes: &[ClassId],
    ) -> &'a mut Self {
        let gathered = patients.entry(patient).or_insert_with(|| Self {
            opened: false,
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
        gathered
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
    /// Whom these entries affect, of a time that goes from one moment up to before another, as it was asked at a third.
    pub fn of(touches: &Touches, (from, to): (Timestamp, Timestamp), now: Timestamp, facts: &Facts) -> Self {
        let (mut seen, mut named) = (HashMap::new(), HashMap::new());
        let (mut refused, mut refused_nobody) = (HashSet::new(), 0);
        let mut gone = HashSet::new();
        let (mut nobody, mut taken_out, mut lists) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let count = |counts: &mut BTreeMap<String, u64>, what: &Word| {
            *counts.entry(what.as_str().to_owned()).or_default() += 1;
        };
        for touch in &touches.entries {
            let classes = touch.permission.map_or(&[][..], classes_of);
            let account = is_account(touch);
            // Whose account it is stands in the entry, or is known of the account.
            let whose = touch.patient.or_else(|| account.then(|| facts.owner(&touch.id)).flatten());
            match (whose, touch.outcome) {
                (Some(patient), Outcome::Denied) if facts.is_nobody(patient) => refused_nobody += 1,
                (Some(patient), Outcome::Denied) => {
                    refused.insert(patient);
                }
                // Whoever was let in held the keys, whatever came of it.
                (Some(patient), Outcome::Allowed | Outcome::Failed) if !classes.is_empty() => {
                    Gathered::add(&mut seen, patient, touch, classes).opened = true;
                }
                (Some(patient), Outcome::Allowed | Outcome::Failed) if account => {
                    Gathered::add(&mut seen, patient, touch, &[ClassId::Contact]);
                }
                (Some(patient), Outcome::Allowed | Outcome::Failed) => {
                    Gathered::add(&mut named, patient, touch, classes);
                }
                (None, Outcome::Allowed | Outcome::Failed) => {
                    if !classes.is_empty() {
                        count(&mut nobody, &touch.kind);
                    } else if is_taken_out(touch) {
                        count(&mut taken_out, &touch.action);
                    } else if is_list(touch) {
                        count(&mut lists, &touch.kind);
                    } else if account && facts.is_gone(&touch.id) {
                        gone.insert(&touch.id);
                    }
                }
                (None, Outcome::Denied) => {}
            }
        }
        named.retain(|patient, _| !seen.contains_key(patient));
        refused.retain(|patient| !seen.contains_key(patient) && !named.contains_key(patient));
        let (opened, account_only) = seen.into_iter().partition(|(_, gathered): &(_, Gathered)| gathered.opened);
        let through = touches.logs.iter();
        let logs: Vec<Through> = through
            .map(|looked| Through { log: looked.log.as_str().to_owned(), through: looked.through, size: looked.size })
            .collect();
        let missing = missing::all(touches, (from, to), now, facts);
        let made = |(token_id, made_at): &(TokenId, Timestamp)| MadeToken { token_id: *token_id, made_at: *made_at };
        Self {
            patients: listed(opened, &logs),
            account_only: listed(account_only, &logs),
            named_only: listed(named, &logs),
            refused_patients: refused.len() as u64,
            refused_nobody,
            accounts_gone: gone.len() as u64,
            no_patient_named: often(nobody),
            taken_out: often(taken_out),
            lists: often(lists),
            sessions: touches.chain.sessions.clone(),
            tokens_made: touches.chain.tokens.iter().map(made).collect(),
            entries: touches.entries.len() as u64,
            logs,
            unreadable: touches.unreadable,
            complete: missing.is_empty(),
            missing,
            dropped_until: touches.dropped.map(|dropped| dropped.until),
        }
    }

    /// All classes of data of which something was opened, of anybody.
    pub fn classes(&self) -> BTreeSet<&str> {
        let all = self.patients.iter().chain(&self.account_only);
        all.flat_map(|patient| &patient.seen.classes).map(|class| class.what.as_str()).collect()
    }
}
