//! Plain sheets of paper: a heading and lines of text, as PDF 1.4 with the fonts that every reader has.
//!
//! A certificate is text to be read and copied. For that a typesetting library would be much to carry. A line with letters that
//! those fonts do not have, as in the names of many people, is in a font of our own.

mod letters;
mod mail;

pub(crate) use mail::{Line, Mail, mail};

use letters::Letters;
use unicode_normalization::UnicodeNormalization;

/// Lines on an A4 page.
const LINES: usize = 66;
/// Characters on a line of 9 points in Courier between the margins of A4.
const WIDTH: usize = 92;

/// A document: a heading on the first page, then lines; those that are too long go on below.
pub(crate) fn document(heading: &str, lines: &[String]) -> Vec<u8> {
    // An accent that is a letter of its own would be printed beside what it belongs to.
    let all: Vec<String> = lines.iter().flat_map(|line| broken(&line.nfc().collect::<String>())).collect();
    let pages: Vec<&[String]> = if all.is_empty() { vec![&[]] } else { all.chunks(LINES).collect() };
    let mut taken = Letters::default();
    let mut texts = Vec::with_capacity(pages.len());
    for (n, page) in pages.iter().enumerate() {
        let mut text = String::from("BT\n");
        if n == 0 {
            text.push_str("/H 16 Tf 48 790 Td ");
            text.push_str(&shown(heading, "H 16", &mut taken));
            text.push_str(" Tj\n0 -28 Td\n");
        } else {
            text.push_str("48 790 Td\n");
        }
        text.push_str("/C 9 Tf 11 TL\n");
        for line in *page {
            text.push_str(&shown(line, "C 9", &mut taken));
            text.push_str(" Tj T*\n");
        }
        text.push_str("ET\n");
        texts.push(text);
    }
    bound(&texts, (595, 842), "en", &taken)
}

/// Pages of a size as one document, with the letters of our own font that they took.
fn bound(pages: &[String], (width, height): (u32, u32), lang: &str, taken: &Letters) -> Vec<u8> {
    let mut pdf = Pdf::new();
    // 1 catalog, 2 pages, 3 and 4 fonts, then two objects for each page.
    let kids: Vec<String> = (0..pages.len()).map(|n| format!("{} 0 R", 5 + 2 * n)).collect();
    pdf.object(&format!("<< /Type /Catalog /Pages 2 0 R /Lang ({lang}) >>"));
    pdf.object(&format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")));
    pdf.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>");
    pdf.object("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>");
    // Behind the pages, where one needs it: our own font.
    let own = 5 + 2 * pages.len();
    let ours = if taken.is_empty() { String::new() } else { format!(" /U {own} 0 R") };
    for (n, text) in pages.iter().enumerate() {
        let content = 6 + 2 * n;
        pdf.object(&format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {content} 0 R \
             /Resources << /Font << /H 3 0 R /C 4 0 R{ours} >> >> >>"
        ));
        pdf.stream("", text.as_bytes());
    }
    if !taken.is_empty() {
        pdf.own_font(own, taken);
    }
    pdf.finish()
}

/// A line as a string of PDF: in the font that is chosen at this moment, or, where that lacks a letter, in our own, of the same
/// size.
fn shown(line: &str, font: &str, taken: &mut Letters) -> String {
    match escaped(line) {
        Some(text) => format!("({text})"),
        None => {
            let size = font.split(' ').nth(1).unwrap_or_default();
            // The next line is in the font of all again.
            format!("/U {size} Tf {} Tj /{font} Tf ()", taken.take(line))
        }
    }
}

/// Words on lines of at most so many characters.
pub(crate) fn wrapped(words: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

fn broken(line: &str) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(WIDTH).map(|part| part.iter().collect()).collect()
}

/// A string of PDF: what has a meaning there is escaped. The letters of western Europe and the dash of signed notes are in
/// the encoding of the fonts; none where there are others.
fn escaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' | ')' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\u{2014}' => out.push_str("\\227"),
            ' '..='~' => out.push(c),
            // WinAnsiEncoding has these where Unicode has them (PDF 1.4 reference, appendix D).
            '\u{a1}'..='\u{ff}' => out.push_str(&format!("\\{:03o}", u32::from(c))),
            _ => return None,
        }
    }
    Some(out)
}

struct Pdf {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Pdf {
    fn new() -> Self {
        Self { bytes: b"%PDF-1.4\n".to_vec(), starts: Vec::new() }
    }

