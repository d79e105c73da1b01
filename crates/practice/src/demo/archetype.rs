//! Kinds of patients: what brings them, and so what they are given to do. Never stored: it only steers the made data.

use domain::BodyRegion;

/// A kind of patient.
#[derive(Debug, PartialEq)]
pub struct Archetype {
    /// Where it hurts.
    pub region: BodyRegion,
    /// What their program is called.
    pub title: &'static str,
    /// Pain at the beginning, from and to, 0 to 10.
    pub(super) pain: (u8, u8),
    /// Starter exercises, from the easy ones to the hard ones; eight each.
    pub(super) exercises: [&'static str; 8],
    /// What they say about it.
    pub(super) comments: &'static [&'static str],
}

/// All of them. The first one is that of the first patient.
pub(super) const ALL: &[Archetype] = &[
    Archetype {
        region: BodyRegion::Knee,
        title: "Stronger knee, easier stairs",
        pain: (4, 7),
        exercises: [
            "quad-set",
            "heel-slide",
            "straight-leg-raise",
            "bridge",
            "mini-squat",
            "step-up",
            "step-down",
            "one-leg-stand",
        ],
        comments: &[
            "Stairs are easier. A little stiff in the morning.",
            "The knee felt warm afterwards.",
            "Went down the stairs without the rail today.",
            "Knee clicked a few times but it did not hurt.",
        ],
    },
    Archetype {
        region: BodyRegion::Knee,
        title: "Getting the new knee moving",
        pain: (5, 8),
        exercises: [
            "ankle-pump",
            "quad-set",
            "heel-slide",
            "short-arc-knee",
            "seated-knee-straightening",
            "straight-leg-raise",
            "sit-to-stand",
            "step-up",
        ],
        comments: &[
            "Bending goes a bit further than last week.",
            "Swollen in the evening, put ice on it.",
            "Slept better last night.",
            "Walked to the mailbox and back without the cane.",
        ],
    },
    Archetype {
        region: BodyRegion::Hip,
        title: "Steady hips",
        pain: (3, 6),
        exercises: [
            "bridge",
            "clamshell",
            "seated-march",
            "side-leg-raise",
            "standing-hip-extension",
            "hip-hinge",
            "band-side-step",
            "step-up",
        ],
        comments: &[
            "Can put my socks on again, slowly.",
            "Side of the hip was sore when I lay on it.",
            "Longer walk today and the hip was quiet.",
        ],
    },
    Archetype {
        region: BodyRegion::Ankle,
        title: "Back on your feet after a sprain",
        pain: (3, 6),
        exercises: [
            "ankle-pump",
            "ankle-circle",
            "towel-scrunch",
            "calf-stretch",
            "band-ankle-turn-out",
            "heel-raise",
            "one-leg-stand",
            "one-leg-heel-raise",
        ],
        comments: &["Ankle a bit puffy after work.", "Felt wobbly on the sore side.", "First time without the brace."],
    },
    Archetype {
        region: BodyRegion::Shoulder,
        title: "Shoulder: reach and strength",
        pain: (4, 7),
        exercises: [
            "pendulum",
            "table-slide",
            "shoulder-blade-squeeze",
            "wall-press-out",
            "finger-walk",
            "band-row",
            "band-turn-out",
            "wall-push-up",
        ],
        comments: &[
            "Could reach the top shelf today.",
            "Woke up once because I lay on it.",
            "Pinches at the top, so I stopped lower.",
            "Brushing my hair is easier.",
        ],
    },
    Archetype {
        region: BodyRegion::ElbowWrist,
        title: "Calm elbow, strong grip",
        pain: (3, 6),
        exercises: [
            "wrist-stretch-palm-down",
            "wrist-stretch-palm-up",
            "finger-glide",
            "ball-squeeze",
            "wrist-lift-palm-down",
            "wrist-curl-palm-up",
            "hammer-turn",
            "elbow-curl",
        ],
        comments: &[
            "Opened a jar without help.",
            "Sore after typing all day, before I even began.",
            "Used a lighter weight, that was better.",
        ],
    },
    Archetype {
        region: BodyRegion::Neck,
        title: "A looser neck at the desk",
        pain: (3, 6),
        exercises: [
            "chin-tuck",
            "neck-turn",
            "shoulder-roll",
            "neck-side-bend",
            "shoulder-blade-squeeze",
            "lying-nod",
            "neck-press-side",
            "band-row",
        ],
        comments: &["No headache this week.", "Stiff after a long drive.", "Did these at my desk, that works well."],
    },
    Archetype {
        region: BodyRegion::Back,
        title: "Lower back: move and steady",
        pain: (4, 7),
        exercises: [
            "pelvic-tilt",
            "knee-to-chest",
            "knee-drop",
            "cat-camel",
            "bridge",
            "bird-dog",
            "dead-bug",
            "side-plank",
        ],
        comments: &[
            "Back was tight in the morning, better afterwards.",
            "Lifted the groceries without a twinge.",
            "Sat too long yesterday and felt it.",
            "Leg did not tingle today.",
        ],
    },
    Archetype {
        region: BodyRegion::Balance,
        title: "Sure steps",
        pain: (1, 3),
        exercises: [
            "weight-shift",
            "sit-to-stand",
            "march-in-place",
            "heel-raise",
            "side-step",
            "heel-to-toe-stand",
            "one-leg-stand",
            "heel-to-toe-walk",
        ],
        comments: &[
            "Held on less than last time.",
            "A bit dizzy when I stood up, sat down for a minute.",
            "My daughter stood beside me. No wobble.",
        ],
    },
];

/// What anybody might say when it goes well.
pub(super) const GOOD: &[&str] = &[
    "Easier than last week.",
    "Felt good.",
    "Did all of it, no trouble.",
    "Getting stronger, I think.",
    "Almost no pain today.",
];

/// What anybody might say when it does not.
pub(super) const BAD: &[&str] = &[
    "Hurt more than usual, so I did fewer.",
    "Tired today.",
    "Had to stop early.",
    "Sore from yesterday.",
    "Could not finish the last set.",
];

/// What anybody might say when they could not do it at all.
pub(super) const COULD_NOT: &[&str] =
    &["Tried, but it hurt too much.", "Could not get down on the floor today.", "Began and had to stop right away."];
