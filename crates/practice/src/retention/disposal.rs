//! Devices and media that left the practice: what, how, by whom, before whom (45 CFR 164.310(d)(2)).

use super::{RetentionError, plan::unattended, purge::Signing};
use crate::{Event, House, record::resource};
use domain::{Date, DisposalId, Invalid, PracticeId, Timestamp};
use ledger::{Word, sign_text};
use serde::{Deserialize, Serialize};
use store::{
    Batch,
    rows::disposals::{self, DisposalRow},
};

/// The first line of a disposal's note: what kind of text it is.
pub const DISPOSAL: &str = "patella disposal record 1";

/// How a device was disposed of (NIST SP 800-88 Rev. 1, section 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisposalMethod {
    /// Overwritten or reset by the device's own commands; safe against simple recovery.
    Clear,
    /// Erased by physical or logical means that defeat a laboratory; cryptographic erase is one.
    Purge,
    /// Shredded, melted, burnt.
    Destroy,
}

impl std::str::FromStr for DisposalMethod {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "clear" => Ok(Self::Clear),
            "purge" => Ok(Self::Purge),
            "destroy" => Ok(Self::Destroy),
            _ => Err(Invalid::new("must be clear, purge or destroy (NIST SP 800-88 Rev. 1)")),
        }
    }
}

/// What was disposed of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposal {
    /// What it was: "2.5 inch SSD of the server".
    pub device: String,
    /// Its serial number.
    pub serial: String,
    /// How.
    pub method: DisposalMethod,
    /// By whom.
    pub by: String,
    /// Before whom.
    pub witness: String,
    /// On which day.
    pub on: Date,
    /// When it was written down here.
    pub recorded_at: Timestamp,
}

impl Disposal {
    /// Refuses empty and overlong texts, and somebody who is their own witness.
    pub fn check(&self) -> Result<(), (&'static str, Invalid)> {
        let fields = [("device", &self.device), ("serial", &self.serial), ("by", &self.by), ("witness", &self.witness)];
        for (name, text) in fields {
            if text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
                return Err((name, Invalid::new("must be 1 to 200 characters on one line")));
            }
        }
        if self.by.trim().eq_ignore_ascii_case(self.witness.trim()) {
            return Err(("witness", Invalid::new("must be somebody else than who did it")));
        }
        if self.on > self.recorded_at.to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().unwrap_or(Date::MAX) {
            return Err(("on", Invalid::new("must not be in the future")));
        }
        Ok(())
    }
}

/// Records a disposal, which [`Disposal::check`] has let pass, and signs it. The answer is the signed note.
pub async fn dispose(
    house: &House,
    practice: PracticeId,
    disposal: &Disposal,
    signing: &Signing,
) -> Result<String, RetentionError> {
    let disposal_id = DisposalId::random(&*house.rng);
    let (actor, origin) = unattended(house, practice);
    let event = Event {
        reason: Word::new("command-line"),
        ..Event::done(Word::new("dispose_device"), resource(Word::new("device"), disposal_id))
    };
    house.record_as(actor, origin, event).await?;
    let text = serde_json::to_string_pretty(disposal).unwrap_or_default();
    let note = sign_text(DISPOSAL, &text, &signing.log, &signing.signer);
    let row = DisposalRow { practice_id: practice, disposal_id, recorded_at: disposal.recorded_at, note: note.clone() };
    house.stores.identity.commit(disposals::insert(Batch::new(), &row)).await?;
    Ok(note)
}

/// The signed notes of a practice's disposals, newest first.
pub async fn disposals(house: &House, practice: PracticeId) -> Result<Vec<String>, RetentionError> {
    let rows = disposals::all(&house.stores.identity, practice).await?;
    Ok(rows.into_iter().map(|row| row.note).collect())
}
