//! Files of `crates/web/assets`, built into the binary and served under a name that changes with their content.
//!
//! One hash for the whole folder: modules import each other by relative name (`./forms.js`), and so all of them change
//! their address together. Browsers may keep them for good.

use crate::{Problem, Route, RouteTable};
use axum::{
    extract::Path,
    http::{HeaderName, header},
    response::IntoResponse,
};
use data_encoding::HEXLOWER;
use std::sync::LazyLock;

/// Every file below `assets/`: its name from there, and its bytes.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The first 8 hex digits of a SHA-256 over all names and contents.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (name, bytes) in FILES {
        all.extend_from_slice(&crypto::sha256(name.as_bytes()));
        all.extend_from_slice(&crypto::sha256(bytes));
    }
    HEXLOWER.encode(&crypto::sha256(&all)[..4])
});

/// Where browsers find a file of `assets/`: `asset("look.css")`.
pub fn asset(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// The names of all files, for a test that every one that pages mention is there.
pub fn asset_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

const ASSET: Route = Route::asset("/assets/{version}/{*name}", "A style sheet, a script or a picture of the pages.");

/// Adds the route that serves them.
pub(crate) fn routes(table: RouteTable) -> RouteTable {
    table.add(ASSET, serve)
}

/// An old version is not found rather than answered with the new content, which would be kept under the old name.
async fn serve(Path((version, name)): Path<(String, String)>) -> Result<impl IntoResponse, Problem> {
    serve_asset(&version, &name)
}

/// The same, also before there is an app.
pub(crate) fn serve_asset(version: &str, name: &str) -> Result<impl IntoResponse + use<>, Problem> {
    let found = FILES.iter().find(|(known, _)| *known == name && version == *HASH);
    let (name, bytes) = found.ok_or(Problem::not_found())?;
    const FOR_GOOD: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, media_type(name)), FOR_GOOD], *bytes))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
