//! Letters to those whom a breach affects (45 CFR 164.404): what they say is written once for each language and kept; the letters
//! themselves are made when they are asked for, one for each patient, and nothing of them stays here.

mod text;

use super::{INCIDENT, IncidentError, decide};
use crate::{
    House,
    csv::cell,
    record::{Names, Person, resource, timezone, today},
    sheet::{self, Mail},
};
use domain::{
    Date, IncidentId, IncidentSeen, IncidentStep, LetterLanguage, LetterWords, PatientId, PracticeId, Timestamp,
};
use identity::{Full, Session};
use ledger::Word;
use phi::{AccessError, Grant, NotifyAffected, OpenError, OpenFailure, Purpose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::{
    Batch, StoreError,
    rows::{
        breaches::{self, LetterRow},
        incidents::{self as rows, AffectedRow, IncidentRow},
        patients::{self, PatientRow},
        practices,
    },
};

/// Patients who are asked for at once.
const AT_ONCE: usize = 500;

/// What letters of a language say, besides what the template says of itself: in plain language (164.404(c)(2)).
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLetter {
    /// The language.
    pub language: LetterLanguage,
    /// What happened. The days stand below it by themselves.
    pub happened: LetterWords,
    /// What individuals should do to protect themselves.
    pub advice: LetterWords,
    /// What the practice does to investigate, to mitigate harm, and to protect against further breaches.
    pub doing: LetterWords,
    /// How to ask: a toll-free telephone number, an e-mail address, a web site or a postal address.
    pub ask: LetterWords,
}

/// What letters said at a time. A later one of the same language takes its place.
#[derive(Serialize, JsonSchema)]
pub struct LetterView {
    /// Its number in the incident.
    pub nth: i64,
    /// The language.
    pub language: LetterLanguage,
    /// What happened.
    pub happened: String,
    /// What individuals should do.
    pub advice: String,
    /// What the practice does.
    pub doing: String,
    /// How to ask.
    pub ask: String,
    /// Who wrote it.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// What letters said, in its order.
#[derive(Serialize, JsonSchema)]
pub struct Letters {
    /// The last one of each language counts.
    pub items: Vec<LetterView>,
}

/// Which letters are made.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichLetters {
    /// Of one language; of each that is written where it is null, for the practice does not keep who reads which.
    #[serde(default)]
    pub language: Option<LetterLanguage>,
}

/// As what letters are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LettersAs {
    /// PDF: a letter a page, for envelopes with a window.
    Pages,
    /// A table for mail merge.
    Table,
}

/// Writes what letters of a language say; again, when it is said better. What was written before stays.
pub async fn write_letter(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    new: &NewLetter,
) -> Result<(), IncidentError> {
    const ACTION: Word = Word::new("write_breach_letter");
    let row = decide::deciding(house, session, incident, IncidentStep::Write).await?;
    if !new.ask.names_a_way() {
        return Err(IncidentError::Ask);
    }
    let (practice, db, me) = (row.practice_id, &house.stores.identity, session.account());
    let nth = breaches::letters(db, practice, incident).await?.last().map_or(1, |last| last.nth + 1);
    let id = breaches::row_id(incident, nth);
    let letter = LetterRow {
        nth,
        language: new.language,
        happened: house.vault.seal(practice, me, id, &new.happened).await?,
        advice: house.vault.seal(practice, me, id, &new.advice).await?,
        doing: house.vault.seal(practice, me, id, &new.doing).await?,
        ask: house.vault.seal(practice, me, id, &new.ask).await?,
        written_by: me,
        written_at: house.clock.now(),
    };
    decide::record(house, session, incident, ACTION).await?;
    let batch = breaches::write(rows::moves_on(Batch::new(), &row), (practice, incident), &letter);
    db.commit(batch).await.map_err(decide::meanwhile)
}

/// What letters about an incident said and say. They name no patient.
pub async fn letters(house: &House, session: &Session<Full>, incident: IncidentId) -> Result<Letters, IncidentError> {
    let row = decide::begin(house, session, incident).await?;
    Ok(Letters { items: all(house, session, &mut Names::new(house, session), &row).await? })
}