    fn object(&mut self, body: &str) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", self.starts.len()).as_bytes());
    }

    /// An object that is a stream of bytes; `more` is what its dictionary says besides.
    fn stream(&mut self, more: &str, bytes: &[u8]) {
        self.starts.push(self.bytes.len());
        let (number, length) = (self.starts.len(), bytes.len());
        self.bytes.extend_from_slice(format!("{number} 0 obj\n<< /Length {length}{more} >>\nstream\n").as_bytes());
        self.bytes.extend_from_slice(bytes);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
    }

    /// The letters that were taken, as five objects from this one on.
    fn own_font(&mut self, first: usize, taken: &Letters) {
        let [descendant, descriptor, file, unicode] = [1, 2, 3, 4].map(|n| first + n);
        let (name, width) = (letters::NAME, letters::WIDTH);
        self.object(&format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{descendant} 0 R] \
             /ToUnicode {unicode} 0 R >>"
        ));
        self.object(&format!(
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity /DW {width} \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R >>"
        ));
        // As the font's own tables say it, in thousandths.
        self.object(&format!(
            "<< /Type /FontDescriptor /FontName /{name} /Flags 5 /FontBBox [-152 -271 642 1056] /ItalicAngle 0 /Ascent 928 \
             /Descent -244 /CapHeight 714 /StemV 80 /FontFile2 {file} 0 R >>"
        ));
        let font = taken.font();
        self.stream(&format!(" /Length1 {}", font.len()), &font);
        self.stream("", taken.to_unicode().as_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        let table = self.bytes.len();
        let count = self.starts.len() + 1;
        let mut end = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for start in &self.starts {
            end.push_str(&format!("{start:010} 00000 n \n"));
        }
        end.push_str(&format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_stands_where_the_table_says() {
        let lines: Vec<String> = (0..150).map(|n| format!("line {n} (of many) \\ — ü")).collect();
        let pdf = document("A heading", &lines);
        let text = String::from_utf8(pdf).expect("ASCII");
        let table = text.split("startxref\n").nth(1).and_then(|end| end.lines().next()).expect("a place");
        let table: usize = table.parse().expect("a number");
        assert!(text[table..].starts_with("xref\n0 11\n"), "four objects and three pages of two");
        for (n, line) in text[table..].lines().skip(3).take(10).enumerate() {
            let start: usize = line[..10].parse().expect("a number");
            assert!(text[start..].starts_with(&format!("{} 0 obj", n + 1)));
        }
        assert!(text.contains("(line 149 \\(of many\\) \\\\ \\227 \\374) Tj"));
        assert!(!text.contains("/U "), "a font is carried where it is needed");
    }

    /// What a reader copies from the lines that are in our own font.
    fn copied(pdf: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(pdf);
        let hex = |text: &str| u32::from_str_radix(text, 16).expect("a number");
        let pairs = text.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
        let map: std::collections::HashMap<u32, char> =
            pairs.filter_map(|(glyph, c)| Some((hex(glyph), char::from_u32(hex(c))?))).collect();
        let shown = text.lines().filter_map(|line| line.split_once(" Tf <")?.1.split_once("> Tj"));
        let letters = |line: &str| {
            let glyphs = line.as_bytes().chunks(4).map(|glyph| hex(std::str::from_utf8(glyph).expect("digits")));
            glyphs.map(|glyph| map[&glyph]).collect()
        };
        shown.map(|(line, _)| letters(line)).collect()
    }

    #[test]
    fn a_name_of_any_language_that_the_font_knows_is_on_the_sheet_letter_by_letter() {
        let names = ["Łukasz Nguyễn", "Ana Ro", "Ελένη Юлія", "王 Li", "Æsa Þór"].map(str::to_owned);
        let pdf = document("Statement", &names);
        assert_eq!(copied(&pdf), ["Łukasz Nguyễn", "Ελένη Юлія", "? Li"]);
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("(Ana Ro) Tj") && text.contains("(\\306sa \\336\\363r) Tj") && text.contains("/U 7 0 R"));
        let there = |n: usize| text.contains(&format!("\n{n} 0 obj\n"));
        assert!((2..=11).all(there) && !there(12), "the font is five objects behind the page");
        assert_eq!(copied(&document("Łódź", &[])), ["Łódź"]);
    }
}
