//! Line figures of the starter exercises, drawn from short descriptions.
//!
//! A figure is a body that stands, sits or lies in some posture ([`pose`]), with the things around it ([`scene`]).
//! The same description always gives the same SVG. The pictures are loaded by `<img>`, where neither the page's colors
//! nor a style sheet reach: they carry plain presentation attributes and colors that are legible on the light and on
//! the dark card alike, and no script, style or link.

mod pose;
mod scene;

pub use scene::{FigureError, Figures};

use std::fmt::Write as _;

/// Width of every figure in its own units.
const WIDTH: f64 = 160.0;
/// Height of every figure in its own units.
const HEIGHT: f64 = 120.0;
/// Width and height in pixels, where a picture needs them.
pub(super) const SIZE: (u32, u32) = (160, 120);
/// The floor's line.
const FLOOR: f64 = 112.0;

const BODY: &str = "#2b8f80";
const PROP: &str = "#8b9a97";
const BAND: &str = "#c9722f";

/// A place in a figure; x grows to the right, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

impl Point {
    const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
    /// The place `length` away in a direction: degrees, 0 to the right, 90 up.
    fn toward(self, degrees: f64, length: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self::new(length.mul_add(cos, self.x), length.mul_add(-sin, self.y))
    }
    fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
    /// The direction of `other`, in degrees, 0 to the right, 90 up.
    fn direction(self, other: Self) -> f64 {
        (self.y - other.y).atan2(other.x - self.x).to_degrees()
    }
}

/// What a stroke stands for; decides color and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ink {
    /// The body, the side turned to the viewer.
    Near,
    /// The body, the side turned away.
    Far,
    /// A limb seen from close by.
    Thick,
    /// The floor, a wall, a chair.
    Prop,
    /// An elastic band or a strap.
    Band,
    /// The way that a part of the body moves.
    Arrow,
}

impl Ink {
    const fn attributes(self) -> (&'static str, f64, f64) {
        match self {
            Self::Near => (BODY, 5.0, 1.0),
            Self::Far => (BODY, 5.0, 0.5),
            Self::Thick => (BODY, 11.0, 1.0),
            Self::Prop => (PROP, 2.5, 1.0),
            Self::Band => (BAND, 2.5, 1.0),
            Self::Arrow => (BAND, 2.5, 1.0),
        }
    }
}

/// One thing to draw, in the order of drawing.
#[derive(Debug, Clone, PartialEq)]
enum Mark {
    /// Straight lines through the points.
    Line(Ink, Vec<Point>),
    /// A curve from the first point to the last, drawn to the middle one.
    Curve(Ink, [Point; 3]),
    /// A filled disc.
    Disc(Ink, Point, f64),
    /// An open ring.
    Ring(Ink, Point, f64),
}

/// Numbers are written with one decimal: finer is not seen, and the text stays short and the same everywhere.
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    let sign = if tenths < 0 { "-" } else { "" };
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

fn path(points: &[Point]) -> String {
    points.iter().enumerate().fold(String::new(), |mut d, (n, p)| {
        let _infallible = write!(d, "{}{} {}", if n == 0 { "M" } else { "L" }, number(p.x), number(p.y));
        d
    })
}

fn head_of_arrow(before: Point, tip: Point) -> String {
    let back = tip.direction(before);
    path(&[tip.toward(back - 32.0, 6.5), tip, tip.toward(back + 32.0, 6.5)])
}

/// Draws the marks as a whole SVG document that shows the part from `corner` on, `width` wide.
fn svg(marks: &[Mark], corner: Point, width: f64) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{} {} {} {}\" width=\"{}\" height=\"{}\" fill=\"none\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\">",
        number(corner.x),
        number(corner.y),
        number(width),
        number(width * HEIGHT / WIDTH),
        number(WIDTH),
        number(HEIGHT)
    );
    for mark in marks {
        let (ink, shape) = match mark {
            Mark::Line(Ink::Arrow, points) if points.len() > 1 => {
                let (before, tip) = (points[points.len() - 2], points[points.len() - 1]);
                (Ink::Arrow, format!("path d=\"{}{}\"", path(points), head_of_arrow(before, tip)))
            }
            Mark::Line(ink, points) => (*ink, format!("path d=\"{}\"", path(points))),
            Mark::Curve(ink, [from, middle, to]) => {
                let head = if *ink == Ink::Arrow { head_of_arrow(*middle, *to) } else { String::new() };
                let curve = format!(
                    "{}Q{} {} {} {}",
                    path(&[*from]),
                    number(middle.x),
                    number(middle.y),
                    number(to.x),
                    number(to.y)
                );
                (*ink, format!("path d=\"{curve}{head}\""))
            }
            Mark::Disc(ink, at, radius) | Mark::Ring(ink, at, radius) => {
                (*ink, format!("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", number(at.x), number(at.y), number(*radius)))
            }
        };
        let (color, width, opacity) = ink.attributes();
        let paint = match mark {
            Mark::Disc(..) => format!("fill=\"{color}\""),
            _ => format!("stroke=\"{color}\" stroke-width=\"{}\"", number(width)),
        };
        let veil = if opacity < 1.0 { format!(" opacity=\"{}\"", number(opacity)) } else { String::new() };
        let _infallible = write!(out, "<{shape} {paint}{veil}/>");
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_plain_shapes_with_presentation_attributes() {
        let marks = [
            Mark::Line(Ink::Near, vec![Point::new(1.0, 2.04), Point::new(-3.25, 4.0)]),
            Mark::Curve(Ink::Arrow, [Point::new(0.0, 0.0), Point::new(5.0, 5.0), Point::new(9.0, 0.0)]),
            Mark::Disc(Ink::Far, Point::new(10.0, 10.0), 8.0),
        ];
        let text = svg(&marks, Point::new(0.0, 0.0), WIDTH);
        assert!(text.contains("d=\"M1 2L-3.3 4\""), "{text}");
        assert!(text.contains("<circle cx=\"10\" cy=\"10\" r=\"8\" fill=\"#2b8f80\" opacity=\"0.5\"/>"), "{text}");
        for refused in ["<script", "<style", "style=", "href", "url(", "on"] {
            let found = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").contains(&format!("{refused}="));
            assert!(!found, "{refused}");
        }
    }

    #[test]
    fn directions_turn_upwards_from_the_right() {
        let up = Point::new(10.0, 10.0).toward(90.0, 5.0);
        assert!((up.x - 10.0).abs() < 1e-9 && (up.y - 5.0).abs() < 1e-9);
        assert!((Point::new(0.0, 0.0).direction(Point::new(0.0, -3.0)) - 90.0).abs() < 1e-9);
    }
}
