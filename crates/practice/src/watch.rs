//! Watching: what the audit trail shows that somebody should look into.
//!
//! The rules are pure: they see the entries of a practice in order, remember what they need, and say what they find
//! ([`PracticeWatch`]). What they remember can be made again from the ledger at any time. The [`Follower`] feeds them from
//! all logs and stores what they find, each once.

mod alerts;
mod baseline;
mod finding;
mod follow;
mod holding;
mod looked_through;
mod merge;
mod network;
mod people;
mod practice_watch;
mod rules;
mod settings;
pub mod simulate;
mod witness;

pub use alerts::{
    AlertDetails, AlertError, AlertLine, AlertPage, HoldView, ReviewView, SettingView, Which, Whom, alert, alerts,
    change_setting, review, settings,
};
pub use baseline::Usual;
pub(crate) use follow::readable;
pub(crate) use merge::{AtDamage, Merge, Reached, first_since};
pub(crate) use people::is_password_alone;
pub(crate) use rules::opens_record;

pub use finding::{Compared, Finding, Place};
pub use follow::{FollowError, Follower, STEPS, WatchRound};
pub use holding::{exports_held, lift_export_hold};
pub use looked_through::{
    LookError, LookedThrough, REMIND_EVERY, REMIND_STEPS, RemindError, look_through, looked_through, remind_overseers,
};
pub use network::Network;
pub use practice_watch::PracticeWatch;
pub(crate) use settings::working_days;
pub use settings::{SETTINGS, Setting, SettingKind, Settings, Unit};
pub use witness::tell_unwitnessed;
