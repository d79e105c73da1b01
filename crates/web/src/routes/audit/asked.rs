//! Which entries are asked for, as an address says it.

use crate::{
    App, Problem,
    paging::{Cursor, Limit, Place},
};
use domain::{AccountId, Date, Invalid, PatientId, PermissionName, Timestamp, Timezone};
use form_urlencoded::Serializer;
use identity::{Full, Session};
use jiff::ToSpan;
use ledger::{Outcome, Word};
use practice::trail::{Position, TrailFilter};
use serde::Deserialize;
use std::net::IpAddr;

/// Which entries; an empty field asks for nothing.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// About this patient.
    #[serde(default)]
    pub(super) patient_id: Option<String>,
    /// Of this account.
    #[serde(default)]
    pub(super) actor: Option<String>,
    /// With this action: `sign_in`.
    #[serde(default)]
    pub(super) action: Option<String>,
    /// With this permission: `read_notes`.
    #[serde(default)]
    pub(super) permission: Option<String>,
    /// That went so: `allowed`, `denied`, `failed`.
    #[serde(default)]
    pub(super) outcome: Option<String>,
    /// From this network address.
    #[serde(default)]
    pub(super) address: Option<String>,
    /// From this day of the practice on (2026-05-14), or from this moment on (2026-05-14T09:00:00Z).
    #[serde(default)]
    pub(super) since: Option<String>,
    /// Up to the end of this day, or before this moment.
    #[serde(default)]
    pub(super) until: Option<String>,
    /// How many at once; an export has them all.
    #[serde(default)]
    pub(super) limit: Limit,
    /// Where to go on.
    #[serde(default)]
    pub(super) cursor: Option<Cursor>,
    /// `csv` or `json`; for an export only.
    #[serde(default)]
    pub(super) format: Option<Format>,
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// With the sealed entries, so that whoever has the audit key can open and compare them.
    #[default]
    Json,
    /// A table.
    Csv,
}

fn wanted(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn parsed<T>(
    field: &'static str,
    text: &Option<String>,
    read: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<Option<T>, Problem> {
    wanted(text).map(read).transpose().map_err(|why| Problem::invalid(field, &why))
}

impl Asked {
    /// What it asks for. Days are those of the practice.
    pub(super) async fn filter(&self, app: &App, session: &Session<Full>) -> Result<TrailFilter, Problem> {
        let zone = match (wanted(&self.since), wanted(&self.until)) {
            (None, None) => None,
            _ => Some(practice::account::zone(app.house(), session).await?),
        };
        let moment = |text: &str, end: bool| moment(text, zone.as_ref(), end);
        let outcome = |text: &str| match text {
            "allowed" => Ok(Outcome::Allowed),
            "denied" => Ok(Outcome::Denied),
            "failed" => Ok(Outcome::Failed),
            _ => Err(Invalid::new("must be allowed, denied or failed")),
        };
        let address = |text: &str| text.parse::<IpAddr>().map_err(|_| Invalid::new("is not a network address"));
        Ok(TrailFilter {
            patient: parsed("patient_id", &self.patient_id, str::parse::<PatientId>)?,
            actor: parsed("actor", &self.actor, str::parse::<AccountId>)?,
            not_actor: None,
            action: parsed("action", &self.action, |text| Word::try_from(text.to_owned()))?,
            permission: parsed("permission", &self.permission, str::parse::<PermissionName>)?,
            outcome: parsed("outcome", &self.outcome, outcome)?,
            address: parsed("address", &self.address, address)?,
            since: parsed("since", &self.since, |text| moment(text, false))?,
            until: parsed("until", &self.until, |text| moment(text, true))?,
        })
    }

    /// Where it goes on.
    pub(super) fn before(&self) -> Result<Option<Position>, Problem> {
        Cursor::place(self.cursor.as_ref())
    }

    /// Only an export has a format.
    pub(super) fn without_format(self) -> Result<Self, Problem> {
        match self.format {
            Some(_) => Err(Problem::invalid("format", &Invalid::new("is not a field here"))),
            None => Ok(self),
        }
    }

    /// Whether it asks for less than everything.
    pub(super) fn is_narrow(&self) -> bool {
        self.fields().iter().any(|(_, text)| !text.is_empty())
    }

    /// What it asks for, field by field.
    pub(super) fn fields(&self) -> [(&'static str, &str); 8] {
        let text = |field| wanted(field).unwrap_or_default();
        [
            ("patient_id", text(&self.patient_id)),
            ("actor", text(&self.actor)),
            ("action", text(&self.action)),
            ("permission", text(&self.permission)),
            ("outcome", text(&self.outcome)),
            ("address", text(&self.address)),
            ("since", text(&self.since)),
            ("until", text(&self.until)),
        ]
    }

    /// An address that asks for the same, with one more field.
    pub(super) fn address_with(&self, path: &str, name: &str, value: &str) -> String {
        let mut query = Serializer::new(String::new());
        for (field, text) in self.fields() {
            if !text.is_empty() && field != name {
                query.append_pair(field, text);
            }
        }
        if !value.is_empty() {
            query.append_pair(name, value);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

/// A moment, or a day of the practice: its beginning, or with `end` the beginning of the next.
pub(in crate::routes) fn moment(text: &str, zone: Option<&Timezone>, end: bool) -> Result<Timestamp, Invalid> {
    const WRONG: Invalid = Invalid::new("must be a day (2026-05-14) or a moment (2026-05-14T09:00:00Z)");
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day = text.parse::<Date>().map_err(|_| WRONG)?;
    let day = if end { day.checked_add(1.day()).map_err(|_| WRONG)? } else { day };
    // Days so far off that there is no moment of them are not asked for in earnest.
    if !(1970..=9000).contains(&day.year()) {
        return Err(WRONG);
    }
    zone.map(|zone| zone.moment(day, 0, 0)).ok_or(WRONG)
}

impl Place for Position {
    fn bytes(&self) -> Vec<u8> {
        [self.at.to_be_bytes(), self.log.to_be_bytes(), self.seq.to_be_bytes()].concat()
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (parts, rest) = bytes.as_chunks::<8>();
        let (&[at, log, seq], []) = (parts, rest) else { return None };
        let [at, log, seq] = [at, log, seq].map(i64::from_be_bytes);
        Some(Self { at, log, seq })
    }
}
