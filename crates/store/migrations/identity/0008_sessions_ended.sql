-- Which login session an alert asks to be ended, and when that was done.

ALTER TABLE alerts ADD COLUMN login_session_id BYTEA;
ALTER TABLE alerts ADD COLUMN session_ended_at BIGINT;
