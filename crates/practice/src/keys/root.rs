//! A new root.
//!
//! In place: the new root is made beside the old one (`FILE.next`), everything that a root wraps is wrapped by both,
//! the files change places (`FILE`, `FILE.old`), the new root is put in force, the old wrappings go, and the old file is
//! overwritten and removed. At every moment the root that the settings name opens everything. A server that runs notices
//! when it needs the new root, and loads it.
//!
//! To another provider: the new root is made (or loaded) there and everything is wrapped by both; then the settings are
//! changed and every server is started again; then [`finish`] lets the old root go.

use super::rotation::{RotateError, Rotation};
use crypto::{CreateRootError, Key, LoadRootError, RootId, RootProvider, SystemRng, private_file};
use ledger::Word;
use phi::{KeyError, WrappedKey, rewrap_for_roots, roots_of};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};
use store::{Batch, CommitError, Db, PageKeyError, PageKeys, rows::rotations};

const NEW_MADE: &str = "the new root is made";
const PAGES_BOTH: &str = "the page keys are under both roots";
const KEYS_BOTH: &str = "the practice keys are under both roots";
const IN_PLACE: &str = "the new root is where the settings look for it";
const IN_FORCE: &str = "the new root is in force";
const KEYS_NEW: &str = "the practice keys are under the new root alone";
const PAGES_NEW: &str = "the page keys are under the new root alone";
const OLD_DESTROYED: &str = "the old root is destroyed";

/// The steps of [`rotate_root`], as the observer is told of them.
pub const ROOT_STEPS: &[&str] =
    &[NEW_MADE, PAGES_BOTH, KEYS_BOTH, IN_PLACE, IN_FORCE, KEYS_NEW, PAGES_NEW, OLD_DESTROYED];

/// Where the root and what it wraps lie.
pub struct RootFiles<'a> {
    /// The provider that the settings name.
    pub provider: &'a dyn RootProvider,
    /// The file of the page keys; none where no database is embedded.
    pub page_keys: Option<&'a Path>,
}

