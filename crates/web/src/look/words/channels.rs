//! Channels and agreements in plain language.

use domain::{ChannelState, Integration};
use std::borrow::Cow;

/// What is passed on, and how.
pub const fn integration(integration: Integration) -> &'static str {
    match integration {
        Integration::Webhook => "Alerts to a web address (webhook)",
        Integration::Syslog => "The audit trail to a log collector (syslog)",
        Integration::Mail => "Alerts by e-mail",
        Integration::BackupStorage => "Backups to rented storage",
    }
}

/// How it goes with a channel.
pub const fn state(state: ChannelState) -> &'static str {
    match state {
        ChannelState::New => "nothing sent yet",
        ChannelState::Works => "works",
        ChannelState::Fails => "not arriving",
        ChannelState::Stopped => "stopped",
    }
}

/// Why nothing arrives.
pub fn why(word: &str) -> Cow<'static, str> {
    Cow::Borrowed(match word {
        "unreachable" => "the receiver cannot be reached, or shows no certificate that is trusted",
        "no-answer" => "the receiver does not answer in time",
        "cut-off" => "the receiver ended the connection before it had read everything",
        "redirected" => "the receiver sends elsewhere, which is not followed",
        "internal-address" => "the address is inside a network that the operator of this server did not allow",
        "target-unreadable" => "what is stored of the receiver cannot be read",
        "log-damaged" => {
            "a log of the audit trail cannot be read on from here; the operator of this server is to verify it"
        }
        "trail-unreadable" => "the audit trail cannot be read at present",
        "server-failed" => "a store of this server does not answer",
        "restored" => "it came back with a backup; put it under an agreement again, and it goes on",
        "agreement-ended" => "the agreement is over",
        other => match other.strip_prefix("status-") {
            Some(status) => return Cow::Owned(format!("the receiver refuses it (status {status})")),
            None => return Cow::Owned(other.replace('-', " ")),
        },
    })
}
