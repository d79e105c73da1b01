//! Lists in pages: a store is asked for one row more than a page holds, which only says that there is a next page.

/// How many rows to ask for.
pub(crate) fn surplus(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Takes the surplus row away. Where there was one, gives the place of the last row that is shown.
pub(crate) fn cut<T, P>(rows: &mut Vec<T>, limit: usize, place: impl FnOnce(&T) -> P) -> Option<P> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(place)
}
