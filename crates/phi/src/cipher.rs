//! How a field is sealed: the one place where its associated data is put together.

use crate::field::{Field, OpenError, OpenFailure, RowId, Sealed};
use crypto::{Aad, Key};
use domain::{PracticeId, Rng};
use zeroize::Zeroizing;

/// First byte of every sealed field, so that another format can come later.
const FORMAT: u8 = 1;
/// Format byte and key version.
const HEADER: usize = 5;

/// Whose field it is: the practice, and the patient or account in it.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) practice: PracticeId,
    pub(crate) subject: [u8; 16],
}

pub(crate) fn seal<F: Field>(
    owner: Owner,
    row: RowId,
    (version, key): (u32, &Key),
    rng: &dyn Rng,
    value: &F::Value,
) -> Sealed<F> {
    // Values of the registry are plain data; serde_json fails only on maps with keys that are no text, which none has.
    let plain = Zeroizing::new(serde_json::to_vec(value).expect("a field's value is plain data"));
    Sealed::stored(row, seal_bytes(owner, row, F::PLACE, (version, key), rng, &plain))
}

/// The stored form of a value that was made into bytes before.
pub(crate) fn seal_bytes(
    owner: Owner,
    row: RowId,
    field: &str,
    (version, key): (u32, &Key),
    rng: &dyn Rng,
    plain: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&crypto::seal(key, rng, &place(owner, row, field, version), plain));
    bytes
}

/// The bytes of a value, sealed under this version.
pub(crate) fn open_bytes(
    owner: Owner,
    row: RowId,
    field: &str,
    (version, key): (u32, &Key),
    stored: &[u8],
) -> Result<Zeroizing<Vec<u8>>, crypto::OpenError> {
    let sealed = stored.get(HEADER..).ok_or(crypto::OpenError)?;
    crypto::open(key, &place(owner, row, field, version), sealed)
}

pub(crate) fn open<'k, F: Field>(
    owner: Owner,
    sealed: &Sealed<F>,
    key: impl FnOnce(u32) -> Option<&'k Key>,
) -> Result<F::Value, OpenError> {
    let failed = |why| OpenError { place: F::PLACE, why };
    let version = key_version(sealed).ok_or(failed(OpenFailure::Format))?;
    let key = key(version).ok_or(failed(OpenFailure::KeyVersion))?;
    let plain = open_bytes(owner, sealed.row(), F::PLACE, (version, key), sealed.as_bytes())
        .map_err(|_| failed(OpenFailure::Cipher))?;
    serde_json::from_slice(&plain).map_err(|_| failed(OpenFailure::Value))
}

/// The version of the key that sealed a field, if it is in a known format.
pub(crate) fn key_version<F: Field>(sealed: &Sealed<F>) -> Option<u32> {
    version_of(sealed.as_bytes())
}

/// The version of the key that sealed a stored field, if it is in a known format. Says nothing about its value.
pub fn version_of(stored: &[u8]) -> Option<u32> {
    match stored.first_chunk::<HEADER>()? {
        [FORMAT, version @ ..] => Some(u32::from_be_bytes(*version)),
        _ => None,
    }
}

fn place(owner: Owner, row: RowId, field: &str, version: u32) -> Aad {
    Aad::new("patella field")
        .with(owner.practice.as_bytes())
        .with(&owner.subject)
        .with(&row.bytes())
        .with(field.as_bytes())
        .with(&version.to_be_bytes())
}
