//! The identity store: how whoever works here is trained.

use super::{Column, table};
use domain::{CoursePurpose, CourseTitle, TrainingWords};

table! {
    /// Courses in which staff are trained.
    Identity.courses {
        (practice_id: Id, Drop, "the practice")
        (course_id: Id, Drop, "the course")
        (version: Structure, Drop, "the version that counts")
        (ended_by: Id, Drop, "the account that ended it")
        (ended_at: Time, Drop, "when")
    }
}

table! {
    /// Versions of courses: what somebody was trained under stays.
    Identity.course_versions {
        (practice_id: Id, Drop, "the practice")
        (course_id: Id, Drop, "the course")
        (version: Structure, Drop, "its number")
        (title: sealed Account as Title = CourseTitle, Drop, "What it is called.")
        (purpose: sealed Account as Purpose = CoursePurpose, Drop, "What it is for.")
        (renewal_months: Structure, Drop, "after how many months it is done again; none asks once")
        (due_days: Structure, Drop, "within how many days somebody is trained who was not before")
        (made_by: Id, Drop, "the account that made the version")
        (made_at: Time, Drop, "when")
    }
}

table! {
    /// For which roles a version of a course is.
    Identity.course_roles {
        (practice_id: Id, Drop, "the practice")
        (course_id: Id, Drop, "the course")
        (version: Structure, Drop, "the version")
        (role: Structure, Drop, "the role")
        (since: Time, Drop, "since when it is asked of that role")
    }
}

table! {
    /// Who was trained in what, and when.
    Identity.trainings {
        (practice_id: Id, Drop, "the practice")
        (training_id: Id, Drop, "the record of it")
        (account_id: Id, Drop, "the account of who was trained")
        (course_id: Id, Drop, "the course")
        (version: Structure, Drop, "its version at that moment")
        (trained_on: Time, Drop, "on which day; none takes back what was recorded in error")
        (how: sealed Account as How = TrainingWords, Drop, "How they were trained, or why it is corrected.")
        (recorded_by: Id, Drop, "the account that recorded it")
        (recorded_at: Time, Drop, "when")
        (nobody_else: Structure, Drop, "1 where it is whoever recorded it: nobody else could")
        (corrects: Id, Drop, "the record that it corrects")
        (superseded_by: Id, Drop, "the record that corrects it")
    }
}

pub(super) const TABLES: &[&[Column]] =
    &[courses::COLUMNS, course_versions::COLUMNS, course_roles::COLUMNS, trainings::COLUMNS];
