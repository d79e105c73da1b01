use super::*;
use domain::{BirthDate, ExerciseId, ItemId, Items, ProgramItem, Role};
use jiff::civil::date;
use std::collections::{BTreeSet, HashSet};
use store::rows::care_links::CareKind;

fn options(seed: u64) -> DemoOptions {
    DemoOptions::new(seed, date(2026, 5, 14), Timezone::new("America/New_York").expect("known"))
}

fn plan(seed: u64) -> DemoPlan {
    DemoPlan::new(options(seed)).expect("a plan")
}

fn everybody(plan: &DemoPlan) -> Vec<DemoPatient> {
    (0..plan.patients()).map(|number| plan.patient(number).expect("a patient")).collect()
}

#[test]
fn the_same_seed_makes_the_same_practice_and_another_seed_another() {
    let first = everybody(&plan(7));
    assert!(first == everybody(&plan(7)));
    let other = everybody(&plan(8));
    let same_names = first.iter().zip(&other).filter(|(a, b)| a.family_name == b.family_name).count();
    assert!(same_names < 10, "{same_names}");
    assert!(first.iter().zip(&other).all(|(a, b)| a.log != b.log));
}

#[test]
fn a_patient_is_the_same_person_in_a_larger_practice() {
    let large = DemoPlan::new(DemoOptions { patients: 10_000, ..options(7) }).expect("a plan");
    assert!(plan(7).patient(41).expect("a patient") == large.patient(41).expect("a patient"));
    assert!(large.patient(9_999).is_ok());
}

#[test]
fn the_practice_has_the_staff_of_the_story() {
    let plan = plan(1);
    let count = |role| plan.staff().iter().filter(|member| member.role == role).count();
    assert_eq!(count(Role::Therapist), THERAPISTS);
    for role in [Role::Admin, Role::Billing, Role::FrontDesk, Role::PrivacyOfficer] {
        assert_eq!(count(role), 1, "{role}");
    }
    assert!(plan.staff()[..THERAPISTS].iter().all(|member| member.role == Role::Therapist));
    assert_eq!(plan.staff()[0].email.as_str(), "mara.lind@demo.patella.example");
    assert_eq!(plan.patients(), 60);
}

#[test]
fn addresses_and_record_numbers_are_given_once() {
    let everybody = everybody(&DemoPlan::new(DemoOptions { patients: 500, weeks: 1, ..options(3) }).expect("a plan"));
    let emails: HashSet<_> = everybody.iter().map(|patient| patient.email.as_str()).collect();
    let records: HashSet<_> = everybody.iter().map(|patient| patient.record_number.as_str()).collect();
    assert_eq!((emails.len(), records.len()), (500, 500));
    assert!(emails.iter().all(|email| email.ends_with("@demo.patella.example")));
}

#[test]
fn everybody_is_grown_up_and_treated_by_one_therapist_at_any_time() {
    let plan = plan(5);
    let everybody = everybody(&plan);
    let (mut covered, mut ended) = (0, 0);
    let mut of_therapist = [0; THERAPISTS];
    for patient in &everybody {
        assert!(BirthDate::new(patient.birth_date.date(), plan.options.today).is_ok());
        assert!((18..=88).contains(&patient.birth_date.age_on(plan.options.today)));
        let assigned: Vec<_> = patient.care.iter().filter(|care| care.kind == CareKind::Assigned).collect();
        assert_eq!(assigned.iter().filter(|care| care.ends_at.is_none()).count(), 1);
        assert_eq!(assigned[0].starts_at, patient.registered_at);
        assert!(assigned.windows(2).all(|pair| pair[0].ends_at == Some(pair[1].starts_at)));
        assert!(patient.care.iter().all(|care| care.ends_at.is_none_or(|end| end > care.starts_at)));
        of_therapist[patient.therapist()] += 1;
        covered += usize::from(patient.care.iter().any(|care| care.kind == CareKind::Covering));
        ended += usize::from(assigned.len() > 1);
    }
    assert_eq!(of_therapist, [15; THERAPISTS]);
    assert!(covered >= 5 && ended >= 3, "{covered} covered, {ended} handed over");
}

#[test]
fn every_program_is_one_that_could_be_signed() {
    let starter: BTreeSet<String> = starter().expect("starter").into_iter().map(|entry| entry.source_ref).collect();
    let rng = SeededRng::new(1);
    let mut changed = 0;
    for patient in everybody(&plan(5)) {
        for (n, version) in patient.program.versions.iter().enumerate() {
            assert_eq!(version.version as usize, n + 1);
            assert!(version.signed_by < THERAPISTS);
            assert!((3..=6).contains(&version.items.len()), "{}", version.items.len());
            let keys: BTreeSet<u8> = version.items.iter().map(|item| item.key).collect();
            assert_eq!(keys.len(), version.items.len());
            let items = version.items.iter().map(|item| {
                assert!(starter.contains(item.source_ref));
                let ids = (ItemId::random(&rng), ExerciseId::random(&rng));
                let instruction = item.instruction.map(str::to_owned);
                ProgramItem { item_id: ids.0, exercise_id: ids.1, dose: item.dose.clone(), instruction }
            });
            assert!(Items::new(items.collect()).is_ok());
        }
        let starts: Vec<_> = patient.program.versions.iter().map(|version| version.starts_on).collect();
        assert!(starts.is_sorted());
        changed += usize::from(starts.len() > 1);
    }
    assert!((15..=45).contains(&changed), "{changed} of 60 programs were changed");
}

