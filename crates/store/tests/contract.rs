//! What holds for a database of either kind: every promise of [`store::Db`], run on both.

#[path = "contract/batches.rs"]
mod batches;
#[path = "contract/houses.rs"]
mod houses;
#[path = "contract/rows.rs"]
mod rows;
#[path = "contract/schemas.rs"]
mod schemas;
#[path = "contract/values.rs"]
mod values;

/// Makes one test of each function for each kind of database.
macro_rules! contract {
    ($($room:ident: $($name:ident)+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::$room::$name(&mut crate::houses::Embedded::new()).await;
            })+)+
        }
        mod postgres {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(mut house) = crate::houses::Postgres::new() {
                    crate::$room::$name(&mut house).await;
                }
            })+)+
        }
    };
}

contract! {
    batches:
        a_batch_is_stored_whole
        a_conflict_rolls_back_the_whole_batch
        a_duplicate_rolls_back_the_whole_batch_and_names_the_statement
        a_missing_parent_row_is_refused_and_rolls_back
        a_mistaken_statement_is_refused_and_rolls_back
        a_failing_batch_does_not_hurt_its_neighbors
        concurrent_commits_are_all_stored_and_distinct
        two_writers_of_one_version_meet_and_only_one_wins
        two_that_rely_on_each_other_are_not_both_stored
        many_that_count_the_same_thing_are_all_counted
        an_empty_batch_is_fine
        what_is_committed_is_there_after_opening_again;
    values:
        bytes_numbers_text_and_null_come_back_as_they_went_in
        moments_and_days_come_back_as_they_went_in
        placeholders_may_stand_in_any_order_and_twice
        a_column_of_another_type_is_an_error_that_names_its_place
        one_wants_exactly_one_row
        a_mistaken_query_is_refused
        neither_errors_nor_debug_hold_a_value;
    rows:
        people_come_back_as_they_were_stored
        factors_are_stored_used_once_and_taken_away
        sessions_and_tokens_are_found_by_their_secrets_and_end
        care_teams_begin_and_end
        a_record_is_open_in_an_emergency_in_its_session_and_until_its_hour_is_over
        an_emergency_is_signed_for_once_and_by_somebody_else
        a_record_for_which_nobody_signed_is_not_destroyed_and_one_that_is_being_destroyed_is_not_opened
        nobody_is_merged_parted_or_held_whose_destruction_has_begun
        merges_have_no_chains_and_close_no_record_with_an_account
        keys_are_kept_by_version
        failures_are_counted_and_forgotten
        refusals_are_counted_until_they_are_settled
        patients_and_notes_come_back_as_they_were_stored
        the_library_is_brought_up_to_date_in_place
        what_a_patient_asks_to_be_amended_is_answered_once
        visits_come_back_by_time_and_change_where_they_were_seen
        programs_have_versions_and_log_entries_are_corrected
        what_was_done_under_an_idempotency_key_is_remembered
        a_link_is_found_from_both_sides_and_a_patient_has_one
        a_visit_is_charged_once_and_its_charge_waits_until_it_is_taken_away
        a_correction_is_sent_where_the_last_one_was_seen_and_waits_behind_it
        of_the_charges_of_an_occasion_one_is_live_in_whatever_order_they_come
        a_charge_is_taken_back_once_and_leaves_nothing_to_bill
        what_is_in_the_books_and_taken_back_waits_for_billing
        a_draft_that_comes_twice_is_one_and_moves_on_where_it_was_seen
        accounts_have_payers_and_codes_have_fees_from_a_day_on
        bookings_are_added_voided_once_and_sum_to_zero
        an_account_stands_as_it_was_charged_and_paid_and_goes_as_a_whole
        an_account_of_a_plan_is_condemned_where_nothing_came_and_written_on_where_nothing_began
        a_quarter_has_one_review_and_each_access_in_it_is_decided_once
        why_an_account_ended_is_found_however_much_else_ended
        what_is_asked_follows_from_the_role_the_newest_version_and_what_counts
        alerts_are_stored_once_listed_newest_first_and_reviewed_once
        what_follows_from_an_alert_is_done_once_and_exports_are_held_once
        settings_of_the_watch_change_and_its_place_moves_on_only_from_where_it_is
        one_server_at_a_time_sends_on_a_channel_and_what_arrived_is_stored_with_its_place
        agreements_are_put_on_file_and_ended_once;
    schemas:
        migrations_run_once
        an_empty_database_is_behind_and_says_what_to_run
        an_altered_migration_is_refused
        a_newer_database_is_refused
        only_the_shared_column_types_are_used
        every_stored_column_is_in_the_registry_and_of_the_right_type
        every_table_of_a_tenant_names_its_practice;
}
