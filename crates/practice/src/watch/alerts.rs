//! Alerts as those see them who watch over a practice: which there are, what shows them, who looked into them.

use super::{
    Compared, Unit,
    settings::{ANSWER, SETTINGS, Settings},
};
use crate::{
    Event, House, HouseError,
    accounts::in_person,
    audit::{AuditError, AuditedEntry, named},
    house::through_house,
    page,
    record::{Names, Person, RecordError, resource},
    staff,
    trail::{OldDropped, Position, TrailEntry, TrailError},
};
use domain::{AccountId, AlertAnswer, AlertId, AlertRule, Invalid, PracticeId, ReviewWords, Role, Timestamp};
use identity::{EnrollmentError, Full, Session};
use ledger::{LogName, Resource, Word};
use phi::{AccessError, Purpose, ReadAudit};
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts::{self, AccountState},
        alerts::{self as rows, AlertRow, Found, Listed, ReviewRow},
        audit_logs, export_holds,
        watching::{self, SettingRow},
    },
};

const ALERTS: Word = Word::new("alerts");
pub(super) const ALERT: Word = Word::new("alert");
const SETTINGS_OF: Word = Word::new("watch_settings");

/// Which alerts are asked for.
pub type Which = Listed;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such alert or setting here.
    #[error("there is no such alert or setting")]
    Unknown,
    /// One does not look into what one did oneself, while there is somebody else who may.
    #[error("an alert about oneself is looked into by somebody else")]
    Oneself,
    /// Somebody looked into it already.
    #[error("somebody looked into it already")]
    Reviewed,
    /// No exports are held for the alert, or somebody lifted that before.
    #[error("no exports are held for it")]
    NotHeld,
    /// One lifts nothing that holds one's own exports, while there is somebody else who may.
    #[error("one's own exports are given free by somebody else")]
    OwnExports,
    /// The value is none that makes sense.
    #[error(transparent)]
    Value(#[from] Invalid),
    /// The number is too small or too large.
    #[error("must be from {least} to {most}")]
    Bounds {
        /// The least that it may be.
        least: u32,
        /// The most.
        most: u32,
    },
    /// Needs a factor proven just now.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The entries could not be read.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// Names of entries could not be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

through_house!(AlertError);

/// Whose doing an alert is about.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Whom {
    /// The account.
    pub account_id: AccountId,
    /// The name that others see; patients have none here.
    pub name: String,
}

/// What was found by somebody who looked into an alert.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ReviewView {
    /// Who.
    pub by: Person,
    /// Whether the alert is about them: there was nobody else who could.
    pub about_oneself: bool,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What they found.
    pub words: String,
}

/// Exports of an account that are held for an alert.
#[derive(Clone, Serialize, JsonSchema)]
pub struct HoldView {
    /// The alert for which they are held: another one, where they were held before.
    pub alert_id: AlertId,
    /// Since when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub held_at: Timestamp,
    /// Who lifted that; null while it is in force.
    pub lifted_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub lifted_at: Option<Timestamp>,
    /// Whether the account lifted it itself: there was nobody else who could.
    pub lifted_by_oneself: bool,
}

/// An alert.
#[derive(Clone, Serialize, JsonSchema)]
pub struct AlertLine {
    /// The alert.
    pub alert_id: AlertId,
    /// What was found.
    pub rule: AlertRule,
    /// What followed from it.
    pub answer: AlertAnswer,
    /// Whose doing; null when it is nobody's.
    pub whom: Option<Whom>,
    /// When it came to be.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub happened_at: Timestamp,
    /// When it was found.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub found_at: Timestamp,
    /// Why now, compared with what.
    pub compared: Compared,
    /// When the login session in which it happened was ended for it; null where it was not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub session_ended_at: Option<Timestamp>,
    /// When a factor was asked for in it again; null where it was not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub factor_asked_at: Option<Timestamp>,
    /// The exports that are or were held for it; null where none were.
    pub exports_held: Option<HoldView>,
    /// Who looked into it; null while nobody did.
    pub review: Option<ReviewView>,
}

