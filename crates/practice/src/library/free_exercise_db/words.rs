//! What the words of free-exercise-db mean here.

use domain::{BodyRegion, Dose, Equipment, Side, Weekdays};

/// The values of `level`, `force` and `mechanic`: known, so that a misspelt one is noticed, and otherwise not used.
pub(super) const LEVELS: [&str; 3] = ["beginner", "intermediate", "expert"];
/// See [`LEVELS`].
pub(super) const FORCES: [&str; 3] = ["static", "pull", "push"];
/// See [`LEVELS`].
pub(super) const MECHANICS: [&str; 2] = ["isolation", "compound"];

/// What kind of exercise an entry is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    /// Held.
    Stretching,
    /// Kept up.
    Cardio,
    /// Repeated, mostly with one part of the body.
    Repeated,
    /// Repeated, with the whole body: its main muscle says little about what it is for.
    WholeBody,
}

/// `category`.
pub(super) fn category(word: &str) -> Option<Category> {
    Some(match word {
        "stretching" => Category::Stretching,
        "cardio" => Category::Cardio,
        "strength" | "powerlifting" | "plyometrics" => Category::Repeated,
        "olympic weightlifting" | "strongman" => Category::WholeBody,
        _ => return None,
    })
}

/// The region of a muscle: the joint that a therapist would look under to find it.
pub(super) fn region(muscle: &str) -> Option<BodyRegion> {
    Some(match muscle {
        "quadriceps" | "hamstrings" => BodyRegion::Knee,
        "glutes" | "abductors" | "adductors" => BodyRegion::Hip,
        "calves" => BodyRegion::Ankle,
        "shoulders" | "chest" | "traps" => BodyRegion::Shoulder,
        "biceps" | "triceps" | "forearms" => BodyRegion::ElbowWrist,
        "neck" => BodyRegion::Neck,
        "abdominals" | "lower back" | "middle back" | "lats" => BodyRegion::Back,
        _ => return None,
    })
}

/// `equipment`; where it is null, none is needed.
pub(super) fn equipment(word: Option<&str>) -> Option<Equipment> {
    Some(match word {
        None | Some("body only") => Equipment::None,
        Some("bands") => Equipment::Band,
        Some("dumbbell" | "kettlebells") => Equipment::HandWeight,
        Some("exercise ball") => Equipment::Ball,
        Some("foam roll") => Equipment::Foam,
        Some("barbell" | "e-z curl bar") => Equipment::Barbell,
        Some("cable" | "machine") => Equipment::Machine,
        Some("medicine ball" | "other") => Equipment::Other,
        Some(_) => return None,
    })
}

/// A dose to start from. The source has none: stretches are held three times for 30 seconds, endurance is kept
/// up for ten minutes, the rest is three sets of ten on three days a week. A therapist changes it when prescribing.
pub(super) fn dose(category: Category, held: bool) -> Dose {
    let dose = Dose {
        sets: 3,
        reps: None,
        hold_seconds: None,
        load: None,
        side: Side::Both,
        rest_seconds: None,
        tempo: None,
        times_a_day: 1,
        weekdays: Weekdays::DAILY,
    };
    let three_days = Weekdays::new(&[1, 3, 5]).expect("three days of the week");
    match category {
        Category::Stretching => Dose { hold_seconds: Some(30), ..dose },
        Category::Cardio => Dose { sets: 1, hold_seconds: Some(600), ..dose },
        Category::Repeated | Category::WholeBody if held => {
            Dose { hold_seconds: Some(20), rest_seconds: Some(60), weekdays: three_days, ..dose }
        }
        Category::Repeated | Category::WholeBody => {
            Dose { reps: Some(10), rest_seconds: Some(60), weekdays: three_days, ..dose }
        }
    }
}
