//! Words of the audit trail in plain language. The ledger speaks in the program's own words; one that has no line here is
//! shown as it is, with spaces.

use domain::PermissionName;
use ledger::Outcome;
use std::borrow::Cow;

/// What was done, after a name: "opened exercises and what was done".
pub fn action(word: &str) -> Cow<'static, str> {
    // What is done with a permission has its name.
    if let Ok(permission) = word.parse::<PermissionName>() {
        return Cow::Borrowed(super::permission(permission));
    }
    Cow::Borrowed(match word {
        "export_audit" => "took the audit trail out",
        "sign_in" => "signed in",
        "sign_out" => "signed out",
        "resume_session" => "came back to a session",
        "end_session" => "ended a session",
        "end_all_sessions" => "signed out everywhere",
        "password" => "gave a password",
        "add_account" => "added an account",
        "change_account" => "changed an account",
        "disable_account" => "disabled an account",
        "read_account" => "looked at an account",
        "list_accounts" => "listed accounts",
        "invite_account" => "sent an invitation",
        "accept_invitation" => "accepted an invitation",
        "reset_factors" => "reset somebody's second factors",
        "change_password" => "changed their password",
        "reset_account" => "took somebody's password and second factors away",
        "refused_tries" => "tried again while refused",
        "ask_for_page" => "asked for a page",
        "begin_enrollment" | "begin_totp" | "begin_passkey" => "began to set up a second factor",
        "enroll_totp" => "set up an authenticator app",
        "enroll_passkey" => "registered a passkey",
        "remove_passkey" => "removed a passkey",
        "new_recovery_codes" => "made new recovery codes",
        "issue_token" => "made an API token",
        "revoke_token" => "ended an API token",
        "assign_care_team" => "put somebody on a care team",
        "end_care_team" => "ended a place on a care team",
        "read_care_team" => "looked at a care team",
        "import_exercises" => "brought in exercises",
        "found_practice" => "founded the practice",
        "list_audit" => "listed the audit trail",
        "rebuild_audit_index" => "made the index of the audit trail again",
        "verify_keys" => "tried all keys",
        "stage_root_key" => "made a new root key ready",
        "rotate_root_key" => "began to change the root key",
        "finish_root_key" => "finished changing the root key",
        "rotate_practice_key" => "began to change the practice's key",
        "finish_practice_key" => "finished changing the practice's key",
        "rotate_patient_key" => "began to change patients' keys",
        "finish_patient_key" => "finished changing patients' keys",
        "destroy_epoch_key" => "destroyed the key of old backups",
        "create_backup" => "made a backup",
        "restore_backup" => "brought a backup back",
        "drill_backup" => "tried a backup",
        "move_practice" => "moved the data to another database",
        "plan_retention" => "planned the destruction of records",
        "approve_retention_plan" => "approved a plan of destruction",
        "withdraw_retention_plan" => "withdrew a plan of destruction",
        "carry_out_retention_plan" => "carried out a plan of destruction",
        "read_certificate" => "read a certificate of destruction",
        "place_legal_hold" => "held records back from destruction",
        "lift_legal_hold" => "ended a hold on records",
        "dispose_device" => "disposed of a device",
        "names_opened" => "opened names to search them",
        "probe_audit" => "tried whether the trail can be written",
        other => return Cow::Owned(spaced(other)),
    })
}

/// The kind of thing that something was done to: "the program".
pub fn part(word: &str) -> Cow<'static, str> {
    Cow::Borrowed(match word {
        "patient" => "the patient's page",
        "program" => "the program",
        "log" => "the exercise log",
        "log_entry" => "an entry of the log",
        "progress" => "the progress",
        "progress_note" => "a note",
        "comment" => "comments",
        "today" => "the day's exercises",
        "week" => "the week",
        "care_team" => "the care team",
        "access_log" => "the list of who looked",
        "audit" => "the audit trail",
        "audit_week" => "a week at a glance",
        "audit_export" => "an export",
        "account" => "an account",
        "login_session" => "a session",
        "invitation" => "an invitation",
        "api_token" => "an API token",
        "patient_names" => "patients' names",
        "policy" => "the policy",
        "retention_plan" => "a plan of destruction",
        "legal_hold" => "a hold on records",
        other => return Cow::Owned(spaced(other)),
    })
}

/// How it went: "allowed".
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "refused",
        Outcome::Failed => "failed",
    }
}

/// A word of the ledger with spaces: `own-account` is "own account".
pub fn spaced(word: &str) -> String {
    word.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_with_a_permission_is_said_in_the_permissions_words() {
        assert_eq!(action("read_notes"), super::super::permission(PermissionName::ReadNotes));
    }

    #[test]
    fn a_word_without_a_line_is_shown_with_spaces() {
        assert_eq!(action("carry_away-all"), "carry away all");
        assert_eq!(part("shoe_box"), "shoe box");
    }
}
