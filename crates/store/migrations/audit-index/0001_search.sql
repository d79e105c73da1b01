-- The index of all logs of an installation. It holds nothing that the logs do not, and is made again from them at any time.
--
-- Numbers stand for ids and words (0: none), so that an entry takes some forty bytes in each index. Every index but the
-- first holds all that can be asked for, so that a question with several parts never leaves it.

CREATE TABLE audit_logs (
    log BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    next_seq BIGINT NOT NULL,
    last_leaf BYTEA NOT NULL,
    unreadable BIGINT NOT NULL
);

CREATE TABLE audit_ids (
    number BIGINT NOT NULL PRIMARY KEY,
    id BYTEA NOT NULL UNIQUE
);

CREATE TABLE audit_terms (
    number BIGINT NOT NULL PRIMARY KEY,
    term TEXT NOT NULL UNIQUE
);

CREATE TABLE audit_entries (
    practice BIGINT NOT NULL,
    at BIGINT NOT NULL,
    log BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    patient BIGINT NOT NULL,
    action BIGINT NOT NULL,
    permission BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    address BIGINT NOT NULL,
    role BIGINT NOT NULL,
    purpose BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    resource TEXT NOT NULL,
    reason BIGINT NOT NULL,
    login_session BYTEA,
    request BYTEA NOT NULL,
    PRIMARY KEY (practice, at, log, seq)
);

CREATE INDEX audit_by_patient ON audit_entries
    (practice, patient, at, log, seq, actor, action, permission, outcome, address) WHERE patient > 0;
CREATE INDEX audit_by_actor ON audit_entries
    (practice, actor, at, log, seq, patient, action, permission, outcome, address);
CREATE INDEX audit_by_address ON audit_entries
    (practice, address, at, log, seq, actor, patient, action, permission, outcome) WHERE address > 0;
CREATE INDEX audit_by_action ON audit_entries
    (practice, action, at, log, seq, actor, patient, permission, outcome, address);
CREATE INDEX audit_by_permission ON audit_entries
    (practice, permission, at, log, seq, actor, patient, action, outcome, address) WHERE permission > 0;
-- Most entries are of what was allowed: those are found by time.
CREATE INDEX audit_by_outcome ON audit_entries
    (practice, outcome, at, log, seq, actor, patient, action, permission, address) WHERE outcome > 0;

-- How much was done in each hour, for the picture of a week. All patients of a practice stand in one row (actor 0).
CREATE TABLE audit_activity (
    practice BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    role BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (practice, hour, actor, role)
);
