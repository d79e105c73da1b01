//! Pages and JSON API.
//!
//! The shell is here: [`RouteTable`] with the level of each route enforced before its handler, the envelope around every
//! answer (ids, security headers, problems), strict readers of what callers send, the TLS server. What stays absent: no
//! handler decides who may see what (that is the guard's), none builds an error's body, none reads a clock.

mod answer;
mod app;
mod assets;
mod body;
mod conditional;
pub mod cookie;
mod envelope;
mod gate;
mod health;
mod idempotency;
pub mod look;
mod network;
pub mod openapi;
mod origin;
pub mod paging;
mod problem;
mod resume;
mod route;
pub mod routes;
mod running;
pub mod server;
mod surround;

pub use app::{App, Parts, Readiness, Settings};
pub use assets::{asset, asset_names};
pub use body::{Form, Json, JsonBytes, PathId, Query};
pub use conditional::{IfMatch, SETTLED, Tag, WordedTag};
pub use gate::{Caller, Gate, GateClosed, HalfSignedIn, Presented, SignedIn, Visitor};
pub(crate) use idempotency::FormKey;
pub use idempotency::IdempotencyKey;
pub use network::{Network, TrustedProxies};
pub use origin::PublicOrigin;
pub use paging::{Cursor, Limit, Page};
pub use problem::{FieldError, PROBLEM_JSON, Problem};
pub use route::{AuditClass, BODY_LIMIT, Kind, Level, Route, RouteTable, Verb};
pub use running::Running;
pub use server::Peer;
