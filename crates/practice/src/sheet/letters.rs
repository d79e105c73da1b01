//! Letters that the fonts of every reader do not have: a font of our own, of which a document carries the letters that it uses.
//!
//! Names are of many languages, and whoever gets a sheet of paper is to read theirs on it. The font is read here as far as that
//! takes (OpenType 1.9: *cmap* of format 4, *loca*, *glyf*); a crate that shapes and subsets any font would be much to carry.

use std::collections::{BTreeMap, BTreeSet};

/// Noto Mono 1.00: Latin with its accents (those of Vietnam too), Greek, Cyrillic. Its licence lies beside it.
const FONT: &[u8] = include_bytes!("../../fonts/NotoMono-Regular.ttf");
/// What a reader calls it: six letters of our choosing say that it is a part of the font.
pub(super) const NAME: &str = "PATELA+NotoMono";
/// How wide each letter is, in thousandths of its size: as Courier's.
pub(super) const WIDTH: u32 = 600;

/// A glyph's number in the font.
type Glyph = u16;

/// The letters of a document that are taken from the font.
#[derive(Default)]
pub(super) struct Letters(BTreeMap<Glyph, char>);

impl Letters {
    /// Whether nothing was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line as a string of PDF in this font: the numbers of its glyphs. What the font does not have is a question mark.
    pub(super) fn take(&mut self, line: &str) -> String {
        let mut hex = String::from("<");
        for c in line.chars() {
            let (glyph, c) = match glyph_of(c) {
                Some(glyph) => (glyph, c),
                None => (glyph_of('?').unwrap_or_default(), '?'),
            };
            self.0.insert(glyph, c);
            hex.push_str(&format!("{glyph:04X}"));
        }
        hex.push('>');
        hex
    }

