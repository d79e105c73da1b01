//! The keys of the embedded databases' pages: random, in one small file, wrapped by the root.
//!
//! A new root wraps them anew and rewrites no database. While roots change, the file holds the keys under both, so that
//! either opens them.
//!
//! A server whose databases are all on PostgreSQL has one embedded database too, the index of its audit trail. That one is
//! made again at will, so there the file is as well ([`PageKeys::open_or_renew`]).

use crate::Store;
use crypto::{Aad, Key, RootId, Zeroizing, private_file};
use domain::Rng;
use std::{
    io,
    path::{Path, PathBuf},
};

const TITLE: &str = "patella page keys 1";
/// Stores that can be embedded, in the order in which the file holds their keys.
const EMBEDDED: [Store; 5] = [Store::Identity, Store::Keys, Store::Clinical, Store::Billing, Store::AuditIndex];
const PLAIN_LEN: usize = 32 * EMBEDDED.len();
const SEALED_LEN: usize = PLAIN_LEN + crypto::SEAL_OVERHEAD;

/// The page keys of the embedded databases.
pub struct PageKeys(Zeroizing<[u8; PLAIN_LEN]>);

/// The page keys could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum PageKeyError {
    /// The file cannot be read.
    #[error("the page keys in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: private_file::ReadError,
    },
    /// The file is not what it should be.
    #[error("the page keys in {path} are damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file holds nothing for this root.
    #[error("{path} does not open with this root key: it is another one")]
    OtherRoot {
        /// The file.
        path: PathBuf,
    },
    /// The file was not written; the one that was there is untouched.
    #[error("the page keys cannot be written to {path}")]
    Write {
        /// The file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

/// The file: what was sealed, by root.
struct Sealed(Vec<(RootId, [u8; SEALED_LEN])>);

impl PageKeys {
    /// Makes new page keys and their file. Fails where there is one.
    pub fn create(path: &Path, root: &Key, rng: &dyn Rng) -> Result<Self, PageKeyError> {
        let keys = Self::random(rng);
        let text = Sealed(vec![keys.seal(root, rng)]).text();
        private_file::write_new(path, text.as_bytes(), rng).map_err(written(path))?;
        Ok(keys)
    }

    /// Opens the file with this root, whichever of those that it knows.
    pub fn open(path: &Path, root: &Key) -> Result<Self, PageKeyError> {
        Sealed::read(path)?.open(path, root)
    }

    /// The same, with new page keys in the place of a file that is missing, damaged or of another root: only for where
    /// all that is under them can be made again.
    pub fn open_or_renew(path: &Path, root: &Key, rng: &dyn Rng) -> Result<Self, PageKeyError> {
        use private_file::ReadError;
        let missing = match Self::open(path, root) {
            Err(PageKeyError::Read { source: ReadError::Missing, .. }) => true,
            Err(PageKeyError::Damaged { .. } | PageKeyError::OtherRoot { .. }) => false,
            done => return done,
        };
        let keys = Self::random(rng);
        let text = Sealed(vec![keys.seal(root, rng)]).text();
        let written_now = match missing {
            true => private_file::write_new(path, text.as_bytes(), rng),
            false => private_file::replace(path, text.as_bytes(), rng),
        };
        match written_now {
            // Another process was quicker: its keys are as good.
            Err(error) if missing && error.kind() == io::ErrorKind::AlreadyExists => Self::open(path, root),
            other => other.map(|()| keys).map_err(written(path)),
        }
    }

    /// The roots that open the file.
    pub fn roots(path: &Path) -> Result<Vec<RootId>, PageKeyError> {
        Ok(Sealed::read(path)?.0.iter().map(|(id, _)| *id).collect())
    }

    /// Has the file open with exactly these roots, of which one must open it now. The old file stays until the new one
    /// is on disk and was read back; nothing is written when it is so already.
    pub fn seal_for(path: &Path, roots: &[&Key], rng: &dyn Rng) -> Result<(), PageKeyError> {
        let sealed = Sealed::read(path)?;
        let wanted: Vec<RootId> = roots.iter().map(|root| RootId::of(root)).collect();
        if sealed.0.iter().map(|(id, _)| *id).eq(wanted.iter().copied()) {
            return Ok(());
        }
        let other = || PageKeyError::OtherRoot { path: path.to_owned() };
        let keys = roots.iter().find_map(|root| sealed.open(path, root).ok()).ok_or_else(other)?;
        let renewed = Sealed(roots.iter().map(|root| keys.seal(root, rng)).collect());
        for root in roots {
            renewed.open(path, root)?;
        }
        private_file::replace(path, renewed.text().as_bytes(), rng).map_err(written(path))
    }

    /// The key of one database's pages; none for the ledger, which is not one.
    pub fn key(&self, store: Store) -> Option<Key> {
        let at = EMBEDDED.iter().position(|one| *one == store)?;
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(&self.0[32 * at..32 * (at + 1)]).ok()?);
        Some(Key::from_bytes(*bytes))
    }

    fn random(rng: &dyn Rng) -> Self {
        let mut keys = Self(Zeroizing::new([0; PLAIN_LEN]));
        rng.fill(&mut *keys.0);
        keys
    }

    fn seal(&self, root: &Key, rng: &dyn Rng) -> (RootId, [u8; SEALED_LEN]) {
        let id = RootId::of(root);
        let bytes = crypto::seal(&kek(root), rng, &place(id), &*self.0);
        (id, bytes.try_into().expect("sealing adds the overhead and no more"))
    }
}

