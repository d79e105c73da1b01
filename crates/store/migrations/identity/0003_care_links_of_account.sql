-- Whether an account treats a patient is asked with every request: an index that answers it, and that has an account's
-- patients in order. With one on the account alone, the database read all links of a therapist.
DROP INDEX care_links_of_account;
CREATE INDEX care_links_of_account ON care_links (practice_id, account_id, patient_id);
