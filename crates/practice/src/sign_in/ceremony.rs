//! What is under way between two requests: the challenge of a passkey, a code generator that awaits its first code. It is
//! stored sealed, since server nodes keep nothing between requests.

use crate::{House, HouseError};
use crypto::Zeroizing;
use domain::{AccountId, PracticeId};
use phi::Clear;
use std::time::Duration;
use store::{
    Batch,
    rows::ceremonies::{self, CeremonyRow},
};

/// How long the server's side of a ceremony is kept: as long as the person has to touch the key.
pub(crate) const CEREMONY: Duration = Duration::from_secs(5 * 60);

/// A ceremony of one kind, of one account.
pub(crate) struct Ceremony {
    /// The id of the login session or invitation in which it is under way: each has one at most.
    pub(crate) id: [u8; 16],
    /// The practice.
    pub(crate) practice: PracticeId,
    /// The account.
    pub(crate) account: AccountId,
    /// What is under way, so that nothing is finished that was begun as something else.
    pub(crate) kind: &'static str,
}

impl Ceremony {
    /// Begins it, in place of an earlier one, with what the server must know when it is finished.
    pub(crate) async fn begin(
        &self,
        house: &House,
        state: Zeroizing<Vec<u8>>,
        lasts: Duration,
    ) -> Result<(), HouseError> {
        let now = house.clock.now();
        let row = CeremonyRow {
            ceremony_id: self.id,
            practice_id: self.practice,
            account_id: self.account,
            kind: self.kind.to_owned(),
            state: house.vault.seal(self.practice, self.account, CeremonyRow::row_id(self.id), &*state).await?,
            expires_at: now.checked_add(lasts).unwrap_or(now),
        };
        Ok(house.stores.identity.commit(ceremonies::begin(Batch::new(), &row, now)).await?)
    }

    /// With what it was begun; none when it was not, or too long ago.
    pub(crate) async fn state(&self, house: &House) -> Result<Option<Clear<'static, Vec<u8>>>, HouseError> {
        let row = ceremonies::current(&house.stores.identity, self.id, house.clock.now()).await?;
        match row.filter(|row| row.kind == self.kind && row.account_id == self.account) {
            Some(row) => Ok(Some(house.vault.open_credential(self.practice, self.account, &row.state).await?)),
            None => Ok(None),
        }
    }

    /// Uses it up. A conflict when it was used already.
    pub(crate) fn use_up(&self, batch: Batch) -> Batch {
        ceremonies::use_up(batch, self.id)
    }
}
