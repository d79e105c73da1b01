//! Incidents as those read them who handle them: the list, and one with everything about it.

use super::{
    Frozen, IncidentError, Missing,
    about::{self, Kept},
    allowed,
    counts::{self, CountView},
    decide, freeze,
    letters::{self, LetterView},
    missing,
    notices::{self, NoticeView},
    open,
};
use crate::{
    House,
    record::{Names, Person, timezone, today},
    watch::Whom,
};
use domain::{
    AccountId, AlertId, DataAcquired, DataNature, DataRecipient, Date, DueNotice, HoldId, IncidentConclusion,
    IncidentHold, IncidentId, IncidentSeen, IncidentState, IncidentSubject, PatientId, PracticeId, RiskMitigated, Role,
    StateCount, Timestamp, notice_due, uncounted,
};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::rows::{
    accounts,
    incidents::{self as rows, AssessmentRow, IncidentRow},
};

/// Incidents in the list.
const MOST: usize = 200;

/// An incident in a list.
#[derive(Serialize, JsonSchema)]
pub struct IncidentLine {
    /// The incident.
    pub incident_id: IncidentId,
    /// When it was discovered.
    #[schemars(with = "String", extend("format" = "date"))]
    pub discovered_on: Date,
    /// The last day for notices, if it is a breach.
    #[schemars(with = "String", extend("format" = "date"))]
    pub due_on: Date,
    /// Days left until then; negative when it is past.
    pub days_left: i64,
    /// What was decided last; null before.
    pub conclusion: Option<IncidentConclusion>,
    /// Whether it is closed.
    pub closed: bool,
    /// How many it affects, as it was frozen.
    pub affected: u64,
    /// The account whose doing it is; null where that is not known.
    pub about: Option<Whom>,
}

