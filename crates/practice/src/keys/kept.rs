//! What billing keeps of patients whose records were destroyed: sealed under billing accounts' keys, and lying in the identity
//! store inside a seal of the practice's. A rotation of accounts' keys seals it anew, a check looks at it.

use super::{
    reseal::Pass,
    rotation::{RotateError, Rotation},
};
use domain::{BillingAccountId, BillingLinkId, PracticeId};
use ledger::Receipt;
use phi::{StoredLink, VaultError, practice_of_branch};
use store::{Batch, rows::billing_links};

/// The links of a branch's practice with which a contact is kept, a page behind one.
async fn page(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    after: Option<&StoredLink>,
) -> Result<Vec<StoredLink>, RotateError> {
    let after = after.map_or(BillingLinkId::from_bytes([0; 16]), |link| link.link);
    Ok(billing_links::with_kept(&rotation.house.stores.identity, practice, after, rotation.batch()).await?)
}

/// Seals every contact that a branch's accounts keep anew which is not under its account's newest key; of one account where one is
/// given. Nothing where `owner` is no branch. `step` is said after each batch.
pub(super) async fn reseal(
    rotation: &Rotation<'_>,
    receipt: &Receipt,
    owner: PracticeId,
    account: Option<BillingAccountId>,
    step: &'static str,
) -> Result<Pass, RotateError> {
    let mut pass = Pass::default();
    let Some(practice) = practice_of_branch(owner) else { return Ok(pass) };
    let mut after = None;
    loop {
        let began = rotation.begin();
        let links = page(rotation, practice, after.as_ref()).await?;
        let mut batch = Batch::new();
        for link in &links {
            match rotation.house.guard.renew_kept(receipt, link, account).await {
                Ok(None) => {}
                Ok(Some(new)) => batch = billing_links::replace_kept(batch, link, &new),
                Err(VaultError::Open(_)) => pass.unopened += 1,
                Err(VaultError::Key(error)) => return Err(error.into()),
            }
        }
        let changed = batch.len() as u64;
        if changed > 0 {
            rotation.house.stores.identity.commit(batch).await?;
            pass.resealed += changed;
            rotation.observer.reached(step);
        }
        let full = links.len() == rotation.batch() as usize;
        after = links.into_iter().next_back();
        if !full {
            return Ok(pass);
        }
        rotation.rest(began).await;
    }
}

/// What a look at one link found: which, and under which version of its account's key the contact is, or why it does not open.
pub(super) type Looked = (BillingLinkId, Result<u32, String>);

/// Looks at every contact that a branch's accounts keep. Nothing where `owner` is no branch.
pub(super) async fn check(
    rotation: &Rotation<'_>,
    receipt: &Receipt,
    owner: PracticeId,
    deep: bool,
) -> Result<Vec<Looked>, RotateError> {
    let mut looked = Vec::new();
    let Some(practice) = practice_of_branch(owner) else { return Ok(looked) };
    let mut after = None;
    loop {
        let began = rotation.begin();
        let links = page(rotation, practice, after.as_ref()).await?;
        for link in &links {
            match rotation.house.guard.check_kept(receipt, link, deep).await {
                Ok(None) => {}
                Ok(Some(version)) => looked.push((link.link, Ok(version))),
                Err(VaultError::Open(error)) => looked.push((link.link, Err(error.why.to_string()))),
                Err(VaultError::Key(error)) => return Err(error.into()),
            }
        }
        let full = links.len() == rotation.batch() as usize;
        after = links.into_iter().next_back();
        if !full {
            return Ok(looked);
        }
        rotation.rest(began).await;
    }
}
