-- What follows from an alert beyond telling: a factor that is asked for again in a login session, exports of an account held back.

-- When what follows was done, whatever it is: until now it could only be the end of a session.
ALTER TABLE alerts RENAME COLUMN session_ended_at TO answered_at;

-- Since when a factor is to be proven in a session again before anything else. Each proof begins another session.
ALTER TABLE login_sessions ADD COLUMN factor_asked_at BIGINT;

CREATE TABLE export_holds (
    practice_id BYTEA NOT NULL,
    alert_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    held_at BIGINT NOT NULL,
    lifted_by BYTEA,
    lifted_at BIGINT,
    PRIMARY KEY (practice_id, alert_id),
    FOREIGN KEY (practice_id, alert_id) REFERENCES alerts (practice_id, alert_id)
);
-- At most one of an account is in force. Asked with every export.
CREATE UNIQUE INDEX export_holds_in_force ON export_holds (practice_id, account_id) WHERE lifted_at IS NULL;
