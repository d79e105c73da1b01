//! Freezing: whoever did it is signed out, whom it affects is written down, and nobody of them is destroyed meanwhile.
//!
//! ```text
//! asked ──▶ ending (sessions, tokens) ──▶ listing (whom it affects) ──▶ holding (record after record) ──▶ frozen
//! ```
//!
//! A state machine that survives being killed at any moment: how far it is is stored before each step, and whoever comes next goes
//! on, a second press or the server by itself ([`round`]). Each step takes the turn, so of two who are at it only one goes on.

use super::{
    INCIDENT, IncidentError, about, affected,
    affected::{Affected, AffectedPatient},
    decide,
    hand::Hand,
    missing::{self, Missing},
    open, reason,
};
use crate::{
    Event, House,
    accounts::in_person,
    record::resource,
    retention::{self, ForIncident, HoldPlaced},
};
use domain::{
    FreezeStage, IncidentHold, IncidentId, IncidentSeen, IncidentStep, PatientId, PracticeId, TaskObserver, Timestamp,
    retention::{HoldReason, IncidentNumber},
};
use identity::{Full, Session};
use jiff::SignedDuration;
use ledger::{Outcome, Word};
use phi::{Purpose, Retain};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use store::{
    Batch, CommitError,
    rows::{
        api_tokens,
        incidents::{self as rows, AffectedRow, IncidentRow, freezing as stored},
        legal_holds, login_sessions,
    },
};

/// Every durable transition of a freezing, in order: where it may be killed and goes on. The last but one is gone through for each
/// record.
pub const FREEZE_STEPS: &[&str] =
    &["freeze_begun", "access_ended", "affected_listed", "hold_placed", "record_held", "incident_frozen"];

/// Patients that are written down in one transaction.
const AT_ONCE: usize = 500;
/// Records that are read, and whose holds are recorded, at once.
const HELD_AT_ONCE: i64 = 50;
/// Records that are held while somebody waits for the answer; the server goes on by itself.
const WHILE_ASKED: usize = 100;
/// When nobody went on for so long, the server does.
const LEFT: SignedDuration = SignedDuration::from_secs(15);

/// After so many records that could not be held a round stops.
const FAILURES: usize = 3;
/// Then the server tries again after so long; whoever presses again need not wait.
const LATER: SignedDuration = SignedDuration::from_mins(10);

const FREEZE: Word = Word::new("freeze_incident");

/// How far freezing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Frozen {
    /// Whether it is over; before, the server goes on by itself.
    pub frozen: bool,
    /// How many are affected, as far as that is known.
    pub affected: u64,
    /// How many records are held for it.
    pub held: u64,
    /// How many records are still to be held.
    pub waiting: u64,
    /// How many holds were lifted since.
    pub lifted: u64,
    /// How many could not be held: their destruction had begun, or is over.
    pub not_held: u64,
    /// Whether sessions and API tokens of an account were ended.
    pub sessions_ended: bool,
    /// Whether every entry of the trail of that time was looked at; null before that is known.
    pub complete: Option<bool>,
    /// Why those affected may not be all.
    pub missing: Vec<Missing>,
}

/// Freezes an incident, in person: ends all sessions and API tokens of the account whose doing it is, writes down whom it
/// affects, and holds their records, the first of them at once and the others by and by. Asked again it goes on where it was left;
/// after the end it finds out anew whom it affects, and forgets nobody.
pub async fn freeze(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    observer: &dyn TaskObserver,
) -> Result<Frozen, IncidentError> {
    let row = decide::begin(house, session, incident).await?;
    in_person(house, session)?;
    decide::may(house, &row, IncidentStep::Freeze).await?;
    let practice = row.practice_id;
    // The records are held in their name, some of them when they are gone.
    let purpose = Purpose::operations(resource(INCIDENT, incident));
    house.guard.authorize_practice::<Retain>(session, purpose).await?;
    house.record(session, reason(Event::done(FREEZE, resource(INCIDENT, incident)))).await?;
    if row.freezing.is_none() {
        let batch = rows::moves_on(Batch::new(), &row);
        let batch = stored::begin(batch, &row, session.account(), house.clock.now());
        house.stores.identity.commit(batch).await.map_err(decide::meanwhile)?;
        observer.reached("freeze_begun");
    }
    go_on(house, &Hand::of(session), (practice, incident), WHILE_ASKED, observer).await?;
    let row = open::stored(house, practice, incident).await?;
    progress(house, &row).await
}

