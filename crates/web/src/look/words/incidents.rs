//! Words of incidents.

use domain::{
    BreachNotice, DataAcquired, DataNature, DataRecipient, IncidentConclusion, IncidentSeen, IncidentSubject,
    LetterLanguage, RiskMitigated, SubstituteWay,
};

/// A class of data, as a letter says it: "notes about your care".
pub fn class(class: &str) -> &str {
    match class {
        "identifying" => "birth date and record number",
        "contact" => "name and contact",
        "exercise" => "exercises and what was done",
        "note" => "notes of the therapist",
        "patient_words" => "comments of the patient",
        "visit" => "visits",
        "emergency" => "why it was opened in an emergency",
        "charge" => "charges",
        "diagnosis" => "diagnosis codes",
        other => other,
    }
}

/// By what somebody is known.
pub const fn subject(subject: IncidentSubject) -> &'static str {
    match subject {
        IncidentSubject::Account => "an account",
        IncidentSubject::Session => "a session or API token",
        IncidentSubject::Address => "a network address",
    }
}

/// What was seen of somebody.
pub const fn seen(seen: IncidentSeen) -> &'static str {
    match seen {
        IncidentSeen::Opened => "the record",
        IncidentSeen::Account => "name and e-mail of the account",
        IncidentSeen::Named => "that they are a patient",
    }
}

/// The nature and extent of what was affected.
pub const fn nature(choice: DataNature) -> &'static str {
    match choice {
        DataNature::Contact => "Names or contact alone",
        DataNature::Identifying => "What tells who somebody is, such as a birth date",
        DataNature::Care => "Care: exercises, visits, notes",
        DataNature::Sensitive => "Care that does harm when it is known, or what somebody could be impersonated with",
    }
}

/// Who used it.
pub const fn recipient(choice: DataRecipient) -> &'static str {
    match choice {
        DataRecipient::Bound => "Somebody who must keep it to themself by law or contract",
        DataRecipient::Known => "Somebody who is known, and is not bound",
        DataRecipient::Unknown => "Nobody knows who",
    }
}

/// Whether it was acquired or viewed.
pub const fn acquired(choice: DataAcquired) -> &'static str {
    match choice {
        DataAcquired::Neither => "It could have been, and was not",
        DataAcquired::Viewed => "It was viewed",
        DataAcquired::Taken => "It was taken out or copied",
    }
}

/// To what extent the risk was mitigated.
pub const fn mitigated(choice: RiskMitigated) -> &'static str {
    match choice {
        RiskMitigated::Assured => "By assurances that can be relied on that it is gone, or was never used",
        RiskMitigated::Partly => "In part",
        RiskMitigated::Not => "It was not",
    }
}

/// What follows.
pub const fn conclusion(choice: IncidentConclusion) -> &'static str {
    match choice {
        IncidentConclusion::LowProbability => "A low probability that anything was compromised: no breach",
        IncidentConclusion::Breach => "A breach",
    }
}

/// To whom notice is given.
pub const fn notice(notice: BreachNotice) -> &'static str {
    match notice {
        BreachNotice::Individuals => "each who is affected",
        BreachNotice::Substitute => "those whose contact is insufficient, in place of letters",
        BreachNotice::Media => "the media of a state with more than 500 affected",
        BreachNotice::Secretary => "the Secretary of Health and Human Services",
    }
}

/// How notice is given in place of letters.
pub const fn way(way: SubstituteWay) -> &'static str {
    match way {
        SubstituteWay::Web => "on the web site for 90 days (ten or more of them)",
        SubstituteWay::Media => "in print or broadcast media (ten or more of them)",
        SubstituteWay::Other => "by telephone or otherwise (fewer than ten of them)",
    }
}

/// A language of letters.
pub const fn language(language: LetterLanguage) -> &'static str {
    match language {
        LetterLanguage::English => "English",
        LetterLanguage::Spanish => "Spanish",
    }
}
