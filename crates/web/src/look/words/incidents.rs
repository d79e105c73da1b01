//! Words of incidents.

/// A class of data, as a letter says it: "notes about your care".
pub fn class(class: &str) -> &str {
    match class {
        "identifying" => "birth date and record number",
        "contact" => "name and contact",
        "exercise" => "exercises and what was done",
        "note" => "notes of the therapist",
        "patient_words" => "comments of the patient",
        "visit" => "visits",
        "emergency" => "why it was opened in an emergency",
        "charge" => "charges",
        "diagnosis" => "diagnosis codes",
        other => other,
    }
}
