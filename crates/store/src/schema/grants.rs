//! What the server's role may do in a PostgreSQL database, and no more (least privilege).
//!
//! The owner of a database makes its tables; the server's role only uses them. It owns nothing, so it can neither
//! change a schema nor, in the audit store, rewrite or remove an entry.

use crate::{Batch, CommitError, Db, Store};

/// The verbs that the server needs on each table.
const TABLES: &[(Store, &str, &str)] = &[
    (Store::Identity, "practices", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "accounts", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "totp_factors", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "passkeys", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "recovery_codes", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "login_sessions", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "api_tokens", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "invitations", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "care_links", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "restrictions", "SELECT, INSERT, DELETE"),
    (Store::Identity, "patient_merges", "SELECT, INSERT, DELETE"),
    // Whose record was opened, by whom and until when is never changed: nobody makes an hour of that one longer.
    (
        Store::Identity,
        "emergencies",
        "SELECT, INSERT, DELETE, UPDATE (login_session_id, reason, ended_at, escalating_at, escalated_at, signed_by, signed_at, finding, words)",
    ),
    (Store::Identity, "billing_links", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "ceremonies", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "throttles", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Identity, "legal_holds", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "retention_plans", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "retention_items", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "billing_retention_items", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "disposals", "SELECT, INSERT"),
    (Store::Identity, "alerts", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "alert_entries", "SELECT, INSERT"),
    (Store::Identity, "alert_reviews", "SELECT, INSERT, UPDATE"),
    // Whose exports are held, for what and since when is never changed.
    (Store::Identity, "export_holds", "SELECT, INSERT, UPDATE (lifted_by, lifted_at)"),
    (Store::Identity, "activity_reviews", "SELECT, INSERT"),
    (Store::Identity, "watch_reminders", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "incidents", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "incident_accounts", "SELECT, INSERT"),
    (Store::Identity, "incident_patients", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "incident_assessments", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "incident_counts", "SELECT, INSERT"),
    // What was written and noted is sealed anew when keys are, and otherwise stays.
    (Store::Identity, "breach_letters", "SELECT, INSERT, UPDATE (happened, advice, doing, ask)"),
    (Store::Identity, "breach_notices", "SELECT, INSERT, UPDATE (late)"),
    (Store::Identity, "incident_closings", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "watch_settings", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "read_places", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "channels", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "business_agreements", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "access_reviews", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "access_items", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "oversight_settings", "SELECT, INSERT, UPDATE"),
    // A rotation of keys seals anew; who was trained on which day is never changed.
    (Store::Identity, "courses", "SELECT, INSERT, UPDATE"),
    (Store::Identity, "course_versions", "SELECT, INSERT, UPDATE (title, purpose)"),
    (Store::Identity, "course_roles", "SELECT, INSERT"),
    (Store::Identity, "trainings", "SELECT, INSERT, UPDATE (how, superseded_by)"),
    (Store::Keys, "practice_keys", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Keys, "patient_keys", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Keys, "root_in_force", "SELECT, INSERT, UPDATE"),
    (Store::Keys, "key_rotations", "SELECT, INSERT, UPDATE"),
    (Store::Keys, "destroyed_patients", "SELECT, INSERT"),
    (Store::Keys, "destruction_certificates", "SELECT, INSERT"),
    (Store::Keys, "archives", "SELECT, INSERT, UPDATE"),
    (Store::Clinical, "patients", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "exercises", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "exercise_pictures", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "programs", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "program_versions", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "log_entries", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "progress_notes", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "amendments", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "visits", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "billing_outbox", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "imports", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "imported_patients", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Clinical, "idempotency_keys", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Billing, "billing_accounts", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Billing, "charges", "SELECT, INSERT, UPDATE, DELETE"),
    (Store::Billing, "fees", "SELECT, INSERT, UPDATE (cents, words, set_by, set_at)"),
    (Store::Billing, "payers", "SELECT, INSERT"),
    // Never changed. They go with their whole account, when its time is over.
    (Store::Billing, "bookings", "SELECT, INSERT, DELETE"),
    (Store::Billing, "postings", "SELECT, INSERT, DELETE"),
    (Store::Audit, "ledger_entries", "SELECT, INSERT"),
    (Store::Audit, "ledger_checkpoints", "SELECT, INSERT"),
    (Store::Audit, "ledger_tiles", "SELECT, INSERT"),
    (Store::Audit, "ledger_dropped", "SELECT, INSERT"),
    (Store::AuditIndex, "audit_logs", "SELECT, INSERT, UPDATE"),
    (Store::AuditIndex, "audit_ids", "SELECT, INSERT"),
    (Store::AuditIndex, "audit_terms", "SELECT, INSERT"),
    (Store::AuditIndex, "audit_entries", "SELECT, INSERT, DELETE"),
    (Store::AuditIndex, "audit_activity", "SELECT, INSERT, UPDATE"),
];

/// The statements that give `role` what the server needs in a store and close the database to everybody else. To be run
/// as the owner of the database, after the migrations; running them again changes nothing.
pub fn grants(store: Store, role: &str) -> String {
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    let literal = format!("'{}'", role.replace('\'', "''"));
    let mut sql = format!(
        "DO $$ BEGIN\n\
         EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());\n\
         EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), {literal});\n\
         END $$;\n\
         REVOKE ALL ON SCHEMA public FROM PUBLIC;\n\
         GRANT USAGE ON SCHEMA public TO {quoted};\n\
         REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted};\n\
         GRANT SELECT ON schema_history TO {quoted};\n"
    );
    for (_, table, verbs) in TABLES.iter().filter(|(of, _, _)| *of == store) {
        sql.push_str(&format!("GRANT {verbs} ON {table} TO {quoted};\n"));
    }
    sql
}

/// Runs [`grants`]. Does nothing on an embedded database, where there are no roles.
pub async fn grant_server(db: &Db, store: Store, role: &str) -> Result<(), CommitError> {
    if db.is_postgres() { db.commit(Batch::new().script(grants(store, role))).await } else { Ok(()) }
}
