//! A root key in a file of its own.

use super::{CreateRootError, LoadRootError, PLAIN_TITLE, RootProvider, nothing_there, read, write};
use crate::{
    Key,
    private_file::{hex_line, with_hex},
};
use domain::Rng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A file that holds the key itself: keep it on another volume than the data, readable by the server alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile(pub PathBuf);

impl RootProvider for KeyFile {
    fn file(&self) -> &Path {
        &self.0
    }

    fn with_file(&self, file: PathBuf) -> Box<dyn RootProvider> {
        Box::new(Self(file))
    }

    fn words(&self) -> String {
        self.0.display().to_string()
    }

    fn create(&self, rng: &dyn Rng) -> Result<Key, CreateRootError> {
        nothing_there(&self.0)?;
        let key = Key::random(rng);
        let line = with_hex("key ", key.expose());
        write(&self.0, &Zeroizing::new(format!("{PLAIN_TITLE}\n{}\n", line.trim_end())), rng)?;
        Ok(key)
    }

    fn load(&self) -> Result<Key, LoadRootError> {
        let lines = read(&self.0, PLAIN_TITLE)?;
        let key = hex_line(lines.lines().next().unwrap_or_default(), "key ");
        let what = "it has no key of 32 bytes";
        Ok(Key::from_bytes(*key.ok_or_else(|| LoadRootError::Damaged { path: self.0.clone(), what })?))
    }
}
