//! The clinical store.

use super::{Column, table};
use domain::{
    AmendmentText, BirthDate, ClinicName, Comment, Effort, EmailAddress, EndReason, Items, NoteBody, Pain, Performed,
    PersonName, PhoneNumber, ProgramTitle, RecordNumber, VisitMinutes, VisitRemark, VoidReason, billing::Crossing,
};

table! {
    /// People under care.
    Clinical.patients {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Replace, "the patient")
        (given_name: sealed Contact as GivenName = PersonName, Drop, "The patient's given name.")
        (family_name: sealed Contact as FamilyName = PersonName, Drop, "The patient's family name.")
        (birth_date: sealed Identifying as Born = BirthDate, Year, "The day the patient was born.")
        (email: sealed Contact as Email = EmailAddress, Drop, "Where to write to the patient.")
        (phone: sealed Contact as Phone = PhoneNumber, Drop, "Where to call the patient.")
        (record_number: sealed Identifying as Record = RecordNumber, Drop, "The practice's own number of the record.")
        (email_index: Fingerprint, Drop, "finds a patient by exact address")
        (phone_index: Fingerprint, Drop, "finds a patient by exact number")
        (record_number_index: Fingerprint, Drop, "finds a patient by exact record number")
        (created_at: Time, Drop, "when the patient was registered")
        (updated_at: Time, Drop, "when the row last changed")
        (version: Structure, Drop, "counts up at each change")
    }
}

table! {
    /// The exercise library.
    Clinical.exercises {
        (practice_id: Id, Drop, "the practice")
        (exercise_id: Id, Keep, "the exercise")
        (source: Public, Keep, "where the entry came from")
        (source_ref: Public, Keep, "its name at the source")
        (name: Public, Keep, "what it is called")
        (region: Public, Keep, "the part of the body")
        (equipment: Public, Keep, "what one needs")
        (steps: Public, Keep, "what to do, a JSON list")
        (cautions: Public, Keep, "what to mind, a JSON list")
        (pictures: Structure, Keep, "how many pictures it has")
        (created_at: Time, Keep, "when it was added")
        (updated_at: Time, Keep, "when it last changed")
    }
}

table! {
    /// Pictures of library exercises; the files lie in the media store under their digest.
    Clinical.exercise_pictures {
        (practice_id: Id, Drop, "the practice")
        (exercise_id: Id, Keep, "the exercise")
        (position: Structure, Keep, "its place, from 0")
        (digest: Public, Keep, "SHA-256 of the file")
        (media_type: Public, Keep, "image/jpeg or image/svg+xml")
        (width: Structure, Keep, "pixels")
        (height: Structure, Keep, "pixels")
    }
}

table! {
    /// Programs, over all their versions.
    Clinical.programs {
        (practice_id: Id, Drop, "the practice")
        (program_id: Id, Replace, "the program")
        (patient_id: Id, Replace, "the patient")
        (current_version: Structure, Keep, "the version in force")
        (created_at: Time, Shift, "when it was first prescribed")
        (ended_at: Time, Shift, "when it was ended")
    }
}

table! {
    /// Signed versions of programs. None is ever changed.
    Clinical.program_versions {
        (practice_id: Id, Drop, "the practice")
        (program_id: Id, Replace, "the program")
        (version: Structure, Keep, "1, 2, 3 and on")
        (patient_id: Id, Replace, "the patient")
        (title: sealed Exercise as Title = ProgramTitle, Drop, "What the program is called.")
        (items: sealed Exercise as ProgramItems = Items, Keep, "The exercises with their doses.")
        (starts_on: Time, Shift, "first day, in days since 1970-01-01")
        (ends_on: Time, Shift, "last day, in days since 1970-01-01")
        (signed_by: Id, Drop, "the account that signed it")
        (signed_at: Time, Shift, "when it was signed")
        (created_at: Time, Shift, "when it was stored")
        (end_reason: sealed Exercise as EndedBecause = EndReason, Drop, "Why this version ends the program.")
        (voided_at: Time, Drop, "when it was said to be entered in error")
        (voided_by: Id, Drop, "the account that said so")
        (void_reason: sealed Exercise as WrongBecause = VoidReason, Drop, "Why it was entered in error.")
    }
}

table! {
    /// What was done. A correction is a new row; the old one stays.
    Clinical.log_entries {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Replace, "the patient")
        (entry_id: Id, Replace, "the entry")
        (program_id: Id, Replace, "the program")
        (program_version: Structure, Keep, "the version that was in force")
        (item_id: Id, Replace, "the item that was done")
        (performed_on: Time, Shift, "the day, in days since 1970-01-01")
        (performed_at: Time, Shift, "the moment")
        (performed: sealed Exercise as Done = Performed, Keep, "Sets, repetitions, hold and load that were done.")
        (pain: sealed Exercise as PainFelt = Pain, Keep, "Pain, 0 to 10.")
        (effort: sealed Exercise as EffortFelt = Effort, Keep, "Effort, 0 to 10.")
        (comment: sealed PatientWords as Said = Comment, Drop, "What the patient said about it.")
        (recorded_by: Id, Drop, "the account that wrote it down")
        (recorded_at: Time, Drop, "when it was written down")
        (corrects: Id, Drop, "the entry that this one corrects")
        (superseded_at: Time, Drop, "when it was corrected")
        (voided_at: Time, Drop, "when it was said to be entered in error")
        (voided_by: Id, Drop, "the account that said so")
        (void_reason: sealed Exercise as WrongBecause = VoidReason, Drop, "Why it was entered in error.")
    }
}