pub(super) async fn all(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    row: &IncidentRow,
) -> Result<Vec<LetterView>, IncidentError> {
    let mut views = Vec::new();
    for one in breaches::letters(&house.stores.identity, row.practice_id, row.incident_id).await? {
        let by = one.written_by;
        let happened = house.vault.open_directory(session, by, &one.happened).await?;
        let advice = house.vault.open_directory(session, by, &one.advice).await?;
        let doing = house.vault.open_directory(session, by, &one.doing).await?;
        let ask = house.vault.open_directory(session, by, &one.ask).await?;
        views.push(LetterView {
            nth: one.nth,
            language: one.language,
            happened: happened.expose().as_str().to_owned(),
            advice: advice.expose().as_str().to_owned(),
            doing: doing.expose().as_str().to_owned(),
            ask: ask.expose().as_str().to_owned(),
            by: names.person(by).await?,
            at: one.written_at,
        });
    }
    Ok(views)
}

/// Who a letter is for, and how to reach them.
struct Recipient {
    name: String,
    email: String,
    phone: String,
    record_number: String,
}

/// Why somebody cannot be written to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unwritten {
    /// The record was destroyed.
    Destroyed,
    /// It is not open to whoever makes the letters: the patient keeps them away.
    NotOpen,
    /// It does not open any more.
    Damaged,
}

impl Unwritten {
    const fn words(self) -> &'static str {
        match self {
            Self::Destroyed => "the record was destroyed",
            Self::NotOpen => "the record is not open to you: somebody else makes this letter",
            Self::Damaged => "the record does not open",
        }
    }
}

/// Makes the letters to everybody whom a breach affects, in person: one grant and one entry for each of them. Of whom no letter can be
/// made, that stands there too.
pub async fn make_letters(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    which: WhichLetters,
    made_as: LettersAs,
) -> Result<Vec<u8>, IncidentError> {
    const ACTION: Word = Word::new("make_breach_letters");
    let row = decide::deciding(house, session, incident, IncidentStep::Tell).await?;
    if row.freezing.is_some() {
        return Err(IncidentError::Freezing);
    }
    if row.frozen_at.is_none() {
        return Err(IncidentError::NotFrozen);
    }
    let (practice, db) = (row.practice_id, &house.stores.identity);
    let written = all(house, session, &mut Names::new(house, session), &row).await?;
    let says = |language| written.iter().rev().find(|letter| letter.language == language);
    let wanted: Vec<&LetterView> = match which.language {
        Some(language) => vec![says(language).ok_or(IncidentError::NoLetter)?],
        None => LetterLanguage::ALL.iter().filter_map(|language| says(*language)).collect(),
    };
    if wanted.is_empty() {
        return Err(IncidentError::NoLetter);
    }
    let zone = timezone(house, practice).await?;
    let name = practices::by_id(db, practice).await?.ok_or(StoreError::NotOne { found: 0 })?.name;
    let sender = text::Sender { name, today: today(house, practice).await?, discovered_on: row.discovered_on };
    decide::record(house, session, incident, ACTION).await?;
    let affected = rows::affected(db, practice, incident).await?;
    let recipients = recipients(house, session, &row, &affected).await?;
    let classes = |one: &AffectedRow| match one.seen {
        // Of their record nothing was opened; name and address of their account were shown.
        IncidentSeen::Account => vec!["account".to_owned()],
        _ => one.classes.split_whitespace().map(str::to_owned).collect(),
    };
    let told = |one: &AffectedRow| text::Told {
        classes: classes(one),
        first: zone.day_of(one.first),
        last: zone.day_of(one.last),
    };
    let all = affected.iter().map(|one| (one.patient_id, told(one), recipients.get(&one.patient_id)));
    Ok(match made_as {
        LettersAs::Pages => pages(&sender, &wanted, all),
        LettersAs::Table => table(&wanted, all),
    })
}

type Whom<'a> = (PatientId, text::Told, Option<&'a Result<Recipient, Unwritten>>);

