//! Routes as data: what each is, who may come in, what is written down.
//!
//! A route is a constant beside its handler; [`RouteTable::add`] puts the two together. The table enforces the level
//! before the handler runs, and the list that it keeps is what `patella routes`, OpenAPI and the tests over all routes
//! are made from, so none of them can forget a route.

mod admit;
mod table;

pub use table::RouteTable;

use domain::{PermissionName, Role};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::time::Duration;

/// The method of a route. `HEAD` comes with `GET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "HTTP's own words")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// As HTTP writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How far a caller must have come to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Anyone.
    Public,
    /// A password was proven: only for what leads to a full session or out of it.
    Half,
    /// Password and factor were proven.
    Full,
}

/// What the ledger says about a request to the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditClass {
    /// Nothing: it touches nobody's data.
    None,
    /// A sign-in event.
    Session,
    /// One entry about one patient.
    Patient,
    /// One entry for each patient of a list.
    PatientList,
    /// An entry about the practice (accounts, care teams, exercises, the trail itself).
    Practice,
    /// Entries about billing that name no account, and one under each patient whose name and contact are shown.
    Billing,
}

/// What the route answers with; decides how its errors look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A page for people. Without a session, `GET` leads to sign-in; errors are pages.
    Page,
    /// JSON. Errors are problem details.
    Api,
    /// A file of the pages; browsers may keep it.
    Asset,
}

/// Bytes that a request's body may have where the route does not say otherwise.
pub const BODY_LIMIT: usize = 64 * 1024;

pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route. Written as a constant:
///
/// ```
/// use domain::PermissionName;
/// use web::{AuditClass, Route, Verb};
/// # #[derive(serde::Serialize, schemars::JsonSchema)] struct Program {}
/// const READ: Route = Route::api(Verb::Get, "/api/v1/patients/{patient_id}/program", "The program as it stands.")
///     .permission(PermissionName::ReadExercise)
///     .audit(AuditClass::Patient)
///     .answer::<Program>(200);
/// ```
///
/// It asks for a full session unless it says [`public`](Self::public) or [`half`](Self::half).
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Route {
    /// Its method.
    pub method: Verb,
    /// Its path as axum writes it: `/patients/{patient_id}`.
    pub path: &'static str,
    /// Who is let in.
    pub level: Level,
    /// The permission that its use case asks the guard for, if there is one.
    pub permission: Option<PermissionName>,
    /// For whom it is made; everybody whom the permission allows when none. Whoever else asks is told that it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<&'static [Role]>,
    /// Whether an API token of any scope is let in, although no permission is asked for.
    pub any_token: bool,
    /// What is written down.
    pub audit: AuditClass,
    /// Whether it takes something out of the practice: whose exports are held does not get it. What is sent as a file is, and a
    /// route that sends one without saying so sends nothing.
    pub takes_out: bool,
    /// Whether it stays open to a session in which a factor is to be proven again: only for proving it, and for signing out.
    pub proves: bool,
    /// What it answers with.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Bytes that a body may have.
    pub body_limit: usize,
    /// How long a request may take; the server's setting when none.
    #[serde(skip)]
    pub timeout: Option<Duration>,
    #[serde(skip)]
    pub(crate) schemas: Schemas,
}

/// What OpenAPI says about a route beyond its path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schemas {
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<SchemaOf>,
    pub(crate) answer: Option<SchemaOf>,
    pub(crate) status: u16,
    pub(crate) media: &'static str,
    pub(crate) if_match: bool,
    pub(crate) idempotency_key: bool,
}

impl Route {
    const fn new(method: Verb, path: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self {
            method,
            path,
            level: Level::Full,
            permission: None,
            roles: None,
            any_token: false,
            audit: AuditClass::None,
            takes_out: false,
            proves: false,
            kind,
            summary,
            body_limit: BODY_LIMIT,
            timeout: None,
            schemas: Schemas {
                query: None,
                body: None,
                answer: None,
                status: 200,
                media: "application/json",
                if_match: false,
                idempotency_key: false,
            },
        }
    }

    /// A route of the JSON API.
    pub const fn api(method: Verb, path: &'static str, summary: &'static str) -> Self {
        Self::new(method, path, Kind::Api, summary)
    }
    /// A page, or the form of one.
    pub const fn page(method: Verb, path: &'static str, summary: &'static str) -> Self {
        Self::new(method, path, Kind::Page, summary)
    }
    /// A file that anyone may have and keep.
    pub const fn asset(path: &'static str, summary: &'static str) -> Self {
        Self::new(Verb::Get, path, Kind::Asset, summary).public()
    }

