//! Alerts in plain language.

use domain::{AlertAnswer, AlertRule};
use practice::watch::{Compared, Usual};

/// What was found, as a heading.
pub fn rule(rule: AlertRule) -> &'static str {
    match rule {
        AlertRule::ManyCharts => "Many charts in a short time",
        AlertRule::SlowRise => "More charts than months ago",
        AlertRule::LongLists => "Many patients listed",
        AlertRule::Exports => "Many exports",
        AlertRule::NewNetwork => "Signed in from a new network",
        AlertRule::TwoPlaces => "Two places at once",
        AlertRule::OutsideHours => "Records opened outside hours",
        AlertRule::Denials => "Refused again and again",
        AlertRule::FactorGuessing => "Wrong second factors",
        AlertRule::ManyAccounts => "Many accounts tried from one network",
        AlertRule::DormantAccount => "A sleeping account woke",
        AlertRule::FactorChanged => "A new factor, used from elsewhere",
        AlertRule::RoleChanged => "A new role, used",
        AlertRule::TokenElsewhere => "An API token from a new place",
        AlertRule::NoCareAround => "Charts of patients out of care",
        AlertRule::AccessReview => "A review of access waits for you",
        AlertRule::BreakGlass => "A record opened in an emergency",
        AlertRule::BreakGlassUnsigned => "An emergency for which nobody signed",
        AlertRule::Unreviewed => "Nobody looked for long",
        AlertRule::HeadUnwitnessed => "The audit trail's head is witnessed nowhere",
    }
}

/// Why it was told now, in a sentence.
pub fn why(rule: AlertRule, compared: &Compared) -> String {
    let n = compared.counted;
    let within = within(compared.minutes);
    match rule {
        AlertRule::ManyCharts => format!("{n} different charts were opened{within}."),
        AlertRule::SlowRise => {
            format!("Over the last two weeks {n} charts were opened on a usual day, more than some months ago.")
        }
        AlertRule::LongLists => format!("{n} different patients were shown in lists on one day."),
        AlertRule::Exports => format!("The audit trail or a record was taken out {n} times on one day."),
        AlertRule::NewNetwork => {
            format!("The account signed in from a network from which it never came in the {n} days for which it is known.")
        }
        AlertRule::TwoPlaces => {
            format!("The account was used from two networks in turn{within}, faster than anybody travels.")
        }
        AlertRule::OutsideHours => format!("The records of {n} patients were opened while the practice is closed."),
        AlertRule::Denials => format!("{n} records or pages were refused{within}."),
        AlertRule::FactorGuessing => format!("A second factor was wrong {n} times{within}."),
        AlertRule::ManyAccounts => format!("Signing in to {n} accounts failed from one network{within}."),
        AlertRule::DormantAccount => format!("The account was used again after {n} days."),
        AlertRule::FactorChanged => {
            "The password or a second factor was changed, and then the account was used from a network that came with the \
             change."
                .to_owned()
        }
        AlertRule::RoleChanged => "The account was given another role, and the new role was used.".to_owned(),
        AlertRule::TokenElsewhere => "An API token was used from a network from which it never came.".to_owned(),
        AlertRule::NoCareAround => {
            format!("The charts of {n} patients were opened{within} for whom nothing was booked, written or logged for long.")
        }
        AlertRule::AccessReview => {
            "A review of who has access began, or nobody attested an account in time and it was kept because without it nobody \
             could give access any more. Answer it under Reviews."
                .to_owned()
        }
        AlertRule::BreakGlass => {
            "Somebody who does not treat the patient opened the record, saying why. Somebody else is to look into it and sign."
                .to_owned()
        }
        AlertRule::BreakGlassUnsigned => {
            "A record was opened in an emergency, and within three working days nobody else signed for having looked into it."
                .to_owned()
        }
        AlertRule::HeadUnwitnessed => {
            format!("For {n} minutes the signed head of the audit trail did not arrive where this server cannot rewrite it, although the \
                     trail grew. Whoever runs the server must look.")
        }
        AlertRule::Unreviewed => {
            format!("For {n} days nobody said that they looked through what was done, or nobody looked into alerts that wait. The entry \
                     below says which. Say it under Audit trail, on the week, or look into the alerts.")
        }
    }
}

