//! What was entered in error: the row stays, and says since when, who said it, and why.

use super::opt_sealed;
use crate::{Param, Row, StoreError};
use domain::{AccountId, Timestamp};
use phi::{Field, RowId, Sealed};

/// That a row was entered in error. `F` is the field of its table that holds the reason.
pub struct VoidRow<F: Field> {
    /// When it was said.
    pub at: Timestamp,
    /// Who said it.
    pub by: AccountId,
    /// Why.
    pub reason: Sealed<F>,
}

impl<F: Field> VoidRow<F> {
    /// The values of the three columns, in their order.
    pub(super) fn params(&self) -> [Param<'_>; 3] {
        [self.at.into(), self.by.into(), self.reason.as_bytes().into()]
    }
}

/// Reads the three columns that begin at `index`.
pub(super) fn read<F: Field>(row: &Row, index: usize, id: RowId) -> Result<Option<VoidRow<F>>, StoreError> {
    let (Some(at), Some(by)) = (row.opt_timestamp(index)?, row.opt_id(index + 1)?) else { return Ok(None) };
    let reason = opt_sealed(row, index + 2, id)?;
    Ok(reason.map(|reason| VoidRow { at, by, reason }))
}