fn pages<'a>(sender: &text::Sender, wanted: &[&LetterView], all: impl Iterator<Item = Whom<'a>>) -> Vec<u8> {
    let (mut mail, mut missing) = (Vec::new(), Vec::new());
    for (patient, told, recipient) in all {
        match recipient {
            Some(Ok(recipient)) => {
                mail.extend(wanted.iter().map(|letter| text::letter(sender, letter, &told, &recipient.name)));
            }
            Some(Err(why)) => missing.push(format!("{patient}: {}", why.words())),
            None => missing.push(format!("{patient}: {}", Unwritten::NotOpen.words())),
        }
    }
    if !missing.is_empty() {
        mail.push(Mail::list("Could not be written to", &missing));
    }
    let lang = wanted.first().map_or("en", |letter| letter.language.word());
    sheet::mail(lang, &mail)
}

fn table<'a>(wanted: &[&LetterView], all: impl Iterator<Item = Whom<'a>>) -> Vec<u8> {
    let mut csv = String::from(
        "patient,name,email,phone,record_number,language,information,first_day,last_day,could_not_be_written_to\r\n",
    );
    let mut line = |cells: [&str; 10]| {
        csv.push_str(&cells.map(cell).join(","));
        csv.push_str("\r\n");
    };
    for (patient, told, recipient) in all {
        let (patient, first, last) = (patient.to_string(), told.first.to_string(), told.last.to_string());
        match recipient {
            Some(Ok(one)) => {
                for letter in wanted {
                    let information = text::information(letter.language, &told.classes).join("; ");
                    let language = letter.language.word();
                    let Recipient { name, email, phone, record_number } = one;
                    line([&patient, name, email, phone, record_number, language, &information, &first, &last, ""]);
                }
            }
            other => {
                let why = other.and_then(|other| other.as_ref().err()).copied().unwrap_or(Unwritten::NotOpen);
                line([&patient, "", "", "", "", "", "", &first, &last, why.words()]);
            }
        }
    }
    csv.into_bytes()
}

/// Who is affected, each opened under an entry of their own.
async fn recipients(
    house: &House,
    session: &Session<Full>,
    row: &IncidentRow,
    affected: &[AffectedRow],
) -> Result<HashMap<PatientId, Result<Recipient, Unwritten>>, IncidentError> {
    let purpose = Purpose::operations(resource(INCIDENT, row.incident_id));
    let mut found = HashMap::with_capacity(affected.len());
    for some in affected.chunks(AT_ONCE) {
        let ids: Vec<PatientId> = some.iter().map(|one| one.patient_id).collect();
        for (patient, grant) in house.guard.notify(session, row.incident_id, &ids, purpose.clone()).await? {
            let recipient = match grant {
                Ok(grant) => opened(house, row.practice_id, &grant).await?,
                Err(AccessError::Gone) => Err(Unwritten::Destroyed),
                Err(AccessError::Denied) => Err(Unwritten::NotOpen),
                Err(error) => return Err(error.into()),
            };
            found.insert(patient, recipient);
        }
    }
    Ok(found)
}

async fn opened(
    house: &House,
    practice: PracticeId,
    grant: &Grant<'_, NotifyAffected>,
) -> Result<Result<Recipient, Unwritten>, IncidentError> {
    let Some(row) = patients::by_id(&house.stores.clinical, practice, grant.subject()).await? else {
        return Ok(Err(Unwritten::Destroyed));
    };
    match read(grant, &row) {
        Ok(recipient) => Ok(Ok(recipient)),
        // Keys are being changed: the same letters can be made in a moment.
        Err(error) if error.why == OpenFailure::NewerKey => Err(crate::record::RecordError::from(error).into()),
        Err(_) => Ok(Err(Unwritten::Damaged)),
    }
}

fn read(grant: &Grant<'_, NotifyAffected>, row: &PatientRow) -> Result<Recipient, OpenError> {
    let (given, family) = (grant.open(&row.given_name)?, grant.open(&row.family_name)?);
    let email = grant.open_optional(row.email.as_ref())?;
    let phone = grant.open_optional(row.phone.as_ref())?;
    let number = grant.open_optional(row.record_number.as_ref())?;
    Ok(Recipient {
        name: format!("{} {}", given.expose().as_str(), family.expose().as_str()),
        email: email.map_or_else(String::new, |email| email.expose().as_str().to_owned()),
        phone: phone.map_or_else(String::new, |phone| phone.expose().as_str().to_owned()),
        record_number: number.map_or_else(String::new, |number| number.expose().as_str().to_owned()),
    })
}
