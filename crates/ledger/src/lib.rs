//! The tamper-evident log of who looked at what.
//!
//! ```text
//! requests ──Entry──▶ LedgerHandle ──queue──▶ writer thread ──one batch, one sync──▶ Backend (directory, PostgreSQL)
//!                          ▲                      │
//!                          └──────Receipt─────────┘ every second: signed checkpoint ──▶ log, second paths
//! ```
//!
//! - An [`Entry`] says who did what to which record, and never holds a field's value. It is sealed with the audit key.
//! - The sealed bytes are the leaves of an RFC 6962 Merkle tree ([`Tree`]), published as C2SP tlog-tiles with signed
//!   [`Checkpoint`]s: whoever has the public [`VerifierKey`] can check the whole trail without reading it.
//! - A [`Receipt`] exists only after its entry is durable. What cannot be written is not acknowledged.
//! - [`verify`] proves a directory whole or names the first place that is not.
//! - [`Segments`] of entries whose time is over are dropped whole; their hashes stay, and [`Dropped`] says what went.
//!
//! Nothing here knows who may do what; that is decided above, and recorded here.

mod backend;
mod destroyed;
mod dropped;
mod durable;
mod entry;
mod file;
mod handle;
mod hash;
pub mod memory;
mod note;
mod open;
mod proof;
mod reader;
mod refill;
mod second_path;
mod segments;
mod signed_text;
mod status;
mod tail;
mod tile;
mod tree;
mod verify;
mod writer;

pub use backend::{Backend, BackendError, Leaf, Publication};
pub use destroyed::{Destroyed, DestroyedError, DestructionLedger, read_destroyed};
pub use dropped::{Dropped, Recorded, SEGMENT};
pub use durable::overwrite;
pub use entry::{Entry, Outcome, Resource, Word, open_entry};
pub use file::FileBackend;
pub use handle::{Ledger, LedgerError, LedgerHandle, Receipt, Settings};
pub use hash::{Hash, leaf_hash, node_hash};
pub use note::{Checkpoint, CheckpointError, LogName, VerifierKey, notes_in};
pub use open::{Head, OpenError};
pub use proof::{
    BackendTiles, ProofError, TileSource, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion,
};
pub use reader::{LogReader, ReadError};
pub use refill::{Refill, RefillError};
pub use segments::{FileSegments, FindError, Old, Segments, find_old};
pub use signed_text::{LONGEST_TEXT, open_text, sign_text, unverified_text};
pub use status::{LedgerStatus, PlaceStatus};
pub use tail::LogTail;
pub use tile::Tile;
pub use tree::Tree;
pub use verify::{Damage, Report, VerifyError, verify, verify_backend};
