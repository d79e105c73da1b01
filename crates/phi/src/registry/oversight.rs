//! The identity store: what watching over a practice leaves behind: alerts, incidents, receivers, agreements, reviews of access.

use super::{Column, table};
use domain::{AgreementPlace, AssociateName, IncidentWords, LetterWords, ReviewWords};

table! {
    /// Alerts: what the audit trail showed that somebody should look into.
    Identity.alerts {
        (practice_id: Id, Drop, "the practice")
        (alert_id: Id, Drop, "the alert")
        (rule: Structure, Drop, "the rule that found it")
        (answer: Structure, Drop, "what followed from it: note, alert, ask_factor, hold_exports or end_session")
        (who_id: Id, Drop, "the account whose doing it is, if it is anybody's")
        (happened_at: Time, Drop, "the time of the entry with which it came to be")
        (found_at: Time, Drop, "when it was found")
        (compared: Structure, Drop, "what was counted and compared with what, JSON of numbers")
        (login_session_id: Id, Drop, "the login session that is to be ended, or to prove a factor again, where that follows")
        (answered_at: Time, Drop, "when what follows was done")
        (nth: Structure, Drop, "its number in the practice, in the order in which they were found")
    }
}

table! {
    /// The entries of the ledger that show an alert.
    Identity.alert_entries {
        (practice_id: Id, Drop, "the practice")
        (alert_id: Id, Drop, "the alert")
        (nth: Structure, Drop, "their order")
        (log: Public, Drop, "the log")
        (seq: Structure, Drop, "the entry's number there")
    }
}

table! {
    /// Who looked into an alert.
    Identity.alert_reviews {
        (practice_id: Id, Drop, "the practice")
        (alert_id: Id, Drop, "the alert")
        (reviewed_by: Id, Drop, "the account that looked into it")
        (reviewed_at: Time, Drop, "when")
        (words: sealed Account as Words = ReviewWords, Drop, "What was found.")
    }
}

table! {
    /// Accounts that take nothing out of the practice because of an alert, until somebody else lifts that.
    Identity.export_holds {
        (practice_id: Id, Drop, "the practice")
        (alert_id: Id, Drop, "the alert")
        (account_id: Id, Drop, "the account")
        (held_at: Time, Drop, "since when")
        (lifted_by: Id, Drop, "the account that lifted it")
        (lifted_at: Time, Drop, "when")
    }
}

table! {
    /// Who looked through what was done in a practice.
    Identity.activity_reviews {
        (practice_id: Id, Drop, "the practice")
        (reviewed_until: Time, Drop, "up to when")
        (reviewed_by: Id, Drop, "the account that looked")
        (reviewed_at: Time, Drop, "when it said so")
    }
}

table! {
    /// When it was told last that nobody looked through what was done, or into alerts.
    Identity.watch_reminders {
        (practice_id: Id, Drop, "the practice")
        (about: Structure, Drop, "activity, alerts or head")
        (taken_at: Time, Drop, "when a server began to tell it")
        (told_at: Time, Drop, "when it was told")
    }
}

table! {
    /// Incidents: what happened, whose doing it is, when it was discovered.
    Identity.incidents {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (subject: Structure, Drop, "by what it is known whose doing it is: account, session or address")
        (subject_id: Structure, Drop, "the account, the session or the network address")
        (about_id: Id, Drop, "the account whose doing it is, where that is known")
        (from_at: Time, Drop, "from this moment on")
        (to_at: Time, Drop, "up to before this one")
        (discovered_on: Time, Drop, "the first day on which it was known, or could have been")
        (alert_id: Id, Drop, "the alert from which it was opened")
        (what: sealed Account as What = IncidentWords, Drop, "What happened.")
        (opened_by: Id, Drop, "the account that opened it")
        (opened_at: Time, Drop, "when")
        (frozen_by: Id, Drop, "the account that froze it last")
        (frozen_at: Time, Drop, "when")
        (complete: Structure, Drop, "whether every entry of that time was looked at then")
        (version: Structure, Drop, "counts up with everything that is done about it")
        (freezing: Structure, Drop, "how far its freezing is; none while it is not being frozen")
        (freezing_by: Id, Drop, "the account that is freezing it")
        (freezing_at: Time, Drop, "when its freezing went on last")
        (turn: Structure, Drop, "counts up with each step of its freezing")
        (missing: Structure, Drop, "why the list of those affected may not be all")
        (ended_at: Time, Drop, "when sessions and API tokens of the account were ended")
        (ended_sessions: Structure, Drop, "how many sessions were ended")
        (ended_tokens: Structure, Drop, "how many API tokens were ended")
    }
}

table! {
    /// The accounts that were allowed something from the network address of an incident, in its time.
    Identity.incident_accounts {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (account_id: Id, Drop, "the account")
    }
}

