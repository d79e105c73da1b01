//! What an item is about, as it stands now: what is gone is neither kept nor ended.

use crate::House;
use domain::{AccessKind, CareLinkId, EmergencyId, PatientId, Role, TokenId};
use store::{
    Batch, StoreError,
    rows::{
        access_reviews::ItemRow,
        accounts::{self, AccountRow, AccountState},
        api_tokens, care_links, emergencies,
    },
};

/// See the module.
pub(super) enum Standing {
    /// An account that is not disabled.
    Account {
        /// Its role now.
        role: Role,
        /// Its version now.
        version: i64,
    },
    /// A place that has not ended, on this patient's care team.
    Place(PatientId),
    /// A token that opens something.
    Token(TokenId),
    /// An opening in an emergency. It was, and goes with the patient's record alone.
    Emergency {
        /// The opening.
        emergency: EmergencyId,
        /// Whose record.
        patient: PatientId,
        /// Whether its hour is not over yet.
        open: bool,
    },
}

impl Standing {
    /// What an item is about; none where it is gone. `staff` is everybody who works in the practice.
    pub(super) async fn of(house: &House, item: &ItemRow, staff: &[AccountRow]) -> Result<Option<Self>, StoreError> {
        let (db, practice, now) = (&house.stores.identity, item.practice_id, house.clock.now());
        Ok(match item.kind {
            AccessKind::Account => staff
                .iter()
                .find(|row| row.account_id == item.whose && row.state != AccountState::Disabled)
                .map(|row| Self::Account { role: row.role, version: row.version }),
            AccessKind::CareLink => {
                let row = care_links::by_id(db, practice, CareLinkId::from_bytes(item.subject)).await?;
                let row = row.filter(|row| row.ends_at.is_none_or(|end| end > now));
                row.map(|row| Self::Place(row.patient_id))
            }
            AccessKind::Token => {
                let token = TokenId::from_bytes(item.subject);
                let row = api_tokens::by_id(db, practice, item.whose, token).await?;
                row.filter(|row| row.expires_at > now).map(|row| Self::Token(row.token_id))
            }
            AccessKind::Emergency => {
                let row = emergencies::by_id(db, practice, EmergencyId::from_bytes(item.subject)).await?;
                row.map(|row| Self::Emergency {
                    emergency: row.emergency_id,
                    patient: row.patient_id,
                    open: row.closes_at() > now,
                })
            }
        })
    }

    /// Makes a batch a conflict where it has changed or ended meanwhile.
    pub(super) fn hold(&self, house: &House, batch: Batch, item: &ItemRow) -> Batch {
        let (practice, now) = (item.practice_id, house.clock.now());
        match self {
            Self::Account { version, .. } => accounts::unchanged(batch, practice, item.whose, *version),
            Self::Place(_) => care_links::hold(batch, practice, CareLinkId::from_bytes(item.subject), now),
            Self::Token(token) => api_tokens::hold(batch, practice, item.whose, *token, now),
            // What was is not changed by anybody.
            Self::Emergency { .. } => batch,
        }
    }
}
