//! Whose record was opened in an emergency is not destroyed before somebody signed for that.

use crate::{
    fixture::{At, Office, beside},
    on_both,
};
use domain::{EmergencyFinding, PatientId, Role, Unobserved};
use practice::{
    emergencies::{self, EmergencyError, NewEmergency, NewSignature},
    retention::Purged,
};

on_both! {
    a_record_is_spared_until_somebody_signed_for_its_opening
    a_record_that_is_opened_after_the_judgement_is_spared
}

const ADULT: &str = "1970-01-01";
const LONG_AGO: &str = "2015-01-01T15:00:00Z";

/// Opens a record as a new therapist, who closes it at once.
async fn open(office: &Office, patient: PatientId) -> Result<domain::EmergencyId, EmergencyError> {
    let session = office.session(&office.test.account(office.practice, Role::Therapist).await).await;
    let new = NewEmergency {
        reason: "Collapsed in the hall".parse().expect("a sentence"),
        patient_id: Some(patient),
        record_number: None,
        given_name: None,
        family_name: None,
        birth_date: None,
    };
    let opened = emergencies::open(office.house(), &session, &new, &Unobserved).await?;
    emergencies::close(office.house(), &session, opened.emergency_id).await?;
    Ok(opened.emergency_id)
}

/// Why the last one was spared.
fn spared(office: &Office) -> Option<(Option<PatientId>, String)> {
    let last = office.test.ledger.entries().into_iter().rfind(|entry| entry.action.as_str() == "spare_record");
    last.map(|entry| (entry.patient, entry.reason.as_str().to_owned()))
}

const SPARED: Purged = Purged { destroyed: 0, spared: 1, did_something: true };

async fn a_record_is_spared_until_somebody_signed_for_its_opening(office: Office) {
    let patient = office.seen_at(ADULT, LONG_AGO).await;
    let emergency = open(&office, patient).await.expect("opened");
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out"), SPARED);
    assert_eq!(spared(&office), Some((Some(patient), "emergency-not-signed".to_owned())));
    assert!(office.traces(patient).await.1, "the key is there");

    let officer = office.session(&office.officer).await;
    let words = "It was so".parse().expect("words");
    let signed = NewSignature { finding: EmergencyFinding::Justified, words };
    emergencies::sign(office.house(), &officer, emergency, &signed).await.expect("signed");
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    assert!(!office.traces(patient).await.1);
    let gone = emergencies::emergency(office.house(), &office.session(&office.officer).await, emergency).await;
    assert!(matches!(gone, Err(EmergencyError::Unknown)), "it went with the record");
}

async fn a_record_that_is_opened_after_the_judgement_is_spared(office: Office) {
    let patient = office.seen_at(ADULT, LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let comes = At::new("judged", || {
        beside(open(&office, patient)).expect("opened");
    });
    assert_eq!(office.purge_seen_by(plan, &comes).await.expect("carried out"), SPARED);
    assert_eq!(spared(&office), Some((Some(patient), "emergency-not-signed".to_owned())));

    let late = office.seen_at(ADULT, LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let comes = At::new("condemned", || assert!(beside(open(&office, late)).is_err(), "too late"));
    let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
    assert_eq!(done.destroyed, 1);
}