#[test]
fn every_entry_is_valid_in_its_version_and_before_today() {
    let plan = plan(5);
    let midnight = plan.timezone().moment(plan.options.today, 0, 0);
    let (mut entries, mut comments, mut corrections, mut twice) = (0, 0, 0, 0);
    for patient in everybody(&plan) {
        let mut done = BTreeSet::new();
        for (place, entry) in patient.log.iter().enumerate() {
            let version = &patient.program.versions[entry.version as usize - 1];
            assert!(version.items.iter().any(|item| item.key == entry.item));
            assert!(version.starts_on <= entry.performed_on && version.signed_at < entry.performed_at);
            assert!(entry.performed.check().is_ok());
            assert_eq!(plan.timezone().day_of(entry.performed_at), entry.performed_on);
            assert!(entry.performed_at < entry.recorded_at && entry.recorded_at < midnight);
            if let Some(corrected) = entry.corrects {
                assert_eq!(corrected + 1, place);
                let wrong = &patient.log[corrected];
                assert!(wrong.recorded_at < entry.recorded_at && wrong.item == entry.item && wrong.pain != entry.pain);
            } else if !done.insert((entry.performed_on, entry.item)) {
                twice += 1;
            }
            entries += 1;
            comments += usize::from(entry.comment.is_some());
            corrections += usize::from(entry.corrects.is_some());
        }
    }
    assert!(entries > 60 * 84, "{entries}");
    assert!(comments > entries / 50 && comments < entries / 5, "{comments} of {entries}");
    assert!(corrections > entries / 300 && corrections < entries / 30, "{corrections} of {entries}");
    assert!(twice > 100, "{twice} times twice a day");
}

/// How much of what was due was done in the days from `from` up to `to` of the log, in percent.
fn rate(plan: &DemoPlan, patient: &DemoPatient, from: i32, to: i32) -> u32 {
    let (mut due, mut done) = (0, 0);
    for day in from..to {
        let date = plan.first_day().checked_add(jiff::Span::new().days(day)).expect("a day");
        let version = patient.program.versions.iter().rev().find(|version| version.starts_on <= date).expect("one");
        let weekday = domain::weekday_number(date);
        due += version.items.iter().map(|item| u32::from(item.dose.due_on(weekday))).sum::<u32>();
        let of_day = patient.log.iter().filter(|entry| entry.performed_on == date && entry.corrects.is_none());
        done += u32::try_from(of_day.count()).expect("few");
    }
    done * 100 / due.max(1)
}

#[test]
fn pain_falls_and_the_profiles_of_adherence_show() {
    let plan = DemoPlan::new(DemoOptions { patients: 120, ..options(11) }).expect("a plan");
    let mut profiles = [(0, 0); 3];
    let (mut before, mut after) = ((0_u32, 0_u32), (0_u32, 0_u32));
    for patient in everybody(&plan) {
        let (early, late) = (rate(&plan, &patient, 0, 21), rate(&plan, &patient, 63, 84));
        assert!(early <= 100 && late <= 100);
        let right = match patient.adherence {
            Adherence::Improving => late > early,
            Adherence::Declining => late < early,
            Adherence::Steady => early.abs_diff(late) < 35,
        };
        let profile = &mut profiles[patient.adherence as usize];
        profile.0 += 1;
        profile.1 += usize::from(right);
        for entry in &patient.log {
            let week = (entry.performed_on - plan.first_day()).get_days() / 7;
            let sum = if week < 2 {
                &mut before
            } else if week >= 10 {
                &mut after
            } else {
                continue;
            };
            sum.0 += u32::from(entry.pain.value());
            sum.1 += 1;
        }
    }
    for (all, right) in profiles {
        assert!(all > 10 && right * 100 >= all * 85, "{right} of {all}");
    }
    let mean = |(sum, count): (u32, u32)| f64::from(sum) / f64::from(count);
    assert!(mean(before) > 1.6 * mean(after), "{} to {}", mean(before), mean(after));
}

#[test]
fn the_first_patient_is_the_one_of_the_guide() {
    for seed in [1, 2, 3] {
        let ana = plan(seed).patient(0).expect("a patient");
        assert_eq!((ana.given_name.as_str(), ana.family_name.as_str()), ("Ana", "Castillo"));
        assert_eq!(ana.email.as_str(), "ana.castillo.1@demo.patella.example");
        assert_eq!((ana.therapist(), ana.program.versions.len()), (0, 2));
    }
}

#[test]
fn too_many_patients_or_weeks_are_refused() {
    assert!(matches!(DemoPlan::new(DemoOptions { patients: 100_001, ..options(1) }), Err(DemoError::Patients)));
    assert!(matches!(DemoPlan::new(DemoOptions { patients: 0, ..options(1) }), Err(DemoError::Patients)));
    assert!(matches!(DemoPlan::new(DemoOptions { weeks: 105, ..options(1) }), Err(DemoError::Weeks)));
}

#[test]
fn a_single_week_makes_a_practice_too() {
    let short = DemoPlan::new(DemoOptions { weeks: 1, ..options(2) }).expect("a plan");
    assert!(everybody(&short).iter().any(|patient| !patient.log.is_empty()));
}
