//! Which alert is sent next: they are numbered in the order in which they were stored.

use super::{Next, Sending, TurnError, What};
use crate::House;
use domain::AlertAnswer;
use store::{
    Batch,
    rows::{alerts, channels::ChannelRow, watching},
};

/// What a channel's place among the alerts of its practice is called, where that of a log has the log's name.
pub(in crate::channels) const ALERTS: &str = "alerts";

/// The alert that a channel sends next. What is only written down is passed over.
pub(super) async fn next(house: &House, row: &ChannelRow) -> Result<Next, TurnError> {
    let (db, reader) = (&house.stores.identity, row.channel_id.to_string());
    let places = watching::logs(db, &reader).await?;
    let place = places.iter().find(|(log, _)| log == ALERTS).map_or(1, |(_, place)| *place);
    let newest = alerts::newest(db, row.practice_id).await?;
    if newest < place {
        return Ok(Next::Nothing);
    }
    let found = alerts::by_number(db, row.practice_id, place).await?;
    let alert = found.filter(|alert| alert.answer != AlertAnswer::Note);
    let what = alert.map_or(What::Nothing, |alert| What::Alert(Box::new(alert)));
    Ok(Next::Send(Box::new(Sending {
        messages: u64::from(matches!(what, What::Alert(_))),
        what,
        behind: newest - place,
        stuck: false,
        moved: watching::move_on(Batch::new(), &reader, ALERTS, place, place + 1),
    })))
}
