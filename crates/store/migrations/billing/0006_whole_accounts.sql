-- Whole accounts go when their time is over: what hangs on one is found without looking at the others.

CREATE INDEX bookings_of_charge ON bookings (practice_id, charge_id);
CREATE INDEX postings_of_account ON postings (practice_id, account_id);
