//! The marker of each sealed column, and what was said while they were used.

use crate::client::{Answer, Client, Person};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Mutex};

const PASSWORD: &str = "zqpassword ostrich lantern 47";

/// Every sealed column, and the marker that it holds. Without a marker: why there is none.
pub(super) const SEALED: &[(&str, Result<&str, &str>)] = &[
    ("identity.accounts.email", Ok("zqtherapist.ombrecht@practice.example")),
    ("identity.accounts.display_name", Ok("zqtherapist ombrecht")),
    ("identity.accounts.password", Ok(PASSWORD)),
    ("identity.totp_factors.secret", Err("made by the server; added to the search when it is shown")),
    ("identity.passkeys.credential", Ok("zqcredential-varnimold")),
    ("identity.passkeys.label", Ok("zqpasskey trimbolan")),
    ("identity.api_tokens.label", Ok("zqlabel mirotask")),
    ("identity.ceremonies.state", Err("made by the server; holds the account's name, which is a marker")),
    ("identity.billing_links.link", Err("two random ids, by which nothing is told")),
    (
        "identity.billing_links.kept",
        Err("kept when a record is destroyed, days after its plan: practice/tests/retention/billed.rs searches for it"),
    ),
    ("identity.emergencies.reason", Ok("zqemergency dolvarric")),
    ("identity.emergencies.words", Ok("zqsigned ambrelost")),
    ("identity.incidents.what", Ok("zqhappened sorbenack")),
    ("identity.incident_assessments.nature_words", Ok("zqnature pellgrave")),
    ("identity.incident_assessments.recipient_words", Ok("zqrecipient mordane")),
    ("identity.incident_assessments.acquired_words", Ok("zqacquired tullimar")),
    ("identity.incident_assessments.mitigated_words", Ok("zqmitigated varrowick")),
    ("identity.breach_letters.happened", Ok("zqletter ostrevane")),
    ("identity.breach_letters.advice", Ok("zqadvice kellimont")),
    ("identity.breach_letters.doing", Ok("zqdoing farrowind")),
    ("identity.breach_letters.ask", Ok("zqask 8005550177")),
    ("identity.breach_notices.late", Ok("zqlate wendolark")),
    ("identity.incident_closings.lessons", Ok("zqlessons endrabeth")),
    ("identity.course_versions.title", Ok("zqcourse halvington")),
    ("identity.course_versions.purpose", Ok("zqpurpose merribold")),
    ("identity.trainings.how", Ok("zqtrained ostrander")),
    ("identity.legal_holds.reason", Ok("zqhold quenthollow")),
    ("identity.alert_reviews.words", Err("written about an alert, and this day raises none")),
    ("identity.channels.target", Ok("zqreceiver.brambolin.example")),
    ("identity.business_agreements.associate", Ok("zqassociate fenwickle")),
    ("identity.business_agreements.kept_at", Ok("zqcabinet orlandel")),
    ("clinical.patients.given_name", Ok("zqgiven tarvokkel")),
    ("clinical.patients.family_name", Ok("zqfamily brunzelow")),
    ("clinical.patients.birth_date", Ok("1931-02-17")),
    ("clinical.patients.email", Ok("zqpatient.mail@home.example")),
    ("clinical.patients.phone", Ok("493090218553")),
    ("clinical.patients.record_number", Ok("ZQ-7712083")),
    ("clinical.program_versions.title", Ok("zqtitle quimbarat")),
    ("clinical.program_versions.items", Ok("zqinstruction lorvandel")),
    ("clinical.program_versions.end_reason", Ok("zqended glantovar")),
    ("clinical.program_versions.void_reason", Ok("zqwrong plan orbelisk")),
    ("clinical.log_entries.performed", Ok(r#""sets":17,"reps":143,"hold_seconds":529"#)),
    ("clinical.log_entries.pain", Err("one number from 0 to 10, by which nothing is told")),
    ("clinical.log_entries.effort", Err("one number from 0 to 10, by which nothing is told")),
    ("clinical.log_entries.comment", Ok("zqcomment sintrovak")),
    ("clinical.log_entries.void_reason", Ok("zqwrong entry mordavil")),
    ("clinical.progress_notes.body", Ok("zqnote halbrexin")),
    ("clinical.progress_notes.void_reason", Ok("zqwrong note tessimor")),
    ("clinical.amendments.words", Ok("zqamended villorast")),
    ("clinical.visits.minutes", Err("one number, by which nothing is told")),
    ("clinical.visits.clinic", Ok("zqclinic underwold")),
    ("clinical.visits.remark", Ok("zqremark pellavorn")),
    ("clinical.visits.void_reason", Ok("zqwrong visit handorel")),
    ("clinical.billing_outbox.crossing", Err("random ids, and what is sealed already and has markers of its own")),
    ("billing.charges.sheet", Ok(r#""minutes":1283,"modifiers":["KX","CQ","59"]"#)),
    ("billing.charges.diagnoses", Ok("Z9Q.7XVK")),
    ("billing.charges.price", Ok(r#""units":86,"fee":77773,"amount":6688478"#)),
];

/// The columns whose markers were used.
pub(super) static USED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// The marker of a column.
pub(super) fn marker(column: &'static str) -> &'static str {
    USED.lock().expect("unpoisoned").insert(column);
    let found = SEALED.iter().find(|(name, _)| *name == column).and_then(|(_, marker)| marker.ok());
    found.unwrap_or_else(|| panic!("{column} has no marker"))
}

/// What is looked for and what was said, so far.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) texts: Vec<(String, String)>,
    pub(super) errors: Vec<String>,
}

impl Kept {
    pub(super) fn new() -> Self {
        let mut kept = Self::default();
        for (name, marker) in SEALED {
            if let Ok(marker) = marker {
                kept.secret(name, marker);
            }
        }
        kept
    }

    pub(super) fn secret(&mut self, name: &str, text: &str) {
        self.texts.push((name.to_owned(), text.to_owned()));
    }

    /// Something that must have gone well.
    pub(super) fn done(&mut self, answer: Answer) -> Value {
        assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// Something that must have gone wrong, and by no fault of ours.
    pub(super) fn refused(&mut self, answer: Answer) {
        assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
        self.errors.push(answer.text);
    }

    /// Accepts an invitation and signs in.
    pub(super) async fn join(&mut self, client: &Client, role: &str, email: &str, link: &str) -> Client {
        let secret = link.trim().rsplit('/').next().expect("a secret");
        self.secret("an invitation", secret);
        let path = format!("/api/v1/invitations/{secret}");
        let generator = self.done(client.post(&format!("{path}/totp"), json!({})).await);
        let totp = generator["secret"].as_str().expect("a secret");
        self.secret("identity.totp_factors.secret", totp);
        let person = Person::invited(role, email, marker("identity.accounts.password"), totp);
        let accepted = json!({"password": person.password, "code": person.code()});
        let codes = self.done(client.post(&format!("{path}/accept"), accepted).await);
        for code in codes["recovery_codes"].as_array().expect("codes") {
            self.secret("a recovery code", code.as_str().expect("a code"));
        }
        let own = client.sign_in(&person).await;
        let token = own.cookie().split_once('=').expect("a cookie").1.to_owned();
        self.secret("a session", &token);
        own
    }

    pub(super) async fn invite(&mut self, admin: &Client, email: &str, name: &str, role: &str) -> (String, String) {
        let body = json!({"email": email, "display_name": name, "role": role});
        let invited = self.done(admin.post("/api/v1/invitations", body).await);
        (text(&invited, "account_id"), text(&invited, "link"))
    }
}

pub(super) fn text(value: &Value, field: &str) -> String {
    crate::day::id(value, field)
}
