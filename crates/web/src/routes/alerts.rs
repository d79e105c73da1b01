//! Alerts: what somebody should look into, who did, and what the practice set for it.

mod api;
mod channels;
mod page;
mod setting;

use crate::{Problem, RouteTable, answer::later};
use practice::watch::{AlertError, Which};
use serde::Deserialize;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(page::add).with(setting::add).with(channels::add).with(api::add)
}

impl From<AlertError> for Problem {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::Access(error) => error.into(),
            AlertError::Unknown => Self::not_found(),
            AlertError::Oneself => {
                Self::conflict().detail("This alert is about your own account. Somebody else looks into it.")
            }
            AlertError::Reviewed => Self::conflict().detail("Somebody looked into it already. Open it again."),
            AlertError::NotHeld => Self::conflict().detail("No exports are held for this alert. Open it again."),
            AlertError::OwnExports => {
                Self::conflict().detail("These are the exports of your own account. Somebody else gives them free.")
            }
            AlertError::Value(why) => Self::invalid("value", &why),
            AlertError::Bounds { least, most } => {
                Self::invalid_fields().field("value", format!("must be from {least} to {most}"))
            }
            AlertError::NotInPerson(why) => super::people::not_in_person(why),
            AlertError::House(error) => error.into(),
            AlertError::Record(error) => error.into(),
            AlertError::Trail(error) => later(&error),
            AlertError::Audit(error) => error.into(),
        }
    }
}

/// Which alerts, as an address says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Shown {
    /// Those that wait for somebody.
    #[default]
    Open,
    /// Those that somebody looked into.
    Reviewed,
    /// All, those too that were only written down.
    All,
}

impl From<Shown> for Which {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Open => Self::Open,
            Shown::Reviewed => Self::Reviewed,
            Shown::All => Self::All,
        }
    }
}