/// Compared with what, in sentences.
pub fn compared(rule: AlertRule, compared: &Compared) -> Vec<String> {
    let mut said = Vec::new();
    match rule {
        AlertRule::NewNetwork => said.push(format!("Told once an account is known for {} days.", compared.limit)),
        AlertRule::TokenElsewhere
        | AlertRule::TwoPlaces
        | AlertRule::AccessReview
        | AlertRule::BreakGlass
        | AlertRule::BreakGlassUnsigned
        | AlertRule::Unreviewed
        | AlertRule::HeadUnwitnessed => {}
        AlertRule::FactorChanged | AlertRule::RoleChanged => {
            said.push(format!("Changes are watched for {} hours.", compared.limit));
        }
        AlertRule::DormantAccount => said.push(format!("Told from {} days on.", compared.limit)),
        _ => said.push(format!("Told from {} on.", compared.limit)),
    }
    if let Some(own) = &compared.own {
        said.push(format!("Usual for this person: {}.", usual(own)));
    }
    if let Some(peers) = &compared.peers {
        said.push(format!("Usual for others in this role: {}.", usual(peers)));
    }
    said
}

fn usual(usual: &Usual) -> String {
    format!("{:.0}, give or take {:.0}, over {} days", usual.median, usual.deviation, usual.days)
}

/// What follows from a rule, as it is set.
pub const fn answer(answer: AlertAnswer) -> &'static str {
    match answer {
        AlertAnswer::Note => "It is written down only",
        AlertAnswer::Alert => "Somebody looks into it",
        AlertAnswer::AskFactor => "The session must prove its second factor again, and somebody looks into it",
        AlertAnswer::HoldExports => "The account takes nothing out until somebody else gives its exports free",
        AlertAnswer::EndSession => "The session is ended, and somebody looks into it",
    }
}

/// What followed from an alert. What is done to somebody is told of only where it was done.
pub const fn followed(answer: AlertAnswer, was_done: bool) -> &'static str {
    match (answer, was_done) {
        (AlertAnswer::Note, _) => "It was written down only.",
        (AlertAnswer::Alert, _) => "Somebody looks into it.",
        (AlertAnswer::AskFactor, true) => {
            "The session was asked for its second factor again before anything else, and somebody looks into it."
        }
        (AlertAnswer::AskFactor, false) => {
            "No factor was asked for: there was no session, it was over already, or an API token was used, which cannot prove one and \
             goes on until somebody revokes it. Somebody looks into it."
        }
        (AlertAnswer::HoldExports, true) => {
            "The exports of the account were held back until somebody else gives them free, and somebody looks into it."
        }
        (AlertAnswer::HoldExports, false) => {
            "No exports were held: what happened was nobody's doing who was signed in. Somebody looks into it."
        }
        (AlertAnswer::EndSession, true) => "The session was ended, and somebody looks into it.",
        (AlertAnswer::EndSession, false) => {
            "No session was ended: there was none, it was over already, or an API token was used, which goes on until somebody \
             revokes it. Somebody looks into it."
        }
    }
}

fn within(minutes: u32) -> String {
    match minutes {
        0 => String::new(),
        1 => " within a minute".to_owned(),
        60 => " within an hour".to_owned(),
        1_440 => " on one day".to_owned(),
        10_080 => " within a week".to_owned(),
        minutes if minutes % 60 == 0 => format!(" within {} hours", minutes / 60),
        minutes => format!(" within {minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_why_now_and_compared_with_what() {
        let usual = Usual { median: 11.5, deviation: 2.0, days: 60 };
        let example = Compared { counted: 41, limit: 24, minutes: 60, own: Some(usual), peers: None };
        for one in AlertRule::ALL {
            assert!(rule(*one).len() > 8 && why(*one, &example).ends_with('.'), "{one}");
            let said = compared(*one, &example);
            assert!(
                said.iter().any(|said| said == "Usual for this person: 12, give or take 2, over 60 days."),
                "{said:?}"
            );
        }
        assert_eq!(why(AlertRule::ManyCharts, &example), "41 different charts were opened within an hour.");
        assert_eq!(compared(AlertRule::Denials, &example)[0], "Told from 24 on.");
        assert_eq!((within(90), within(120)), (" within 90 minutes".to_owned(), " within 2 hours".to_owned()));
    }
}
