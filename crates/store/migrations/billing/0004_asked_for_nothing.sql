-- Who decided that nothing is asked for a charge, and when. Both are empty where a correction took its place.

ALTER TABLE charges ADD COLUMN voided_by BYTEA;
ALTER TABLE charges ADD COLUMN voided_at BIGINT;

-- The books leave in this order, page by page.
CREATE INDEX bookings_in_order ON bookings (practice_id, booked_at, booking_id);
