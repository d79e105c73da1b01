//! How a field is sealed: the one place where its associated data is put together.

use crate::{
    class::ClassId,
    field::{Field, OpenError, OpenFailure, RowId, Sealed},
};
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
    key: impl FnOnce(u32) -> Result<&'k Key, OpenFailure>,
) -> Result<F::Value, OpenError> {
    let failed = |why| OpenError { place: F::PLACE, why };
    let version = key_version(sealed).ok_or(failed(OpenFailure::Format))?;
    let key = key(version).map_err(failed)?;
    let plain = open_bytes(owner, sealed.row(), F::PLACE, (version, key), sealed.as_bytes())
        .map_err(|_| failed(OpenFailure::Cipher))?;
    serde_json::from_slice(&plain).map_err(|_| failed(OpenFailure::Value))
}

/// The same for a class that may have been split from another since the field was sealed; both keys must be at hand.
pub(crate) fn open_of<'k, F: Field>(
    class: ClassId,
    owner: Owner,
    sealed: &Sealed<F>,
    key: impl Fn(ClassId, u32) -> Result<&'k Key, OpenFailure>,
) -> Result<F::Value, OpenError> {
    let opened = |class| open(owner, sealed, |version| key(class, version));
    match (opened(class), class.formerly()) {
        (Err(error), Some(former)) if error.why == OpenFailure::Cipher => opened(former).map_err(|_| error),
        (done, _) => done,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::patients::GivenName;
    use domain::{PersonName, SeededRng};

    #[test]
    fn a_name_that_was_sealed_before_contact_was_a_class_opens_where_both_keys_are() {
        let rng = SeededRng::new(1);
        let key = Key::random(&rng);
        let of = |class: ClassId| key.derive("patient class", &[class.name().as_bytes()]);
        let (old, new) = (of(ClassId::Identifying), of(ClassId::Contact));
        let owner = Owner { practice: PracticeId::from_bytes([1; 16]), subject: [2; 16] };
        let name = PersonName::new("Ana").expect("a name");
        let sealed: Sealed<GivenName> = seal(owner, RowId::new([2; 16]), (1, &old), &rng, &name);
        let both = |class, _| Ok(if class == ClassId::Identifying { &old } else { &new });
        let opened = open_of(ClassId::Contact, owner, &sealed, both).expect("opens");
        assert_eq!(opened.as_str(), "Ana");
        let contact_only = |class, _| if class == ClassId::Contact { Ok(&new) } else { Err(OpenFailure::KeyVersion) };
        assert!(open_of(ClassId::Contact, owner, &sealed, contact_only).is_err());
        let sealed: Sealed<GivenName> = seal(owner, RowId::new([2; 16]), (1, &new), &rng, &name);
        assert!(open_of(ClassId::Contact, owner, &sealed, contact_only).is_ok());
    }
}
