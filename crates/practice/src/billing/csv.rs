//! The books as a table for other programs, read as it is written: one of any length needs no more memory than a short one.

use super::{BOOKS, BillingError, payment};
use crate::{Event, House, account::still_stands, csv::cell};
use domain::{BookingId, Timestamp};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, ReadBilling, billing_branch};
use std::{fmt::Display, sync::Arc};
use store::rows::billing::{
    bookings::{self, Booked},
    payers::{self, PayerRow},
};

/// Bookings read at once.
const PAGE: i64 = 2_000;
const HEAD: &str = "booking,account,day,kind,charge,voids,payer,owed_cents,booked_by,booked_at\r\n";

/// Every booking, in order: ids, days, kinds and amounts; nobody's name.
pub struct Bookings {
    house: Arc<House>,
    session: Arc<Session<Full>>,
    payers: Vec<PayerRow>,
    stage: Stage,
}

enum Stage {
    Head,
    Behind(Option<(Timestamp, BookingId)>),
    Over,
}

impl Bookings {
    /// Records that the books are taken out, and begins.
    pub async fn begin(house: Arc<House>, session: Arc<Session<Full>>) -> Result<Self, BillingError> {
        house.guard.authorize_practice::<ReadBilling>(&session, payment(BOOKS)).await?;
        let event = Event::done(Word::new("export_books"), Resource::whole(BOOKS));
        house.record(&session, event).await.map_err(AccessError::Unrecorded)?;
        let payers = payers::all(&house.stores.billing, billing_branch(session.practice())).await?;
        Ok(Self { house, session, payers, stage: Stage::Head })
    }

    /// The next piece; none when everything was written. Denied as soon as the session is no more.
    pub async fn next(&mut self) -> Result<Option<String>, BillingError> {
        let after = match self.stage {
            Stage::Head => {
                self.stage = Stage::Behind(None);
                return Ok(Some(HEAD.to_owned()));
            }
            Stage::Behind(after) => after,
            Stage::Over => return Ok(None),
        };
        if !still_stands(&self.house, &self.session).await? {
            return Err(AccessError::Denied.into());
        }
        let branch = billing_branch(self.session.practice());
        let page = bookings::page(&self.house.stores.billing, branch, after, PAGE).await?;
        self.stage = match page.last() {
            Some(last) if page.len() as i64 == PAGE => Stage::Behind(Some((last.row.booked_at, last.row.booking_id))),
            _ => Stage::Over,
        };
        Ok(Some(page.iter().map(|booked| self.line(booked)).collect()))
    }

    fn line(&self, booked: &Booked) -> String {
        let row = &booked.row;
        let payer = self.payers.iter().find(|payer| Some(payer.payer_id) == row.payer_id);
        let cells = [
            row.booking_id.to_string(),
            row.account_id.to_string(),
            row.day.to_string(),
            row.kind.to_string(),
            optional(row.charge_id),
            optional(row.voids),
            payer.map_or_else(String::new, |payer| cell(payer.name.as_str())),
            booked.owed.0.to_string(),
            row.booked_by.to_string(),
            row.booked_at.to_string(),
        ];
        format!("{}\r\n", cells.join(","))
    }
}

fn optional(id: Option<impl Display>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}
