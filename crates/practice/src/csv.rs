//! Cells of tables for other programs (RFC 4180).

/// A text as a cell, quoted where it must be, and never a formula. A spreadsheet takes what begins with one of these for a
/// formula (OWASP, "CSV Injection"), and would do what it says: an apostrophe before it makes it a text. Where a spreadsheet
/// takes something else than the comma for what parts cells, a cell begins behind each of those, too. Numbers of ours need none
/// of it.
pub fn cell(text: &str) -> String {
    let parts: Vec<String> = text.split_inclusive([';', '\t', '|']).map(part).collect();
    let text = parts.concat();
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// What may begin a cell.
fn part(text: &str) -> String {
    let formula = text.trim_start_matches(|c: char| c.is_whitespace() || c == '"').starts_with(FORMULA)
        || text.starts_with(['\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// What begins a formula; the wide ones do so where people write with them.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1", "\r=1", "＝1"] {
            assert!(cell(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
        assert_eq!(cell("=HYPERLINK(\"https://x\",\"y\")"), "\"'=HYPERLINK(\"\"https://x\"\",\"\"y\"\")\"");
        assert_eq!(cell("Aetna; =1+1;\t@SUM(A1)|-2"), "Aetna;' =1+1;'\t'@SUM(A1)|'-2");
        assert_eq!(cell("\"=1"), "\"'\"\"=1\"");
        for plain in ["Mara Lind", "Blue Cross; North-East", "2026-05-14T13:00:00Z", "", "a=b"] {
            assert_eq!(cell(plain), plain);
        }
    }

    #[test]
    fn a_cell_never_ends_early() {
        assert_eq!(cell("one\ntwo, three"), "\"one\ntwo, three\"");
        assert_eq!(cell("the \"good\" payer"), "\"the \"\"good\"\" payer\"");
    }
}