table! {
    /// Whom an incident affects, as the audit trail showed when it was frozen.
    Identity.incident_patients {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (patient_id: Id, Drop, "the patient")
        (times: Structure, Drop, "in how many entries")
        (first_at: Time, Drop, "the first one's moment")
        (last_at: Time, Drop, "the last one's moment")
        (classes: Structure, Drop, "the classes of data that could be opened")
        (hold_id: Id, Drop, "the hold that was placed on the record for it")
        (seen: Structure, Drop, "what was seen of them: the record, the account, or only that they are a patient")
        (hold: Structure, Drop, "what became of the hold on their record")
    }
}

table! {
    /// Assessments of an incident's risk: four factors, each a choice and words.
    Identity.incident_assessments {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (nth: Structure, Drop, "its number: the highest counts")
        (nature: Structure, Drop, "the nature and extent of what was affected: a choice")
        (nature_words: sealed Account as NatureWords = IncidentWords, Drop, "The nature and extent of what was affected, in words.")
        (recipient: Structure, Drop, "who used it: a choice")
        (recipient_words: sealed Account as RecipientWords = IncidentWords, Drop, "Who used it, in words.")
        (acquired: Structure, Drop, "whether it was acquired or viewed: a choice")
        (acquired_words: sealed Account as AcquiredWords = IncidentWords, Drop, "Whether it was acquired or viewed, in words.")
        (mitigated: Structure, Drop, "to what extent the risk was mitigated: a choice")
        (mitigated_words: sealed Account as MitigatedWords = IncidentWords, Drop, "To what extent the risk was mitigated, in words.")
        (conclusion: Structure, Drop, "low_probability or breach")
        (assessed_by: Id, Drop, "the account that assessed it")
        (assessed_at: Time, Drop, "when")
    }
}

table! {
    /// How many of those whom an incident affects live in which state, as somebody counted. The last count of a state counts.
    Identity.incident_counts {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (nth: Structure, Drop, "its number: the highest of a state counts")
        (state: Structure, Drop, "the state, by its two letters; none for those of whom nobody knows where they live")
        (people: Structure, Drop, "how many")
        (said_by: Id, Drop, "the account that said so")
        (said_at: Time, Drop, "when")
    }
}

table! {
    /// What the letters about a breach say, once for each language. The last one of a language counts.
    Identity.breach_letters {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (nth: Structure, Drop, "its number: the highest of a language counts")
        (language: Structure, Drop, "en or es")
        (happened: sealed Account as Happened = LetterWords, Drop, "What happened, as letters say it.")
        (advice: sealed Account as Advice = LetterWords, Drop, "What whoever gets the letter should do.")
        (doing: sealed Account as Doing = LetterWords, Drop, "What the practice does about it.")
        (ask: sealed Account as Ask = LetterWords, Drop, "How to ask.")
        (written_by: Id, Drop, "the account that wrote it")
        (written_at: Time, Drop, "when")
    }
}

table! {
    /// Notices that were given of a breach. One that takes the place of another names it; both stay.
    Identity.breach_notices {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (nth: Structure, Drop, "its number")
        (notice: Structure, Drop, "to whom: individuals, substitute, media or secretary")
        (state: Structure, Drop, "the state of the media, by its two letters")
        (way: Structure, Drop, "how notice in place of letters was given: web, media or other")
        (given_on: Time, Drop, "on which day")
        (late: sealed Account as Late = IncidentWords, Drop, "Why it was given after its last day.")
        (replaces: Structure, Drop, "the number of the one whose place it takes")
        (noted_by: Id, Drop, "the account that noted it")
        (noted_at: Time, Drop, "when")
    }
}

table! {
    /// The end of an incident.
    Identity.incident_closings {
        (practice_id: Id, Drop, "the practice")
        (incident_id: Id, Drop, "the incident")
        (lessons: sealed Account as Lessons = IncidentWords, Drop, "What was learned, and what changes.")
        (closed_by: Id, Drop, "the account that closed it")
        (closed_at: Time, Drop, "when")
    }
}

table! {
    /// What a practice set for watching.
    Identity.watch_settings {
        (practice_id: Id, Drop, "the practice")
        (name: Structure, Drop, "the setting")
        (value: Structure, Drop, "its value: a number or a word")
        (changed_by: Id, Drop, "the account that changed it last")
        (changed_at: Time, Drop, "when")
    }
}

table! {
    /// How far each log was read by the watch and by each channel, and the alerts by each channel.
    Identity.read_places {
        (reader: Public, Drop, "watch, or the id of a channel")
        (log: Public, Drop, "the log, or alerts")
        (next_seq: Structure, Drop, "the first entry that was not read yet")
    }
}

