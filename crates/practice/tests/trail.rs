//! The index of the audit trail: made from the logs alone, whole, and of one practice at a time.

mod trail {
    mod affected;
    mod dropped;
    mod following;
    mod kept;
    mod logs;
    mod postgres;
    mod searching;
    mod taken_out;
}