    /// Which letter each glyph is, so that text can be searched and copied.
    pub(super) fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Letters def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let all: Vec<_> = self.0.iter().collect();
        // At most a hundred stand together (Adobe technical note 5411).
        for some in all.chunks(100) {
            map.push_str(&format!("{} beginbfchar\n", some.len()));
            for (glyph, c) in some {
                map.push_str(&format!("<{glyph:04X}> <{:04X}>\n", u32::from(**c)));
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }

    /// The font with these letters alone: all others are empty, and those behind the last are left out.
    pub(super) fn font(&self) -> Vec<u8> {
        part_of(&self.0.keys().copied().collect()).unwrap_or_default()
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn offset_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// One table of the font.
fn table(tag: &[u8; 4]) -> Option<&'static [u8]> {
    let tables = usize::from(u16_at(FONT, 4)?);
    let entry = (0..tables).map(|n| 12 + 16 * n).find(|at| FONT.get(*at..at + 4) == Some(&tag[..]))?;
    let (start, length) = (offset_at(FONT, entry + 8)?, offset_at(FONT, entry + 12)?);
    FONT.get(start..start.checked_add(length)?)
}

/// The glyph of a letter; none where the font has it not.
fn glyph_of(c: char) -> Option<Glyph> {
    let code = u16::try_from(u32::from(c)).ok()?;
    let cmap = table(b"cmap")?;
    // The subtable for Unicode (platform 3, encoding 1), which is of format 4.
    let entries = usize::from(u16_at(cmap, 2)?);
    let unicode = |at: &usize| u32_at(cmap, *at) == Some(0x0003_0001);
    let at = (0..entries).map(|n| 4 + 8 * n).find(unicode)?;
    let map = cmap.get(offset_at(cmap, at + 4)?..)?;
    let twice = usize::from(u16_at(map, 6)?);
    let (ends, starts, deltas, ranges) = (14, 16 + twice, 16 + 2 * twice, 16 + 3 * twice);
    let n = (0..twice).step_by(2).find(|n| u16_at(map, ends + n).is_some_and(|end| end >= code))?;
    let start = u16_at(map, starts + n)?;
    let within = code.checked_sub(start)?;
    let (delta, range) = (u16_at(map, deltas + n)?, usize::from(u16_at(map, ranges + n)?));
    let glyph = match range {
        0 => code.wrapping_add(delta),
        range => match u16_at(map, ranges + n + range + 2 * usize::from(within))? {
            0 => 0,
            glyph => glyph.wrapping_add(delta),
        },
    };
    (glyph != 0).then_some(glyph)
}

/// How a glyph is drawn; nothing for a space.
fn drawing(glyph: Glyph) -> Option<&'static [u8]> {
    let (loca, glyf) = (table(b"loca")?, table(b"glyf")?);
    // Its *loca* is of the short kind: half of where each begins.
    let begins = |glyph: usize| u16_at(loca, 2 * glyph).map(|half| 2 * usize::from(half));
    glyf.get(begins(usize::from(glyph))?..begins(usize::from(glyph) + 1)?)
}

/// The glyphs that a glyph is put together from: a letter and its accents.
fn parts(drawing: &[u8]) -> Vec<Glyph> {
    // The first number counts contours; below zero it says that there are parts.
    if u16_at(drawing, 0).is_none_or(|contours| contours < 0x8000) {
        return Vec::new();
    }
    let (mut parts, mut at) = (Vec::new(), 10);
    while let (Some(flags), Some(part)) = (u16_at(drawing, at), u16_at(drawing, at + 2)) {
        parts.push(part);
        let place = if flags & 0x0001 != 0 { 4 } else { 2 };
        let scale = match flags {
            _ if flags & 0x0008 != 0 => 2,
            _ if flags & 0x0040 != 0 => 4,
            _ if flags & 0x0080 != 0 => 8,
            _ => 0,
        };
        at += 4 + place + scale;
        if flags & 0x0020 == 0 {
            break;
        }
    }
    parts
}

fn part_of(wanted: &BTreeSet<Glyph>) -> Option<Vec<u8>> {
    // The first glyph stands for what is missing, and must be there.
    let mut glyphs = BTreeSet::from([0]);
    let mut left: Vec<Glyph> = wanted.iter().copied().collect();
    while let Some(glyph) = left.pop() {
        if glyphs.insert(glyph) {
            left.extend(parts(drawing(glyph)?));
        }
    }
    let count = glyphs.last()?.checked_add(1)?;
    let (mut loca, mut glyf) = (Vec::new(), Vec::new());
    for glyph in 0..count {
        loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
        if glyphs.contains(&glyph) {
            glyf.extend(drawing(glyph)?);
            glyf.resize(glyf.len().next_multiple_of(4), 0);
        }
    }
    loca.extend(u32::try_from(glyf.len()).ok()?.to_be_bytes());
    let (mut head, mut hhea, mut maxp) = (table(b"head")?.to_vec(), table(b"hhea")?.to_vec(), table(b"maxp")?.to_vec());
    // The *loca* of the part is of the long kind.
    head.get_mut(50..52)?.copy_from_slice(&[0, 1]);
    // Widths, then for all glyphs behind those that have one only where they begin.
    let wide = u16_at(&hhea, 34)?.min(count);
    hhea.get_mut(34..36)?.copy_from_slice(&wide.to_be_bytes());
    maxp.get_mut(4..6)?.copy_from_slice(&count.to_be_bytes());
    let hmtx = table(b"hmtx")?.get(..2 * usize::from(wide) + 2 * usize::from(count))?.to_vec();
    let mut tables = vec![];
    for tag in [b"cvt ", b"fpgm"] {
        tables.push((tag, table(tag)?.to_vec()));
    }
    tables.push((b"glyf", glyf));
    tables.extend([(b"head", head), (b"hhea", hhea), (b"hmtx", hmtx), (b"loca", loca), (b"maxp", maxp)]);
    tables.push((b"prep", table(b"prep")?.to_vec()));
    // Kind, number of tables, and three numbers for searching among nine of them.
    let mut font = vec![0, 1, 0, 0, 0, 9, 0, 128, 0, 3, 0, 16];
    let mut start = 12 + 16 * tables.len();
    for (tag, bytes) in &tables {
        font.extend(*tag);
        font.extend(sum(bytes).to_be_bytes());
        font.extend(u32::try_from(start).ok()?.to_be_bytes());
        font.extend(u32::try_from(bytes.len()).ok()?.to_be_bytes());
        start += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        font.extend(bytes);
        font.resize(font.len().next_multiple_of(4), 0);
    }
    Some(font)
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0, |sum: u32, four| {
        let mut word = [0; 4];
        word[..four.len()].copy_from_slice(four);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_the_letters_of_many_languages_and_says_what_it_has_not() {
        for c in "Łukasz Nguyễn Đặng Þóra Šimůnková Iğdır Ελένη Юлія ’–€".chars() {
            assert!(glyph_of(c).is_some(), "{c}");
        }
        for c in ['王', '🙂'] {
            assert_eq!(glyph_of(c), None);
        }
    }

    #[test]
    fn a_part_of_the_font_draws_the_same_letters_and_their_accents_and_is_small() {
        let mut letters = Letters::default();
        letters.take("Łukasz Nguyễn");
        let font = letters.font();
        assert!(font.len() < 60_000, "{}", font.len());
        let entry = |tag: &[u8; 4]| {
            let at = (0..9).map(|n| 12 + 16 * n).find(|at| font[*at..at + 4] == tag[..]).expect("the table");
            let (start, length) =
                (offset_at(&font, at + 8).expect("a place"), offset_at(&font, at + 12).expect("a length"));
            let bytes = &font[start..start + length];
            assert_eq!(u32_at(&font, at + 4), Some(sum(bytes)));
            bytes
        };
        let (loca, glyf) = (entry(b"loca"), entry(b"glyf"));
        let drawn = |glyph: Glyph| {
            let at = 4 * usize::from(glyph);
            &glyf[offset_at(loca, at).expect("begins")..offset_at(loca, at + 4).expect("ends")]
        };
        for c in "Łukasz Nguyễn".chars() {
            let glyph = glyph_of(c).expect("there");
            let whole = drawing(glyph).expect("drawn");
            assert_eq!(&drawn(glyph)[..whole.len()], whole, "{c}");
            assert!(parts(whole).into_iter().all(|part| !drawn(part).is_empty()), "{c}");
        }
        assert!(drawn(glyph_of('Q').expect("there")).is_empty(), "what is not used is not carried");
    }
}
