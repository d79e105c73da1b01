//! The words of sending: where something of a practice goes to, and under which agreement.

use crate::{Invalid, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// Who receives what a practice sends: a business associate, or what the practice calls its own receiver.
    AssociateName: 1..=200, "must be 1 to 200 characters of plain text";
    /// Where a signed agreement lies.
    AgreementPlace: 1..=500, "must be 1 to 500 characters of plain text";
}

words! {
    /// What passes on something of a practice to a receiver outside of this program.
    Integration, "is not an integration" {
        /// Alerts, to an address of the web.
        Webhook = "webhook",
        /// The entries of the audit trail, to a collector of logs.
        Syslog = "syslog",
        /// Alerts, by e-mail.
        Mail = "mail",
        /// Backups, to storage of somebody else.
        BackupStorage = "backup_storage",
    }
}

words! {
    /// How it goes with a channel.
    ChannelState, "is not a state of a channel" {
        /// Nothing was sent yet.
        New = "new",
        /// What was sent last arrived.
        Works = "works",
        /// What was tried last did not arrive; it is tried again.
        Fails = "fails",
        /// Nothing is sent: there is no agreement in force.
        Stopped = "stopped",
    }
}
