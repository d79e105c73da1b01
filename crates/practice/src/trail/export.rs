//! Proofs that entries stand in their logs, for whoever does not trust this server.

use super::{Logs, TrailError};
use ledger::{BackendError, Checkpoint, Hash, LogName, VerifierKey, leaf_hash};

/// The signed head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log.
    pub log: LogName,
    /// What verifies it. Hold it against the one that `patella init` printed.
    pub key: VerifierKey,
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// An entry as it stands in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The sealed entry: its hash is the leaf.
    pub sealed: Vec<u8>,
    /// The leaf (RFC 6962).
    pub leaf: Hash,
    /// The hashes beside its path to the root, from below; none when no head covers it yet.
    pub path: Option<Vec<Hash>>,
}

/// One for each entry, in their order.
pub type Proofs = Vec<Proved>;

/// The newest head of each log that has one. One that is not to be trusted is an error.
pub(super) fn heads(logs: &mut dyn Logs) -> Result<Vec<Head>, TrailError> {
    let mut heads = Vec::new();
    for (log, _) in logs.sizes()? {
        let Some(note) = logs.checkpoint(&log)? else { continue };
        let key = logs.verifier(&log);
        let checkpoint = Checkpoint::open(&note, &key)
            .map_err(|error| TrailError::NoProof { log: log.clone(), why: error.to_string() })?;
        heads.push(Head { log, key, note, checkpoint });
    }
    Ok(heads)
}

pub(super) fn prove(
    logs: &mut dyn Logs,
    heads: &[Head],
    entries: &[(LogName, u64)],
) -> Result<Vec<Proved>, TrailError> {
    let mut proofs = Vec::with_capacity(entries.len());
    for (log, seq) in entries {
        let no_proof = |why: String| TrailError::NoProof { log: log.clone(), why };
        let read = match logs.read(log, *seq, 1) {
            // Between the question and its proof: it is not in the index any more either.
            Err(BackendError::Dropped { .. }) => return Err(TrailError::DroppedMeanwhile),
            read => read?,
        };
        let sealed = read.into_iter().next().ok_or_else(|| no_proof(format!("entry {seq} is missing")))?;
        let size = heads.iter().find(|head| head.log == *log).map_or(0, |head| head.checkpoint.size);
        let path = match *seq < size {
            true => Some(logs.proof(log, *seq, size).map_err(|error| no_proof(error.to_string()))?),
            false => None,
        };
        proofs.push(Proved { leaf: leaf_hash(&sealed), sealed, path });
    }
    Ok(proofs)
}