/// A page of alerts.
pub struct AlertPage {
    /// Newest first.
    pub items: Vec<AlertLine>,
    /// Where to go on; none when there are no more.
    pub next: Option<(Timestamp, AlertId)>,
}

/// An alert with what shows it.
pub struct AlertDetails {
    /// The alert.
    pub alert: AlertLine,
    /// The entries, in their order. Those that cannot be read any more are left out.
    pub entries: Vec<AuditedEntry>,
    /// How many entries it points to.
    pub pointed_to: usize,
    /// What was dropped from the trail since, where the alert is old enough for some of them to have gone.
    pub dropped: Option<OldDropped>,
    /// Where it is about whoever reads it: who else may look into it, and give exports free.
    pub others: Vec<Person>,
}

/// A setting as it is now.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SettingView {
    /// Its name.
    pub name: String,
    /// In words.
    pub words: String,
    /// What it is counted in; `answer` for what follows from a rule.
    pub unit: &'static str,
    /// Its value.
    pub value: String,
    /// When nobody set it.
    pub default: String,
    /// The least and the most; null for an answer.
    pub bounds: Option<(u32, u32)>,
    /// Who changed it last; null when nobody did.
    pub changed_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub changed_at: Option<Timestamp>,
}

pub(super) async fn allowed(house: &House, session: &Session<Full>, what: Resource) -> Result<PracticeId, AlertError> {
    Ok(house.guard.authorize_practice::<ReadAudit>(session, Purpose::operations(what)).await?.practice())
}

/// Up to `limit` alerts of the practice, newest first, those before one.
pub async fn alerts(
    house: &House,
    session: &Session<Full>,
    which: Which,
    before: Option<(Timestamp, AlertId)>,
    limit: usize,
) -> Result<AlertPage, AlertError> {
    let practice = allowed(house, session, Resource::whole(ALERTS)).await?;
    let before = before.unwrap_or((Timestamp::MAX, AlertId::from_bytes([0xff; 16])));
    let mut found = rows::list(&house.stores.identity, practice, which, before, page::surplus(limit)).await?;
    let next = page::cut(&mut found, limit, |last| (last.alert.happened_at, last.alert.alert_id));
    let (mut names, mut items) = (Names::new(house, session), Vec::with_capacity(found.len()));
    for one in found {
        items.push(line(house, session, &mut names, one).await?);
    }
    Ok(AlertPage { items, next })
}

/// One alert, with the entries that show it.
pub async fn alert(house: &House, session: &Session<Full>, alert: AlertId) -> Result<AlertDetails, AlertError> {
    let practice = allowed(house, session, resource(ALERT, alert)).await?;
    let db = &house.stores.identity;
    let found = rows::by_id(db, practice, alert).await?.ok_or(AlertError::Unknown)?;
    let mut places = Vec::new();
    for (log, seq) in rows::entries(db, practice, alert).await? {
        let log = LogName::new(&log).map_err(|_| StoreError::Column { index: 0, wanted: "the name of a log" })?;
        places.push((log, seq));
    }
    let read = house.trail.read(places.clone()).await?;
    let of_here = places.iter().zip(read).filter_map(|((log, seq), entry)| {
        let entry = entry.filter(|entry| entry.practice == Some(practice))?;
        let position = Position {
            at: entry.at.as_millisecond(),
            log: audit_logs::number_of(log),
            seq: i64::try_from(*seq).unwrap_or(i64::MAX),
        };
        Some(TrailEntry { position, log: log.clone(), seq: *seq, entry })
    });
    let mut names = Names::new(house, session);
    let entries = named(&mut names, of_here.collect()).await?;
    let others =
        if found.alert.who == Some(session.account()) { others(house, session, &mut names).await? } else { Vec::new() };
    let dropped = house.trail.health().dropped.filter(|dropped| found.alert.happened_at <= dropped.until);
    let alert = line(house, session, &mut names, found).await?;
    Ok(AlertDetails { alert, entries, pointed_to: places.len(), dropped, others })
}

