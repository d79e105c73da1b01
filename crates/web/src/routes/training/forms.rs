//! The forms of a course, of a record and of its correction.

use crate::look::{
    Field, FieldErrors, checkbox_group, date_field, hidden, number_field, select, submit, text_field, textarea, words,
};
use domain::{
    AccountId, CoursePurpose, CourseRoles, CourseTitle, Date, DueDays, Invalid, RenewalMonths, Role, TrainingWords,
};
use maud::{Markup, html};
use practice::training::{CourseView, NewCorrection, NewCourse, NewTraining, RecordView};
use serde::Deserialize;

/// A course as somebody typed it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct TypedCourse {
    #[serde(default)]
    title: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    renewal_months: String,
    #[serde(default)]
    due_days: String,
    #[serde(default)]
    pub(super) seen: String,
}

impl TypedCourse {
    /// What stands now.
    pub(super) fn of(course: &CourseView) -> Self {
        Self {
            title: course.title.clone(),
            purpose: course.purpose.clone(),
            roles: course.roles.iter().map(|role| role.word().to_owned()).collect(),
            renewal_months: course.renewal_months.map(|months| months.to_string()).unwrap_or_default(),
            due_days: course.due_days.to_string(),
            seen: course.version.to_string(),
        }
    }

    /// The course; none where something does not fit, which then stands in `errors`.
    pub(super) fn read(&self, errors: &mut FieldErrors) -> Option<NewCourse> {
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| Invalid::new("must be a whole number"));
        let roles = self.roles.iter().map(|role| role.parse::<Role>()).collect::<Result<Vec<_>, _>>();
        let renewal = match self.renewal_months.trim() {
            "" => Ok(None),
            months => number(months).and_then(RenewalMonths::new).map(Some),
        };
        let title = errors.keep("title", "The title", CourseTitle::new(&self.title));
        let purpose = errors.keep("purpose", "What it is for", CoursePurpose::new(&self.purpose));
        let roles = errors.keep("roles", "It", roles.and_then(CourseRoles::new));
        let renewal_months = errors.keep("renewal_months", "The number of months", renewal);
        let due_days = errors.keep("due_days", "The number of days", number(&self.due_days).and_then(DueDays::new));
        Some(NewCourse {
            title: title?,
            purpose: purpose?,
            roles: roles?,
            renewal_months: renewal_months?,
            due_days: due_days?,
        })
    }
}

/// The form of a course, with what was typed.
pub(super) fn course_form(action: &str, label: &str, typed: &TypedCourse, errors: &FieldErrors) -> Markup {
    let staff = Role::ALL.iter().filter(|role| **role != Role::Patient);
    let roles: Vec<(&str, &str, bool)> =
        staff.map(|role| (role.word(), words::role(*role), typed.roles.iter().any(|of| of == role.word()))).collect();
    html! {
        form method="post" action=(action) class="card stack" {
            h2 { "The course" }
            @if !typed.seen.is_empty() { (hidden("seen", &typed.seen)) }
            (text_field(&Field::new("title", "Title").required().value(&typed.title).max_length(120)
                .error(errors.of("title")).autocomplete("off")))
            (textarea(&Field::new("purpose", "What it is for").required().value(&typed.purpose).rows(4).max_length(4000)
                .error(errors.of("purpose")).hint("What is learned in it, and with what")))
            (checkbox_group(&Field::new("roles", "For whom").required().error(errors.of("roles")), &roles))
            (number_field(&Field::new("renewal_months", "Again after").value(&typed.renewal_months).unit("months")
                .between("1", "120").step("1").error(errors.of("renewal_months")).hint("Empty: once is enough")))
            (number_field(&Field::new("due_days", "To be done within").required().value(&typed.due_days).unit("days")
                .between("0", "365").step("1").error(errors.of("due_days"))
                .hint("After somebody joined, got the role, or the course was made, whichever is later")))
            (submit(label, None))
        }
    }
}

/// A record as somebody typed it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct TypedRecord {
    #[serde(default)]
    account_id: String,
    #[serde(default)]
    trained_on: String,
    #[serde(default)]
    how: String,
}

impl TypedRecord {
    /// What a correction begins with.
    pub(super) fn of(record: &RecordView) -> Self {
        let trained_on = record.trained_on.map(|day| day.to_string()).unwrap_or_default();
        Self { trained_on, ..Self::default() }
    }

    /// The record; none where something does not fit.
    pub(super) fn read(&self, errors: &mut FieldErrors) -> Option<NewTraining> {
        let account = self.account_id.parse::<AccountId>().map_err(|_| Invalid::new("must be chosen"));
        let account_id = errors.keep("account_id", "Who was trained", account);
        let day = self.trained_on.trim().parse::<Date>().map_err(|_| Invalid::new("must be a day"));
        let trained_on = errors.keep("trained_on", "This", day);
        let how = errors.keep("how", "How they were trained", TrainingWords::new(&self.how));
        Some(NewTraining { account_id: account_id?, trained_on: trained_on?, how: how? })
    }

    /// The correction; an empty day takes the record back.
    pub(super) fn correction(&self, errors: &mut FieldErrors) -> Option<NewCorrection> {
        let day = match self.trained_on.trim() {
            "" => Ok(None),
            day => day.parse::<Date>().map(Some).map_err(|_| Invalid::new("must be a day")),
        };
        let trained_on = errors.keep("trained_on", "This", day);
        let how = errors.keep("how", "Why it is corrected", TrainingWords::new(&self.how));
        Some(NewCorrection { trained_on: trained_on?, how: how? })
    }
}

/// The form of a record: (account, name) of whom the course is asked.
pub(super) fn record_form(
    action: &str,
    people: &[(String, String)],
    typed: &TypedRecord,
    errors: &FieldErrors,
) -> Markup {
    let mut options = vec![("", "Choose")];
    options.extend(people.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    html! {
        form method="post" action=(action) class="card stack" {
            h2 { "Somebody was trained" }
            (select(&Field::new("account_id", "Who").required().value(&typed.account_id)
                .error(errors.of("account_id")), &options))
            (date_field(&Field::new("trained_on", "On which day").required().value(&typed.trained_on)
                .error(errors.of("trained_on"))))
            (text_field(&Field::new("how", "How").required().value(&typed.how).max_length(500).error(errors.of("how"))
                .hint("By whom, where, with what. Name no patient.").autocomplete("off")))
            (submit("Record it", None))
        }
    }
}

/// The form of a correction.
pub(super) fn correction_form(action: &str, typed: &TypedRecord, errors: &FieldErrors) -> Markup {
    html! {
        form method="post" action=(action) class="card stack" {
            h2 { "Correct it" }
            (date_field(&Field::new("trained_on", "The right day").value(&typed.trained_on).error(errors.of("trained_on"))
                .hint("Empty: they were not trained, and the record is taken back")))
            (text_field(&Field::new("how", "Why").required().value(&typed.how).max_length(500).error(errors.of("how"))
                .hint("The record before stays, and is marked").autocomplete("off")))
            (submit("Correct it", None))
        }
    }
}
