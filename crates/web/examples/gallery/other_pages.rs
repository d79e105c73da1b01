//! Pages of patients, the doors, and every part on one page.

use super::{Shelf, asset, days, patient_nav, program_of_ana, staff, staff_nav, weekly};
use domain::BodyRegion;
use jiff::civil::date;
use maud::{Markup, html};
use web::look::*;

pub(crate) fn today(shelf: &Shelf) -> Markup {
    let nav = patient_nav();
    let kind = Kind::Patient { nav: &nav, signed_in_as: "Ana Ruiz", signs_out_in_seconds: Some(872) };
    let head = Head {
        above: Some(html! { (words::day(date(2026, 5, 14))) }),
        heading: Some("Good morning, Ana"),
        below: None,
        beside: Some(progress_ring(2, 5)),
    };
    let program = program_of_ana(shelf);
    let (name, figure, dose) = &program[0];
    let content = html! {
        (notice(Tone::Info, "Mara changed your program", Some(html! { "Heel raises are now on one leg." })))
        article class="card exercise" {
            div { h2 { (name) } p class="soft" { (words::dose_today(dose)) } }
            (exercise_figure(*figure, name, FigureSize::Large))
            form method="post" class="stack" {
                (timer(TimerPlan::from(dose), Some("sets")))
                div class="dose" {
                    (number_field(&Field::new("sets", "Sets done").required().between("0", "20").value("3")))
                    (number_field(&Field::new("reps", "Reps").between("1", "200").value("10")))
                }
                (range_field(&Field::new("pain", "Pain").required().value("3"), &words::PAIN))
                (range_field(&Field::new("effort", "Effort").required(), &words::EFFORT))
                (textarea(&Field::new("comment", "Anything to say about it?").rows(2).max_length(2000)))
                (submit("Write it down", None))
            }
        }
        @for (name, figure, dose) in &program[1..3] {
            article class="card exercise-head" {
                (exercise_figure(*figure, name, FigureSize::Card))
                div { h2 { (name) } p class="soft small" { (words::dose_today(dose)) } }
                (link_button("#start", html! { "Start" span class="hidden" { " " (name) } }, ButtonKind::Quiet))
            }
        }
        article class="card exercise-head done" {
            (exercise_figure(Figure::None, "Straight leg raise", FigureSize::Card))
            div { h2 { "Straight leg raise" } p class="soft small" { "Done at " (words::time(7, 40)) " · pain 2" } }
            (tag("✓ Done", Tone::Success))
        }
    };
    page(Frame::new("Today", kind, &asset).demo(true).head(head).scripts(&["timer.js"]), content)
}

pub(crate) fn sign_in() -> Markup {
    let passkey = Passkey {
        ceremony: Ceremony::Prove,
        start: "/api/v1/session/passkey/start",
        finish: "/api/v1/session/passkey",
        next: "/",
        label: "Sign in with a passkey",
    };
    let content = html! {
        div class="card stack" {
            form method="post" class="stack" {
                (email_field(&Field::new("email", "E-mail").required().autocomplete("username").autofocus()))
                (password_field(&Field::new("password", "Password").required().autocomplete("current-password")))
                (submit("Sign in", None))
            }
            hr;
            (passkey_form(passkey, ButtonKind::Quiet, None))
        }
        p class="soft small" { "You are signed out after 15 minutes without use. " a href="#lost" { "I cannot sign in" } }
    };
    let head = Head { below: Some(html! { "Northside Physical Therapy" }), ..Head::default() };
    page(Frame::new("Sign in", Kind::Plain, &asset).demo(true).head(head).scripts(&["passkey.js"]), content)
}

pub(crate) fn second_factor() -> Markup {
    let content = html! {
        form method="post" class="card stack" {
            (error_summary(&[("code", "That code is not right, or was used already")]))
            (text_field(&Field::new("code", "Code").hint("Six digits from your authenticator app").required()
                .error(Some("That code is not right, or was used already"))
                .autocomplete("one-time-code").inputmode("numeric").max_length(6)))
            (submit("Go on", Some(link_button("#recovery", "Use a recovery code", ButtonKind::Bare))))
        }
    };
    page(Frame::new("One more step", Kind::Plain, &asset).demo(true), content)
}

