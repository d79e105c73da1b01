//! The billing branch: a practice's billing keys grow from another key of the root than its clinical ones, and lie in the
//! key store under a name of their own. So whoever holds one branch holds nothing of the other.

use super::{KeyError, Keyring, SERVER, WrappedKey};
use domain::{BillingAccountId, PatientId, PracticeId, Timestamp};

/// The nibble of a UUID that says its version.
const VERSION: usize = 6;

/// The name of a practice's billing branch in the key store and in the billing store: the practice's random id with 8
/// (RFC 9562: for uses of one's own) as its version in the place of 4.
pub const fn billing_branch(practice: PracticeId) -> PracticeId {
    let mut bytes = *practice.as_bytes();
    bytes[VERSION] = (bytes[VERSION] & 0x0f) | 0x80;
    PracticeId::from_bytes(bytes)
}

/// The practice whose billing branch this is; none when it is no branch.
pub const fn practice_of_branch(owner: PracticeId) -> Option<PracticeId> {
    let mut bytes = *owner.as_bytes();
    if bytes[VERSION] & 0xf0 != 0x80 {
        return None;
    }
    bytes[VERSION] = (bytes[VERSION] & 0x0f) | 0x40;
    Some(PracticeId::from_bytes(bytes))
}

/// A billing account as the key store and the destruction ledger name it: its key lies among patients' keys, under the branch.
pub const fn as_subject(account: BillingAccountId) -> PatientId {
    PatientId::from_bytes(*account.as_bytes())
}

impl Keyring {
    /// The fingerprint by which the link of a billing account is found, to remove it with its account. It says nothing of
    /// whose the account is.
    pub async fn link_of_account(&self, practice: PracticeId, account: BillingAccountId) -> Result<[u8; 32], KeyError> {
        self.link_index(practice, "account", account.as_bytes()).await
    }

    /// Under the server's key, so that a new practice key leaves the indexes as they are.
    pub(crate) async fn link_index(
        &self,
        practice: PracticeId,
        side: &str,
        id: &[u8; 16],
    ) -> Result<[u8; 32], KeyError> {
        let key = self.server_key(SERVER, "billing link index").await?;
        Ok(crypto::mac(&key, &[side.as_bytes(), practice.as_bytes(), id]))
    }

    /// The wrapped keys of a billing account, made where there are none yet: of the account, and of the branch.
    pub(crate) async fn account_keys(
        &self,
        practice: PracticeId,
        account: BillingAccountId,
        at: Timestamp,
    ) -> Result<Vec<WrappedKey>, KeyError> {
        let (branch, subject) = (billing_branch(practice), as_subject(account));
        let there = self.wrapped(branch, subject).await?;
        if !there.is_empty() {
            return Ok(there);
        }
        if self.store.newest_practice_key(branch).await?.is_none() {
            // Somebody else may make it at the same moment; then theirs is the one.
            if let Err(error) = self.create_practice_key(branch, at).await
                && self.store.newest_practice_key(branch).await?.is_none()
            {
                return Err(error);
            }
        }
        match self.create_patient_key(branch, subject, at).await {
            Ok(made) => Ok(made),
            Err(error) => {
                let there = self.wrapped(branch, subject).await?;
                if there.is_empty() { Err(error) } else { Ok(there) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::SeededRng;

    #[test]
    fn a_branch_is_no_practice_and_leads_back_to_its_own() {
        let rng = SeededRng::new(7);
        for _ in 0..100 {
            let practice = PracticeId::random(&rng);
            assert_eq!(practice_of_branch(practice), None);
            assert_eq!(practice_of_branch(billing_branch(practice)), Some(practice));
        }
        for own in [super::super::SERVER, super::super::AUDIT] {
            assert_eq!(practice_of_branch(own), None);
        }
    }
}
