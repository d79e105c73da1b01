//! The audit trail taken out, as CSV or JSON, with what an outsider needs to check it. It is written as it is read, so an
//! export of any length needs no more memory than a short one.

mod csv;

use super::{
    api::Item,
    asked::{Asked, Format},
};
use crate::{
    App, AuditClass, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{attachment, later},
};
use axum::{body::Body, extract::State, response::Response};
use data_encoding::BASE64;
use domain::PermissionName;
use futures::stream;
use practice::audit::{AuditError, Export, ExportedEntry};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

const EXPORT: Route = Route::api(
    Verb::Get,
    "/api/v1/audit/export",
    "The audit trail, or a part of it, to take out: JSON or CSV, each entry with its inclusion proof.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.takes_out()
.query::<Asked>()
.answer::<Exported>(200);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(EXPORT, export)
}

/// What it says to whoever opens the file.
const HOW_TO_CHECK: &str = "Each head is a signed note (C2SP tlog-checkpoint, Ed25519): verify it with its log's key, \
    which must be the one that was printed when the practice was founded. An entry's leaf is SHA-256(0x00, sealed); with \
    seq, tree_size and path it leads to the root of its log's head (RFC 6962). The words beside it are what this server \
    read in the sealed entry; whoever holds the audit key opens it and compares. An entry without a proof was younger \
    than the head.";

/// An export. It is written piece by piece; this says what it looks like.
#[derive(Serialize, JsonSchema)]
struct Exported {
    /// How to check it.
    how_to_check: String,
    /// Of which practice.
    practice_id: String,
    /// When it was begun.
    #[schemars(with = "String", extend("format" = "date-time"))]
    exported_at: domain::Timestamp,
    /// What was asked for.
    selection: std::collections::BTreeMap<String, String>,
    /// The signed head of each log.
    heads: Vec<Head>,
    /// Newest first.
    entries: Vec<Line>,
    /// How many there are. A file without this was cut off.
    count: u64,
    /// Whether everything that was recorded before the export began was looked at.
    complete: bool,
    /// Entries up to this moment were dropped when their time was over, as the practice is allowed to after six years. Null where
    /// nothing was.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    dropped_until: Option<domain::Timestamp>,
}

/// The signed head of a log.
#[derive(Serialize, JsonSchema)]
struct Head {
    /// The log.
    log: String,
    /// Its public key, as tools for signed notes read it.
    key: String,
    /// The signed note.
    checkpoint: String,
}

/// An entry and its proof.
#[derive(Serialize, JsonSchema)]
struct Line {
    #[serde(flatten)]
    item: Item,
    /// The entry as it stands in the log, in base64.
    sealed: String,
    /// Its leaf hash, in base64.
    leaf: String,
    /// That it is under its log's head; null when it is younger.
    proof: Option<Proof>,
}

/// An inclusion proof.
#[derive(Serialize, JsonSchema)]
struct Proof {
    /// How many entries the head covers.
    tree_size: u64,
    /// The hashes beside the way from the leaf to the root, from below, in base64.
    path: Vec<String>,
}

fn line(entry: ExportedEntry, export: &Export) -> Line {
    let (log, proved) = (entry.audited.found.log.clone(), entry.proved);
    let head = export.heads().iter().find(|head| head.log == log);
    let proof = proved.path.zip(head).map(|(path, head)| Proof {
        tree_size: head.checkpoint.size,
        path: path.iter().map(ToString::to_string).collect(),
    });
    let (sealed, leaf) = (BASE64.encode(&proved.sealed), proved.leaf.to_string());
    Line { item: entry.audited.into(), sealed, leaf, proof }
}

/// How an export is written.
trait Writing: Send + 'static {
    /// What stands before the entries.
    fn begin(&mut self, export: &Export) -> String;
    /// An entry.
    fn entry(&mut self, entry: ExportedEntry, export: &Export) -> String;
    /// What stands after them.
    fn end(&mut self, export: &Export) -> String;
}

/// As JSON.
struct AsJson {
    selection: serde_json::Value,
    count: u64,
}

impl Writing for AsJson {
    fn begin(&mut self, export: &Export) -> String {
        let head = |head: &practice::trail::Head| Head {
            log: head.log.as_str().to_owned(),
            key: head.key.to_string(),
            checkpoint: head.note.clone(),
        };
        let begin = json!({
            "how_to_check": HOW_TO_CHECK,
            "practice_id": export.practice(),
            "exported_at": export.at(),
            "selection": self.selection,
            "heads": export.heads().iter().map(head).collect::<Vec<_>>(),
        });
        let begin = begin.to_string();
        format!("{},\"entries\":[", begin.strip_suffix('}').unwrap_or(&begin))
    }
    fn entry(&mut self, entry: ExportedEntry, export: &Export) -> String {
        self.count += 1;
        let between = if self.count > 1 { "," } else { "" };
        let line = serde_json::to_string(&line(entry, export)).expect("a line is plain data");
        format!("{between}\n{line}")
    }
    fn end(&mut self, export: &Export) -> String {
        let end = json!({
            "count": self.count,
            "complete": export.health().is_whole(),
            "dropped_until": export.health().dropped.map(|dropped| dropped.until),
        });
        format!("\n],{}\n", end.to_string().trim_start_matches('{'))
    }
}

/// Where the writing stands.
enum Stage {
    Begin,
    Entries,
    Over,
}

/// The whole body, piece by piece.
fn body(export: Export, writing: impl Writing) -> Body {
    let pieces = stream::try_unfold((export, writing, Stage::Begin), async |(mut export, mut writing, stage)| {
        let (piece, stage) = match stage {
            Stage::Begin => (writing.begin(&export), Stage::Entries),
            Stage::Entries => match export.next().await {
                Ok(Some(entries)) => {
                    let entries = entries.into_iter().map(|entry| writing.entry(entry, &export));
                    (entries.collect(), Stage::Entries)
                }
                Ok(None) => (writing.end(&export), Stage::Over),
                Err(error) => {
                    // The answer has begun: all that is left is to break off, so that nobody takes it for whole.
                    later(&error);
                    return Err::<_, AuditError>(error);
                }
            },
            Stage::Over => return Ok(None),
        };
        Ok(Some((piece, (export, writing, stage))))
    });
    Body::from_stream(pieces)
}

async fn export(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let filter = asked.filter(&app, &session).await?;
    let export = Export::begin(app.house().clone(), session, filter).await?;
    let day = export.at().strftime("%Y-%m-%d");
    let (media, name, body) = match asked.format.unwrap_or_default() {
        Format::Csv => ("text/csv; charset=utf-8", format!("audit-{day}.csv"), body(export, csv::AsCsv::default())),
        Format::Json => {
            let fields = asked.fields().into_iter().filter(|(_, text)| !text.is_empty());
            let selection = fields.map(|(name, text)| (name.to_owned(), text.into())).collect();
            let writing = AsJson { selection: serde_json::Value::Object(selection), count: 0 };
            ("application/json", format!("audit-{day}.json"), body(export, writing))
        }
    };
    Ok(attachment(media, &name, body))
}