pub(crate) fn form_with_errors() -> Markup {
    let nav = staff_nav(1);
    let mut errors = FieldErrors::none();
    errors.add("email", "Enter an e-mail address, like name@example.org");
    errors.add("birth_date", "The birth date must be a day of the last 130 years");
    errors.add("role", "Choose a role");
    let roles =
        [("therapist", "Therapist", Some("Sees the patients of their care team")), ("billing", "Billing", None)];
    let regions: Vec<_> = BodyRegion::ALL.iter().map(|region| (region.word(), words::region(*region))).collect();
    let content = html! {
        form method="post" class="card" {
            (errors.summary())
            (text_field(&Field::new("name", "Name").required().value("Ana Ruiz").autocomplete("off")))
            (email_field(&Field::new("email", "E-mail").required().value("ana@").error(errors.of("email"))))
            (date_field(&Field::new("birth_date", "Date of birth").value("1820-01-01").error(errors.of("birth_date"))))
            (select(&Field::new("region", "Part of the body").required().value("hip"), &regions))
            (radio_group(&Field::new("role", "Role").required().error(errors.of("role")), &roles))
            (checkbox_group(&Field::new("tell", "Tell them by"), &[("mail", "E-mail", true), ("paper", "Paper", false)]))
            (scale_field(&Field::new("pain", "Pain today").required().value("4"), &words::PAIN))
            (checkbox(&Field::new("agreed", "They agreed to be invited").required(), false))
            (submit("Send the invitation", Some(link_button("#back", "Cancel", ButtonKind::Quiet))))
        }
    };
    page(staff("Invite a patient", &nav), content)
}

pub(crate) fn exercise(shelf: &Shelf) -> Markup {
    let nav = staff_nav(2);
    let Some((exercise, urls)) = shelf.0.iter().find(|(exercise, _)| exercise.source_ref == "mini-squat") else {
        return html! {};
    };
    let content = html! {
        (card("How to do it", Some(tag(words::region(exercise.region), Tone::Info)), html! {
            (exercise_figure(Figure::Drawn(urls), &exercise.name, FigureSize::Large))
            ol class="steps" { @for step in &exercise.steps { li { (step) } } }
            (notice(Tone::Warn, "Mind", Some(html! { ul { @for caution in &exercise.cautions { li { (caution) } } } })))
        }))
        (card("About it", None, definitions(&[
            ("For", html! { (words::region(exercise.region)) }),
            ("You need", html! { (words::equipment(exercise.equipment)) }),
            ("Usual dose", html! { (words::dose(&exercise.default_dose)) }),
        ])))
    };
    page(staff(&exercise.name, &nav), content)
}

pub(crate) fn all_parts() -> Markup {
    let nav = staff_nav(3);
    let empty = LineChart { id: "none", title: "Nothing", max: 10.0, series: &[Series { label: "Pain", values: &[] }] };
    let one = weekly(&[4.0]);
    let one = [Series { label: "Pain", values: &one }];
    let content = html! {
        (breadcrumbs(&[("#", "Practice"), ("#", "People")], "Parts"))
        @for tone in [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warn, Tone::Error] {
            (notice(tone, "A notice", Some(html! { "It says what happened, and what to do. " a href="#" { "A link" } })))
        }
        (row(html! {
            (button("Primary", ButtonKind::Primary)) (button("Quiet", ButtonKind::Quiet)) (button("Bare", ButtonKind::Bare))
            (post_button("#", "Remove", ButtonKind::Danger, Some("Remove this passkey? It can no longer sign in.")))
            @for tone in [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warn, Tone::Error] { (tag("A tag", tone)) }
        }))
        div class="stats" { (stat("84%", "done in 4 weeks")) (stat("2.6", "pain, weekly median")) (stat("5", "exercises today")) }
        (secret("Recovery code", "K7QF-9M2D-XX4P"))
        (empty_state("No notes yet", "What you write after a visit stands here.", Some(link_button("#", "Write a note", ButtonKind::Primary))))
        (two_columns(
            card("Few days", None, adherence_heatmap("few", &days()[..9])),
            card("One week", None, line_chart(LineChart { id: "one", title: "Pain", max: 10.0, series: &one })),
        ))
        (card("Nothing yet", None, html! { (adherence_heatmap("no-days", &[])) (line_chart(empty)) (sparkline("Volume", &[])) }))
        (row(html! { @for icon in Icon::ALL { (icon.draw()) } (progress_ring(0, 4)) (progress_ring(4, 4)) (progress_ring(0, 0)) }))
    };
    page(staff("Every part", &nav), content)
}

pub(crate) fn not_found() -> Markup {
    let content = html! {
        (empty_state("There is nothing here for you", "It may have moved, or never was.", Some(link_button("/", "To the start", ButtonKind::Primary))))
    };
    page(Frame::new("Not found", Kind::Plain, &asset), content)
}
