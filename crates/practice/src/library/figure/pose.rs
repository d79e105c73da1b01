//! A body from its joints: limbs keep their lengths, and knees and elbows bend the way that they can.

use super::{Ink, Mark, Point};
use serde::Deserialize;

// How long the parts of a body are, in the figure's units (160 by 120): chosen by eye; a body stands about 92 tall.
const TORSO: f64 = 29.0;
const THIGH: f64 = 22.0;
const SHIN: f64 = 21.0;
const FOOT: f64 = 8.0;
const UPPER_ARM: f64 = 15.0;
const FOREARM: f64 = 14.5;
const HEAD_AWAY: f64 = 12.5;
const HEAD_RADIUS: f64 = 8.0;
const HALF_SHOULDERS: f64 = 8.5;
const HALF_HIPS: f64 = 5.0;

/// Where the body looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Facing {
    /// To the right when it stands; upwards when it lies with the head to the left.
    Right,
    /// To the left when it stands; downwards when it lies with the head to the left.
    Left,
    /// At the viewer.
    Front,
}

/// An arm or a leg.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Limb {
    /// The directions of its parts in degrees (0 right, 90 up): upper, lower, and for a leg the foot.
    Directions(Vec<f64>),
    /// The place of the hand or ankle; the joint between follows.
    Reach(Reach),
}

/// See [`Limb::Reach`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reach {
    to: [f64; 2],
    /// Bends the joint between to the other side.
    #[serde(default)]
    flip: bool,
    /// Direction of the foot in degrees.
    #[serde(default)]
    foot: Option<f64>,
}

/// A whole body. Limbs that are not given are not drawn (they lie behind the others).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pose {
    pub(super) hip: Point,
    /// Direction from the hip to the neck, in degrees.
    pub(super) torso: f64,
    /// Direction from the neck to the head, in degrees.
    pub(super) head: f64,
    pub(super) facing: Facing,
    /// How far the back is rounded (or, negative, hollowed), in the figure's units.
    pub(super) bow: f64,
    pub(super) leg: Option<Limb>,
    pub(super) leg2: Option<Limb>,
    pub(super) arm: Option<Limb>,
    pub(super) arm2: Option<Limb>,
}

/// The joint between two bones of given lengths that reach from one place toward another. Out of reach, the limb is
/// straight and points there.
fn joint(from: Point, to: Point, upper: f64, lower: f64, clockwise: bool) -> (Point, Point) {
    let direction = from.direction(to);
    let distance = from.distance(to).clamp((upper - lower).abs() + 0.1, upper + lower - 0.01);
    // Law of cosines: the angle at `from` of the triangle with sides upper, lower and distance.
    let cos = (upper.mul_add(upper, distance * distance) - lower * lower) / (2.0 * upper * distance);
    let angle = cos.clamp(-1.0, 1.0).acos().to_degrees();
    let bent = if clockwise { direction - angle } else { direction + angle };
    (from.toward(bent, upper), from.toward(direction, distance))
}

impl Pose {
    fn clockwise_knee(&self) -> bool {
        self.facing == Facing::Left
    }

    fn leg(&self, limb: &Limb, from: Point, outward: bool) -> Vec<Point> {
        let (knee, ankle, foot) = match limb {
            Limb::Directions(d) => {
                let upper = d.first().copied().unwrap_or(270.0);
                let lower = d.get(1).copied().unwrap_or(upper);
                let knee = from.toward(upper, THIGH);
                (knee, knee.toward(lower, SHIN), d.get(2).copied())
            }
            Limb::Reach(reach) => {
                let to = Point::new(reach.to[0], reach.to[1]);
                let (knee, ankle) = joint(from, to, THIGH, SHIN, self.clockwise_knee() != reach.flip);
                (knee, ankle, reach.foot)
            }
        };
        let shin = knee.direction(ankle);
        let natural = match self.facing {
            Facing::Right => shin + 90.0,
            Facing::Left => shin - 90.0,
            Facing::Front if outward => shin + 65.0,
            Facing::Front => shin - 65.0,
        };
        let length = if self.facing == Facing::Front { FOOT * 0.7 } else { FOOT };
        vec![from, knee, ankle, ankle.toward(foot.unwrap_or(natural), length)]
    }