/// Everybody else who watches over the practice at present.
pub(super) async fn others(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
) -> Result<Vec<Person>, AlertError> {
    let mut found = Vec::new();
    for row in staff::everybody(house, session.practice()).await? {
        // Whoever may read the trail: the policy gives these two leave, to watch over it.
        let watches = matches!(row.role, Role::Admin | Role::PrivacyOfficer) && row.state == AccountState::Active;
        if watches && row.account_id != session.account() {
            found.push(names.person(row.account_id).await?);
        }
    }
    Ok(found)
}

/// Says what somebody found who looked into an alert. Once, and about oneself only where nobody else watches over the
/// practice: then it is marked so.
pub async fn review(
    house: &House,
    session: &Session<Full>,
    alert: AlertId,
    words: &ReviewWords,
) -> Result<(), AlertError> {
    let practice = allowed(house, session, resource(ALERT, alert)).await?;
    let db = &house.stores.identity;
    let found = rows::by_id(db, practice, alert).await?.ok_or(AlertError::Unknown)?;
    let me = session.account();
    let action = Word::new("review_alert");
    let about_oneself = found.alert.who == Some(me);
    if about_oneself && !others(house, session, &mut Names::new(house, session)).await?.is_empty() {
        house.record(session, Event::refused(action, resource(ALERT, alert), Word::new("about-oneself"))).await?;
        return Err(AlertError::Oneself);
    }
    if found.review.is_some() {
        return Err(AlertError::Reviewed);
    }
    let words = house.vault.seal(practice, me, ReviewRow::row_id(alert), words).await?;
    let reason = if about_oneself { Word::new("about-oneself") } else { Word::new("read-audit") };
    house.record(session, Event { reason, ..Event::done(action, resource(ALERT, alert)) }).await?;
    let row =
        ReviewRow { practice_id: practice, alert_id: alert, reviewed_by: me, reviewed_at: house.clock.now(), words };
    db.commit(rows::review(Batch::new(), &row)).await.map_err(|error| match error {
        CommitError::Conflict { .. } | CommitError::Duplicate { .. } => AlertError::Reviewed,
        other => other.into(),
    })
}

async fn line(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    Found { alert, review }: Found,
) -> Result<AlertLine, AlertError> {
    let whom = match alert.who {
        Some(account_id) => {
            let row = accounts::by_id(&house.stores.identity, alert.practice_id, account_id).await?;
            let name = match row {
                // By id, as in the trail: nobody who watches over it needs a patient's name.
                Some(row) if row.role == Role::Patient => "a patient".to_owned(),
                _ => names.person(account_id).await?.name,
            };
            Some(Whom { account_id, name })
        }
        None => None,
    };
    let review = match review {
        Some(review) => {
            let words = house.vault.open_directory(session, review.reviewed_by, &review.words).await?;
            let (by, words) = (names.person(review.reviewed_by).await?, words.expose().as_str().to_owned());
            let about_oneself = alert.who == Some(review.reviewed_by);
            Some(ReviewView { by, about_oneself, at: review.reviewed_at, words })
        }
        None => None,
    };
    let exports_held = match alert.answer {
        AlertAnswer::HoldExports if alert.answered_at.is_some() => hold_of(house, &alert, names).await?,
        _ => None,
    };
    let when = |answer| alert.answered_at.filter(|_| alert.answer == answer);
    let compared = serde_json::from_str(&alert.compared)
        .map_err(|_| StoreError::Column { index: 7, wanted: "what was compared" })?;
    Ok(AlertLine {
        alert_id: alert.alert_id,
        rule: alert.rule,
        answer: alert.answer,
        whom,
        happened_at: alert.happened_at,
        found_at: alert.found_at,
        compared,
        session_ended_at: when(AlertAnswer::EndSession),
        factor_asked_at: when(AlertAnswer::AskFactor),
        exports_held,
        review,
    })
}

