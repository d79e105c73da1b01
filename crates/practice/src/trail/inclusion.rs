//! The proof of one entry, for what must carry its own: a certificate of destruction.

use super::TrailError;
use crate::House;
use ledger::{Hash, VerifierKey};

/// That an entry is in its log (RFC 6962).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inclusion {
    /// The hash of the sealed entry.
    pub(crate) leaf: Hash,
    /// The hashes beside the path from the leaf to the root, from below.
    pub(crate) path: Vec<Hash>,
    /// The signed checkpoint whose root they lead to.
    pub(crate) checkpoint: String,
}

/// The proof that an entry is in the log of this key, at its newest checkpoint; none when that does not cover it yet.
pub(crate) async fn inclusion(house: &House, entry: u64, key: &VerifierKey) -> Result<Option<Inclusion>, TrailError> {
    let heads = house.trail.heads().await?;
    let Some(head) = heads.into_iter().find(|head| head.key == *key) else { return Ok(None) };
    if head.checkpoint.size <= entry {
        return Ok(None);
    }
    let (log, checkpoint) = (head.log.clone(), head.note.clone());
    let proved = house.trail.prove(vec![head], vec![(log, entry)]).await?.pop();
    Ok(proved.and_then(|proved| proved.path.map(|path| Inclusion { leaf: proved.leaf, path, checkpoint })))
}