table! {
    /// Where alerts and entries of the audit trail are sent to.
    Identity.channels {
        (practice_id: Id, Drop, "the practice")
        (channel_id: Id, Drop, "the channel")
        (kind: Structure, Drop, "webhook or syslog")
        (target: sealed Credential as Target = String, Drop, "Where to, and the secret that signs.")
        (agreement_id: Id, Drop, "the agreement under which it sends")
        (set_by: Id, Drop, "the account that set it")
        (set_at: Time, Drop, "when")
        (ended_by: Id, Drop, "the account that ended it")
        (ended_at: Time, Drop, "when")
        (state: Structure, Drop, "new, works, fails or stopped")
        (state_since: Time, Drop, "since when")
        (why: Structure, Drop, "why it fails or stopped, in a word of the program")
        (failures: Structure, Drop, "tries in a row that failed")
        (try_at: Time, Drop, "before which it is not tried again")
        (sent: Structure, Drop, "how many messages arrived")
        (sent_at: Time, Drop, "when the last one did")
        (waiting: Structure, Drop, "how many alerts (also those that are only written down) or entries (of all practices) waited when it was tried last")
        (held_by: Id, Drop, "the server that sends at present")
        (held_until: Time, Drop, "until when no other one does")
    }
}

table! {
    /// Agreements with business associates, and receivers that the practice runs itself.
    Identity.business_agreements {
        (practice_id: Id, Drop, "the practice")
        (agreement_id: Id, Drop, "the agreement")
        (integration: Structure, Drop, "webhook, syslog, mail or backup_storage")
        (own: Structure, Drop, "1 where it is no agreement: the practice runs the receiver itself")
        (associate: sealed Account as Associate = AssociateName, Drop, "Who the associate is, or which receiver of its own.")
        (kept_at: sealed Account as KeptAt = AgreementPlace, Drop, "Where the signed agreement lies.")
        (signed_on: Time, Drop, "the day on which it was signed or said, in days since 1970-01-01")
        (ends_on: Time, Drop, "its last day, in days since 1970-01-01")
        (added_by: Id, Drop, "the account that put it on file")
        (added_at: Time, Drop, "when")
        (ended_by: Id, Drop, "the account that ended it")
        (ended_at: Time, Drop, "when")
    }
}

table! {
    /// Reviews of who has access, one each quarter.
    Identity.access_reviews {
        (practice_id: Id, Drop, "the practice")
        (review_id: Id, Drop, "the review")
        (quarter: Structure, Drop, "the quarter of the practice's calendar, like 2026-Q4")
        (started_at: Time, Drop, "when it began")
        (due_at: Time, Drop, "when what nobody attested ends by itself")
        (state: Structure, Drop, "listing, open or closed")
        (closed_at: Time, Drop, "when it was closed")
        (record: Public, Drop, "what was decided, by ids: a signed note")
        (looked_at: Time, Drop, "when a server looked after it last")
    }
}

table! {
    /// What is looked at in a review: accounts, places on care teams, API tokens.
    Identity.access_items {
        (practice_id: Id, Drop, "the practice")
        (review_id: Id, Drop, "the review")
        (item_id: Id, Drop, "the item: follows from the review and from what is looked at")
        (kind: Structure, Drop, "account, care_link or token")
        (subject_id: Id, Drop, "the account, the place or the token")
        (whose_id: Id, Drop, "the account whose access it is")
        (role: Structure, Drop, "the account's role when the review began")
        (last_used_at: Time, Drop, "when it was last used, by the audit trail")
        (unusual: Structure, Drop, "why it is looked at by itself: words with commas")
        (decision: Structure, Drop, "kept, ended, lapsed, spared or gone")
        (decided_by: Id, Drop, "the account that decided; none when it came about by itself")
        (decided_at: Time, Drop, "when")
        (version: Structure, Drop, "of an account that was suspended: its version from then on")
    }
}

table! {
    /// What a practice set for reviews of access and for training.
    Identity.oversight_settings {
        (practice_id: Id, Drop, "the practice")
        (name: Structure, Drop, "the setting")
        (value: Structure, Drop, "its value: a number or a word")
        (changed_by: Id, Drop, "the account that changed it last")
        (changed_at: Time, Drop, "when")
    }
}

pub(super) const TABLES: &[&[Column]] = &[
    alerts::COLUMNS,
    alert_entries::COLUMNS,
    alert_reviews::COLUMNS,
    export_holds::COLUMNS,
    activity_reviews::COLUMNS,
    watch_reminders::COLUMNS,
    incidents::COLUMNS,
    incident_accounts::COLUMNS,
    incident_patients::COLUMNS,
    incident_assessments::COLUMNS,
    incident_counts::COLUMNS,
    breach_letters::COLUMNS,
    breach_notices::COLUMNS,
    incident_closings::COLUMNS,
    watch_settings::COLUMNS,
    read_places::COLUMNS,
    channels::COLUMNS,
    business_agreements::COLUMNS,
    access_reviews::COLUMNS,
    access_items::COLUMNS,
    oversight_settings::COLUMNS,
];
