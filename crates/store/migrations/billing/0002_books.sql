-- What is charged and paid, under pseudonyms: nothing here names a patient, or says which one an account is of.
-- Sealed: what was done and for what. In the open: days, amounts in cents, states. Days are counted from 1970-01-01.

CREATE TABLE payers (
    practice_id BYTEA NOT NULL,
    payer_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    unit_rule TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, payer_id),
    UNIQUE (practice_id, name)
);

-- A fee is in force from its first day until a later one takes its place.
CREATE TABLE fees (
    practice_id BYTEA NOT NULL,
    code TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    cents BIGINT NOT NULL,
    words TEXT NOT NULL,
    set_by BYTEA NOT NULL,
    set_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, code, valid_from)
);

CREATE TABLE billing_accounts (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    payer_id BYTEA,
    opened_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, account_id),
    FOREIGN KEY (practice_id, payer_id) REFERENCES payers (practice_id, payer_id)
);

CREATE TABLE charges (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    charge_id BYTEA NOT NULL,
    therapist_id BYTEA NOT NULL,
    day BIGINT NOT NULL,
    state TEXT NOT NULL,
    sheet BYTEA NOT NULL,
    diagnoses BYTEA NOT NULL,
    price BYTEA,
    received_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, account_id, charge_id),
    UNIQUE (practice_id, charge_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES billing_accounts (practice_id, account_id)
);
CREATE INDEX charges_by_state ON charges (practice_id, state, day);

-- Bookings and their postings are only ever added. What was wrong is voided by a booking of its own, once.
CREATE TABLE bookings (
    practice_id BYTEA NOT NULL,
    booking_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    day BIGINT NOT NULL,
    charge_id BYTEA,
    voids BYTEA,
    payer_id BYTEA,
    booked_by BYTEA NOT NULL,
    booked_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, booking_id),
    UNIQUE (practice_id, voids),
    FOREIGN KEY (practice_id, account_id) REFERENCES billing_accounts (practice_id, account_id),
    FOREIGN KEY (practice_id, charge_id) REFERENCES charges (practice_id, charge_id),
    FOREIGN KEY (practice_id, voids) REFERENCES bookings (practice_id, booking_id),
    FOREIGN KEY (practice_id, payer_id) REFERENCES payers (practice_id, payer_id)
);
CREATE INDEX bookings_of_account ON bookings (practice_id, account_id, booked_at);

CREATE TABLE postings (
    practice_id BYTEA NOT NULL,
    booking_id BYTEA NOT NULL,
    line BIGINT NOT NULL,
    account_id BYTEA NOT NULL,
    book TEXT NOT NULL,
    cents BIGINT NOT NULL,
    PRIMARY KEY (practice_id, booking_id, line),
    FOREIGN KEY (practice_id, booking_id) REFERENCES bookings (practice_id, booking_id)
);