    /// Lets anyone in.
    #[must_use]
    pub const fn public(mut self) -> Self {
        self.level = Level::Public;
        self
    }
    /// Lets in whoever proved a password: only for what leads to a full session or out of it.
    #[must_use]
    pub const fn half(mut self) -> Self {
        self.level = Level::Half;
        self
    }
    /// Says which permission the use case asks for.
    #[must_use]
    pub const fn permission(mut self, permission: PermissionName) -> Self {
        self.permission = Some(permission);
        self
    }
    /// Says for whom it is made: a page of staff is not one of patients, though they may read what it shows, and a form is
    /// for who may send it.
    #[must_use]
    pub const fn roles(mut self, roles: &'static [Role]) -> Self {
        self.roles = Some(roles);
        self
    }
    /// Lets in API tokens whatever their scopes are. Without this, a route that asks for no permission lets in none: only
    /// for what is about nobody, or says whose token it is.
    #[must_use]
    pub const fn any_token(mut self) -> Self {
        self.any_token = true;
        self
    }
    /// Says what is written down.
    #[must_use]
    pub const fn audit(mut self, audit: AuditClass) -> Self {
        self.audit = audit;
        self
    }
    /// Says that it takes something out of the practice.
    #[must_use]
    pub const fn takes_out(mut self) -> Self {
        self.takes_out = true;
        self
    }
    /// Says that a factor is proven with it, or that it signs out.
    #[must_use]
    pub const fn proves(mut self) -> Self {
        self.proves = true;
        self
    }
    /// Lets a body have up to `bytes` instead of [`BODY_LIMIT`].
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }
    /// Lets a request take longer than the server's setting.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The type of its query, for OpenAPI.
    #[must_use]
    pub const fn query<T: JsonSchema>(mut self) -> Self {
        self.schemas.query = Some(schema_of::<T>);
        self
    }
    /// The type of its JSON body, for OpenAPI.
    #[must_use]
    pub const fn body<T: JsonSchema>(mut self) -> Self {
        self.schemas.body = Some(schema_of::<T>);
        self
    }
    /// The type of its JSON answer and the status that it comes with, for OpenAPI.
    #[must_use]
    pub const fn answer<T: JsonSchema>(mut self, status: u16) -> Self {
        self.schemas.answer = Some(schema_of::<T>);
        self.schemas.status = status;
        self
    }
    /// The status of an answer without content, for OpenAPI.
    #[must_use]
    pub const fn no_content(mut self) -> Self {
        self.schemas.status = 204;
        self
    }
    /// The media type of an answer that is not JSON, for OpenAPI.
    #[must_use]
    pub const fn media(mut self, media: &'static str) -> Self {
        self.schemas.media = media;
        self
    }
    /// Says that the handler asks for `If-Match`, for OpenAPI.
    #[must_use]
    pub const fn if_match(mut self) -> Self {
        self.schemas.if_match = true;
        self
    }
    /// Says that the handler takes an `Idempotency-Key`, for OpenAPI.
    #[must_use]
    pub const fn idempotency_key(mut self) -> Self {
        self.schemas.idempotency_key = true;
        self
    }

    /// The names between braces in its path, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| name.trim_start_matches('*'))
    }

    /// What contradicts itself in the route, if anything.
    fn contradiction(&self) -> Option<&'static str> {
        use AuditClass::{Billing, Patient, PatientList, Practice};
        let about_data = matches!(self.audit, Patient | PatientList | Practice | Billing);
        if !self.path.starts_with('/') {
            Some("a path begins with /")
        } else if about_data && self.level != Level::Full {
            Some("what the ledger records about data needs a full session")
        } else if matches!(self.audit, Patient | PatientList | Billing) && self.permission.is_none() {
            Some("a patient's data needs a permission")
        } else if self.permission.is_some() && self.level != Level::Full {
            Some("a permission needs a full session")
        } else if self.roles.is_some() && self.level != Level::Full {
            Some("a role needs a full session")
        } else if self.takes_out && self.level != Level::Full {
            Some("what is taken out needs a full session")
        } else if self.any_token && (self.permission.is_some() || self.kind != Kind::Api) {
            Some("any token is let in only to what the API shows without a permission")
        } else if self.kind == Kind::Asset && (self.level != Level::Public || self.method != Verb::Get) {
            Some("an asset is public and only read")
        } else if (self.kind == Kind::Api) != (self.path.starts_with("/api/") || HEALTH.contains(&self.path)) {
            Some("the API, and nothing else, is under /api/")
        } else {
            None
        }
    }
}

/// The two that load balancers ask, where they look for them.
pub(crate) const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}
