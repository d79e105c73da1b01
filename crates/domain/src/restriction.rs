//! What patients ask of who sees their record (45 CFR 164.522(a)).

use crate::role::words;
use serde::{Deserialize, Serialize};

words! {
    /// From whom something is kept.
    RestrictionKind, "is not account or notes" {
        /// One account is kept away from the whole record.
        Account = "account",
        /// Notes, and what the patient wrote, are for the therapists to whom the patient is assigned: not for who covers, nor
        /// for anybody else on the care team.
        Notes = "notes",
    }
}

words! {
    /// What the practice said to it. The practice may decline; what it agreed to, it must keep (45 CFR 164.522(a)(1)(iii)).
    RestrictionAnswer, "is not agreed or declined" {
        /// It is kept from now on.
        Agreed = "agreed",
        /// It is not.
        Declined = "declined",
    }
}
