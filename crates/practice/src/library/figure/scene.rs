//! The descriptions of the figures, as they are written in `data/figures.toml`.
//!
//! Each exercise has one table: what both pictures share, `start`, and `end`. What `end` does not say is as in `start`;
//! lists of lines in either are added to the shared ones.

use super::{
    FLOOR, Ink, Mark, Point, WIDTH,
    pose::{Facing, Limb, Pose},
    svg,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Why the figures could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The text is not what it should be.
    #[error("the figures cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// A line holds coordinates that do not pair up, or too few.
    #[error("figure {0}: a line needs pairs of coordinates, two at least")]
    Line(String),
}

/// A line as it is written: x and y in turn.
type Flat = Vec<f64>;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Things {
    /// A chair: x of the middle of its seat, and the direction of who sits on it (1 to the right, -1 to the left, 0 seen
    /// from the front).
    chair: Option<[f64; 2]>,
    /// A wall at this x; the room is on the side of the second number.
    wall: Option<[f64; 2]>,
    /// A step: left x, right x, height.
    step: Option<[f64; 3]>,
    prop: Vec<Flat>,
    band: Vec<Flat>,
    arrow: Vec<Flat>,
    near: Vec<Flat>,
    far: Vec<Flat>,
    thick: Vec<Flat>,
    /// Curves of the body through three points each.
    thick_curve: Vec<[f64; 6]>,
    band_curve: Vec<[f64; 6]>,
    prop_curve: Vec<[f64; 6]>,
    near_curve: Vec<[f64; 6]>,
    /// Arrows along a curve through three points each.
    turn: Vec<[f64; 6]>,
    /// Heads and other round parts of the body: x, y, radius.
    disc: Vec<[f64; 3]>,
    /// The outline of a head seen from close by: x, y, radius.
    outline: Vec<[f64; 3]>,
    /// Balls, rolls and weights: x, y, radius.
    ball: Vec<[f64; 3]>,
    /// Rings around a place to look at: x, y, radius.
    ring: Vec<[f64; 3]>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Body {
    hip: Option<[f64; 2]>,
    torso: Option<f64>,
    head: Option<f64>,
    face: Option<Facing>,
    bow: Option<f64>,
    leg: Option<Limb>,
    leg2: Option<Limb>,
    arm: Option<Limb>,
    arm2: Option<Limb>,
}

/// What is written about a picture, before the body and the things are told apart.
type Parts = BTreeMap<String, toml::Value>;

#[derive(Debug, Deserialize)]
struct Written {
    /// Whether the floor is drawn; yes unless said otherwise.
    #[serde(default = "yes")]
    floor: bool,
    /// The part that is shown, when not all: left x, top y, width.
    zoom: Option<[f64; 3]>,
    start: Parts,
    end: Parts,
    #[serde(flatten)]
    shared: Parts,
}

const fn yes() -> bool {
    true
}

/// The names that describe the body; all others are things.
const BODY_PARTS: [&str; 9] = ["hip", "torso", "head", "face", "bow", "leg", "leg2", "arm", "arm2"];

fn split(parts: &Parts) -> Result<(Body, Things), FigureError> {
    let (body, things): (toml::Table, toml::Table) =
        parts.clone().into_iter().partition(|(name, _)| BODY_PARTS.contains(&name.as_str()));
    Ok((body.try_into()?, things.try_into()?))
}

impl Body {
    /// This, and where it says nothing, `other`.
    fn or(self, other: &Self) -> Self {
        let other = other.clone();
        Self {
            hip: self.hip.or(other.hip),
            torso: self.torso.or(other.torso),
            head: self.head.or(other.head),
            face: self.face.or(other.face),
            bow: self.bow.or(other.bow),
            leg: self.leg.or(other.leg),
            leg2: self.leg2.or(other.leg2),
            arm: self.arm.or(other.arm),
            arm2: self.arm2.or(other.arm2),
        }
    }

    fn marks(self) -> Vec<Mark> {
        let Some([x, y]) = self.hip else { return Vec::new() };
        let torso = self.torso.unwrap_or(90.0);
        Pose {
            hip: Point::new(x, y),
            torso,
            head: self.head.unwrap_or(torso),
            facing: self.face.unwrap_or(Facing::Right),
            bow: self.bow.unwrap_or(0.0),
            leg: self.leg,
            leg2: self.leg2,
            arm: self.arm,
            arm2: self.arm2,
        }
        .marks()
    }
}

fn points(name: &str, flat: &[f64]) -> Result<Vec<Point>, FigureError> {
    if flat.len() < 4 || !flat.len().is_multiple_of(2) {
        return Err(FigureError::Line(name.to_owned()));
    }
    Ok(flat.chunks_exact(2).map(|pair| Point::new(pair[0], pair[1])).collect())
}

const fn three(flat: [f64; 6]) -> [Point; 3] {
    [Point::new(flat[0], flat[1]), Point::new(flat[2], flat[3]), Point::new(flat[4], flat[5])]
}

impl Things {
    /// What stands behind the body.
    fn behind(&self, name: &str, marks: &mut Vec<Mark>) -> Result<(), FigureError> {
        let mut prop = |flat: &[(f64, f64)]| {
            marks.push(Mark::Line(Ink::Prop, flat.iter().map(|(x, y)| Point::new(*x, *y)).collect()));
        };
        if let Some([x, way]) = self.chair {
            let (seat, top) = (FLOOR - 22.0, FLOOR - 48.0);
            if way == 0.0 {
                prop(&[(x - 13.0, FLOOR), (x - 13.0, top), (x + 13.0, top), (x + 13.0, FLOOR)]);
                prop(&[(x - 13.0, seat), (x + 13.0, seat)]);
            } else {
                prop(&[(x - 12.0 * way, FLOOR), (x - 12.0 * way, top)]);
                prop(&[(x - 12.0 * way, seat), (x + 11.0 * way, seat), (x + 11.0 * way, FLOOR)]);
            }
        }
        if let Some([x, way]) = self.wall {
            prop(&[(x, 6.0), (x, FLOOR)]);
            for step in 0..7 {
                let y = 16.0 + 14.0 * f64::from(step);
                prop(&[(x, y), (x - 5.0 * way, y + 5.0)]);
            }
        }
        if let Some([left, right, height]) = self.step {
            prop(&[(left, FLOOR), (left, FLOOR - height), (right, FLOOR - height), (right, FLOOR)]);
        }
        for flat in &self.prop {
            marks.push(Mark::Line(Ink::Prop, points(name, flat)?));
        }
        marks.extend(self.prop_curve.iter().map(|flat| Mark::Curve(Ink::Prop, three(*flat))));
        marks.extend(self.ball.iter().map(|[x, y, r]| Mark::Ring(Ink::Prop, Point::new(*x, *y), *r)));
        for flat in &self.far {
            marks.push(Mark::Line(Ink::Far, points(name, flat)?));
        }
        Ok(())
    }

    /// What stands before the body.
    fn before(&self, name: &str, marks: &mut Vec<Mark>) -> Result<(), FigureError> {
        for (ink, lines) in [(Ink::Thick, &self.thick), (Ink::Near, &self.near)] {
            for flat in lines {
                marks.push(Mark::Line(ink, points(name, flat)?));
            }
        }
        marks.extend(self.thick_curve.iter().map(|flat| Mark::Curve(Ink::Thick, three(*flat))));
        marks.extend(self.near_curve.iter().map(|flat| Mark::Curve(Ink::Near, three(*flat))));
        marks.extend(self.disc.iter().map(|[x, y, r]| Mark::Disc(Ink::Near, Point::new(*x, *y), *r)));
        marks.extend(self.outline.iter().map(|[x, y, r]| Mark::Ring(Ink::Near, Point::new(*x, *y), *r)));
        for flat in &self.band {
            marks.push(Mark::Line(Ink::Band, points(name, flat)?));
        }
        marks.extend(self.band_curve.iter().map(|flat| Mark::Curve(Ink::Band, three(*flat))));
        marks.extend(self.ring.iter().map(|[x, y, r]| Mark::Ring(Ink::Band, Point::new(*x, *y), *r)));
        for flat in &self.arrow {
            marks.push(Mark::Line(Ink::Arrow, points(name, flat)?));
        }
        marks.extend(self.turn.iter().map(|flat| Mark::Curve(Ink::Arrow, three(*flat))));
        Ok(())
    }
}

/// The figures of the starter exercises, by the exercise's stable name.
#[derive(Debug)]
pub struct Figures(BTreeMap<String, [String; 2]>);

impl Figures {
    /// Reads descriptions and draws them.
    pub fn read(text: &str) -> Result<Self, FigureError> {
        let written: BTreeMap<String, Written> = toml::from_str(text)?;
        let mut drawn = BTreeMap::new();
        for (name, written) in written {
            let (shared_body, shared) = split(&written.shared)?;
            let (start_body, start) = split(&written.start)?;
            let (end_body, end) = split(&written.end)?;
            let start_body = start_body.or(&shared_body);
            let end_body = end_body.or(&start_body);
            let draw = |body: Body, own: &Things| -> Result<String, FigureError> {
                let mut marks = Vec::new();
                if written.floor {
                    marks.push(Mark::Line(Ink::Prop, vec![Point::new(8.0, FLOOR), Point::new(152.0, FLOOR)]));
                }
                shared.behind(&name, &mut marks)?;
                own.behind(&name, &mut marks)?;
                marks.extend(body.marks());
                shared.before(&name, &mut marks)?;
                own.before(&name, &mut marks)?;
                let [x, y, width] = written.zoom.unwrap_or([0.0, 0.0, WIDTH]);
                Ok(svg(&marks, Point::new(x, y), width))
            };
            let pair = [draw(start_body, &start)?, draw(end_body, &end)?];
            drawn.insert(name, pair);
        }
        Ok(Self(drawn))
    }
    /// The start and the end position of an exercise, as SVG.
    pub fn pair(&self, name: &str) -> Option<&[String; 2]> {
        self.0.get(name)
    }
    /// The names of all that are described, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_as_the_start_where_it_says_nothing() {
        let text = "[a]\nchair = [60, 1]\nstart = { hip = [60, 90], leg = [0, 270] }\nend = { leg = [0, 0] }\n";
        let figures = Figures::read(text).expect("read");
        let [start, end] = figures.pair("a").expect("there");
        assert_ne!(start, end);
        assert_eq!(start.matches("<circle").count(), 1);
        assert_eq!(end.matches("<circle").count(), 1);
    }

    #[test]
    fn an_unknown_word_and_an_odd_line_are_refused() {
        assert!(matches!(Figures::read("[a]\nstart = { legs = 1 }\nend = {}"), Err(FigureError::Syntax(_))));
        let odd = Figures::read("[a]\nstart = { prop = [[1.0, 2.0, 3.0]] }\nend = {}");
        assert!(matches!(odd, Err(FigureError::Line(name)) if name == "a"));
    }
}
