//! Keeps a bound parameter out of another server's log.
//!
//! PostgreSQL writes parameters into its log with statements that it logs (`log_statement`, the durations, samples),
//! unless `log_parameter_max_length` is 0; with errors, if `log_parameter_max_length_on_error` is not 0; in plans that it
//! prints. What our role may set for its session is set. What then still says that it would be logged is a refusal.

use super::{ElsewhereError, unavailable};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// What we ask for, each for our session alone. Servers do not have all of them; only superusers, or roles that were
/// granted it, may set those of the second half.
const ASKED: &[(&str, &str)] = &[
    ("log_parameter_max_length_on_error", "0"),
    ("debug_print_parse", "off"),
    ("debug_print_rewritten", "off"),
    ("debug_print_plan", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("log_parameter_max_length", "0"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("auto_explain.log_min_duration", "-1"),
    ("pgaudit.log_parameter", "off"),
];

/// Sets what may be set, then looks.
pub(super) async fn make(client: &Client) -> Result<(), ElsewhereError> {
    let mut settings = BTreeMap::new();
    for (name, wanted) in ASKED {
        if current(client, name).await?.is_none() {
            continue;
        }
        // Refused where the role may not: what the setting is then, counts.
        let asked = client.query("SELECT pg_catalog.set_config($1, $2, false)", &[name, wanted]).await;
        if let Err(error) = asked
            && error.code().is_none()
        {
            return Err(unavailable(&error));
        }
        if let Some(value) = current(client, name).await? {
            settings.insert(*name, value);
        }
    }
    judge(&settings).map_or(Ok(()), |(setting, wanted)| Err(ElsewhereError::Logged { setting, wanted }))
}

async fn current(client: &Client, name: &str) -> Result<Option<String>, ElsewhereError> {
    let row = client.query_one("SELECT pg_catalog.current_setting($1, true)", &[&name]).await;
    row.and_then(|row| row.try_get(0)).map_err(|error| unavailable(&error))
}

/// The setting by which a parameter would come into the log, with a value that keeps it out; none when it would not.
fn judge(settings: &BTreeMap<&'static str, String>) -> Option<(&'static str, &'static str)> {
    let is = |name: &str, harmless: &[&str]| settings.get(name).is_none_or(|value| harmless.contains(&value.as_str()));
    // These any role may set, so they are as asked; a server on which they are not is none that we know.
    for (name, wanted) in &ASKED[..4] {
        if !is(name, &[wanted]) {
            return Some((name, wanted));
        }
    }
    for name in ["auto_explain.log_min_duration", "pgaudit.log_parameter"] {
        if !is(name, &["-1", "off"]) {
            return Some((name, if name.starts_with("pgaudit") { "off" } else { "-1" }));
        }
    }
    if settings.get("log_parameter_max_length").is_some_and(|value| value == "0") {
        return None;
    }
    // We only read, so what is logged of changes is not ours.
    let statements: [(&'static str, &'static str, &[&str]); 4] = [
        ("log_statement", "none", &["none", "ddl", "mod"]),
        ("log_min_duration_statement", "-1", &["-1"]),
        ("log_min_duration_sample", "-1", &["-1"]),
        ("log_transaction_sample_rate", "0", &["0"]),
    ];
    statements.into_iter().find(|(name, _, harmless)| !is(name, harmless)).map(|(name, wanted, _)| (name, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(set: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        let usual = [
            ("log_parameter_max_length_on_error", "0"),
            ("log_parameter_max_length", "-1"),
            ("log_statement", "none"),
            ("log_min_duration_statement", "-1"),
        ];
        usual.iter().chain(set).map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn a_server_as_it_comes_logs_no_parameter() {
        assert_eq!(judge(&settings(&[])), None);
    }

    #[test]
    fn whatever_would_log_a_parameter_is_named() {
        for (name, value) in [
            ("log_statement", "all"),
            ("log_min_duration_statement", "0"),
            ("log_min_duration_statement", "250ms"),
            ("log_min_duration_sample", "10ms"),
            ("log_transaction_sample_rate", "0.01"),
            ("log_parameter_max_length_on_error", "-1"),
            ("debug_print_plan", "on"),
            ("auto_explain.log_min_duration", "0"),
            ("pgaudit.log_parameter", "on"),
        ] {
            assert_eq!(judge(&settings(&[(name, value)])).map(|found| found.0), Some(name));
        }
    }

    #[test]
    fn statements_may_be_logged_where_their_parameters_are_cut_to_nothing() {
        assert_eq!(judge(&settings(&[("log_statement", "all"), ("log_parameter_max_length", "0")])), None);
    }
}