table! {
    /// Progress notes. An amendment is a new row; the old one stays.
    Clinical.progress_notes {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Replace, "the patient")
        (note_id: Id, Drop, "the note")
        (body: sealed Note as Body = NoteBody, Drop, "What the therapist wrote.")
        (written_by: Id, Drop, "the account that wrote it")
        (written_at: Time, Shift, "when it was written")
        (corrects: Id, Drop, "the version that this one takes the place of")
        (version: Structure, Drop, "1, 2, 3 and on")
        (first_note_id: Id, Drop, "the first version, for an amendment")
        (voided_at: Time, Drop, "when it was said to be entered in error")
        (voided_by: Id, Drop, "the account that said so")
        (void_reason: sealed Note as WrongBecause = VoidReason, Drop, "Why it was entered in error.")
    }
}

table! {
    /// Visits, planned and past.
    Clinical.visits {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Replace, "the patient")
        (visit_id: Id, Replace, "the visit")
        (therapist_id: Id, Drop, "the account of the therapist")
        (starts_at: Time, Shift, "when it begins")
        (state: Structure, Keep, "planned, held, cancelled or no_show")
        (minutes: sealed Visit as Minutes = VisitMinutes, Keep, "How long it is, in minutes.")
        (clinic: sealed Visit as Clinic = ClinicName, Drop, "The place of the practice where it is.")
        (remark: sealed Visit as Remark = VisitRemark, Drop, "What to know before it.")
        (recorded_by: Id, Drop, "the account that wrote it down first")
        (recorded_at: Time, Drop, "when it was first written down")
        (changed_at: Time, Drop, "when it last changed")
        (version: Structure, Drop, "counts up at each change")
        (charged_at: Time, Drop, "when it was given to billing")
        (voided_at: Time, Drop, "when it was said to be entered in error")
        (voided_by: Id, Drop, "the account that said so")
        (void_reason: sealed Visit as WrongBecause = VoidReason, Drop, "Why it was entered in error.")
        (corrections: Structure, Drop, "how often what was given to billing was corrected")
        (charge_taken_back_at: Time, Drop, "when what was given to billing was taken back, if nothing was charged since")
        (charge_taken_back_by: Id, Drop, "the account that took it back")
    }
}

table! {
    /// What patients asked to be amended, and each answer. Every step is a row of its own, and none is ever changed.
    Clinical.amendments {
        (practice_id: Id, Drop, "the practice")
        (amendment_id: Id, Drop, "what was asked; the same for all of its steps")
        (place: Structure, Drop, "0 asked, 1 put off, 2 decided, 3 disagreed with, 4 replied to")
        (patient_id: Id, Drop, "the patient who asked")
        (step_id: Id, Drop, "the step")
        (step: Structure, Drop, "asked, extended, accepted, denied, disagreed or rebutted")
        (ground: Structure, Drop, "why it was denied: one of the four that 45 CFR 164.526(a)(2) allows")
        (words: sealed PatientWords as Words = AmendmentText, Drop, "What was said: by the patient, or to them.")
        (note_id: Id, Drop, "the note in which the amendment stands")
        (done_on: Time, Drop, "the day, in days since 1970-01-01")
        (done_by: Id, Drop, "the account that did it")
        (done_at: Time, Drop, "when")
    }
}

table! {
    /// Charges on their way to the billing store; gone when they are there.
    Clinical.billing_outbox {
        (practice_id: Id, Drop, "the practice")
        (visit_id: Id, Drop, "the visit")
        (number: Structure, Drop, "0 for the first charge of the visit, then each correction")
        (crossing: sealed Link as Crossed = Crossing, Drop, "The charge: its account, and its sealed contents.")
        (created_at: Time, Drop, "when the visit was charged")
    }
}

table! {
    /// The import that runs, or the last one: one a practice, so that of two at once only the later goes on.
    Clinical.imports {
        (practice_id: Id, Drop, "the practice")
        (run: Id, Drop, "which run may write")
        (account_id: Id, Drop, "whose it is")
        (begun_at: Time, Drop, "when it began")
        (finished_at: Time, Drop, "when everything was there and compared")
    }
}

table! {
    /// Patients who were brought in from elsewhere, so that another run of the import leaves them alone.
    Clinical.imported_patients {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient; made from their name at the source with a key of the server")
        (content: Fingerprint, Drop, "what was brought in, to see whether the source has changed since")
        (sealed: Fingerprint, Drop, "SHA-256 of the sealed columns as they were written, to compare with what is stored")
        (stored_at: Time, Drop, "when it was stored")
        (verified_at: Time, Drop, "when it was compared and the care team was set")
    }
}

table! {
    /// Writes that came with an idempotency key, so that a repeated one is not done twice.
    Clinical.idempotency_keys {
        (practice_id: Id, Drop, "the practice")
        (account_id: Id, Drop, "the account that sent it")
        (key_mac: Fingerprint, Drop, "the key")
        (body_mac: Fingerprint, Drop, "the request's body")
        (resource_id: Id, Drop, "what the write made")
        (status: Structure, Drop, "the answer's HTTP status")
        (created_at: Time, Drop, "when")
    }
}

pub(super) const TABLES: &[&[Column]] = &[
    patients::COLUMNS,
    exercises::COLUMNS,
    exercise_pictures::COLUMNS,
    programs::COLUMNS,
    program_versions::COLUMNS,
    log_entries::COLUMNS,
    progress_notes::COLUMNS,
    visits::COLUMNS,
    amendments::COLUMNS,
    billing_outbox::COLUMNS,
    imports::COLUMNS,
    imported_patients::COLUMNS,
    idempotency_keys::COLUMNS,
];
