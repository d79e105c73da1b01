-- Patients, what is prescribed to them, what they did, and the exercise library.
-- Sealed: every column of a patient's that says something. In the open: ids, days, moments, numbers of versions.

CREATE TABLE patients (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    given_name BYTEA NOT NULL,
    family_name BYTEA NOT NULL,
    birth_date BYTEA NOT NULL,
    email BYTEA,
    phone BYTEA,
    record_number BYTEA,
    email_index BYTEA,
    phone_index BYTEA,
    record_number_index BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, patient_id),
    UNIQUE (practice_id, record_number_index)
);
CREATE INDEX patients_by_email ON patients (practice_id, email_index);
CREATE INDEX patients_by_phone ON patients (practice_id, phone_index);

-- The library tells nothing about a patient and is not sealed. `steps` and `cautions` are JSON lists of text.
CREATE TABLE exercises (
    practice_id BYTEA NOT NULL,
    exercise_id BYTEA NOT NULL,
    source TEXT NOT NULL,
    source_ref TEXT NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    equipment TEXT NOT NULL,
    steps TEXT NOT NULL,
    cautions TEXT NOT NULL,
    pictures BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, exercise_id),
    UNIQUE (practice_id, source, source_ref)
);

-- The pictures themselves are files, named by their digest.
CREATE TABLE exercise_pictures (
    practice_id BYTEA NOT NULL,
    exercise_id BYTEA NOT NULL,
    position BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    media_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    PRIMARY KEY (practice_id, exercise_id, position),
    FOREIGN KEY (practice_id, exercise_id) REFERENCES exercises (practice_id, exercise_id)
);

CREATE TABLE programs (
    practice_id BYTEA NOT NULL,
    program_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    current_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (practice_id, program_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patients (practice_id, patient_id)
);
CREATE INDEX programs_of_patient ON programs (practice_id, patient_id);

-- A version is never changed: a change is a new version. Days are counted from 1970-01-01.
CREATE TABLE program_versions (
    practice_id BYTEA NOT NULL,
    program_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    patient_id BYTEA NOT NULL,
    title BYTEA NOT NULL,
    items BYTEA NOT NULL,
    starts_on BIGINT NOT NULL,
    ends_on BIGINT,
    signed_by BYTEA NOT NULL,
    signed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, program_id, version),
    FOREIGN KEY (practice_id, program_id) REFERENCES programs (practice_id, program_id)
);

-- An entry is never changed: a correction is a new entry that names the old one, and only one can.
CREATE TABLE log_entries (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    entry_id BYTEA NOT NULL,
    program_id BYTEA NOT NULL,
    program_version BIGINT NOT NULL,
    item_id BYTEA NOT NULL,
    performed_on BIGINT NOT NULL,
    performed_at BIGINT NOT NULL,
    performed BYTEA NOT NULL,
    pain BYTEA NOT NULL,
    effort BYTEA NOT NULL,
    comment BYTEA,
    recorded_by BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    corrects BYTEA,
    superseded_at BIGINT,
    PRIMARY KEY (practice_id, patient_id, entry_id),
    UNIQUE (practice_id, patient_id, corrects),
    FOREIGN KEY (practice_id, program_id, program_version)
        REFERENCES program_versions (practice_id, program_id, version),
    FOREIGN KEY (practice_id, patient_id, corrects) REFERENCES log_entries (practice_id, patient_id, entry_id)
);
CREATE INDEX log_entries_by_day ON log_entries (practice_id, patient_id, performed_on);

CREATE TABLE progress_notes (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    note_id BYTEA NOT NULL,
    body BYTEA NOT NULL,
    written_by BYTEA NOT NULL,
    written_at BIGINT NOT NULL,
    corrects BYTEA,
    PRIMARY KEY (practice_id, patient_id, note_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patients (practice_id, patient_id)
);

-- What a client has asked before, so that asking twice stores once.
CREATE TABLE idempotency_keys (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    key_mac BYTEA NOT NULL,
    body_mac BYTEA NOT NULL,
    resource_id BYTEA NOT NULL,
    status BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, account_id, key_mac)
);
