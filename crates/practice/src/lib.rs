//! What people do in a practice: use cases, one file each.
