//! The starter set: exercises written and drawn by us, built into the program.

use super::{FigureError, Figures, NewExercise, Picture};
use domain::{BodyRegion, Dose, Equipment, ExerciseSource, Invalid};
use serde::Deserialize;
use std::collections::BTreeSet;

const EXERCISES: &str = include_str!("../../data/starter.toml");
const FIGURES: &str = include_str!("../../data/figures.toml");

/// Why the starter set could not be read. A test reads the set that is built in, so a released program never says this.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// The exercises are not what they should be.
    #[error("the starter exercises cannot be read")]
    Syntax(#[from] toml::de::Error),
    /// The figures are not what they should be.
    #[error(transparent)]
    Figures(#[from] FigureError),
    /// A field of an exercise is out of its bounds.
    #[error("starter exercise {exercise}: {field} {why}")]
    Invalid {
        /// The exercise.
        exercise: String,
        /// The field.
        field: String,
        /// What is wrong.
        #[source]
        why: Invalid,
    },
    /// Two exercises have the same stable name.
    #[error("starter exercise {0} stands twice")]
    Twice(String),
    /// An exercise has no figure.
    #[error("starter exercise {0} has no figure")]
    NoFigure(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    exercise: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "ref")]
    stable_name: String,
    name: String,
    region: BodyRegion,
    equipment: Equipment,
    dose: Dose,
    steps: Vec<String>,
    cautions: Vec<String>,
}

/// The starter exercises in the order of the file, each with the figures of its start and its end.
pub fn starter() -> Result<Vec<NewExercise>, StarterError> {
    read(EXERCISES, &Figures::read(FIGURES)?)
}

fn read(exercises: &str, figures: &Figures) -> Result<Vec<NewExercise>, StarterError> {
    let file: File = toml::from_str(exercises)?;
    let mut seen = BTreeSet::new();
    file.exercise
        .into_iter()
        .map(|entry| {
            if !seen.insert(entry.stable_name.clone()) {
                return Err(StarterError::Twice(entry.stable_name));
            }
            let pair = figures.pair(&entry.stable_name).ok_or(StarterError::NoFigure(entry.stable_name.clone()))?;
            let exercise = NewExercise {
                source: ExerciseSource::Starter,
                source_ref: entry.stable_name,
                name: entry.name,
                region: entry.region,
                equipment: entry.equipment,
                steps: entry.steps,
                cautions: entry.cautions,
                pictures: pair.iter().map(|svg| Picture::drawing(svg)).collect(),
                default_dose: entry.dose,
            };
            exercise.check().map_err(|(field, why)| StarterError::Invalid {
                exercise: exercise.source_ref.clone(),
                field,
                why,
            })?;
            Ok(exercise)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::PictureFormat;

    fn set() -> Vec<NewExercise> {
        starter().expect("the starter set is sound")
    }

    #[test]
    fn the_starter_set_is_sound_and_large_enough() {
        let set = set();
        assert!(set.len() >= 66, "{}", set.len());
        for region in BodyRegion::ALL.iter().filter(|region| **region != BodyRegion::General) {
            let count = set.iter().filter(|exercise| exercise.region == *region).count();
            assert!(count >= 7, "{region}: {count}");
        }
    }

    #[test]
    fn every_starter_exercise_says_how_and_when_to_stop() {
        for exercise in set() {
            let name = &exercise.source_ref;
            assert!((3..=6).contains(&exercise.steps.len()), "{name}");
            assert!((1..=3).contains(&exercise.cautions.len()), "{name}");
            for line in exercise.steps.iter().chain(&exercise.cautions) {
                let words = line.split_whitespace().count();
                assert!((2..=28).contains(&words), "{name}: {words} words: {line}");
                let longest_sentence = line.split(['.', '!', '?']).map(|s| s.split_whitespace().count()).max();
                assert!(longest_sentence.is_some_and(|words| words <= 22), "{name}: {line}");
                assert!(line.ends_with('.'), "{name}: {line}");
            }
            assert!(exercise.name.split_whitespace().count() <= 7, "{name}");
        }
    }

    #[test]
    fn every_starter_exercise_shows_its_own_movement() {
        let set = set();
        let mut pairs = BTreeSet::new();
        for exercise in &set {
            let [start, end] = exercise.pictures.as_slice() else { panic!("{}: two pictures", exercise.source_ref) };
            assert_ne!(start.digest, end.digest, "{}", exercise.source_ref);
            assert!(pairs.insert((start.digest, end.digest)), "{} looks like another", exercise.source_ref);
            assert_eq!(start.format, PictureFormat::Svg);
            assert!(start.bytes.len() < 4096 && end.bytes.len() < 4096, "{}", exercise.source_ref);
        }
        let figures = Figures::read(FIGURES).expect("figures");
        let drawn: BTreeSet<_> = figures.names().collect();
        assert_eq!(drawn, set.iter().map(|exercise| exercise.source_ref.as_str()).collect(), "no figure is left over");
    }

    #[test]
    fn a_faulty_entry_is_named() {
        let figures = Figures::read("[a]\nstart = {}\nend = { hip = [1, 2] }").expect("figures");
        let entry = |name: &str, sets: u8| {
            format!(
                "[[exercise]]\nref = \"{name}\"\nname = \"A\"\nregion = \"knee\"\nequipment = \"none\"\nsteps = [\"x\"]\ncautions = []\n\
                 dose = {{ sets = {sets}, reps = 1, side = \"both\", times_a_day = 1, weekdays = [1] }}\n"
            )
        };
        assert!(read(&entry("a", 1), &figures).is_ok());
        let twice = entry("a", 1).repeat(2);
        assert!(matches!(read(&twice, &figures), Err(StarterError::Twice(name)) if name == "a"));
        assert!(matches!(read(&entry("b", 1), &figures), Err(StarterError::NoFigure(name)) if name == "b"));
        let wrong = read(&entry("a", 0), &figures).expect_err("refused").to_string();
        assert_eq!(wrong, "starter exercise a: default_dose.sets must be 1 to 20");
    }
}
