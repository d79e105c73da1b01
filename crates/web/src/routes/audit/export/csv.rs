//! An export as a table that spreadsheets open.

use super::{ExportedEntry, Writing};
use crate::routes::audit::api::outcome;
use data_encoding::HEXLOWER;
use ledger::LogName;
use practice::{audit::Export, csv::cell};
use std::{collections::HashSet, fmt::Display};

const COLUMNS: [&str; 22] = [
    "log",
    "seq",
    "at",
    "actor",
    "who",
    "role",
    "login_session",
    "permission",
    "action",
    "purpose",
    "resource",
    "resource_id",
    "patient",
    "outcome",
    "reason",
    "address",
    "request",
    "leaf_hash",
    "tree_size",
    "inclusion_path",
    "checkpoint",
    "dropped_until",
];

/// As CSV (RFC 4180): hashes in hexadecimal, those of a path with a blank between them, and each log's signed head in the
/// first of its rows. Up to which moment entries were dropped when their time was over stands in the first row of all.
#[derive(Default)]
pub(super) struct AsCsv {
    headed: HashSet<LogName>,
}

impl Writing for AsCsv {
    fn begin(&mut self, _: &Export) -> String {
        row(COLUMNS.map(str::to_owned))
    }

    fn entry(&mut self, entry: ExportedEntry, export: &Export) -> String {
        let (audited, proved) = (entry.audited, entry.proved);
        let (found, entry) = (&audited.found, &audited.found.entry);
        let head = export.heads().iter().find(|head| head.log == found.log);
        let first_of_all = self.headed.is_empty();
        let first = self.headed.insert(found.log.clone());
        let path = proved.path.as_ref().map(|path| {
            let hashes: Vec<String> = path.iter().map(|hash| HEXLOWER.encode(&hash.0)).collect();
            hashes.join(" ")
        });
        row([
            found.log.as_str().to_owned(),
            found.seq.to_string(),
            entry.at.to_string(),
            text(entry.actor),
            audited.who.clone().unwrap_or_default(),
            text(entry.role),
            text(entry.login_session),
            text(entry.permission),
            entry.action.as_str().to_owned(),
            text(entry.purpose),
            entry.resource.kind().as_str().to_owned(),
            entry.resource.id().to_owned(),
            text(entry.patient),
            outcome(entry.outcome).to_owned(),
            entry.reason.as_str().to_owned(),
            text(entry.address),
            entry.request.to_string(),
            HEXLOWER.encode(&proved.leaf.0),
            text(head.filter(|_| path.is_some()).map(|head| head.checkpoint.size)),
            path.unwrap_or_default(),
            head.filter(|_| first).map(|head| head.note.clone()).unwrap_or_default(),
            text(export.health().dropped.filter(|_| first_of_all).map(|dropped| dropped.until)),
        ])
    }

    fn end(&mut self, _: &Export) -> String {
        String::new()
    }
}

fn text(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn row(cells: [String; 22]) -> String {
    let mut row = cells.map(|text| cell(&text)).join(",");
    row.push_str("\r\n");
    row
}
