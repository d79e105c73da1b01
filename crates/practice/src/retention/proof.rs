//! What makes a certificate more than a text: the signature, and the proof that the audit trail records what it says.

use super::purge::Signing;
use crate::{
    House,
    trail::{self, Inclusion, TrailError},
};
use data_encoding::BASE64;
use ledger::{Checkpoint, CheckpointError, Hash, VerifierKey, open_text, sign_text, verify_inclusion};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// That an entry is in the audit trail (RFC 6962).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The entry's number.
    pub entry: u64,
    /// The hash of the sealed entry, base64.
    pub leaf: String,
    /// The hashes beside the path from the leaf to the root, base64, from below.
    pub path: Vec<String>,
    /// The signed checkpoint whose root they lead to.
    pub checkpoint: String,
}

/// Why a certificate is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It is not what the key signed.
    #[error(transparent)]
    Note(#[from] CheckpointError),
    /// It is not a certificate.
    #[error("it is no certificate of destruction")]
    Malformed,
    /// The audit trail does not hold the entry that it names.
    #[error("its proof does not lead to the checkpoint of the audit trail")]
    Proof,
}

impl Proof {
    fn of(entry: u64, found: &Inclusion) -> Self {
        let text = |hash: &Hash| BASE64.encode(&hash.0);
        let path = found.path.iter().map(text).collect();
        Self { entry, leaf: text(&found.leaf), path, checkpoint: found.checkpoint.clone() }
    }

    fn leads_to(&self, key: &VerifierKey) -> Result<bool, CertificateError> {
        let hash = |text: &String| -> Result<Hash, CertificateError> {
            let bytes = BASE64.decode(text.as_bytes()).map_err(|_| CertificateError::Malformed)?;
            Ok(Hash(bytes.try_into().map_err(|_| CertificateError::Malformed)?))
        };
        let path = self.path.iter().map(hash).collect::<Result<Vec<_>, _>>()?;
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        Ok(verify_inclusion(&hash(&self.leaf)?, self.entry, &checkpoint, &path))
    }
}

/// Proofs of the entries that certificates name.
pub(crate) struct Proofs(HashMap<u64, Inclusion>);

impl Proofs {
    pub(crate) async fn of(
        house: &House,
        entries: impl Iterator<Item = u64>,
        signing: &Signing,
    ) -> Result<Self, TrailError> {
        Self::under(house, entries, &VerifierKey::new(signing.log.clone(), signing.signer.public())).await
    }

    /// The same of entries of the log that a key verifies.
    pub(crate) async fn under(
        house: &House,
        entries: impl Iterator<Item = u64>,
        key: &VerifierKey,
    ) -> Result<Self, TrailError> {
        Ok(Self(trail::inclusions(house, &entries.collect::<Vec<_>>(), key).await?))
    }

    pub(crate) fn proof(&self, entry: Option<u64>) -> Option<Proof> {
        let entry = entry?;
        Some(Proof::of(entry, self.0.get(&entry)?))
    }
}

/// The signed note that a certificate is.
pub(crate) fn sign(kind: &str, certificate: &impl Serialize, signing: &Signing) -> String {
    // Ids, words and numbers into memory: that cannot fail.
    let text = serde_json::to_string_pretty(certificate).unwrap_or_default();
    sign_text(kind, &text, &signing.log, &signing.signer)
}

/// What a note says that the key vouches for, in the trail's name too.
pub(crate) fn verified<C: DeserializeOwned>(
    kind: &str,
    note: &str,
    key: &VerifierKey,
    proof: impl Fn(&C) -> Option<&Proof>,
) -> Result<C, CertificateError> {
    let said = read(open_text(kind, note, key)?)?;
    match proof(&said) {
        Some(proof) if !proof.leads_to(key)? => Err(CertificateError::Proof),
        _ => Ok(said),
    }
}

pub(crate) fn read<C: DeserializeOwned>(text: &str) -> Result<C, CertificateError> {
    serde_json::from_str(text).map_err(|_| CertificateError::Malformed)
}
