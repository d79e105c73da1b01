//! Everything about an incident as one signed file, by ids alone where it is about patients: with the proof that the audit trail
//! holds the entry of its making. It is made when it is asked for, and stays nowhere.

use super::{
    Affected, INCIDENT, IncidentError, about, affected, decide, reason,
    view::{self, IncidentView},
};
use crate::{
    Event, House,
    record::resource,
    retention::{
        CertificateError, Proof,
        proof::{Proofs, verified},
    },
    sheet,
};
use domain::{AccountId, HoldId, IncidentId, PatientId, PracticeId, Timestamp};
use identity::{Full, Session};
use ledger::{LONGEST_TEXT, VerifierKey, Word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first line of the file: what kind of text it is.
pub const INCIDENT_FILE: &str = "patella incident 1";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentFile {
    /// The practice.
    pub practice: PracticeId,
    /// The incident.
    pub incident: IncidentId,
    /// When the file was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: AccountId,
    /// The incident with everything that was written, decided, counted, noted and held about it.
    pub about: serde_json::Value,
    /// The proof that the audit trail records the making of this file.
    #[schemars(with = "Option<serde_json::Value>")]
    pub audit: Option<Proof>,
}

/// What is said of an incident in its file.
#[derive(Serialize)]
struct About<'a> {
    /// As those read it who handle it.
    incident: &'a IncidentView,
    /// Whom it affects as the audit trail shows at this moment, with the log and the number of each entry.
    affected: &'a Affected,
    /// The holds that are in force for it.
    holds_in_force: Vec<HoldInForce>,
}

#[derive(Serialize)]
struct HoldInForce {
    patient_id: PatientId,
    hold_id: HoldId,
}

/// A signed file, and what is printed of it.
pub struct SignedIncident {
    /// The signed note: what counts.
    pub note: String,
    lines: Vec<String>,
}

impl SignedIncident {
    /// As sheets of paper: what it says in words, and the signed note to the letter.
    pub fn pdf(&self) -> Vec<u8> {
        let mut lines = self.lines.clone();
        lines.extend([
            String::new(),
            "This sheet names no patient. What counts is the signed text below: save the file itself and check"
                .to_owned(),
            "it with `patella retention verify` or any tool that verifies signed notes.".to_owned(),
            String::new(),
        ]);
        lines.extend(self.note.lines().map(str::to_owned));
        sheet::document("Incident", &lines)
    }
}

/// Makes and signs the file of an incident, in person: whoever it is about does not take it out.
pub async fn incident_file(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
) -> Result<SignedIncident, IncidentError> {
    const ACTION: Word = Word::new("export_incident");
    let row = decide::in_person_and_of_another(house, session, incident).await?;
    let practice = row.practice_id;
    let view = view::of(house, session, &row).await?;
    let affected = affected::answer(house, practice, &about::question(&row)?).await?.0;
    let number = incident.to_string();
    let holds = store::rows::legal_holds::for_incident(&house.stores.identity, practice, &number).await?.into_iter();
    let holds_in_force = holds.map(|(patient_id, hold_id)| HoldInForce { patient_id, hold_id }).collect();
    let said = About { incident: &view, affected: &affected, holds_in_force };
    // Ids, words and numbers into memory: that cannot fail.
    let content = serde_json::to_value(&said).unwrap_or_default();
    let receipt = house.record(session, reason(Event::done(ACTION, resource(INCIDENT, incident)))).await?;
    house.ledger.checkpoint().await?;
    let proofs = Proofs::under(house, std::iter::once(receipt.seq()), house.ledger.verifier()).await?;
    let audit = Some(proofs.proof(Some(receipt.seq())).ok_or(IncidentError::Unproved)?);
    let made_at = house.clock.now();
    let file = IncidentFile { practice, incident, made_at, made_by: session.account(), about: content, audit };
    let text = serde_json::to_string_pretty(&file).unwrap_or_default();
    // The note says its kind and its signature besides; what is longer than that nobody could verify.
    if text.len() + 4096 > LONGEST_TEXT {
        return Err(IncidentError::TooLong);
    }
    let note = house.ledger.sign(INCIDENT_FILE, &text);
    Ok(SignedIncident { note, lines: lines(&view, &affected, &file) })
}

