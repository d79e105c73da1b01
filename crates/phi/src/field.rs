//! A sealed field: its type, its ciphertext, its plaintext on loan.

use crate::class::{Class, private::Closed};
use std::marker::PhantomData;
use zeroize::Zeroize;

/// One sealed column. Made only by the registry.
pub trait Field: Closed {
    /// Its class of data.
    type Class: Class;
    /// What it holds.
    type Value: serde::Serialize + serde::de::DeserializeOwned + Zeroize;
    /// `Store.table.column`: part of the associated data, so a ciphertext opens in its own column only.
    const PLACE: &'static str;
}

/// Which row a sealed field belongs to; part of the associated data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RowId {
    id: [u8; 16],
    version: u64,
}

impl RowId {
    /// The row with this id.
    pub const fn new(id: [u8; 16]) -> Self {
        Self { id, version: 0 }
    }
    /// The row with this id and version, where a table keeps several versions of a thing.
    pub const fn versioned(id: [u8; 16], version: u64) -> Self {
        Self { id, version }
    }
    /// Which version; 0 where there is one only.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }
    pub(crate) fn bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.id);
        bytes[16..].copy_from_slice(&self.version.to_be_bytes());
        bytes
    }
}

/// A field's ciphertext, as it is stored. Neither printed nor serialized; opens only with a [`crate::Grant`] (or, for
/// fields of accounts, the [`crate::AccountVault`]).
pub struct Sealed<F> {
    row: RowId,
    bytes: Vec<u8>,
    field: PhantomData<fn() -> F>,
}

impl<F: Field> Sealed<F> {
    /// What a row of the database held.
    pub const fn stored(row: RowId, bytes: Vec<u8>) -> Self {
        Self { row, bytes, field: PhantomData }
    }
    /// What goes into the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// The row that it belongs to.
    pub const fn row(&self) -> RowId {
        self.row
    }
}

/// Plaintext on loan: cannot be printed, serialized or cloned, cannot outlive what opened it, is wiped when dropped.
pub struct Clear<'g, V: Zeroize> {
    value: V,
    loan: PhantomData<&'g ()>,
}

impl<V: Zeroize> Clear<'_, V> {
    pub(crate) const fn new(value: V) -> Self {
        Self { value, loan: PhantomData }
    }
    /// A look at the value, for as long as the loan lasts.
    pub const fn expose(&self) -> &V {
        &self.value
    }
}

impl<V: Zeroize> Drop for Clear<'_, V> {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

/// A sealed field did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{place} did not open: {why}")]
pub struct OpenError {
    /// `Store.table.column`.
    pub place: &'static str,
    /// What is wrong.
    pub why: OpenFailure,
}

/// Why a sealed field did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailure {
    /// The bytes are too short or of an unknown format.
    #[error("it is not in a known format")]
    Format,
    /// Sealed under a version of the key that no longer exists.
    #[error("its key version is gone")]
    KeyVersion,
    /// Sealed under a version that was made after the keys at hand were read: whoever asks for leave again opens it.
    #[error("its key was made after those at hand were read")]
    NewerKey,
    /// Another patient's, row's, column's or practice's ciphertext, or a damaged one.
    #[error("it was sealed for another place, or is damaged")]
    Cipher,
    /// It opened, but holds no value of the field's type.
    #[error("it holds no value of its type")]
    Value,
}
