//! Entries of the exercise library. They tell nothing about a patient.

use crate::{ExerciseId, role::words};
use serde::{Deserialize, Serialize};

words! {
    /// The part of the body that an exercise is for.
    BodyRegion, "is not a body region" {
        /// Knee.
        Knee = "knee",
        /// Hip.
        Hip = "hip",
        /// Ankle and foot.
        Ankle = "ankle",
        /// Shoulder.
        Shoulder = "shoulder",
        /// Elbow, wrist and hand.
        ElbowWrist = "elbow_wrist",
        /// Neck.
        Neck = "neck",
        /// Upper and lower back, trunk.
        Back = "back",
        /// Balance and gait.
        Balance = "balance",
        /// The whole body, or several parts at once.
        General = "general",
    }
}

words! {
    /// What one needs for an exercise.
    Equipment, "is not equipment" {
        /// Nothing.
        None = "none",
        /// An elastic band.
        Band = "band",
        /// A hand weight, dumbbell or kettlebell.
        HandWeight = "hand_weight",
        /// A weight strapped to the ankle or wrist.
        CuffWeight = "cuff_weight",
        /// A chair.
        Chair = "chair",
        /// A step or stair.
        Step = "step",
        /// A wall, door frame or counter to hold or lean on.
        Wall = "wall",
        /// A towel, strap or belt.
        Towel = "towel",
        /// A large exercise ball.
        Ball = "ball",
        /// A foam roller or cushion.
        Foam = "foam",
        /// A stick or cane.
        Stick = "stick",
        /// A barbell.
        Barbell = "barbell",
        /// A cable or weight machine.
        Machine = "machine",
        /// Something else.
        Other = "other",
    }
}

words! {
    /// Where a library entry came from.
    ExerciseSource, "is not a source" {
        /// Written by us, shipped with the program.
        Starter = "starter",
        /// Imported from the free-exercise-db layout.
        FreeExerciseDb = "free_exercise_db",
    }
}

/// An entry of the exercise library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exercise {
    /// Its id in this practice.
    pub exercise_id: ExerciseId,
    /// Where it came from.
    pub source: ExerciseSource,
    /// Its stable name at the source; (`source`, `source_ref`) is unique in a practice.
    pub source_ref: String,
    /// What it is called.
    pub name: String,
    /// The part of the body that it is for.
    pub region: BodyRegion,
    /// What one needs.
    pub equipment: Equipment,
    /// What to do, step by step.
    pub steps: Vec<String>,
    /// What to mind, and when to stop.
    pub cautions: Vec<String>,
    /// How many pictures it has; they are numbered from 0.
    pub pictures: u8,
}