/// What a file says, after the public key has vouched for it and for its place in the audit trail. Needs nothing else.
pub fn verify_incident(note: &str, key: &VerifierKey) -> Result<IncidentFile, CertificateError> {
    verified(INCIDENT_FILE, note, key, |said: &IncidentFile| said.audit.as_ref())
}

/// What is said, to be read.
fn lines(view: &IncidentView, affected: &Affected, file: &IncidentFile) -> Vec<String> {
    let mut lines = vec![
        format!("Incident    {}", file.incident),
        format!("Practice    {}", file.practice),
        format!("Made        {} by {}", file.made_at, file.made_by),
        format!("Discovered  {}, notices due {}", view.line.discovered_on, view.line.due_on),
        format!("Whose doing {} {}", view.subject, view.subject_id),
        format!("Time        {} to {}", view.from, view.to),
        format!("Opened      {} by {}", view.opened.at, view.opened.by.name),
    ];
    if let Some(frozen) = &view.frozen {
        lines.push(format!("Frozen      {} by {}", frozen.at, frozen.by.name));
    }
    let mut words = |heading: String, text: &str| {
        lines.extend([String::new(), heading]);
        for line in text.lines() {
            lines.extend(sheet::wrapped(line.split_whitespace().map(str::to_owned), 88));
        }
    };
    words("What happened".to_owned(), &view.what);
    for one in &view.assessments {
        let by = format!("by {}, {}", one.by.name, one.at);
        words(format!("Assessed as {} {by}", one.conclusion), "");
        words(format!("Nature and extent: {}", one.nature.choice), &one.nature.words);
        words(format!("Who used it: {}", one.recipient.choice), &one.recipient.words);
        words(format!("Acquired or viewed: {}", one.acquired.choice), &one.acquired.words);
        words(format!("Mitigated: {}", one.mitigated.choice), &one.mitigated.words);
    }
    for one in &view.letters {
        words(format!("Letters ({}) by {}, {}: what happened", one.language, one.by.name, one.at), &one.happened);
        words("What to do".to_owned(), &one.advice);
        words("What the practice does".to_owned(), &one.doing);
        words("How to ask".to_owned(), &one.ask);
    }
    for one in &view.notices {
        let state = one.state.map_or_else(String::new, |state| format!(" of {}", state.as_str()));
        let late = if one.late { ", late" } else { "" };
        let gone = one.replaced_by.map_or_else(String::new, |nth| format!(", corrected by number {nth}"));
        let heading = format!("Notice {} to {}{state} on {}{late}{gone}", one.nth, one.notice, one.given_on);
        words(heading, one.late_because.as_deref().unwrap_or_default());
    }
    for one in &view.counts {
        let place = one.count.state.map_or("nobody knows where", domain::StateCode::as_str);
        words(format!("Counted: {place} {} by {}, {}", one.count.people, one.by.name, one.at), "");
    }
    if let (Some(lessons), Some(closed)) = (&view.lessons, &view.closed_by) {
        words(format!("Closed {} by {}", closed.at, closed.by.name), lessons);
    }
    lines.extend([String::new(), format!("Affected    {} as it was frozen", view.line.affected)]);
    for one in &view.patients {
        let (seen, hold) = (one.seen, one.hold);
        lines.push(format!("{} {seen} {} times, {} to {}, {hold}", one.patient_id, one.times, one.first, one.last));
        lines.push(format!("    {}", one.classes.join(", ")));
    }
    lines.extend([String::new(), "Entries of the audit trail that show it".to_owned()]);
    for one in &affected.patients {
        for of in &one.seen.entries {
            let seqs: Vec<String> = of.seqs.iter().map(u64::to_string).collect();
            lines.push(format!("{} in {}", one.patient_id, of.log));
            lines.extend(sheet::wrapped(seqs.into_iter(), 84).into_iter().map(|line| format!("    {line}")));
        }
    }
    lines
}
