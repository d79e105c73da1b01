//! Who has the billing database and the billing keys, and nothing else, can say of no account whose it is.

use crate::{
    scene::{kept, new_charge, therapist, visit_id, visits},
    world::{Kind, found, open, patients_of},
};
use crypto::{Aad, Key, KeyFile, RootProvider};
use domain::{PatientId, PracticeId, VisitState};
use phi::{ClassId, Protection, Store, billing_branch, registry};
use practice::{House, billing::charging::charge};
use std::collections::BTreeMap;
use store::rows::rotations;

/// Every value of every column of the billing store, as bytes.
async fn all_columns(house: &House) -> Vec<(String, Vec<u8>)> {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for column in registry().filter(|column| column.store == Store::Billing) {
        tables.entry(column.table).or_default().push(column.column);
    }
    let mut values = Vec::new();
    for (table, columns) in tables {
        let sql: &'static str = format!("SELECT {} FROM {table}", columns.join(", ")).leak();
        for row in house.stores.billing.rows(sql, &[]).await.expect("read") {
            for (n, column) in columns.iter().enumerate().filter(|(n, _)| !row.is_null(*n)) {
                let value = match (row.blob(n), row.text(n)) {
                    (Ok(bytes), _) => bytes.to_vec(),
                    (_, Ok(text)) => text.as_bytes().to_vec(),
                    _ => row.int(n).expect("a number").to_be_bytes().to_vec(),
                };
                values.push((format!("{table}.{column}"), value));
            }
        }
    }
    values
}

/// The billing keys, as somebody has them who got that branch of the root: of the practice's branch, of every account.
async fn billing_keys(folder: &std::path::Path, house: &House, practice: PracticeId) -> Vec<(Vec<u8>, Key)> {
    let root = KeyFile(folder.join("root.key")).load().expect("the root");
    let kek = root.derive("billing kek", &[]);
    let branch = billing_branch(practice);
    let keys = rotations::practice_keys(&house.stores.keys).await.expect("read");
    let stored = keys.iter().find(|row| row.practice_id == branch).expect("there");
    let place = Aad::new("practice key").with(branch.as_bytes()).with(&1_u32.to_be_bytes());
    let branch_key = crypto::unwrap_key(&kek, &place, &stored.key.wrapped[16..]).expect("the branch's key");
    let mut found = Vec::new();
    let first = PatientId::from_bytes([0; 16]);
    for (account, key) in rotations::patient_keys(&house.stores.keys, branch, first, 100).await.expect("read") {
        let place = Aad::new("patient key").with(branch.as_bytes()).with(account.as_bytes());
        let place = place.with(&key.version.to_be_bytes());
        let key = crypto::unwrap_key(&branch_key, &place, &key.wrapped).expect("an account's key");
        found.push((account.as_bytes().to_vec(), key));
    }
    found.push((vec![], branch_key));
    found.push((vec![], kek));
    found
}

