//! A batch of entries as it stands in the journal.
//!
//! ```text
//! magic "PAL1" · length of the body u32 · first sequence number u64 · entries u32 · sum of the body 8 · sum of the header 4
//! body: each entry after its length (u16), as in a C2SP bundle
//! ```
//!
//! Numbers are big endian; a sum is the beginning of a SHA-256. The header has a sum of its own, so that a changed length
//! cannot make the rest of the file look like a torn write. The sums find accidents; against intent there is the tree.

use crate::Leaf;

pub(crate) const HEADER_LEN: usize = 32;
const MAGIC: [u8; 4] = *b"PAL1";

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) body_len: u32,
    pub(crate) first: u64,
    pub(crate) count: u32,
    body_sum: [u8; 8],
}

impl Header {
    /// The header in `bytes`, if its sum is right.
    pub(crate) fn decode(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        if bytes[..4] != MAGIC || bytes[28..] != sum::<4>(&bytes[..28]) {
            return None;
        }
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let first = (u64::from(number(8)) << 32) | u64::from(number(12));
        let mut body_sum = [0; 8];
        body_sum.copy_from_slice(&bytes[20..28]);
        Some(Self { body_len: number(4), first, count: number(16), body_sum })
    }

    /// Whether `body` is what was written.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.body_len as usize && sum::<8>(body) == self.body_sum
    }

    /// The sequence number after the last.
    pub(crate) const fn end(&self) -> u64 {
        self.first.saturating_add(self.count as u64)
    }
}

/// The frame of a batch.
pub(crate) fn encode(first: u64, leaves: &[Leaf]) -> Vec<u8> {
    let mut frame = vec![0; HEADER_LEN];
    leaves.iter().for_each(|leaf| push_entry(&mut frame, &leaf.sealed));
    let (header, body) = frame.split_at_mut(HEADER_LEN);
    let count = u32::try_from(leaves.len()).expect("a batch has fewer than 2^32 entries");
    let body_len = u32::try_from(body.len()).expect("a batch is smaller than 4 GiB");
    header[..4].copy_from_slice(&MAGIC);
    header[4..8].copy_from_slice(&body_len.to_be_bytes());
    header[8..16].copy_from_slice(&first.to_be_bytes());
    header[16..20].copy_from_slice(&count.to_be_bytes());
    header[20..28].copy_from_slice(&sum::<8>(body));
    let header_sum = sum::<4>(&header[..28]);
    header[28..].copy_from_slice(&header_sum);
    frame
}

/// Appends one entry after its length.
pub(crate) fn push_entry(bytes: &mut Vec<u8>, sealed: &[u8]) {
    let len = u16::try_from(sealed.len()).expect("every part of an entry is bounded, so that it is far below 64 KiB");
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(sealed);
}

/// The entries in a body or a bundle, each with the offset of its length; or the offset where the bytes break off.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<(usize, &[u8])>, usize> {
    let (mut entries, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let (len, rest) = bytes[at..].split_first_chunk::<2>().ok_or(at)?;
        let sealed = rest.get(..usize::from(u16::from_be_bytes(*len))).ok_or(at)?;
        entries.push((at, sealed));
        at += 2 + sealed.len();
    }
    Ok(entries)
}

fn sum<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut sum = [0; N];
    sum.copy_from_slice(&crypto::sha256(bytes)[..N]);
    sum
}