    fn arm(&self, limb: &Limb, from: Point) -> Vec<Point> {
        match limb {
            Limb::Directions(d) => {
                let upper = d.first().copied().unwrap_or(270.0);
                let elbow = from.toward(upper, UPPER_ARM);
                vec![from, elbow, elbow.toward(d.get(1).copied().unwrap_or(upper), FOREARM)]
            }
            Limb::Reach(reach) => {
                let to = Point::new(reach.to[0], reach.to[1]);
                // Elbows bend against the knees.
                let (elbow, hand) = joint(from, to, UPPER_ARM, FOREARM, self.clockwise_knee() == reach.flip);
                vec![from, elbow, hand]
            }
        }
    }

    /// The strokes of the body, what is turned away from the viewer first.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let neck = self.hip.toward(self.torso, TORSO);
        let front = self.facing == Facing::Front;
        let across = self.torso - 90.0;
        let (shoulder, shoulder2) = if front {
            (neck.toward(across, HALF_SHOULDERS), neck.toward(across, -HALF_SHOULDERS))
        } else {
            (neck, neck)
        };
        let (hip, hip2) = if front {
            (self.hip.toward(across, HALF_HIPS), self.hip.toward(across, -HALF_HIPS))
        } else {
            (self.hip, self.hip)
        };
        let away = if front { Ink::Near } else { Ink::Far };
        let mut marks = Vec::new();
        marks.extend(self.leg2.iter().map(|limb| Mark::Line(away, self.leg(limb, hip2, false))));
        marks.extend(self.arm2.iter().map(|limb| Mark::Line(away, self.arm(limb, shoulder2))));
        marks.extend(self.leg.iter().map(|limb| Mark::Line(Ink::Near, self.leg(limb, hip, true))));
        if self.bow == 0.0 {
            marks.push(Mark::Line(Ink::Near, vec![self.hip, neck]));
        } else {
            let back = if self.facing == Facing::Left { self.torso - 90.0 } else { self.torso + 90.0 };
            let middle = self.hip.toward(self.torso, TORSO / 2.0).toward(back, self.bow * 2.0);
            marks.push(Mark::Curve(Ink::Near, [self.hip, middle, neck]));
        }
        if front {
            marks.push(Mark::Line(Ink::Near, vec![shoulder2, shoulder]));
            marks.push(Mark::Line(Ink::Near, vec![hip2, hip]));
        }
        marks.extend(self.arm.iter().map(|limb| Mark::Line(Ink::Near, self.arm(limb, shoulder))));
        marks.push(Mark::Disc(Ink::Near, neck.toward(self.head, HEAD_AWAY), HEAD_RADIUS));
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limb_keeps_its_lengths_wherever_it_reaches() {
        for to in [Point::new(30.0, 10.0), Point::new(5.0, 5.0), Point::new(200.0, 0.0)] {
            let (knee, ankle) = joint(Point::new(0.0, 0.0), to, THIGH, SHIN, true);
            assert!((Point::new(0.0, 0.0).distance(knee) - THIGH).abs() < 0.05);
            assert!((knee.distance(ankle) - SHIN).abs() < 0.05);
        }
    }

    #[test]
    fn a_knee_bends_forward_and_an_elbow_back() {
        let reach = |x, y| Limb::Reach(Reach { to: [x, y], flip: false, foot: None });
        let pose = Pose {
            hip: Point::new(80.0, 70.0),
            torso: 90.0,
            head: 90.0,
            facing: Facing::Right,
            bow: 0.0,
            leg: None,
            leg2: None,
            arm: None,
            arm2: None,
        };
        assert!(pose.leg(&reach(80.0, 105.0), pose.hip, true)[1].x > 80.0);
        assert!(pose.arm(&reach(80.0, 60.0), Point::new(80.0, 40.0))[1].x < 80.0);
        let left = Pose { facing: Facing::Left, ..pose };
        assert!(left.leg(&reach(80.0, 105.0), left.hip, true)[1].x < 80.0);
    }
}
