//! Practice keys wrapped by roots: by one, or by two while the root changes.

use super::{AUDIT, KeyError, SERVER, WrappedKey, billing::practice_of_branch, practice_place};
use crypto::{Key, RootId};
use domain::{PracticeId, Rng};

/// A wrapped key: nonce, key, tag.
const WRAPPED_LEN: usize = 32 + crypto::SEAL_OVERHEAD;
const ID_LEN: usize = 16;

/// The wrapping keys that grow from a root, one for each branch.
pub(super) struct Branches {
    pub(super) id: RootId,
    clinical: Key,
    server: Key,
    audit: Key,
    billing: Key,
}

impl Branches {
    pub(super) fn of(root: &Key) -> Self {
        Self {
            id: RootId::of(root),
            clinical: root.derive("clinical kek", &[]),
            server: root.derive("server kek", &[]),
            audit: root.derive("audit kek", &[]),
            billing: root.derive("billing kek", &[]),
        }
    }

    fn kek(&self, practice: PracticeId) -> &Key {
        match practice {
            SERVER => &self.server,
            AUDIT => &self.audit,
            branch if practice_of_branch(branch).is_some() => &self.billing,
            _ => &self.clinical,
        }
    }

    /// The stored form of a key wrapped by this root alone.
    pub(super) fn wrap(&self, practice: PracticeId, version: u32, rng: &dyn Rng, key: &Key) -> Vec<u8> {
        let wrapped = crypto::wrap(self.kek(practice), rng, &practice_place(practice, version), key);
        [self.id.as_bytes().as_slice(), &wrapped].concat()
    }

    /// The key, where this root is one of those that wrap it.
    pub(super) fn unwrap(&self, practice: PracticeId, one: &WrappedKey) -> Result<Key, KeyError> {
        let damaged = || KeyError::Unwrap("practice");
        if let Some((_, wrapped)) = parts(&one.wrapped).find(|(id, _)| *id == self.id) {
            let place = practice_place(practice, one.version);
            return crypto::unwrap_key(self.kek(practice), &place, wrapped).map_err(|_| damaged());
        }
        Err(if parts(&one.wrapped).next().is_some() { KeyError::OldRoot } else { damaged() })
    }
}

/// What is stored: an id and a wrapped key for each root.
fn parts(stored: &[u8]) -> impl Iterator<Item = (RootId, &[u8])> {
    stored.chunks_exact(ID_LEN + WRAPPED_LEN).filter_map(|part| {
        let (id, wrapped) = part.split_first_chunk::<ID_LEN>()?;
        Some((RootId::from_bytes(*id), wrapped))
    })
}

/// The roots that wrap a practice's key, as it is stored.
pub fn roots_of(stored: &WrappedKey) -> Vec<RootId> {
    parts(&stored.wrapped).map(|(id, _)| id).collect()
}

/// A practice's key (or [`SERVER`]'s, [`AUDIT`]'s) wrapped by exactly these roots, of which one must wrap it now. The
/// wrappings that are there already stay.
pub fn rewrap_for_roots(
    practice: PracticeId,
    stored: &WrappedKey,
    roots: &[&Key],
    rng: &dyn Rng,
) -> Result<WrappedKey, KeyError> {
    let branches: Vec<Branches> = roots.iter().map(|root| Branches::of(root)).collect();
    let key = branches.iter().find_map(|branch| branch.unwrap(practice, stored).ok());
    let key = key.ok_or(KeyError::Unwrap("practice"))?;
    let mut wrapped = Vec::with_capacity(roots.len() * (ID_LEN + WRAPPED_LEN));
    for branch in &branches {
        match parts(&stored.wrapped).find(|(id, _)| *id == branch.id) {
            Some((id, there)) => {
                wrapped.extend_from_slice(id.as_bytes());
                wrapped.extend_from_slice(there);
            }
            None => wrapped.extend(branch.wrap(practice, stored.version, rng, &key)),
        }
    }
    Ok(WrappedKey { wrapped, ..stored.clone() })
}