fn holds(value: &[u8], wanted: &[u8]) -> bool {
    value.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn billing_data_and_billing_keys_alone_link_no_account_to_a_person() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let test = open(folder).await;
    let house = &*test.house;
    let patients = patients_of(house, practice).await;
    let session = therapist(&test, practice, &patients).await;
    visits(house, &session, &patients, 0..6, VisitState::Held).await;
    for n in 0..6_u32 {
        let patient = patients[n as usize % patients.len()];
        charge(house, &session, patient, visit_id(n), &new_charge(n), None).await.expect("charged");
    }
    // And of all of them name and contact are kept, as when their records are destroyed.
    kept(house, practice, &patients).await;
    let columns = all_columns(house).await;
    assert!(columns.iter().filter(|(name, _)| name == "charges.sheet").count() == 6, "the attacker has the charges");
    let keys = billing_keys(folder, house, practice).await;
    assert_eq!(keys.len(), patients.len() + 2);

    // What the attacker can read of it: the contents of every sealed column, with the keys that are theirs.
    let branch = billing_branch(practice);
    let mut readable: Vec<Vec<u8>> = columns.iter().map(|(_, value)| value.clone()).collect();
    let rows = house.stores.billing.rows("SELECT account_id, charge_id, sheet, diagnoses FROM charges", &[]).await;
    for row in rows.expect("read") {
        let (account, charge): ([u8; 16], [u8; 16]) = (row.array(0).expect("an id"), row.array(1).expect("an id"));
        let (_, key) = keys.iter().find(|(id, _)| *id == account).expect("the account's key");
        for (n, class, field) in
            [(2, ClassId::Charge, "Billing.charges.sheet"), (3, ClassId::Diagnosis, "Billing.charges.diagnoses")]
        {
            let key = key.derive("patient class", &[class.name().as_bytes()]);
            let mut row_id = [0; 24];
            row_id[..16].copy_from_slice(&charge);
            let place = Aad::new("patella field").with(branch.as_bytes()).with(&account).with(&row_id);
            let place = place.with(field.as_bytes()).with(&1_u32.to_be_bytes());
            let sealed = row.blob(n).expect("bytes");
            readable.push(crypto::open(&key, &place, &sealed[5..]).expect("theirs to read").to_vec());
        }
    }
    assert!(readable.iter().any(|value| holds(value, b"M25.561")), "the attacker reads what is billing's");

    // A list of everybody who might be a patient: ids, names, addresses, visits. Nothing of it is in what they can read,
    // neither as it is nor as a fingerprint under any of their keys.
    let mut clues: Vec<Vec<u8>> = vec![b"Pat".to_vec(), b"Number".to_vec(), practice.as_bytes().to_vec()];
    for patient in &patients {
        clues.push(patient.as_bytes().to_vec());
        clues.push(patient.to_string().into_bytes());
        clues.push(format!("{patient}@example.org").into_bytes());
    }
    clues.extend((0..6).map(|n| visit_id(n).as_bytes().to_vec()));
    for clue in &clues {
        for value in &readable {
            assert!(!holds(value, clue), "a clue stands in the billing store");
        }
        for (_, key) in &keys {
            for print in [
                crypto::mac(key, &[clue]),
                crypto::mac(key, &[b"patient", practice.as_bytes(), clue]),
                crypto::blind_index(key, "clinical.patients.email", clue),
            ] {
                let shown = |value: &Vec<u8>| holds(value, &print) || holds(value, &print[..16]);
                assert!(!readable.iter().any(shown), "a fingerprint of a clue stands in the billing store");
            }
        }
    }

    // Even with the identity and clinical databases beside it, the billing keys open neither a link nor a name.
    for (db, sql) in [
        (&house.stores.identity, "SELECT link_id, link FROM billing_links"),
        (&house.stores.identity, "SELECT link_id, kept FROM billing_links"),
        (&house.stores.clinical, "SELECT patient_id, given_name FROM patients"),
    ] {
        let rows = db.rows(sql, &[]).await.expect("read");
        assert_eq!(rows.len(), patients.len());
        for row in rows {
            let (id, sealed): ([u8; 16], _) = (row.array(0).expect("an id"), row.blob(1).expect("bytes"));
            let mut row_id = [0; 24];
            row_id[..16].copy_from_slice(&id);
            // An account's own key, sealed for the account, and whatever else one might try.
            let owners: Vec<(PracticeId, &[u8])> = [practice, branch]
                .into_iter()
                .flat_map(|owner| keys.iter().map(move |(of, _)| (owner, &of[..])).chain([(owner, &id[..])]))
                .collect();
            for (_, key) in &keys {
                for (class, field) in [
                    (ClassId::Link, "Identity.billing_links.link"),
                    (ClassId::BilledContact, "Identity.billing_links.kept"),
                    (ClassId::BilledContact, "Identity.billing_links.kept contact"),
                    (ClassId::Contact, "Clinical.patients.given_name"),
                ] {
                    for label in ["account class", "patient class"] {
                        let key = key.derive(label, &[class.name().as_bytes()]);
                        for (owner, subject) in &owners {
                            let place = Aad::new("patella field").with(owner.as_bytes()).with(subject).with(&row_id);
                            let place = place.with(field.as_bytes()).with(&1_u32.to_be_bytes());
                            assert!(crypto::open(&key, &place, &sealed[5..]).is_err());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn no_column_of_the_billing_store_is_a_fingerprint_or_of_a_class_that_care_reads() {
    for column in registry().filter(|column| column.store == Store::Billing) {
        match column.protection {
            Protection::Sealed(class) => assert!(matches!(class, ClassId::Charge | ClassId::Diagnosis), "{column:?}"),
            Protection::Fingerprint | Protection::Ciphertext => panic!("{column:?}"),
            _ => assert!(!column.column.contains("patient") && !column.column.contains("visit"), "{column:?}"),
        }
    }
}
