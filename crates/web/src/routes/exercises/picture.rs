//! The pictures of the library.

use crate::{App, PathId, Problem, Route, SignedIn, Verb};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use domain::ExerciseId;
use practice::exercises;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/exercises/{exercise_id}/pictures/{n}", "A picture of an exercise, counted from 0.")
        .any_token()
        .roles(super::READERS)
        .media("image/*");
pub(super) const PAGE: Route =
    Route::page(Verb::Get, "/exercises/{exercise_id}/pictures/{n}", "A picture of an exercise, as pages show it.")
        .roles(super::READERS);

/// Kept by the browser of one person for a day: an import may put another picture in its place.
const CACHE: HeaderValue = HeaderValue::from_static("private, max-age=86400, immutable");

pub(super) async fn serve(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((exercise, n)): PathId<(ExerciseId, u8)>,
) -> Result<Response, Problem> {
    let picture = exercises::picture(app.house(), &session, exercise, i64::from(n)).await?;
    let picture = picture.ok_or(Problem::not_found())?;
    // The kinds that the library takes; anything else is sent as plain bytes.
    let media = match picture.media_type.as_str() {
        "image/jpeg" => "image/jpeg",
        "image/svg+xml" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let tag = HeaderValue::try_from(format!("\"{}\"", HEXLOWER.encode(&picture.digest[..16])));
    let tag = tag.expect("hex digits in quotes are a header value");
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(media)), (header::CACHE_CONTROL, CACHE), (header::ETAG, tag)];
    Ok((headers, picture.bytes).into_response())
}
