//! What a sealed value is bound to.

/// Associated data: the place a sealed value belongs to. A value sealed at one place opens at no other.
///
/// Built from a label and parts; each is preceded by its length (u32, big endian), so that two different lists of parts
/// never give the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Aad(Vec<u8>);

impl Aad {
    /// Begins with what kind of place it is, for example `"ledger entry"`.
    pub fn new(label: &'static str) -> Self {
        Self(Vec::with_capacity(96)).with(label.as_bytes())
    }

    /// Adds one part.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        push_part(&mut self.0, part);
        self
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Appends `part` after its length, so that parts cannot run into each other.
pub(crate) fn push_part(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&part_length(part));
    bytes.extend_from_slice(part);
}

/// The length of a part, as it is written before it.
pub(crate) fn part_length(part: &[u8]) -> [u8; 4] {
    u32::try_from(part.len()).expect("a part is shorter than 4 GiB").to_be_bytes()
}
