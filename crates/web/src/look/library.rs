//! The exercise library beside the program editor: some entries, what narrows them down, and the way to more. It works
//! without `program.js`: then the buttons send the form of the editor, and the server does the same.

use super::{
    figure::{Figure, FigureSize, exercise_figure},
    icon::Icon,
    words,
};
use domain::BodyRegion;
use maud::{Markup, html};

/// One exercise to choose from.
#[derive(Debug, Clone)]
pub struct LibraryEntry<'a> {
    /// Its id.
    pub exercise_id: String,
    /// What it is called.
    pub name: &'a str,
    /// The part of the body, in words.
    pub region: &'static str,
    /// What one needs, in words.
    pub equipment: &'static str,
    /// Its picture.
    pub figure: Figure<'a>,
}

/// What of the library is shown.
#[derive(Debug, Clone, Copy)]
pub struct Library<'a> {
    /// The words that were searched for.
    pub words: &'a str,
    /// The part of the body, as a word of [`BodyRegion`]; empty for all.
    pub region: &'a str,
    /// How many fit.
    pub fitting: usize,
    /// How many there are.
    pub in_all: usize,
    /// How many the next button shows; none when there is nothing more to show.
    pub more: Option<usize>,
}

/// The first submit button of a form is the one that the Enter key of any field presses. In the editor that must be one
/// that signs and moves nothing.
pub fn first_button() -> Markup {
    html! { button type="submit" class="hidden" name="do" value="find" formnovalidate tabindex="-1" aria-hidden="true" data-find {} }
}

/// A list to choose from, with the fields that narrow it down.
pub fn library_picker(entries: &[LibraryEntry<'_>], library: &Library<'_>) -> Markup {
    html! {
        div class="library" data-library {
            div class="library-filter" {
                div class="field" {
                    label for="library-search" { "Find an exercise" }
                    input type="search" id="library-search" name="find" value=(library.words) maxlength="100"
                        autocomplete="off" data-no-unsaved;
                }
                div class="field" {
                    label for="library-region" { "For" }
                    select id="library-region" name="find_region" data-no-unsaved {
                        option value="" { "Every part of the body" }
                        @for region in BodyRegion::ALL {
                            option value=(region.word()) selected[region.word() == library.region] { (words::region(*region)) }
                        }
                    }
                }
                button type="submit" class="button quiet" name="do" value="find" formnovalidate data-find { (Icon::Search.draw()) span { "Search" } }
            }
            p class="soft small" role="status" data-count { (count(entries.len(), library)) }
            div class="stack" data-results {
                @if !entries.is_empty() { (list(entries)) }
                @if let Some(more) = library.more {
                    button type="submit" class="button quiet" name="do" value={ "find:" (more) } formnovalidate data-more=(more) { "Show more" }
                }
            }
        }
    }
}

fn list(entries: &[LibraryEntry<'_>]) -> Markup {
    html! {
        ul class="library-list" role="list" tabindex="0" aria-label="Exercise library" {
            @for entry in entries {
                li data-entry {
                    (exercise_figure(entry.figure, entry.name, FigureSize::Small))
                    div class="grow" {
                        p class="library-name" { (entry.name) }
                        p class="soft small" { (entry.region) " · " (entry.equipment) }
                    }
                    button type="submit" class="tool" name="do" value={ "add:" (entry.exercise_id) } formnovalidate
                        data-add=(entry.exercise_id) data-add-name=(entry.name) {
                        (Icon::Plus.draw()) span class="hidden" { "Add " (entry.name) }
                    }
                }
            }
        }
    }
}

/// "62 exercises", "24 of 932 exercises", "3 of 932 exercises fit".
fn count(shown: usize, library: &Library<'_>) -> String {
    let narrowed = !library.words.trim().is_empty() || !library.region.is_empty();
    match (shown, library.fitting, narrowed) {
        (_, 0, true) => "No exercise fits. Try fewer words, or every part of the body.".to_owned(),
        (shown, fitting, true) if shown == fitting => {
            format!("{fitting} of {}", words::count(library.in_all as u64, "exercise", "exercises"))
        }
        (shown, fitting, true) => format!("The first {shown} of {fitting} that fit"),
        (shown, fitting, false) if shown == fitting => words::count(fitting as u64, "exercise", "exercises"),
        (shown, fitting, false) => format!("The first {shown} of {fitting} exercises; search to find the others"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> LibraryEntry<'static> {
        let (name, region, equipment) = ("Wall sit <b>", "Knee", "wall or counter");
        LibraryEntry { exercise_id: "e7".to_owned(), name, region, equipment, figure: Figure::None }
    }

    fn shown(words: &str, region: &str, fitting: usize, more: Option<usize>) -> String {
        library_picker(&[entry()], &Library { words, region, fitting, in_all: 932, more }).into_string()
    }

    #[test]
    fn an_exercise_is_found_and_added_without_javascript() {
        let html = shown("wall", "knee", 1, None);
        assert!(html.contains("name=\"do\" value=\"add:e7\"") && html.contains("1 of 932 exercises"));
        assert!(html.contains("name=\"find\" value=\"wall\"") && html.contains("value=\"knee\" selected"));
        assert!(html.contains("Wall sit &lt;b&gt;") && !html.contains("Show more"));
    }

    #[test]
    fn what_is_not_shown_is_said_and_can_be_asked_for() {
        let html = shown("", "", 932, Some(25));
        assert!(html.contains("The first 1 of 932 exercises") && html.contains("value=\"find:25\""));
        let nothing = Library { words: "xyz", region: "", fitting: 0, in_all: 932, more: None };
        assert!(library_picker(&[], &nothing).into_string().contains("No exercise fits"));
    }
}
