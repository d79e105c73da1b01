//! Proofs of single entries, for what must carry its own: a certificate of destruction.

use super::TrailError;
use crate::House;
use ledger::{Hash, VerifierKey};
use std::collections::HashMap;

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

/// The proofs that entries are in the log of this key, at its newest checkpoint, by their numbers; those that it does not cover
/// yet have none.
pub(crate) async fn inclusions(
    house: &House,
    entries: &[u64],
    key: &VerifierKey,
) -> Result<HashMap<u64, Inclusion>, TrailError> {
    let heads = house.trail.heads().await?;
    let Some(head) = heads.into_iter().find(|head| head.key == *key) else { return Ok(HashMap::new()) };
    let checkpoint = head.note.clone();
    let covered: Vec<u64> = entries.iter().copied().filter(|entry| *entry < head.checkpoint.size).collect();
    let wanted = covered.iter().map(|entry| (head.log.clone(), *entry)).collect();
    let proved = house.trail.prove(vec![head], wanted).await?;
    let with_path = covered.into_iter().zip(proved).filter_map(|(entry, proved)| {
        let path = proved.path?;
        Some((entry, Inclusion { leaf: proved.leaf, path, checkpoint: checkpoint.clone() }))
    });
    Ok(with_path.collect())
}
