//! Reviews of access in plain language.

use super::{count, moment};
use domain::{AccessDecision, AccessKind, AccessReviewState, Quarter, Timezone, Unusual};
use practice::access_reviews::{EndedAccess, Suspension};

/// What kind of access it is.
pub const fn kind(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Account => "Account",
        AccessKind::CareLink => "Place on a care team",
        AccessKind::Token => "API token",
        AccessKind::Emergency => "Record opened in an emergency",
    }
}

/// What became of it.
pub const fn decision(decision: AccessDecision) -> &'static str {
    match decision {
        AccessDecision::Kept => "kept",
        AccessDecision::Ended => "ended",
        AccessDecision::Lapsed => "ended by itself",
        AccessDecision::Spared => "kept: nobody else could give access",
        AccessDecision::Gone => "had ended already",
    }
}

/// How far a review has come.
pub const fn state(state: AccessReviewState) -> &'static str {
    match state {
        AccessReviewState::Listing => "being listed",
        AccessReviewState::Open => "waits for answers",
        AccessReviewState::Closed => "closed",
    }
}

/// Why it is looked at by itself.
pub const fn unusual(unusual: Unusual) -> &'static str {
    match unusual {
        Unusual::Unused => "not used lately",
        Unusual::Alert => "an alert is open",
        Unusual::RoleChanged => "role changed",
        Unusual::NotJustified => "nobody signed for it as justified",
    }
}

/// "the 4th quarter of 2026", from `2026-Q4`.
pub fn quarter(quarter: &str) -> String {
    quarter.parse::<Quarter>().map_or_else(|_| quarter.to_owned(), Quarter::words)
}

/// What somebody is told whose account a review suspended.
pub fn suspended(why: &Suspension) -> String {
    let (when, quarter) = (moment(&why.zone, why.at), why.quarter.words());
    match why.unanswered {
        true => format!(
            "Your access ended on {when}, because the access review of {quarter} was not answered. Ask an administrator of your \
             practice to open it again."
        ),
        false => format!(
            "Your access was ended on {when} in the access review of {quarter}. Ask an administrator of your practice if that is \
             not right."
        ),
    }
}

/// What somebody is told whose places or tokens ended in a review.
pub fn ended(zone: &Timezone, ended: &EndedAccess) -> String {
    let what = match ended.kind {
        AccessKind::Account => "Your account".to_owned(),
        AccessKind::CareLink => count(ended.count, "place of yours on a care team", "places of yours on care teams"),
        AccessKind::Token => count(ended.count, "API token of yours", "API tokens of yours"),
        AccessKind::Emergency => return disapproved(zone, ended),
    };
    let (when, quarter) = (moment(zone, ended.ended_at), quarter(&ended.quarter));
    match ended.unanswered {
        true => {
            format!(
                "{what} ended on {when}, because the access review of {quarter} was not answered. Ask an administrator."
            )
        }
        false => format!(
            "{what} ended on {when}: somebody ended it in the access review of {quarter}. Ask an administrator."
        ),
    }
}

/// Nothing of theirs ended: nobody stands by what they opened.
fn disapproved(zone: &Timezone, ended: &EndedAccess) -> String {
    let what = count(ended.count, "record that you opened in an emergency", "records that you opened in an emergency");
    let (when, quarter) = (moment(zone, ended.ended_at), quarter(&ended.quarter));
    match ended.unanswered {
        true => format!(
            "{what}: nobody had attested it when the access review of {quarter} ended on {when}. Ask a privacy officer."
        ),
        false => format!(
            "{what}: on {when} somebody did not attest it in the access review of {quarter}. Ask a privacy officer."
        ),
    }
}
