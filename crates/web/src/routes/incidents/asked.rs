//! Whose doing is asked about, as an address says it.

use crate::{App, Problem, routes::audit::moment};
use domain::{AccountId, Invalid, LoginSessionId, Timestamp};
use form_urlencoded::Serializer;
use identity::{Full, Session};
use practice::incidents::{self, Whose};
use serde::Deserialize;
use std::net::IpAddr;

/// Whose doing, and when. One of the first three.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Of this account.
    #[serde(default)]
    pub(super) account_id: Option<String>,
    /// In this login session, or with this API token: their own ids, as the audit trail has them.
    #[serde(default)]
    pub(super) session: Option<String>,
    /// From this network address.
    #[serde(default)]
    pub(super) address: Option<String>,
    /// From this day of the practice on (2026-05-14), or from this moment on (2026-05-14T09:00:00Z).
    #[serde(default)]
    pub(super) from: Option<String>,
    /// Up to the end of this day, or before this moment.
    #[serde(default)]
    pub(super) to: Option<String>,
}

fn wanted(text: &Option<String>) -> &str {
    text.as_deref().map(str::trim).unwrap_or_default()
}

/// What of an address does not make a question: the field, and why.
pub(super) type Wrong = (&'static str, Invalid);

impl Asked {
    /// Whether nothing is asked yet.
    pub(super) fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, text)| text.is_empty())
    }

    /// What it says, field by field.
    pub(super) fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("account_id", wanted(&self.account_id)),
            ("session", wanted(&self.session)),
            ("address", wanted(&self.address)),
            ("from", wanted(&self.from)),
            ("to", wanted(&self.to)),
        ]
    }

    /// What it asks. Days are those of the practice.
    pub(super) async fn question(
        &self,
        app: &App,
        session: &Session<Full>,
    ) -> Result<Result<incidents::Asked, Wrong>, Problem> {
        let zone = practice::account::zone(app.house(), session).await?;
        let moment = |field: &'static str, text: &str, end: bool| -> Result<Timestamp, Wrong> {
            if text.is_empty() {
                return Err((field, Invalid::new("must be said")));
            }
            moment(text, Some(&zone), end).map_err(|why| (field, why))
        };
        let [(_, account), (_, session), (_, address), (_, from), (_, to)] = self.fields();
        Ok((|| {
            Ok(incidents::Asked {
                whose: whose(account, session, address)?,
                from: moment("from", from, false)?,
                to: moment("to", to, true)?,
            })
        })())
    }

    /// The audit trail with the same question about one patient: there the entries stand, and there they are exported with
    /// their proofs. It does not search by session.
    pub(super) fn in_the_trail(&self, patient: domain::PatientId) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("patient_id", &patient.to_string());
        for (field, text) in self.fields() {
            let name = match field {
                "account_id" => "actor",
                "from" => "since",
                "to" => "until",
                "address" => "address",
                _ => continue,
            };
            if !text.is_empty() {
                query.append_pair(name, text);
            }
        }
        format!("/audit?{}", query.finish())
    }
}

fn whose(account: &str, session: &str, address: &str) -> Result<Whose, Wrong> {
    match [account, session, address].map(|text| !text.is_empty()) {
        [true, false, false] => {
            let account = account.parse::<AccountId>().map_err(|why| ("account_id", why))?;
            Ok(Whose::Account(account))
        }
        [false, true, false] => {
            let session = session.parse::<LoginSessionId>().map_err(|why| ("session", why))?;
            Ok(Whose::Session(session))
        }
        [false, false, true] => {
            let address = address.parse::<IpAddr>();
            let address = address.map_err(|_| ("address", Invalid::new("is not a network address")))?;
            Ok(Whose::Address(address.to_canonical()))
        }
        _ => Err(("account_id", Invalid::new("must be one of an account, a session or an address"))),
    }
}
