//! Places beside the real ones, which take their names in the end.
//!
//! ```text
//! data.restoring/            filled; a file in it says so, and with what
//! ledger.restoring/          where the ledger is elsewhere
//! ```
//!
//! Killed before all is filled: the next try throws the folders away and begins again. Killed after: the next try only goes
//! on giving names. The data folder gets its name last; without it no server starts.

use crate::backup::target::Directory;
use domain::TaskObserver;
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// The transitions of a swap, in order.
pub const STEPS: [&str; 3] = ["filled", "trail-named", "data-named"];

/// What the names of the places beside end with.
const BESIDE: &str = ".restoring";
/// The file that says that all is filled.
const FILLED: &str = ".filled";

/// The places of a practice in files.
#[derive(Debug, Clone)]
pub struct Staging {
    data: PathBuf,
    trail: Vec<PathBuf>,
}

/// How far an earlier try has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing is there; begin.
    Nothing,
    /// All is filled with what is wanted; only names are to be given.
    Filled,
}

/// Why places were not made or named.
#[derive(Debug, thiserror::Error)]
pub enum StagingError {
    /// Something is there.
    #[error("{0} is there already: nothing is overwritten")]
    Occupied(PathBuf),
    /// The system refused.
    #[error("{path} cannot be prepared")]
    Io {
        /// Which folder.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl Fn(io::Error) -> StagingError {
    move |source| StagingError::Io { path: path.to_owned(), source }
}

impl Staging {
    /// For a data folder, and the folders of logs, of which some may lie in it.
    pub fn new(data: PathBuf, logs: Vec<PathBuf>) -> Self {
        let trail = logs.into_iter().filter(|log| !log.starts_with(&data)).collect();
        Self { data, trail }
    }

    /// Where something is put that belongs at `path`.
    pub fn beside(&self, path: &Path) -> PathBuf {
        let outer = std::iter::once(&self.data).chain(&self.trail).find(|outer| path.starts_with(outer));
        match outer.and_then(|outer| Some((outer, path.strip_prefix(outer).ok()?))) {
            Some((outer, rest)) if rest.as_os_str().is_empty() => beside(outer),
            Some((outer, rest)) => beside(outer).join(rest),
            None => path.to_owned(),
        }
    }

    /// Refuses where anything is; throws away what an earlier try has not finished; makes the new data folder. `what` says
    /// what is to be put there.
    pub fn begin(&self, what: &str) -> Result<Earlier, StagingError> {
        let (data, filled) = (beside(&self.data), beside(&self.data).join(FILLED));
        if fs::read_to_string(&filled).is_ok_and(|text| text == what) {
            return Ok(Earlier::Filled);
        }
        for path in self.trail.iter().chain([&self.data]) {
            if !is_empty(path).map_err(at(path))? {
                return Err(StagingError::Occupied(path.clone()));
            }
        }
        for path in self.trail.iter().chain([&self.data]) {
            let beside = beside(path);
            match fs::remove_dir_all(&beside) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&beside)(error)),
                _ => {}
            }
        }
        Directory::private_folder(&data).map_err(at(&data))?;
        Ok(Earlier::Nothing)
    }

    /// Says, durably, that all is filled.
    pub fn filled(&self, what: &str, observer: &dyn TaskObserver) -> Result<(), StagingError> {
        let data = beside(&self.data);
        sync_all(&data).map_err(at(&data))?;
        for path in &self.trail {
            sync_all(&beside(path)).map_err(at(path))?;
        }
        let path = data.join(FILLED);
        fs::File::create(&path)
            .and_then(|mut file| file.write_all(what.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::File::open(&data)?.sync_all())
            .map_err(at(&path))?;
        observer.reached("filled");
        Ok(())
    }

    /// Gives everything its name, the data folder last. May be called again after a crash.
    pub fn name(&self, observer: &dyn TaskObserver) -> Result<(), StagingError> {
        for path in &self.trail {
            name(path)?;
        }
        observer.reached("trail-named");
        name(&self.data)?;
        let filled = self.data.join(FILLED);
        match fs::remove_file(&filled) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&filled)(error)),
            _ => {}
        }
        observer.reached("data-named");
        Ok(())
    }
}

fn name(path: &Path) -> Result<(), StagingError> {
    let beside = beside(path);
    if !beside.exists() {
        // Named already, or a log that the backup does not have.
        return Ok(());
    }
    if !is_empty(path).map_err(at(path))? {
        return Err(StagingError::Occupied(path.to_owned()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // An empty folder gives way: rename puts a folder in its place in one step.
    fs::rename(&beside, path).and_then(|()| fs::File::open(folder)?.sync_all()).map_err(at(path))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(BESIDE);
    path.with_file_name(name)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut listing) => Ok(listing.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Makes every file and folder below durable.
fn sync_all(folder: &Path) -> io::Result<()> {
    let listing = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listing => listing?,
    };
    for item in listing {
        let item = item?;
        if item.file_type()?.is_dir() {
            sync_all(&item.path())?;
        } else {
            fs::File::open(item.path())?.sync_all()?;
        }
    }
    fs::File::open(folder)?.sync_all()
}

/// A private folder that removes itself.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one below the system's folder for such.
    pub fn new() -> io::Result<Self> {
        let name = format!("patella-{}", domain::RequestId::random(&crypto::SystemRng));
        let path = std::env::temp_dir().join(name);
        Directory::private_folder(&path)?;
        Ok(Self(path))
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
