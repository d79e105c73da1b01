//! Words of the audit trail in plain language. The ledger speaks in the program's own words: those of this program all have
//! a line here (a test reads its source), one of an older or newer program is shown as it is, with spaces.

use domain::PermissionName;
use ledger::Outcome;
use std::borrow::Cow;

/// What was done, after a name: "opened exercises and what was done".
pub fn action(word: &str) -> Cow<'static, str> {
    known_action(word).map_or_else(|| Cow::Owned(spaced(word)), Cow::Borrowed)
}

/// The kind of thing that something was done to: "the program".
pub fn part(word: &str) -> Cow<'static, str> {
    known_part(word).map_or_else(|| Cow::Owned(spaced(word)), Cow::Borrowed)
}

fn known_action(word: &str) -> Option<&'static str> {
    // What is done with a permission has its name.
    if let Ok(permission) = word.parse::<PermissionName>() {
        return Some(super::permission(permission));
    }
    Some(match word {
        "start_access_review" => "began a review of access",
        "attest_access" => "attested somebody's access in a review",
        "put_off_access_review" => "gave more time to answer a review of access",
        "spare_access" => "kept an account that nobody attested, since nobody else could give access",
        "close_access_review" => "closed a review of access",
        "change_review_settings" => "changed how access is reviewed",
        "review_activity" => "looked through what was done",
        "remind_overseers" => "told that nobody had looked",
        "tell_unwitnessed" => "told that the head of the audit trail was witnessed nowhere",
        "export_audit" => "took the audit trail out",
        "sign_in" => "signed in",
        "sign_out" => "signed out",
        "step_up" => "confirmed that it was them",
        "resume_session" => "came back to a session",
        "end_session" => "ended a session",
        "ask_factor" => "asked for a second factor again in a session",
        "hold_exports" => "held an account's exports back",
        "lift_export_hold" => "gave an account's exports free",
        "export_books" => "took the books of billing out",
        "void_entry" => "said that something was entered in error",
        "make_course" => "made a course of training",
        "supersede_course" => "changed a course of training",
        "end_course" => "ended a course of training",
        "record_training" => "recorded that somebody was trained",
        "correct_training" => "corrected a record of training",
        "enforce_training" => "began to let nobody in whose training is overdue",
        "stop_enforcing_training" => "stopped asking for training at sign-in",
        "change_training_settings" => "changed how training is asked for",
        "admit_untrained" => "was let in with overdue training",
        "open_incident" => "opened an incident",
        "freeze_incident" => "asked that an incident be frozen",
        "finish_freezing" => "froze an incident to the end",
        "handle_own_incident" => "came to an incident that may be about them",
        "assess_incident" => "assessed an incident",
        "count_incident" => "counted whom an incident affects by state",
        "note_breach_notice" => "noted that notice of a breach was given",
        "write_breach_letter" => "wrote what letters about a breach say",
        "make_breach_letters" => "made letters about a breach",
        "correct_breach_notice" => "corrected what was noted of a notice of a breach",
        "export_incident" => "took an incident out, signed",
        "close_incident" => "closed an incident",
        "review_alert" => "looked into an alert",
        "change_watching" => "changed what is told",
        "set_channel" => "set where alerts or the trail are sent to",
        "renew_channel" => "put a channel under another agreement",
        "end_channel" => "ended a channel",
        "stop_channel" => "stopped sending on a channel",
        "add_agreement" => "put an agreement on file",
        "end_agreement" => "ended an agreement",
        "end_all_sessions" => "signed out everywhere",
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
        "search_patients" => "searched for patients",
        "assign_care_team" => "put somebody on a care team",
        "end_care_team" => "ended a place on a care team",
        "read_care_team" => "looked at a care team",
        "import_exercises" => "brought in exercises",
        "begin_import" => "began to bring records in from an earlier program",
        "finish_import" => "finished bringing records in",
        "remove_unused_key" => "removed a key under which nothing was stored",
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
        "judge_retention" => "asked how long a record is kept",
        "list_retention_plans" => "looked at the plans of destruction",
        "destroy_record" => "destroyed a record whose time was over",
        "spare_record" => "spared a record from destruction",
        "judge_billing_retention" => "asked whether a billing account is held back",
        "plan_billing_retention" => "planned the destruction of billing accounts",
        "destroy_billing_account" => "destroyed a billing account whose time was over",
        "spare_billing_account" => "spared a billing account from destruction",
        "plan_retention" => "planned the destruction of records",
        "approve_retention_plan" => "approved a plan of destruction",
        "withdraw_retention_plan" => "withdrew a plan of destruction",
        "carry_out_retention_plan" => "carried out a plan of destruction",
        "read_certificate" => "read a certificate of destruction",
        "place_legal_hold" => "held records back from destruction",
        "lift_legal_hold" => "ended a hold on records",
        "archive_record" => "opened a record for the archive",
        "keep_contact" => "opened name and contact for billing to keep",
        "list_archives" => "looked at the archives",
        "destroy_archive" => "destroyed an archive",
        "drop_audit_segments" => "dropped old entries of the audit trail",
        "agree_restriction" => "agreed that something be kept from somebody",
        "decline_restriction" => "declined that something be kept from somebody",
        "end_restriction" => "ended that something is kept from somebody",
        "ask_amendment" => "asked that the record be amended",
        "extend_amendment" => "put an answer about an amendment off",
        "accept_amendment" => "accepted an amendment of the record",
        "deny_amendment" => "denied an amendment of the record",
        "disagree_amendment" => "disagreed with a denied amendment",
        "rebut_disagreement" => "replied to a statement of disagreement",
        "merge_record" => "closed a record that was made twice",
        "unmerge_record" => "opened a record again that was closed as made twice",
        "end_emergency" => "closed a record that was open in an emergency",
        "disapprove_emergency" => "did not attest that a record was opened in an emergency",
        "sign_emergency" => "signed for having looked into an emergency",
        "escalate_emergency" => "told that nobody had signed for an emergency",
        "dispose_device" => "disposed of a device",
        "probe_audit" => "tried whether the trail can be written",
        _ => return None,
    })
}

