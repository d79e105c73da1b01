//! The words of watching: which rules there are, what follows from an alert, what is said when one was looked into.

use crate::{Invalid, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// What somebody who looked into an alert found.
    ReviewWords: 1..=2000, "must be 1 to 2000 characters of plain text";
}

words! {
    /// What somebody is told about.
    AlertRule, "is not a rule" {
        /// Many different charts in a short time.
        ManyCharts = "many_charts",
        /// Charts opened day by day rose slowly, above what was usual long before.
        SlowRise = "slow_rise",
        /// Many patients shown in lists on one day.
        LongLists = "long_lists",
        /// Many exports on one day.
        Exports = "exports",
        /// A network from which the account never came.
        NewNetwork = "new_network",
        /// Two networks in turn within minutes.
        TwoPlaces = "two_places",
        /// Records opened while the practice is closed.
        OutsideHours = "outside_hours",
        /// Many records refused in a short time.
        Denials = "denials",
        /// Wrong second factors, one after the other.
        FactorGuessing = "factor_guessing",
        /// Many accounts tried from one network.
        ManyAccounts = "many_accounts",
        /// An account that nobody used for long.
        DormantAccount = "dormant_account",
        /// A factor or password changed, then the account used from elsewhere.
        FactorChanged = "factor_changed",
        /// A role changed, then used.
        RoleChanged = "role_changed",
        /// An API token used from a network from which it never came.
        TokenElsewhere = "token_elsewhere",
        /// Charts of patients around whom there was no care for long.
        NoCareAround = "no_care_around",
        /// An access review waits for answers, or an access was kept that nobody attested.
        AccessReview = "access_review",
        /// A record opened in an emergency.
        BreakGlass = "break_glass",
        /// A record opened in an emergency, for which nobody signed in time.
        BreakGlassUnsigned = "break_glass_unsigned",
        /// For long nobody looked through what was done, or into alerts that wait.
        Unreviewed = "unreviewed",
        /// The head of the audit trail arrived at no second path for long.
        HeadUnwitnessed = "head_unwitnessed",
    }
}

impl AlertRule {
    /// Whether this may be set to follow from it. Somebody is always told of a record that was opened in an emergency, and that
    /// nobody looks; and nothing is done to anybody for that.
    pub const fn can_be_answered(self, answer: AlertAnswer) -> bool {
        match self {
            Self::BreakGlass | Self::BreakGlassUnsigned | Self::Unreviewed => matches!(answer, AlertAnswer::Alert),
            // It is nobody's doing.
            Self::HeadUnwitnessed => !answer.is_done_to_somebody(),
            _ => true,
        }
    }
}

words! {
    /// What follows from an alert.
    AlertAnswer, "is not an answer" {
        /// It is written down, and nobody needs to look into it.
        Note = "note",
        /// Somebody looks into it.
        Alert = "alert",
        /// Somebody looks into it, and the login session in which it happened must prove its factor again before anything else.
        AskFactor = "ask_factor",
        /// Somebody looks into it, and until somebody else lifts that the account takes nothing out of the practice.
        HoldExports = "hold_exports",
        /// Somebody looks into it, and the login session in which it happened is ended at once.
        EndSession = "end_session",
    }
}

impl AlertAnswer {
    /// Whether something is done to whoever it is about, beyond telling.
    pub const fn is_done_to_somebody(self) -> bool {
        matches!(self, Self::AskFactor | Self::HoldExports | Self::EndSession)
    }
}