impl Sealed {
    fn read(path: &Path) -> Result<Self, PageKeyError> {
        let damaged = |what| PageKeyError::Damaged { path: path.to_owned(), what };
        let text = private_file::read(path).map_err(|source| PageKeyError::Read { path: path.to_owned(), source })?;
        let mut lines = private_file::without_sum(&text).map_err(damaged)?.lines();
        if lines.next() != Some(TITLE) {
            return Err(damaged("it does not begin as such a file"));
        }
        let mut sealed = Vec::new();
        while let Some(id) = lines.next() {
            let id = private_file::hex_line::<16>(id, "root ").ok_or(damaged("a line names no root"))?;
            let bytes = private_file::hex_line(lines.next().unwrap_or_default(), "sealed ");
            sealed.push((RootId::from_bytes(*id), *bytes.ok_or(damaged("a line holds no sealed keys"))?));
        }
        Ok(Self(sealed))
    }

    fn open(&self, path: &Path, root: &Key) -> Result<PageKeys, PageKeyError> {
        let wanted = RootId::of(root);
        let other = || PageKeyError::OtherRoot { path: path.to_owned() };
        let (_, bytes) = self.0.iter().find(|(id, _)| *id == wanted).ok_or_else(other)?;
        let damaged = |what| PageKeyError::Damaged { path: path.to_owned(), what };
        let plain = crypto::open(&kek(root), &place(wanted), bytes).map_err(|_| damaged("its keys do not open"))?;
        let mut keys = PageKeys(Zeroizing::new([0; PLAIN_LEN]));
        keys.0.copy_from_slice(&plain);
        Ok(keys)
    }

    fn text(&self) -> Zeroizing<String> {
        let mut body = format!("{TITLE}\n");
        for (id, bytes) in &self.0 {
            body.push_str(&private_file::with_hex("root ", id.as_bytes()));
            body.push_str(&private_file::with_hex("sealed ", bytes));
        }
        private_file::with_sum(&body)
    }
}

fn kek(root: &Key) -> Key {
    root.derive("page keys kek", &[])
}

fn place(root: RootId) -> Aad {
    Aad::new("page keys").with(root.as_bytes())
}