fn known_part(word: &str) -> Option<&'static str> {
    Some(match word {
        "patient" => "the patient's page",
        "program" => "the program",
        "log" => "the exercise log",
        "log_entry" => "an entry of the log",
        "progress" => "the progress",
        "progress_note" => "a note",
        "comment" => "comments",
        "amendment" => "what was asked to be amended",
        "today" => "the day's exercises",
        "week" => "the week",
        "record" => "the whole record",
        "visit" => "a visit",
        "charge" => "a charge",
        "charge_correction" => "a correction of a charge",
        "charge_taken_back" => "taking back a charge",
        "billing_account" => "an account of billing",
        "billing_accounts" => "billing's list of accounts",
        "billing_books" => "the books of billing",
        "care_team" => "the care team",
        "care_link" => "a place on a care team",
        "access_review" => "a review of access",
        "access_item" => "an access in a review",
        "course" => "a course of training",
        "training" => "training",
        "access_log" => "the list of who looked",
        "audit" => "the audit trail",
        "activity" => "what was done",
        "audit_head" => "the head of the audit trail",
        "audit_week" => "a week at a glance",
        "audit_export" => "an export",
        "incident" => "an incident",
        "incidents" => "incidents",
        "breach_log" => "the log of breaches of a year",
        "affected" => "whom an incident affects",
        "affected_by_account" => "whom an account's doing affects",
        "affected_by_session" => "whom a session's doing affects",
        "affected_by_address" => "whom somebody at an address affects",
        "alerts" => "alerts",
        "alert" => "an alert",
        "watch_settings" | "watch_setting" => "what is told",
        "channels" => "where alerts and the trail are sent to",
        "channel" => "a channel",
        "agreements" => "agreements with business associates",
        "agreement" => "an agreement",
        "account" => "an account",
        "login_session" => "a session",
        "invitation" => "an invitation",
        "api_token" => "an API token",
        "passkey" => "a passkey",
        "tries" => "several tries",
        "page" => "a page",
        "practice" => "the practice",
        "exercise" => "the library of exercises",
        "key" => "keys",
        "epoch_key" => "the key of old backups",
        "backup" => "a backup",
        "device" => "a device",
        "certificate" => "a certificate of destruction",
        "patient_names" => "patients' names",
        "names_opened" => "names, to compare them",
        "policy" => "the policy",
        "import" => "an import",
        "retention_plan" => "a plan of destruction",
        "legal_hold" => "a hold on records",
        "archive" => "an archive",
        "audit_segments" => "old entries of the audit trail",
        "restriction" => "what a patient asked",
        "emergency" => "an opening in an emergency",
        "emergencies" => "openings in an emergency",
        _ => return None,
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

/// Why it went so: the rule that allowed it, or what was in its way. Those that are plain as they are need no line.
pub fn reason(word: &str) -> Cow<'static, str> {
    Cow::Borrowed(match word {
        "care-team-therapist" | "care-team-admin" => "on the care team",
        "patient-self" => "their own record",
        "own-account" => "on their own account",
        "registration" => "registering patients and booking visits",
        "patient-keeps-away" => "the patient asked that they be kept away",
        "notes-withheld" => "the patient asked that notes be kept to the therapist",
        "record-made-twice" => "the record was made twice and is closed",
        "record-is-ending" => "the destruction of the record has begun",
        "import" => "bringing records in from an earlier program",
        "break-glass" => "the record was open to them in an emergency",
        "breach-notice" => "telling those whom a breach affects",
        "emergency-review" => "looking into an emergency",
        "already-open" => "it was open to them already",
        "several-fit" => "more than one record fits",
        "exports-held" => "the account's exports are held back",
        "not-looked-through" => "for long nobody looked through what was done",
        "not-looked-into" => "for long nobody looked into alerts that wait",
        "not-witnessed" => "it arrived at no second path",
        "not-signed" => "nobody signed in time",
        "emergency-not-signed" => "it was opened in an emergency, and nobody had signed",
        "made-since" => "their account was made after the record was opened",
        "made-since-and-alone" => "their account was made after the record was opened, and nobody else could sign",
        "admin-governs" => "an administrator's task",
        "privacy-officer-audits" => "a privacy officer's task",
        "operator-operates" => "an operator's task",
        "researcher-releases" => "a researcher's task",
        "billing-bills" | "billing-accounts" | "billing-contacts" => "billing's task",
        "command-line" => "on the server's command line",
        "no-policy" => "no rule allows it",
        "token-scope" => "not what the API token is for",
        "no-such-patient" => "there is no such patient here",
        "not-for-this-role" => "not for this role",
        "not-a-question" => "the policy could not be asked",
        "destroyed" => "the record was destroyed when its time was over",
        "throttled" => "too many tries",
        "training-overdue" => "their training was overdue",
        "nobody-else-records-training" => "nobody else could record training",
        "about-oneself-and-alone" => "it was about themself, and nobody else could do it",
        "access-review" => "decided in a review of access",
        "review-not-answered" => "nobody attested it in a review of access",
        "nobody-could-answer" => "the server had not been running",
        "hold-failed" => "it could not be placed, and is tried again",
        "decided-meanwhile" => "it was decided or changed in the same moment",
        "used-code" | "used-already" => "it was used before",
        "no-challenge" => "nothing was under way",
        "address-taken" => "the address is in use",
        "about-oneself" => "it may be about them",
        "nobody-else" => "nobody else in the practice could",
        "asks-for-destruction" => "whoever asks for destruction lifts no hold",
        other => return Cow::Owned(spaced(other)),
    })
}

/// A word of the ledger with spaces: `wrong-password` is "wrong password".
fn spaced(word: &str) -> String {
    word.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::PurposeKind;
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    /// Words that stand in entries as reasons and have no dash.
    const REASONS: &[&str] = &["destroyed", "expired", "forged", "password", "retention", "throttled"];

    #[test]
    fn what_is_done_with_a_permission_is_said_in_the_permissions_words() {
        assert_eq!(action("read_notes"), super::super::permission(PermissionName::ReadNotes));
    }

    #[test]
    fn a_word_without_a_line_is_shown_with_spaces() {
        assert_eq!(action("carry_away-all"), "carry away all");
        assert_eq!(part("shoe_box"), "shoe box");
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for item in fs::read_dir(folder).expect("a folder of the workspace") {
            let path = item.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    /// What stands between the brackets of every `Word::new(…)` of the program, without its tests.
    fn made_words() -> BTreeSet<String> {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of all crates");
        let mut files = Vec::new();
        for name in ["ledger", "identity", "phi", "store", "practice", "web", "patella"] {
            sources(&crates.join(name).join("src"), &mut files);
        }
        let mut words = BTreeSet::new();
        for file in files {
            let text = fs::read_to_string(&file).expect("a file of source");
            let program = text.split("#[cfg(test)]").next().unwrap_or_default();
            for made in program.split("Word::new(").skip(1) {
                words.extend(made.split([')', '{']).next().map(|made| made.trim().to_owned()));
            }
        }
        words
    }

    #[test]
    fn every_action_and_every_resource_of_the_program_has_plain_words() {
        let mut seen = 0;
        for made in made_words() {
            match made.strip_prefix('"').and_then(|made| made.strip_suffix('"')) {
                // Actions and resources are words with underscores, reasons with dashes.
                Some(word) if word.contains('-') || REASONS.contains(&word) => {}
                Some(word) => {
                    seen += 1;
                    assert!(known_action(word).is_some() || known_part(word).is_some(), "`{word}` has no plain words");
                }
                // The name of a permission is looked at below; every reason has words as it is.
                None => assert!(
                    ["word: &'static str", "permission.word(", "reason", "match error", "\"…\""]
                        .contains(&made.as_str()),
                    "`Word::new({made})`: write the word itself, so that this test can read it"
                ),
            }
        }
        assert!(seen > 90, "only {seen} words were read");
    }

    #[test]
    fn every_rule_of_the_policy_is_told_in_plain_words_as_a_reason() {
        let policy = phi::Policy::built_in().expect("the policy holds together");
        for rule in policy.rules() {
            let word = rule.id.as_str();
            assert_ne!(reason(word), spaced(word), "`{word}` has no plain words");
        }
    }

    #[test]
    fn no_word_stands_for_an_action_and_for_what_it_was_done_to() {
        for made in made_words() {
            let word = made.trim_matches('"');
            assert!(known_action(word).is_none() || known_part(word).is_none(), "`{word}`");
        }
    }

    #[test]
    fn every_permission_purpose_and_outcome_has_words_of_its_own() {
        let permissions: BTreeSet<&str> =
            PermissionName::ALL.iter().map(|name| known_action(name.word()).unwrap_or("")).collect();
        let purposes: BTreeSet<&str> = PurposeKind::ALL.iter().map(|purpose| super::super::purpose(*purpose)).collect();
        let outcomes: BTreeSet<&str> = [Outcome::Allowed, Outcome::Denied, Outcome::Failed].map(outcome).into();
        assert_eq!(
            (permissions.len(), purposes.len(), outcomes.len()),
            (PermissionName::ALL.len(), PurposeKind::ALL.len(), 3)
        );
        assert!(
            permissions.iter().chain(&purposes).chain(&outcomes).all(|words| !words.is_empty() && !words.contains('_'))
        );
    }
}
