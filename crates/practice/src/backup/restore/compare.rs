//! A database that an earlier try has filled already: it must hold the same rows.

use crate::backup::destination::{Destination, Keep, More, TakeError};
use crypto::Sha256;
use store::raw::{Filled, RawError, RawTable, Snapshot, Tuples};

pub(super) struct Compare(Snapshot);

impl Compare {
    pub(super) const fn new(snapshot: Snapshot) -> Self {
        Self(snapshot)
    }
}

impl Destination for Compare {
    fn table(&mut self, table: &RawTable, more: More<'_>, keep: Keep<'_>) -> Result<Filled, TakeError> {
        let (mut filled, mut brought) = (Filled::default(), Sha256::new());
        while let Some(piece) = more()? {
            for row in Tuples::new(&piece, table.columns.len()) {
                let row = row?;
                if keep(table, &row) {
                    brought.update(row.bytes());
                    filled.rows += 1;
                } else {
                    filled.left_out += 1;
                }
            }
        }
        let mut there = Sha256::new();
        self.0.export(table, &mut |rows| {
            there.update(rows);
            Ok(())
        })?;
        if there.finish() == brought.finish() {
            Ok(filled)
        } else {
            let what = "holds other rows already, which are not overwritten";
            Err(RawError::Table { table: table.name.clone(), what }.into())
        }
    }

    fn finish(self: Box<Self>) -> Result<(), TakeError> {
        Ok(())
    }
}
