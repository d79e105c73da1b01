//! One exercise of a draft: from the text in its fields to a dose.

use crate::look::{FieldErrors, ItemForm};
use domain::{Dose, ExerciseId, Invalid, ItemId, Load, LoadUnit, Side, Tempo};
use practice::programs::NewItem;

/// Notes what is wrong with a field of item `n` in a sentence that says which exercise it is.
pub(in crate::routes::programs) fn wrong(errors: &mut FieldErrors, place: &str, why: &Invalid) {
    let part = place.rsplit('.').next().unwrap_or(place);
    let label = match part {
        "sets" => "sets",
        "reps" => "repetitions",
        "hold_seconds" => "hold",
        "load" | "tenths" => "load",
        "rest_seconds" => "rest",
        "tempo" => "tempo",
        "times_a_day" => "times a day",
        "weekdays" => "days",
        "side" => "side",
        "instruction" => "what to mind",
        "exercise_id" => "the exercise",
        "item_id" => "the item",
        "ends_on" => "the last day",
        "items" => "the program",
        _ => "this",
    };
    let number = super::place(place).map(|(n, _)| format!("Exercise {}: ", n + 1)).unwrap_or_default();
    let sentence = format!("{number}{label} {}", why.what());
    let mut letters = sentence.chars();
    let sentence = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or(sentence);
    errors.add(place, sentence);
}

/// What the fields of item `n` say; none when something is wrong with one of them, which then stands in `errors`.
pub(super) fn read(errors: &mut FieldErrors, n: usize, item: &ItemForm<'_>) -> Option<NewItem> {
    let before = errors.is_empty();
    let at = |part: &str| format!("items[{n}].{part}");
    let mut number = |part: &str, text: &str, needed: bool| -> Option<u16> {
        if text.is_empty() && !needed {
            return None;
        }
        text.parse().map_err(|_| wrong(errors, &at(part), &Invalid::new("must be a whole number"))).ok()
    };
    let small = |number: Option<u16>| number.map(|n| u8::try_from(n).unwrap_or(u8::MAX));
    let sets = small(number("dose.sets", &item.sets, true));
    let reps = number("dose.reps", &item.reps, false);
    let hold_seconds = number("dose.hold_seconds", &item.hold_seconds, false);
    let rest_seconds = number("dose.rest_seconds", &item.rest_seconds, false);
    let times_a_day = small(number("dose.times_a_day", &item.times_a_day, true));
    let mut note = |part: &str, result: Result<(), Invalid>| {
        if let Err(why) = result {
            wrong(errors, &at(part), &why);
        }
    };
    let load = load(&item.load, &item.load_unit);
    note("dose.load", load.as_ref().map(drop).map_err(Clone::clone));
    let tempo = tempo(&item.tempo);
    note("dose.tempo", tempo.as_ref().map(drop).map_err(Clone::clone));
    let side = item.side.parse::<Side>();
    note("dose.side", side.as_ref().map(drop).map_err(Clone::clone));
    let weekdays = item.weekdays.ok_or(Invalid::new("must name at least one day"));
    note("dose.weekdays", weekdays.as_ref().map(drop).map_err(Clone::clone));
    let exercise_id = item.exercise_id.parse::<ExerciseId>();
    note("exercise_id", exercise_id.as_ref().map(drop).map_err(Clone::clone));
    let item_id = if item.item_id.is_empty() { Ok(None) } else { item.item_id.parse::<ItemId>().map(Some) };
    note("item_id", item_id.as_ref().map(drop).map_err(Clone::clone));
    let dose = Dose {
        sets: sets?,
        reps,
        hold_seconds,
        load: load.ok()?,
        side: side.ok()?,
        rest_seconds,
        tempo: tempo.ok()?,
        times_a_day: times_a_day?,
        weekdays: weekdays.ok()?,
    };
    // What the domain would say anyway is said for every item at once, and not one after the other.
    if before
        && errors.is_empty()
        && let Err((field, why)) = dose.check()
    {
        wrong(errors, &at(&format!("dose.{field}")), &why);
    }
    let instruction = Some(item.instruction.clone()).filter(|text| !text.is_empty());
    Some(NewItem { item_id: item_id.ok()?, exercise_id: exercise_id.ok()?, dose, instruction })
}

/// "2.5" and a unit, in tenths.
fn load(typed: &str, unit: &str) -> Result<Option<Load>, Invalid> {
    const WRONG: Invalid = Invalid::new("must be a number like 2.5");
    if typed.is_empty() {
        // Not in use, but still one that the form offers.
        return if unit.is_empty() { Ok(None) } else { unit.parse::<LoadUnit>().map(|_| None) };
    }
    let (whole, tenth) = typed.split_once(['.', ',']).unwrap_or((typed, "0"));
    if tenth.len() != 1 {
        return Err(WRONG);
    }
    let (whole, tenth) = (whole.parse::<u16>().map_err(|_| WRONG)?, tenth.parse::<u16>().map_err(|_| WRONG)?);
    let tenths = whole.checked_mul(10).and_then(|tenths| tenths.checked_add(tenth)).ok_or(WRONG)?;
    let unit = unit.parse::<LoadUnit>()?;
    Ok((tenths > 0).then_some(Load { tenths, unit }))
}

/// "3-1-2-0".
fn tempo(typed: &str) -> Result<Option<Tempo>, Invalid> {
    const WRONG: Invalid = Invalid::new("must be four numbers like 3-1-2-0");
    if typed.is_empty() {
        return Ok(None);
    }
    let phases: Vec<u8> =
        typed.split('-').map(|phase| phase.trim().parse()).collect::<Result<_, _>>().map_err(|_| WRONG)?;
    match phases.as_slice() {
        [down, bottom, up, top] => Ok(Some(Tempo { down: *down, bottom: *bottom, up: *up, top: *top })),
        _ => Err(WRONG),
    }
}
