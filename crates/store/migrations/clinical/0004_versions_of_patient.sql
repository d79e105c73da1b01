-- Without it, finding one patient's versions read those of the whole practice.
CREATE INDEX program_versions_of_patient ON program_versions (practice_id, patient_id);