/// What holds the exports of whom an alert is about, or did for it.
async fn hold_of(house: &House, alert: &AlertRow, names: &mut Names<'_>) -> Result<Option<HoldView>, AlertError> {
    let (db, practice) = (&house.stores.identity, alert.practice_id);
    let found = match (export_holds::of_alert(db, practice, alert.alert_id).await?, alert.who, alert.answered_at) {
        // They were held already.
        (None, Some(who), Some(at)) => export_holds::at(db, practice, who, at).await?,
        (found, ..) => found,
    };
    let Some(row) = found else { return Ok(None) };
    let lifted_by = match row.lifted {
        Some((by, _)) => Some(names.person(by).await?),
        None => None,
    };
    let lifted_by_oneself = row.lifted.is_some_and(|(by, _)| by == row.account_id);
    let (alert_id, held_at, lifted_at) = (row.alert_id, row.held_at, row.lifted.map(|(_, at)| at));
    Ok(Some(HoldView { alert_id, held_at, lifted_by, lifted_at, lifted_by_oneself }))
}

/// All settings as they are now: numbers first, then what follows from each rule.
pub async fn settings(house: &House, session: &Session<Full>) -> Result<Vec<SettingView>, AlertError> {
    let practice = allowed(house, session, Resource::whole(SETTINGS_OF)).await?;
    let stored = watching::settings(&house.stores.identity, practice).await?;
    let set = Settings::stored(stored.iter().map(|row| (row.name.as_str(), row.value.as_str())));
    let (mut names, mut views) = (Names::new(house, session), Vec::new());
    for kind in SETTINGS {
        views.push(SettingView {
            name: kind.name.to_owned(),
            words: kind.words.to_owned(),
            unit: unit(kind.unit),
            value: set.number(kind.setting).to_string(),
            default: kind.default.to_string(),
            bounds: Some((kind.least, kind.most)),
            changed_by: None,
            changed_at: None,
        });
    }
    for rule in AlertRule::ALL {
        views.push(SettingView {
            name: format!("{ANSWER}{rule}"),
            words: String::new(),
            unit: "answer",
            value: set.answer(*rule).to_string(),
            default: AlertAnswer::Alert.to_string(),
            bounds: None,
            changed_by: None,
            changed_at: None,
        });
    }
    for view in &mut views {
        if let Some(row) = stored.iter().find(|row| row.name == view.name) {
            view.changed_by = Some(names.person(row.changed_by).await?);
            view.changed_at = Some(row.changed_at);
        }
    }
    Ok(views)
}

/// Changes a setting: in person, for who makes the watch blind need not fear it.
pub async fn change_setting(house: &House, session: &Session<Full>, name: &str, value: &str) -> Result<(), AlertError> {
    let practice = allowed(house, session, Resource::whole(SETTINGS_OF)).await?;
    in_person(house, session)?;
    let (name, value) = checked(name, value)?;
    let event = Event::done(Word::new("change_watching"), resource(Word::new("watch_setting"), &name));
    house.record(session, Event { reason: Word::new("read-audit"), ..event }).await?;
    let row =
        SettingRow { practice_id: practice, name, value, changed_by: session.account(), changed_at: house.clock.now() };
    Ok(house.stores.identity.commit(watching::set(Batch::new(), &row)).await?)
}

/// A setting that there is, with a value that it can have.
fn checked(name: &str, value: &str) -> Result<(String, String), AlertError> {
    let value = value.trim();
    if let Some(rule) = name.strip_prefix(ANSWER) {
        let rule: AlertRule = rule.parse().map_err(|_| AlertError::Unknown)?;
        let answer: AlertAnswer = value.parse()?;
        if !rule.can_be_answered(answer) {
            return Err(Invalid::new(
                "is not what can follow from this: somebody is always told, and nothing is done to anybody",
            )
            .into());
        }
        return Ok((format!("{ANSWER}{rule}"), answer.to_string()));
    }
    let kind = SETTINGS.iter().find(|kind| kind.name == name).ok_or(AlertError::Unknown)?;
    let number: u32 = value.parse().map_err(|_| Invalid::new("is no whole number"))?;
    if Settings::default().set(kind.setting, number).is_err() {
        return Err(AlertError::Bounds { least: kind.least, most: kind.most });
    }
    Ok((kind.name.to_owned(), number.to_string()))
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Minutes => "minutes",
        Unit::Days => "days",
        Unit::Hour => "hour",
        Unit::YesNo => "yes_no",
        Unit::Bits => "bits",
        Unit::Deviations => "deviations",
    }
}
