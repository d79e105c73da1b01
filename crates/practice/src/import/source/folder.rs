//! Folders of files of Fernet tokens: a folder for each section, a file for each patient, a token a line.

use super::{Keys, Mapping, Row, SECTIONS, SourceError, document};
use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
};

/// The folders of a source, each somewhere between its first file and its last.
pub(super) struct Folder<'s> {
    sections: [Files; 5],
    keys: &'s Keys,
}

#[derive(Default)]
struct Files {
    /// Patients and their files, in the order of the names.
    files: VecDeque<(String, PathBuf)>,
    /// Lines of the file that is being read: whose, its name, their numbers.
    lines: VecDeque<(String, String, Vec<u8>)>,
}

impl<'s> Folder<'s> {
    pub(super) fn open(mapping: &Mapping, folder: &Path, keys: &'s Keys) -> Result<Self, SourceError> {
        let mut sections: [Files; 5] = Default::default();
        for (name, from) in mapping.sections() {
            let folder = folder.join(from.folder.clone().unwrap_or_default());
            if let Some(place) = SECTIONS.iter().position(|one| *one == name) {
                sections[place].files = files(&folder)?;
            }
        }
        Ok(Self { sections, keys })
    }

    /// The next line of a section, with whose it is.
    pub(super) fn next(&mut self, section: usize) -> Result<Option<(String, Row)>, SourceError> {
        let files = &mut self.sections[section];
        while files.lines.is_empty() {
            let Some((patient, path)) = files.files.pop_front() else { return Ok(None) };
            let bytes = fs::read(&path).map_err(|source| SourceError::File { path: path.clone(), source })?;
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let lines = bytes.split(|byte| *byte == b'\n').enumerate();
            let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
            files.lines =
                lines.map(|(n, line)| (patient.clone(), format!("{file} line {}", n + 1), line.to_vec())).collect();
        }
        let Some((patient, name, token)) = files.lines.pop_front() else { return Ok(None) };
        let document = document(self.keys.fernet_token(&token));
        Ok(Some((patient, Row { name, columns: BTreeMap::new(), document })))
    }
}

/// The files of a folder by patient: the name up to its last dot.
fn files(folder: &Path) -> Result<VecDeque<(String, PathBuf)>, SourceError> {
    let failed = |source| SourceError::File { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            let patient = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((patient, path));
        }
    }
    files.sort();
    Ok(files.into())
}
