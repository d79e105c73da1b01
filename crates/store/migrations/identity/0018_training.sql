-- Training of whoever works here (45 CFR 164.308(a)(5), 164.530(b)). Nothing is removed: a course has versions, and what was
-- recorded in error is superseded by another row.

CREATE TABLE courses (
    practice_id BYTEA NOT NULL,
    course_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    ended_by BYTEA,
    ended_at BIGINT,
    PRIMARY KEY (practice_id, course_id)
);

CREATE TABLE course_versions (
    practice_id BYTEA NOT NULL,
    course_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    title BYTEA NOT NULL,
    purpose BYTEA NOT NULL,
    renewal_months BIGINT,
    due_days BIGINT NOT NULL,
    made_by BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, course_id, version),
    FOREIGN KEY (practice_id, course_id) REFERENCES courses (practice_id, course_id)
);

-- For whom a version is, and since when it is asked of that role: a version that asks no more than the one before keeps that.
CREATE TABLE course_roles (
    practice_id BYTEA NOT NULL,
    course_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    role TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (practice_id, course_id, version, role),
    FOREIGN KEY (practice_id, course_id, version) REFERENCES course_versions (practice_id, course_id, version)
);

-- One without a day takes back what was recorded in error.
CREATE TABLE trainings (
    practice_id BYTEA NOT NULL,
    training_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    course_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    trained_on BIGINT,
    how BYTEA NOT NULL,
    recorded_by BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    nobody_else BIGINT NOT NULL,
    corrects BYTEA,
    superseded_by BYTEA,
    PRIMARY KEY (practice_id, training_id),
    FOREIGN KEY (practice_id, course_id, version) REFERENCES course_versions (practice_id, course_id, version)
);
-- Every request of staff asks when somebody was trained last, where the practice enforces it.
CREATE INDEX trainings_of_account ON trainings (practice_id, account_id, course_id, trained_on);
CREATE INDEX trainings_of_course ON trainings (practice_id, course_id, recorded_at);

-- Since when an account has its role; none: since it was made.
ALTER TABLE accounts ADD COLUMN role_since BIGINT;
