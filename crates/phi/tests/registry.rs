//! The registry says each column once.

use std::collections::HashSet;

#[test]
fn every_column_is_said_once_and_has_a_meaning() {
    let mut seen = HashSet::new();
    for column in phi::registry() {
        assert!(seen.insert((column.store, column.table, column.column)), "{}.{} twice", column.table, column.column);
        assert!(!column.meaning.is_empty());
    }
    assert!(seen.len() > 100);
}

#[test]
fn the_data_dictionary_names_every_column() {
    let text = phi::data_dictionary();
    assert!(phi::registry().all(|column| text.contains(&format!("| {} | {}", column.column, column.meaning))));
}