/// The incidents of a practice.
#[derive(Serialize, JsonSchema)]
pub struct Incidents {
    /// Those discovered last first.
    pub items: Vec<IncidentLine>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Somebody whom it affects.
#[derive(Serialize, JsonSchema)]
pub struct AffectedLine {
    /// Who.
    pub patient_id: PatientId,
    /// In how many entries of the trail.
    pub times: u64,
    /// The first one's moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last one's moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// The classes of data that could be opened.
    pub classes: Vec<String>,
    /// What was seen of them: the record, their account, or only that they are a patient.
    pub seen: IncidentSeen,
    /// What became of the hold on their record.
    pub hold: IncidentHold,
    /// The hold that was placed on their record for it.
    pub hold_id: Option<HoldId>,
}

/// One of the four factors: a choice and words.
#[derive(Serialize, JsonSchema)]
pub struct Factor<C> {
    /// The choice.
    pub choice: C,
    /// In words.
    pub words: String,
}

/// An assessment of the risk (45 CFR 164.402(2)).
#[derive(Serialize, JsonSchema)]
pub struct AssessmentView {
    /// The nature and extent of what was affected.
    pub nature: Factor<DataNature>,
    /// Who used it.
    pub recipient: Factor<DataRecipient>,
    /// Whether it was acquired or viewed.
    pub acquired: Factor<DataAcquired>,
    /// To what extent the risk was mitigated.
    pub mitigated: Factor<RiskMitigated>,
    /// What follows.
    pub conclusion: IncidentConclusion,
    /// Who assessed it.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Who did something, when.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    /// Who.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// What the audit trail says of a day of the incident's time.
#[derive(Serialize, JsonSchema)]
pub struct TimelineDay {
    /// The day, of the practice.
    #[schemars(with = "String", extend("format" = "date"))]
    pub day: Date,
    /// The first entry's moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last one's.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// How many entries.
    pub entries: u64,
    /// About how many different patients, as far as it was not refused.
    pub patients: u64,
    /// How many entries were refused.
    pub refused: u64,
}

/// An incident with everything about it.
#[derive(Serialize, JsonSchema)]
pub struct IncidentView {
    /// The incident.
    #[serde(flatten)]
    pub line: IncidentLine,
    /// By what it is known whose doing it is.
    pub subject: IncidentSubject,
    /// The account, the session or the address.
    pub subject_id: String,
    /// From this moment on.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// Up to before this one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// The alert from which it was opened.
    pub alert_id: Option<AlertId>,
    /// What happened.
    pub what: String,
    /// Who opened it.
    pub opened: Done,
    /// Who froze it last; null before.
    pub frozen: Option<Done>,
    /// How far freezing is, while it is under way; null otherwise.
    pub freezing: Option<Frozen>,
    /// The sessions and API tokens of the account that were ended; null before.
    pub ended: Option<Ended>,
    /// Whether the list of those affected was whole when it was frozen; null before.
    pub complete: Option<bool>,
    /// Why it may not have been.
    pub missing: Vec<Missing>,
    /// Whom it affects, as it was frozen.
    pub patients: Vec<AffectedLine>,
    /// All assessments; the last one counts.
    pub assessments: Vec<AssessmentView>,
    /// How many live in which state, as somebody counted last; null stands for those nobody knows where.
    pub states: Vec<StateCount>,
    /// How many of those affected are counted nowhere yet; below zero, how many too many are. Addresses of patients are not kept
    /// here. A breach is closed when it is none.
    pub uncounted: i64,
    /// All counts, in the order in which they were said.
    pub counts: Vec<CountView>,
    /// What letters said; the last one of each language counts.
    pub letters: Vec<LetterView>,
    /// The notices that were given, those too that were corrected.
    pub notices: Vec<NoticeView>,
    /// Where it is a breach: the notices that are still to be given before it is closed.
    pub notices_missing: Vec<DueNotice>,
    /// What was learned; null before it is closed.
    pub lessons: Option<String>,
    /// Who closed it; null before.
    pub closed_by: Option<Done>,
    /// Day by day, from the audit trail.
    pub timeline: Vec<TimelineDay>,
    /// Whether it may be about whoever reads this, and nobody else in the practice could handle it.
    pub about_oneself: bool,
    /// Whether anybody did something about it whom it may be about, since nobody else could.
    pub by_involved: bool,
}

/// What was ended of an account by freezing.
#[derive(Serialize, JsonSchema)]
pub struct Ended {
    /// When, the last time.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Login sessions.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
}

async fn whom(
    house: &House,
    practice: PracticeId,
    names: &mut Names<'_>,
    about: Option<AccountId>,
) -> Result<Option<Whom>, IncidentError> {
    let Some(account_id) = about else { return Ok(None) };
    let row = accounts::by_id(&house.stores.identity, practice, account_id).await?;
    let name = match row {
        // By id, as in the trail: nobody who handles incidents needs a patient's name for it.
        Some(row) if row.role == Role::Patient => "a patient".to_owned(),
        _ => names.person(account_id).await?.name,
    };
    Ok(Some(Whom { account_id, name }))
}

pub(super) async fn line(
    house: &House,
    names: &mut Names<'_>,
    row: &IncidentRow,
    today: Date,
) -> Result<IncidentLine, IncidentError> {
    let db = &house.stores.identity;
    let (practice, incident) = (row.practice_id, row.incident_id);
    let assessments = rows::assessments(db, practice, incident).await?;
    let due_on = notice_due(row.discovered_on);
    Ok(IncidentLine {
        incident_id: incident,
        discovered_on: row.discovered_on,
        due_on,
        days_left: due_on.duration_since(today).as_hours() / 24,
        conclusion: assessments.last().map(|last| last.conclusion),
        closed: matches!(decide::state(house, row).await?, IncidentState::Closed(_)),
        affected: rows::count_affected(db, practice, incident).await?,
        about: whom(house, practice, names, row.about).await?,
    })
}

/// The incidents of the practice, in person: free words may say much.
pub async fn incidents(house: &House, session: &Session<Full>) -> Result<Incidents, IncidentError> {
    let practice = allowed(house, session, Resource::whole(Word::new("incidents"))).await?;
    let today = today(house, practice).await?;
    let most = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    let found = rows::newest(&house.stores.identity, practice, most).await?;
    let (more, mut names, mut items) = (found.len() > MOST, Names::new(house, session), Vec::new());
    for row in found.iter().take(MOST) {
        if matches!(about::kept_from(house, row, session.account()).await?, Kept::Yes) {
            continue;
        }
        items.push(line(house, &mut names, row, today).await?);
    }
    Ok(Incidents { items, more })
}

/// One incident.
pub async fn incident(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
) -> Result<IncidentView, IncidentError> {
    of(house, session, &decide::begin(house, session, incident).await?).await
}

/// Everything about an incident, for whoever has leave to read it.
pub(super) async fn of(
    house: &House,
    session: &Session<Full>,
    row: &IncidentRow,
) -> Result<IncidentView, IncidentError> {
    let (practice, incident) = (row.practice_id, row.incident_id);
    let (db, mut names) = (&house.stores.identity, Names::new(house, session));
    let line = line(house, &mut names, row, today(house, practice).await?).await?;
    let what = house.vault.open_directory(session, row.opened_by, &row.what).await?.expose().as_str().to_owned();
    let mut assessments = Vec::new();
    for assessment in rows::assessments(db, practice, incident).await? {
        assessments.push(assessed(house, session, &mut names, assessment).await?);
    }
    let notices = notices::all(house, session, &mut names, row, line.affected).await?;
    let counts = counts::all(house, &mut names, row).await?;
    let letters = letters::all(house, session, &mut names, row).await?;
    let (lessons, closed_by) = match rows::closing(db, practice, incident).await? {
        Some(closing) => {
            let lessons = house.vault.open_directory(session, closing.closed_by, &closing.lessons).await?;
            let lessons = lessons.expose().as_str().to_owned();
            (Some(lessons), Some(Done { by: names.person(closing.closed_by).await?, at: closing.closed_at }))
        }
        None => (None, None),
    };
    let frozen = match (row.frozen_by, row.frozen_at) {
        (Some(by), Some(at)) => Some(Done { by: names.person(by).await?, at }),
        _ => None,
    };
    let breach = line.conclusion == Some(IncidentConclusion::Breach);
    let states = counts::newest(house, row).await?;
    let patients = rows::affected(db, practice, incident).await?;
    let about = about::all(house, row).await?;
    let assessors = assessments.iter().map(|one| one.by.account_id);
    let by_involved = assessors
        .chain(notices.iter().map(|one| one.by.account_id))
        .chain(frozen.iter().chain(&closed_by).map(|done| done.by.account_id))
        .any(|account| about.contains(&account));
    Ok(IncidentView {
        subject: row.subject,
        subject_id: row.subject_id.clone(),
        from: row.from,
        to: row.to,
        alert_id: row.alert_id,
        what,
        opened: Done { by: names.person(row.opened_by).await?, at: row.opened_at },
        frozen,
        freezing: match row.freezing {
            Some(_) => Some(freeze::progress(house, row).await?),
            None => None,
        },
        ended: row.ended.map(|ended| Ended { at: ended.at, sessions: ended.sessions, tokens: ended.tokens }),
        complete: row.complete,
        missing: missing::read(&row.missing),
        uncounted: uncounted(line.affected, &states),
        counts,
        letters,
        patients: patients.into_iter().map(affected).collect(),
        assessments,
        states,
        notices,
        notices_missing: if breach { notices::missing(house, row).await? } else { Vec::new() },
        lessons,
        closed_by,
        timeline: timeline(house, row).await?,
        about_oneself: about.contains(&session.account()),
        by_involved,
        line,
    })
}

fn affected(row: rows::AffectedRow) -> AffectedLine {
    AffectedLine {
        patient_id: row.patient_id,
        times: row.times,
        first: row.first,
        last: row.last,
        classes: row.classes.split_whitespace().map(str::to_owned).collect(),
        seen: row.seen,
        hold: row.hold,
        hold_id: row.hold_id,
    }
}

async fn assessed(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    row: AssessmentRow,
) -> Result<AssessmentView, IncidentError> {
    let by = row.assessed_by;
    let nature = house.vault.open_directory(session, by, &row.nature.1).await?;
    let recipient = house.vault.open_directory(session, by, &row.recipient.1).await?;
    let acquired = house.vault.open_directory(session, by, &row.acquired.1).await?;
    let mitigated = house.vault.open_directory(session, by, &row.mitigated.1).await?;
    Ok(AssessmentView {
        nature: Factor { choice: row.nature.0, words: nature.expose().as_str().to_owned() },
        recipient: Factor { choice: row.recipient.0, words: recipient.expose().as_str().to_owned() },
        acquired: Factor { choice: row.acquired.0, words: acquired.expose().as_str().to_owned() },
        mitigated: Factor { choice: row.mitigated.0, words: mitigated.expose().as_str().to_owned() },
        conclusion: row.conclusion,
        by: names.person(by).await?,
        at: row.assessed_at,
    })
}

/// What the trail says of the incident's time, day by day.
async fn timeline(house: &House, row: &IncidentRow) -> Result<Vec<TimelineDay>, IncidentError> {
    let whose = open::whose(row.subject, &row.subject_id)?;
    let touches = house.trail.touches(row.practice_id, whose, row.from, row.to).await?;
    let zone = timezone(house, row.practice_id).await?;
    let mut days: BTreeMap<Date, (TimelineDay, BTreeSet<PatientId>)> = BTreeMap::new();
    for touch in &touches.entries {
        let day = zone.day_of(touch.at);
        let empty = || TimelineDay { day, first: touch.at, last: touch.at, entries: 0, patients: 0, refused: 0 };
        let (of_day, patients) = days.entry(day).or_insert_with(|| (empty(), BTreeSet::new()));
        of_day.last = of_day.last.max(touch.at);
        of_day.entries += 1;
        if touch.outcome == Outcome::Denied {
            of_day.refused += 1;
        } else {
            patients.extend(touch.patient);
        }
    }
    let counted = |(of_day, patients): (TimelineDay, BTreeSet<PatientId>)| TimelineDay {
        patients: patients.len() as u64,
        ..of_day
    };
    Ok(days.into_values().map(counted).collect())
}