/// Why a new root is not in place yet. The root that the settings name opens everything as before, and the same command
/// goes on.
#[derive(Debug, thiserror::Error)]
pub enum RotateRootError {
    /// The root of the settings, or the new one, was not loaded.
    #[error(transparent)]
    Load(#[from] LoadRootError),
    /// The new root was not made.
    #[error(transparent)]
    Create(#[from] CreateRootError),
    /// The page keys were not wrapped anew.
    #[error(transparent)]
    Pages(#[from] PageKeyError),
    /// The practice keys were not wrapped anew.
    #[error(transparent)]
    Keys(#[from] RotateError),
    /// Files could not change places, or the old one could not be destroyed.
    #[error("{path} cannot be changed")]
    File {
        /// Which file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The provider that was named gives the root that is in force already.
    #[error("this provider holds the root that is in force; there is nothing to change")]
    Same,
    /// The root of the settings does not wrap everything yet.
    #[error(
        "{count} keys are not wrapped by the root that the settings name now: go back to the former settings, run \
         `patella keys rotate root --to` again, then change the settings"
    )]
    NotStaged {
        /// How many keys.
        count: usize,
    },
    /// Practices were founded all the time.
    #[error("the practice keys changed again and again while they were wrapped; try again")]
    Busy,
}

impl RootFiles<'_> {
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(self.provider.file());
        name.push(ending);
        name.into()
    }

    fn load_from(&self, file: &Path) -> Result<Key, LoadRootError> {
        self.provider.with_file(file.to_owned()).load()
    }
}

/// Puts a new root in the place of the old one, or goes on with that.
pub async fn rotate_root(rotation: &Rotation<'_>, files: &RootFiles<'_>) -> Result<RootId, RotateRootError> {
    rotation.record(None, None, Word::new("rotate_root_key")).await?;
    let db = &rotation.house.stores.keys;
    let (file, next, old) = (files.provider.file().to_owned(), files.beside(".next"), files.beside(".old"));
    let placed = old.exists() && !next.exists();
    if !placed {
        let now = files.provider.load()?;
        let new = match next.exists() {
            true => files.load_from(&next)?,
            false => files.provider.with_file(next.clone()).create(&SystemRng)?,
        };
        rotation.observer.reached(NEW_MADE);
        wrap_by(rotation, files, &[&now, &new], PAGES_BOTH, KEYS_BOTH).await?;
        swap(&file, &next, &old)?;
    }
    rotation.observer.reached(IN_PLACE);
    let new = files.provider.load()?;
    let id = RootId::of(&new);
    if !is_alone(db, files, id).await? {
        // The old file is whole: it is destroyed only after the new root is alone.
        let former = files.load_from(&old)?;
        put_in_force(rotation, &former, id).await?;
        rotation.observer.reached(IN_FORCE);
        // What an older program made before it noticed is still under the old root, so both are at hand.
        wrap_keys(rotation, &[&former, &new], &[&new]).await?;
        rotation.observer.reached(KEYS_NEW);
        if let Some(path) = files.page_keys {
            PageKeys::seal_for(path, &[&new], &*rotation.house.rng)?;
        }
    }
    rotation.observer.reached(PAGES_NEW);
    private_file::destroy(&old, &*rotation.house.rng)
        .map_err(|source| RotateRootError::File { path: old.clone(), source })?;
    rotation.observer.reached(OLD_DESTROYED);
    rotation.record(None, None, Word::new("finish_root_key")).await?;
    Ok(id)
}

/// Has the root of another provider open everything too; makes it where its file is not there.
pub async fn stage(
    rotation: &Rotation<'_>,
    files: &RootFiles<'_>,
    to: &dyn RootProvider,
) -> Result<RootId, RotateRootError> {
    rotation.record(None, None, Word::new("stage_root_key")).await?;
    let now = files.provider.load()?;
    let new = if to.file().exists() { to.load()? } else { to.create(&SystemRng)? };
    if RootId::of(&now) == RootId::of(&new) {
        return Err(RotateRootError::Same);
    }
    rotation.observer.reached(NEW_MADE);
    wrap_by(rotation, files, &[&now, &new], PAGES_BOTH, KEYS_BOTH).await?;
    Ok(RootId::of(&new))
}

/// Lets every root but that of the settings go. Every server must run with these settings by now.
pub async fn finish(rotation: &Rotation<'_>, files: &RootFiles<'_>) -> Result<RootId, RotateRootError> {
    rotation.record(None, None, Word::new("rotate_root_key")).await?;
    let db = &rotation.house.stores.keys;
    let new = files.provider.load()?;
    let id = RootId::of(&new);
    let in_force = rotations::root_in_force(db).await.map_err(RotateError::from)?;
    let (former, _) = in_force.ok_or(RotateError::Key(KeyError::Missing("server")))?;
    not_staged(db, id).await?;
    if former != id {
        force(rotation, former, id).await?;
        // A key that was made between the look and the change is under the old root alone, which is not at hand.
        if let Err(error) = not_staged(db, id).await {
            force(rotation, id, former).await?;
            return Err(error);
        }
        rotation.observer.reached(IN_FORCE);
    }
    wrap_by(rotation, files, &[&new], PAGES_NEW, KEYS_NEW).await?;
    rotation.record(None, None, Word::new("finish_root_key")).await?;
    Ok(id)
}

async fn not_staged(db: &Db, root: RootId) -> Result<(), RotateRootError> {
    let keys = rotations::practice_keys(db).await.map_err(RotateError::from)?;
    match keys.iter().filter(|row| !roots_of(&row.key).contains(&root)).count() {
        0 => Ok(()),
        count => Err(RotateRootError::NotStaged { count }),
    }
}

/// Wraps page keys and practice keys by exactly these roots.
async fn wrap_by(
    rotation: &Rotation<'_>,
    files: &RootFiles<'_>,
    roots: &[&Key],
    pages: &'static str,
    keys: &'static str,
) -> Result<(), RotateRootError> {
    if let Some(path) = files.page_keys {
        PageKeys::seal_for(path, roots, &*rotation.house.rng)?;
    }
    rotation.observer.reached(pages);
    wrap_keys(rotation, roots, roots).await?;
    rotation.observer.reached(keys);
    Ok(())
}

/// Wraps every practice key by exactly the roots of `wanted`, in one transaction; any of `known` may wrap it now.
async fn wrap_keys(rotation: &Rotation<'_>, known: &[&Key], wanted: &[&Key]) -> Result<(), RotateRootError> {
    let rng = &*rotation.house.rng;
    let ids: Vec<RootId> = wanted.iter().map(|root| RootId::of(root)).collect();
    for _ in 0..10 {
        let rows = rotations::practice_keys(&rotation.house.stores.keys).await.map_err(RotateError::from)?;
        let mut batch = Batch::new();
        for row in &rows {
            if roots_of(&row.key) == ids {
                continue;
            }
            let both = rewrap_for_roots(row.practice_id, &row.key, known, rng).map_err(RotateError::from)?;
            let new = rewrap_for_roots(row.practice_id, &WrappedKey { ..both }, wanted, rng);
            let new = new.map_err(RotateError::from)?;
            batch = rotations::rewrap_practice_key(batch, row.practice_id, &row.key, &new);
        }
        if batch.is_empty() {
            return Ok(());
        }
        match rotation.commit(batch).await {
            // Once more: what was added meanwhile is found by the next look.
            Ok(()) | Err(RotateError::Commit(CommitError::Conflict { .. })) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RotateRootError::Busy)
}

async fn put_in_force(rotation: &Rotation<'_>, former: &Key, new: RootId) -> Result<(), RotateRootError> {
    let in_force = rotations::root_in_force(&rotation.house.stores.keys).await.map_err(RotateError::from)?;
    match in_force {
        Some((id, _)) if id == new => Ok(()),
        _ => force(rotation, RootId::of(former), new).await,
    }
}

async fn force(rotation: &Rotation<'_>, former: RootId, new: RootId) -> Result<(), RotateRootError> {
    let at = rotation.house.clock.now();
    Ok(rotation.commit(rotations::put_in_force(Batch::new(), former, new, at)).await?)
}

/// Whether this root is in force and nothing is wrapped by another any more.
async fn is_alone(db: &Db, files: &RootFiles<'_>, root: RootId) -> Result<bool, RotateRootError> {
    let in_force = rotations::root_in_force(db).await.map_err(RotateError::from)?;
    let keys = rotations::practice_keys(db).await.map_err(RotateError::from)?;
    let pages = files.page_keys.map(PageKeys::roots).transpose()?;
    Ok(in_force.is_some_and(|(id, _)| id == root)
        && keys.iter().all(|row| roots_of(&row.key) == [root])
        && pages.is_none_or(|roots| roots == [root]))
}

/// `file` becomes `old`, `next` becomes `file`; at every moment there is a `file`.
fn swap(file: &Path, next: &Path, old: &Path) -> Result<(), RotateRootError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| RotateRootError::File { path, source }
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let sync = || fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder));
    match fs::hard_link(file, old) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(old)(error)),
        _ => sync()?,
    }
    fs::rename(next, file).map_err(failed(file))?;
    sync()
}
