//! The books as a table for other programs (RFC 4180).

use super::{BOOKS, BillingError, payment};
use crate::House;
use domain::{BookingId, Timestamp};
use identity::{Full, Session};
use phi::{ReadBilling, billing_branch};
use std::fmt::Display;
use store::rows::billing::{bookings, payers};

/// Bookings read at once.
const PAGE: i64 = 2_000;

/// Every booking, in order: ids, days, kinds and amounts; nobody's name.
pub async fn bookings(house: &House, session: &Session<Full>) -> Result<String, BillingError> {
    house.guard.authorize_practice::<ReadBilling>(session, payment(BOOKS)).await?;
    let (db, branch) = (&house.stores.billing, billing_branch(session.practice()));
    let payers = payers::all(db, branch).await?;
    let mut text = String::from("booking,account,day,kind,charge,voids,payer,owed_cents,booked_by,booked_at\r\n");
    let mut after: Option<(Timestamp, BookingId)> = None;
    loop {
        let page = bookings::page(db, branch, after, PAGE).await?;
        for one in &page {
            let row = &one.row;
            let payer = payers.iter().find(|payer| Some(payer.payer_id) == row.payer_id);
            let cells = [
                row.booking_id.to_string(),
                row.account_id.to_string(),
                row.day.to_string(),
                row.kind.to_string(),
                optional(row.charge_id),
                optional(row.voids),
                payer.map_or_else(String::new, |payer| cell(payer.name.as_str())),
                one.owed.0.to_string(),
                row.booked_by.to_string(),
                row.booked_at.to_string(),
            ];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        after = page.last().map(|last| (last.row.booked_at, last.row.booking_id));
        if (page.len() as i64) < PAGE {
            return Ok(text);
        }
    }
}

fn optional(id: Option<impl Display>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}

/// A text as a cell: quoted, and never a formula. A spreadsheet runs what begins with one of these characters (OWASP, "CSV
/// Injection"), so an apostrophe goes before it. Amounts are numbers of ours and stay numbers.
pub fn cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = text.replace('"', "\"\"");
    format!("\"{}{text}\"", if runs { "'" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_early() {
        for (text, wanted) in [
            ("Medicare", "\"Medicare\""),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a,b\r\nc", "\"a,b\r\nc\""),
        ] {
            assert_eq!(cell(text), wanted);
        }
    }
}