/// Goes on with what was left: killed, timed out, or more than fits into one answer.
pub async fn round(house: &House, observer: &dyn TaskObserver) -> Result<(), IncidentError> {
    let since = house.clock.now().checked_sub(LEFT).unwrap_or(Timestamp::MIN);
    let mut failed = None;
    // What stops one keeps back no other.
    for row in stored::left(&house.stores.identity, since).await? {
        let (hand, which) = (Hand::nobody(house, row.practice_id), (row.practice_id, row.incident_id));
        failed = go_on(house, &hand, which, usize::MAX, observer).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

/// How far it is.
pub(super) async fn progress(house: &House, row: &IncidentRow) -> Result<Frozen, IncidentError> {
    let listed = rows::affected(&house.stores.identity, row.practice_id, row.incident_id).await?;
    let many = |wanted: &[IncidentHold]| listed.iter().filter(|one| wanted.contains(&one.hold)).count() as u64;
    Ok(Frozen {
        frozen: row.freezing.is_none() && row.frozen_at.is_some(),
        affected: listed.len() as u64,
        held: many(&[IncidentHold::Held]),
        waiting: many(&[IncidentHold::Waiting, IncidentHold::Placing]),
        lifted: many(&[IncidentHold::Lifted]),
        not_held: many(&[IncidentHold::NotHeld]),
        sessions_ended: row.ended.is_some(),
        complete: row.complete,
        missing: missing::read(&row.missing),
    })
}

/// Why it did not go on here.
enum Stopped {
    /// Somebody else goes on with it.
    NotMyTurn,
    Failed(IncidentError),
}

impl<E: Into<IncidentError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What another does meanwhile is done.
fn or_not_my_turn(error: CommitError) -> Stopped {
    match error {
        CommitError::Conflict { .. } => Stopped::NotMyTurn,
        other => Stopped::Failed(other.into()),
    }
}

/// Goes through the stages as far as it may: holds up to so many records.
async fn go_on(
    house: &House,
    hand: &Hand,
    (practice, incident): (PracticeId, IncidentId),
    most: usize,
    observer: &dyn TaskObserver,
) -> Result<(), IncidentError> {
    loop {
        let mut row = open::stored(house, practice, incident).await?;
        let Some(freezing) = row.freezing else { return Ok(()) };
        let done = match freezing.stage {
            FreezeStage::Ending => end(house, hand, &row, observer).await,
            FreezeStage::Listing => list(house, &mut row, observer).await,
            FreezeStage::Holding => match hold(house, hand, &mut row, most, observer).await {
                Ok(true) => finish(house, hand, &row, observer).await,
                Ok(false) => return Ok(()),
                Err(stopped) => Err(stopped),
            },
        };
        match done {
            Ok(()) => {}
            Err(Stopped::NotMyTurn) => return Ok(()),
            Err(Stopped::Failed(error)) => return Err(error),
        }
    }
}

/// Ends all sessions and API tokens of the account whose doing it is, as they stand in the identity store.
async fn end(house: &House, hand: &Hand, row: &IncidentRow, observer: &dyn TaskObserver) -> Result<(), Stopped> {
    let (db, practice, now) = (&house.stores.identity, row.practice_id, house.clock.now());
    let mut batch = stored::take_turn(Batch::new(), row, now);
    if let Some(account) = row.about {
        let ended = Event::done(Word::new("end_all_sessions"), resource(Word::new("account"), account));
        hand.record(house, vec![reason(ended)]).await?;
        batch = stored::ended(batch, row, stored::access(db, practice, account).await?, now);
        batch = api_tokens::revoke_all(batch, practice, account);
        batch = login_sessions::end_all(batch, practice, account);
    }
    db.commit(stored::stage(batch, row, FreezeStage::Listing)).await.map_err(or_not_my_turn)?;
    observer.reached("access_ended");
    Ok(())
}

/// Writes down whom it affects, besides those who stand there already.
async fn list(house: &House, row: &mut IncidentRow, observer: &dyn TaskObserver) -> Result<(), Stopped> {
    let (db, which) = (&house.stores.identity, (row.practice_id, row.incident_id));
    let asked = about::question(row)?;
    let (affected, touches) = affected::answer(house, row.practice_id, &asked).await?;
    let behind = about::any(house, row.practice_id, asked.whose, &touches).await?;
    // Nobody could tell whose session it was when it was opened: now their sessions are ended first, and it is kept from them.
    if let (None, Some(account)) = (row.about, about::one(asked.whose, &touches)) {
        let batch = stored::take_turn(Batch::new(), row, house.clock.now());
        let batch = stored::stage(stored::about(batch, row, account), row, FreezeStage::Ending);
        return db.commit(batch).await.map_err(or_not_my_turn);
    }
    drop(touches);
    let known = rows::affected(db, row.practice_id, row.incident_id).await?;
    let known: HashMap<PatientId, AffectedRow> = known.into_iter().map(|one| (one.patient_id, one)).collect();
    let listed: Vec<AffectedRow> = listed(&affected).map(|one| besides(one, &known)).collect();
    for some in listed.chunks(AT_ONCE) {
        let batch = stored::take_turn(Batch::new(), row, house.clock.now());
        let batch = some.iter().fold(batch, |batch, one| stored::affect(batch, which, one));
        db.commit(batch).await.map_err(or_not_my_turn)?;
        row.turn += 1;
    }
    let missing = missing::besides(&row.missing, &affected.missing);
    let batch = stored::take_turn(Batch::new(), row, house.clock.now());
    let batch = behind.into_iter().fold(batch, |batch, account| stored::may_be_about(batch, which, account));
    let batch = stored::listed(batch, row, missing.is_empty(), &missing);
    db.commit(stored::stage(batch, row, FreezeStage::Holding)).await.map_err(or_not_my_turn)?;
    observer.reached("affected_listed");
    Ok(())
}

/// Everybody whom it affects, with what was seen of them.
fn listed(affected: &Affected) -> impl Iterator<Item = AffectedRow> {
    let row = |seen: IncidentSeen| {
        move |patient: &AffectedPatient| AffectedRow {
            patient_id: patient.patient_id,
            times: patient.seen.times,
            first: patient.seen.first,
            last: patient.seen.last,
            classes: patient.seen.classes.iter().map(|class| class.what.as_str()).collect::<Vec<_>>().join(" "),
            hold_id: None,
            seen,
            hold: IncidentHold::Waiting,
        }
    };
    let opened = affected.patients.iter().map(row(IncidentSeen::Opened));
    let account = affected.account_only.iter().map(row(IncidentSeen::Account));
    opened.chain(account).chain(affected.named_only.iter().map(row(IncidentSeen::Named)))
}

/// What is known of somebody now, besides what was known before: entries may have been dropped since.
fn besides(now: AffectedRow, known: &HashMap<PatientId, AffectedRow>) -> AffectedRow {
    let Some(before) = known.get(&now.patient_id) else { return now };
    let classes: BTreeSet<&str> = now.classes.split_whitespace().chain(before.classes.split_whitespace()).collect();
    AffectedRow {
        times: now.times.max(before.times),
        first: now.first.min(before.first),
        last: now.last.max(before.last),
        classes: classes.into_iter().collect::<Vec<_>>().join(" "),
        // The strongest stands first.
        seen: now.seen.min(before.seen),
        ..now
    }
}

/// Holds the records that are still to be held, up to so many; says whether that was all. What stops one keeps back no other.
async fn hold(
    house: &House,
    hand: &Hand,
    row: &mut IncidentRow,
    most: usize,
    observer: &dyn TaskObserver,
) -> Result<bool, Stopped> {
    let (practice, incident) = (row.practice_id, row.incident_id);
    let Some(freezing) = row.freezing else { return Ok(false) };
    let number = IncidentNumber::new(incident.to_string()).map_err(IncidentError::from)?;
    let why = HoldReason::new("An incident affects this record").map_err(IncidentError::from)?;
    // Placed by whoever froze it before holds had an id of their own for each record.
    let placed = legal_holds::for_incident(&house.stores.identity, practice, number.as_str()).await?;
    let placed: HashMap<_, _> = placed.into_iter().collect();
    let (mut behind, mut done, mut failures) = (PatientId::from_bytes([0; 16]), 0, Vec::new());
    loop {
        let some = stored::to_hold(&house.stores.identity, (practice, incident), behind, HELD_AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        behind = last.patient_id;
        let new: Vec<ForIncident> = some
            .iter()
            .map(|one| ForIncident {
                practice,
                patient: one.patient_id,
                hold: placed
                    .get(&one.patient_id)
                    .copied()
                    .unwrap_or_else(|| retention::hold_of_incident(incident, one.patient_id)),
                number: number.clone(),
                reason: why.clone(),
                by: freezing.by,
            })
            .collect();
        let to_place = some.iter().zip(&new).filter(|(one, _)| one.hold == IncidentHold::Waiting);
        let recorded = hand.record(house, to_place.map(|(_, new)| new.event()).collect()).await?;
        let mut undone = Vec::new();
        let mut each = some.iter().zip(&new);
        let mut stopped = false;
        for (one, new) in each.by_ref() {
            match hold_one(house, hand, row, (one, new, recorded.as_ref()), observer).await {
                Ok(()) => {}
                Err(Stopped::NotMyTurn) => {
                    undone.push((one, new));
                    stopped = true;
                    break;
                }
                Err(Stopped::Failed(error)) => {
                    undone.push((one, new));
                    failures.push(error);
                }
            }
            done += 1;
            if failures.len() >= FAILURES {
                break;
            }
        }
        // What was recorded and not done is recorded again.
        undone.extend(each);
        let waited = undone.iter().filter(|(one, _)| one.hold == IncidentHold::Waiting);
        let reason = if stopped { "decided-meanwhile" } else { "hold-failed" };
        let not_done =
            waited.map(|(_, new)| Event { outcome: Outcome::Failed, reason: Word::new(reason), ..new.event() });
        hand.record(house, not_done.collect()).await?;
        if stopped {
            return Err(Stopped::NotMyTurn);
        }
        observer.progress(done as u64, 0);
        if failures.len() >= FAILURES {
            break;
        }
        if done >= most {
            // There may be more of them.
            let left = stored::to_hold(&house.stores.identity, (practice, incident), behind, 1).await?;
            if !left.is_empty() {
                return or_later(house, row, failures, false).await;
            }
        }
    }
    or_later(house, row, failures, true).await
}

/// Whether that was all, where nothing failed. Otherwise the server tries again later: what fails for good must not fill the trail.
async fn or_later(
    house: &House,
    row: &IncidentRow,
    mut failures: Vec<IncidentError>,
    all: bool,
) -> Result<bool, Stopped> {
    let Some(error) = failures.pop() else { return Ok(all) };
    let later = house.clock.now().checked_add(LATER).unwrap_or(Timestamp::MAX);
    let batch = stored::take_turn(Batch::new(), row, later);
    house.stores.identity.commit(batch).await.map_err(or_not_my_turn)?;
    Err(Stopped::Failed(error))
}

/// Holds a record: places the hold, then looks whether it came in time, each with what the incident says of it in one write.
async fn hold_one(
    house: &House,
    hand: &Hand,
    row: &mut IncidentRow,
    (one, new, recorded): (&AffectedRow, &ForIncident, Option<&ledger::Receipt>),
    observer: &dyn TaskObserver,
) -> Result<(), Stopped> {
    let (db, which, patient) = (&house.stores.identity, (row.practice_id, row.incident_id), one.patient_id);
    // It is placed already where it is only to be looked whether it came in time; that is recorded where it did not.
    let recorded = match recorded {
        Some(recorded) => recorded,
        None => &hand.record(house, vec![new.event()]).await?.ok_or(IncidentError::NotNow)?,
    };
    let mut placed = HoldPlaced::Placed;
    if one.hold == IncidentHold::Waiting {
        let (now, seen) = (house.clock.now(), &*row);
        let around = || {
            let noted = stored::held(Batch::new(), which, patient, (IncidentHold::Placing, Some(new.hold)));
            (stored::take_turn(Batch::new(), seen, now), noted)
        };
        placed = retention::place_for_incident(house, recorded, new, around).await.map_err(IncidentError::from)?;
        match placed {
            HoldPlaced::Placed => {
                row.turn += 1;
                observer.reached("hold_placed");
            }
            HoldPlaced::Meanwhile => return Err(Stopped::NotMyTurn),
            HoldPlaced::TooLate => {}
        }
    }
    if placed == HoldPlaced::Placed {
        let (actor, origin) = hand.who();
        placed = retention::came_in_time(house, (actor, origin), recorded, new).await.map_err(IncidentError::from)?;
    }
    let became = match placed {
        HoldPlaced::Placed => (IncidentHold::Held, Some(new.hold)),
        HoldPlaced::TooLate | HoldPlaced::Meanwhile => (IncidentHold::NotHeld, None),
    };
    let batch = stored::take_turn(Batch::new(), row, house.clock.now());
    db.commit(stored::held(batch, which, patient, became)).await.map_err(or_not_my_turn)?;
    row.turn += 1;
    observer.reached("record_held");
    Ok(())
}

/// It is frozen: said when the last record is held, or could not be.
async fn finish(house: &House, hand: &Hand, row: &IncidentRow, observer: &dyn TaskObserver) -> Result<(), Stopped> {
    let Some(freezing) = row.freezing else { return Ok(()) };
    let event = reason(Event::done(Word::new("finish_freezing"), resource(INCIDENT, row.incident_id)));
    hand.record(house, vec![event.clone()]).await?;
    let now = house.clock.now();
    let batch = stored::frozen(stored::take_turn(Batch::new(), row, now), row, freezing.by, now);
    match house.stores.identity.commit(batch).await {
        Ok(()) => {
            observer.reached("incident_frozen");
            Ok(())
        }
        Err(error) => {
            let failed = Event { outcome: Outcome::Failed, reason: Word::new("decided-meanwhile"), ..event };
            hand.record(house, vec![failed]).await?;
            Err(or_not_my_turn(error))
        }
    }
}
