//! Notices of a breach that were given, each with its day. One that was noted wrong is corrected by another that takes its place.

use super::{IncidentError, counts, decide};
use crate::{
    House,
    record::{Names, Person, today},
};
use domain::{
    BreachNotice, Date, DueNotice, IncidentId, IncidentStep, IncidentWords, SECRETARY_FROM, StateCode, SubstituteWay,
    Timestamp, last_day, notice_fits, notices_due,
};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch,
    rows::{
        breaches::{self, NoticeRow},
        incidents::{self as rows, IncidentRow},
    },
};

/// A notice that was given.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotice {
    /// To whom.
    pub notice: BreachNotice,
    /// The state of the media: one notice each.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub state: Option<StateCode>,
    /// How it was given in place of letters, to those whose contact is insufficient.
    #[serde(default)]
    pub way: Option<SubstituteWay>,
    /// On which day; the first of several.
    #[schemars(with = "String", extend("format" = "date"))]
    pub given_on: Date,
    /// Why so late, where it was given after its last day.
    #[serde(default)]
    pub late_because: Option<IncidentWords>,
    /// The number of a notice that was noted wrong, whose place this one takes.
    #[serde(default)]
    pub replaces: Option<u32>,
}

/// A notice as it was noted.
#[derive(Serialize, JsonSchema)]
pub struct NoticeView {
    /// Its number in the incident.
    pub nth: i64,
    /// To whom.
    pub notice: BreachNotice,
    /// The state of the media.
    #[schemars(with = "Option<String>")]
    pub state: Option<StateCode>,
    /// How it was given in place of letters.
    pub way: Option<SubstituteWay>,
    /// On which day.
    #[schemars(with = "String", extend("format" = "date"))]
    pub given_on: Date,
    /// Whether that was after its last day.
    pub late: bool,
    /// Why, as whoever noted it said.
    pub late_because: Option<String>,
    /// Whose place it takes.
    pub replaces: Option<i64>,
    /// Which takes its place: then it does not count.
    pub replaced_by: Option<i64>,
    /// Who noted it.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Notes that notice of a breach was given; or corrects what was noted.
pub async fn notice(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    new: &NewNotice,
) -> Result<(), IncidentError> {
    const NOTED: Word = Word::new("note_breach_notice");
    const CORRECTED: Word = Word::new("correct_breach_notice");
    let replaces = new.replaces.map(i64::from);
    let action = if new.replaces.is_some() { CORRECTED } else { NOTED };
    let row = decide::in_person_and_of_another(house, session, incident).await?;
    let (practice, db, me) = (row.practice_id, &house.stores.identity, session.account());
    let affected = rows::count_affected(db, practice, incident).await?;
    // What stands in the log of its year is told after it, when the incident may be long closed.
    let afterwards = new.replaces.is_some() || (new.notice == BreachNotice::Secretary && affected < SECRETARY_FROM);
    decide::may(house, &row, if afterwards { IncidentStep::Report } else { IncidentStep::Notice }).await?;
    notice_fits(new.notice, new.state, new.way).map_err(|(field, why)| IncidentError::Notice(field, why))?;
    if new.given_on > today(house, practice).await? {
        return Err(IncidentError::NotYet);
    }
    if new.given_on < row.discovered_on {
        return Err(IncidentError::TooEarly);
    }
    let late = new.given_on > last_day(new.notice, row.discovered_on, affected);
    if late && new.late_because.is_none() {
        return Err(IncidentError::LateWhy);
    }
    let standing = breaches::standing(db, practice, incident).await?;
    let replaced = replaces.map(|nth| standing.iter().find(|one| one.nth == nth && one.notice == new.notice));
    if matches!(replaced, Some(None)) {
        return Err(IncidentError::NoSuchNotice);
    }
    let same = |one: &&NoticeRow| one.notice == new.notice && one.state == new.state && one.way == new.way;
    if standing.iter().filter(|one| Some(one.nth) != replaces).any(|one| same(&one)) {
        return Err(IncidentError::NotedBefore);
    }
    let nth = breaches::notices(db, practice, incident).await?.last().map_or(1, |last| last.nth + 1);
    let why = match &new.late_because {
        Some(why) if late => Some(house.vault.seal(practice, me, breaches::row_id(incident, nth), why).await?),
        _ => None,
    };
    let noted = NoticeRow {
        nth,
        notice: new.notice,
        state: new.state,
        way: new.way,
        given_on: new.given_on,
        late: why,
        replaces,
        noted_by: me,
        noted_at: house.clock.now(),
    };
    decide::record(house, session, incident, action).await?;
    let batch = breaches::note(rows::moves_on(Batch::new(), &row), (practice, incident), &noted);
    db.commit(batch).await.map_err(decide::meanwhile)
}

/// The notices that a breach asks for and nobody noted.
pub(super) async fn missing(house: &House, row: &IncidentRow) -> Result<Vec<DueNotice>, IncidentError> {
    let (practice, incident, db) = (row.practice_id, row.incident_id, &house.stores.identity);
    let affected = rows::count_affected(db, practice, incident).await?;
    let given = breaches::standing(db, practice, incident).await?;
    // Whoever was told before everybody was listed was not everybody.
    let in_time = |notice, at| notice != BreachNotice::Individuals || row.frozen_at.is_some_and(|frozen| at >= frozen);
    let is_given = |due: &DueNotice| {
        given.iter().any(|one| one.notice == due.notice && one.state == due.state && in_time(one.notice, one.noted_at))
    };
    let due = notices_due(affected, &counts::newest(house, row).await?).into_iter();
    Ok(due.filter(|due| !is_given(due)).collect())
}

/// All notices, in their order; those too in whose place another stands.
pub(super) async fn all(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    row: &IncidentRow,
    affected: u64,
) -> Result<Vec<NoticeView>, IncidentError> {
    let noted = breaches::notices(&house.stores.identity, row.practice_id, row.incident_id).await?;
    let replaced: Vec<(i64, i64)> = noted.iter().filter_map(|one| Some((one.replaces?, one.nth))).collect();
    let mut views = Vec::with_capacity(noted.len());
    for one in noted {
        let late_because = match &one.late {
            Some(why) => {
                let why = house.vault.open_directory(session, one.noted_by, why).await?;
                Some(why.expose().as_str().to_owned())
            }
            None => None,
        };
        views.push(NoticeView {
            nth: one.nth,
            notice: one.notice,
            state: one.state,
            way: one.way,
            given_on: one.given_on,
            late: one.given_on > last_day(one.notice, row.discovered_on, affected),
            late_because,
            replaces: one.replaces,
            replaced_by: replaced.iter().find(|(old, _)| *old == one.nth).map(|(_, new)| *new),
            by: names.person(one.noted_by).await?,
            at: one.noted_at,
        });
    }
    Ok(views)
}
