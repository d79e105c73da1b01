//! What there is in the bucket.

use super::{
    is_ours,
    wire::{Ask, Wire, WireError},
};
use instant_xml::FromXml;
use rusty_s3::{
    Method,
    actions::{ListObjectsV2, ListObjectsV2Response},
};

/// A version of a file.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) id: String,
}

#[derive(FromXml)]
#[xml(rename = "ListVersionsResult", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct Versions {
    versions: Vec<OneVersion>,
    markers: Vec<OneMarker>,
    #[xml(rename = "NextKeyMarker")]
    next_key: Option<String>,
    #[xml(rename = "NextVersionIdMarker")]
    next_version: Option<String>,
}

#[derive(FromXml)]
#[xml(rename = "Version", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct OneVersion {
    #[xml(rename = "Key")]
    key: String,
    #[xml(rename = "VersionId")]
    id: String,
}

#[derive(FromXml)]
#[xml(rename = "DeleteMarker", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct OneMarker {
    #[xml(rename = "Key")]
    key: String,
    #[xml(rename = "VersionId")]
    id: String,
}

#[derive(FromXml)]
#[xml(rename = "ListMultipartUploadsResult", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct Uploads {
    uploads: Vec<OneUpload>,
}

#[derive(FromXml)]
#[xml(rename = "Upload", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct OneUpload {
    #[xml(rename = "Key")]
    key: String,
    #[xml(rename = "UploadId")]
    id: String,
}

impl Wire {
    /// The names in a folder.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<String>, WireError> {
        let folder = self.folder(folder);
        let (mut names, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("list-type", "2"), ("delimiter", "/"), ("prefix", folder.as_str())];
            query.extend(token.as_deref().map(|token| ("continuation-token", token)));
            let said = self.text(&Ask::new(Method::Get, "").query(&query))?;
            let ListObjectsV2Response { contents, common_prefixes, next_continuation_token, .. } =
                ListObjectsV2::parse_response(&said).map_err(unreadable)?;
            let keys = contents.into_iter().map(|found| found.key).chain(common_prefixes.into_iter().map(|p| p.prefix));
            names.extend(keys.filter_map(|key| {
                let name = key.strip_prefix(&folder)?.trim_end_matches('/');
                (!name.is_empty()).then(|| name.to_owned())
            }));
            token = next_continuation_token;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// All versions of a file, or of all in a folder; also marks that say that something was removed.
    pub(super) fn versions(&self, path: &str) -> Result<Vec<Version>, WireError> {
        let (key, below) = (self.key(path), self.folder(path));
        let (mut found, mut after) = (Vec::new(), None::<(String, Option<String>)>);
        loop {
            let mut query = vec![("versions", ""), ("prefix", key.as_str())];
            if let Some((key, version)) = &after {
                query.push(("key-marker", key));
                query.extend(version.as_deref().map(|version| ("version-id-marker", version)));
            }
            let said = self.text(&Ask::new(Method::Get, "").query(&query))?;
            let Versions { versions, markers, next_key, next_version } =
                instant_xml::from_str(&said).map_err(unreadable)?;
            let all = versions.into_iter().map(|one| Version { key: one.key, id: one.id });
            let all = all.chain(markers.into_iter().map(|one| Version { key: one.key, id: one.id }));
            found.extend(all.filter(|one| one.key == key || one.key.starts_with(&below)));
            match next_key.filter(|next| !next.is_empty()) {
                Some(next) => after = Some((next, next_version.filter(|version| !version.is_empty()))),
                None => return Ok(found),
            }
        }
    }

    /// Uploads that were begun and not ended: keys and their numbers. The first thousand: the next look finds more.
    pub(super) fn uploads(&self) -> Result<Vec<(String, String)>, WireError> {
        let folder = self.folder("");
        let said = self.text(&Ask::new(Method::Get, "").query(&[("uploads", ""), ("prefix", &folder)]))?;
        let found: Uploads = instant_xml::from_str(&said).map_err(unreadable)?;
        let ours = |key: &str| {
            let top = key.strip_prefix(&folder).and_then(|rest| rest.split('/').next());
            top.is_some_and(is_ours)
        };
        Ok(found.uploads.into_iter().filter(|one| ours(&one.key)).map(|one| (one.key, one.id)).collect())
    }
}

fn unreadable(error: instant_xml::Error) -> WireError {
    WireError::Answer(error.to_string())
}
