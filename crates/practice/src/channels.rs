//! Channels: what a practice sends to receivers of its own choice, and the agreements without which it sends nothing.
//!
//! The ledger feeds them alone: alerts come from the watch, which reads the ledger. How far a channel has come is stored with
//! what it says arrived, in one transaction and at the same place as how far the watch has come. So nothing is lost while a
//! receiver is away or when the server is killed; what was on its way at that moment comes again, under the same id.

mod agreements;
mod outside;
mod sender;
mod setting;
mod syslog;
mod target;
mod webhook;

pub use agreements::{
    AgreementView, NewAgreement, add_agreement, agreements, end_agreement, without_storage_agreement,
};
pub use outside::{Outside, OutsideError};
pub use sender::{STEPS, SendRound, Sender};
pub use setting::{
    ChannelView, ChannelsView, MOST_CHANNELS, NewChannel, SetChannel, channels, end_channel, renew_channel,
    set_channel, stop_restored,
};

use crate::{HouseError, house::through_house, record::RecordError};
use identity::EnrollmentError;
use phi::AccessError;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such channel or agreement here.
    #[error("there is no such channel or agreement")]
    Unknown,
    /// Somebody ended it already.
    #[error("it was ended")]
    Over,
    /// The practice sends to as many receivers as it may.
    #[error("there are as many channels as there may be")]
    TooMany,
    /// There is no agreement in force for it.
    #[error("there is no agreement in force for it")]
    NoAgreement,
    /// A field has a value that makes no sense.
    #[error("{field} {why}")]
    Value {
        /// Which.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Whoever asks did not just prove a factor, or is a program.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_house!(ChannelError);