fn written(path: &Path) -> impl FnOnce(io::Error) -> PageKeyError {
    let path = path.to_owned();
    |source| PageKeyError::Write { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::SystemRng;

    fn roots() -> [Key; 3] {
        [1, 2, 3].map(|n| Key::from_bytes([n; 32]))
    }

    fn same(a: &PageKeys, b: &PageKeys) -> bool {
        *a.0 == *b.0
    }

    #[test]
    fn each_database_has_a_key_of_its_own_and_they_open_with_their_root_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page-keys");
        let [root, other, _] = roots();
        let made = PageKeys::create(&path, &root, &SystemRng).expect("created");
        let opened = PageKeys::open(&path, &root).expect("opens");
        assert!(same(&made, &opened));
        let keys: Vec<Key> = EMBEDDED.iter().filter_map(|store| opened.key(*store)).collect();
        let different: std::collections::BTreeSet<_> = keys.iter().map(Key::expose).collect();
        assert_eq!(different.len(), EMBEDDED.len());
        assert!(opened.key(Store::Audit).is_none());
        assert!(matches!(PageKeys::open(&path, &other), Err(PageKeyError::OtherRoot { .. })));
        assert!(matches!(PageKeys::create(&path, &other, &SystemRng), Err(PageKeyError::Write { .. })));
    }

    #[test]
    fn a_new_root_opens_the_same_keys_beside_the_old_one_and_then_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page-keys");
        let [old, new, stranger] = roots();
        let made = PageKeys::create(&path, &old, &SystemRng).expect("created");
        PageKeys::seal_for(&path, &[&old, &new], &SystemRng).expect("both");
        assert!(same(&made, &PageKeys::open(&path, &old).expect("opens")));
        assert!(same(&made, &PageKeys::open(&path, &new).expect("opens")));
        let text = std::fs::read(&path).expect("reads");
        PageKeys::seal_for(&path, &[&old, &new], &SystemRng).expect("both already");
        assert_eq!(std::fs::read(&path).expect("reads"), text, "what is done is not done again");
        PageKeys::seal_for(&path, &[&new], &SystemRng).expect("one");
        assert!(same(&made, &PageKeys::open(&path, &new).expect("opens")));
        assert!(matches!(PageKeys::open(&path, &old), Err(PageKeyError::OtherRoot { .. })));
        let refused = PageKeys::seal_for(&path, &[&stranger], &SystemRng);
        assert!(matches!(refused, Err(PageKeyError::OtherRoot { .. })));
        assert_eq!(PageKeys::roots(&path).expect("reads"), [RootId::of(&new)]);
    }

    #[test]
    fn keys_of_what_can_be_made_again_are_kept_where_they_open_and_made_anew_where_they_do_not() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page-keys");
        let [root, other, _] = roots();
        let made = PageKeys::open_or_renew(&path, &root, &SystemRng).expect("made");
        assert!(same(&made, &PageKeys::open_or_renew(&path, &root, &SystemRng).expect("kept")));
        let renewed = PageKeys::open_or_renew(&path, &other, &SystemRng).expect("made anew for another root");
        assert!(!same(&made, &renewed));
        assert!(same(&renewed, &PageKeys::open(&path, &other).expect("opens")));
        std::fs::write(&path, "torn").expect("written");
        let again = PageKeys::open_or_renew(&path, &other, &SystemRng).expect("made anew where it is damaged");
        assert!(same(&again, &PageKeys::open(&path, &other).expect("opens")));
    }

    #[test]
    fn a_file_with_any_byte_changed_is_damaged_and_said_to_be() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page-keys");
        let [root, ..] = roots();
        PageKeys::create(&path, &root, &SystemRng).expect("created");
        let text = std::fs::read(&path).expect("reads");
        for at in (0..text.len() - 1).step_by(7) {
            let mut changed = text.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).expect("written");
            assert!(matches!(PageKeys::open(&path, &root), Err(PageKeyError::Damaged { .. })), "byte {at}");
        }
    }
}
