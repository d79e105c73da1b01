//! The billing branch of the keys: rotated, verified and looked at like the rest.

use crate::{
    scene::{kept, new_charge, therapist, visit_id, visits},
    world::{Kind, found, open, patients_of, rotate_root, rotation},
};
use domain::{PracticeId, Unobserved, VisitState};
use practice::{
    House,
    billing::charging::{charge, charge_watched},
    keys::{Depth, branches, rotate_patients, rotate_practice, verify},
};
use store::rows::{billing::charges, rotations};

async fn charged(folder: &std::path::Path, practice: PracticeId) {
    let test = open(folder).await;
    let patients = patients_of(&test.house, practice).await;
    let session = therapist(&test, practice, &patients).await;
    visits(&test.house, &session, &patients, 0..6, VisitState::Held).await;
    for n in 0..3_u32 {
        let patient = patients[n as usize];
        charge(&test.house, &session, patient, visit_id(n), &new_charge(n), None).await.expect("charged");
    }
}

/// Every key of the practice and of its billing branch unwraps, every value of both opens. Says how many columns there are.
async fn whole(house: &House, practice: PracticeId) -> usize {
    let mut columns = 0;
    for branch in branches(house, practice).await.expect("read") {
        let found = verify(&rotation(house, &Unobserved), branch, Depth::Values).await.expect("verified");
        assert!(found.wrong == 0, "{:?}", found.faults);
        columns += found.versions.len();
    }
    columns
}

/// Under which versions of accounts' keys the contacts are that billing keeps.
async fn under_accounts(house: &House, practice: PracticeId) -> Vec<u32> {
    let branch = phi::billing_branch(practice);
    let found = verify(&rotation(house, &Unobserved), branch, Depth::Keys).await.expect("verified");
    let inner = found.versions.keys().filter(|(place, _)| place == "billing_links.kept contact");
    inner.map(|(_, version)| *version).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_of_the_billing_branch_is_rotated_and_every_charge_still_opens() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        charged(folder, practice).await;
        let test = open(folder).await;
        let house = &*test.house;
        let branch = phi::billing_branch(practice);
        assert_eq!(branches(house, practice).await.expect("read"), [practice, branch]);
        let patients = patients_of(house, practice).await;
        kept(house, practice, &patients[2..]).await;
        assert_eq!(under_accounts(house, practice).await, [1], "a name is kept under an account's key");
        let before = whole(house, practice).await;
        // A charge that is on its way while the keys change.
        let session = therapist(&test, practice, &patients).await;
        charge_watched(house, &session, patients[0], visit_id(3), &new_charge(3), &Unobserved).await.expect("charged");
        for one in [practice, branch] {
            let done = rotate_practice(&rotation(house, &Unobserved), one).await.expect("rotated");
            assert!(done.rewrapped >= 3, "{done:?}");
            let done = rotate_patients(&rotation(house, &Unobserved), one, None).await.expect("rotated");
            assert!(done.made == 3 && done.resealed >= 3, "{done:?}");
        }
        rotate_root(folder, house, &Unobserved).await;
        drop(test);
        let test = open(folder).await;
        assert_eq!(whole(&test.house, practice).await, before);
        assert_eq!(under_accounts(&test.house, practice).await, [2], "and no value is under the old one");
        let keys = rotations::practice_keys(&test.house.stores.keys).await.expect("read");
        let versions: Vec<_> = keys.iter().filter(|row| row.practice_id == branch).map(|row| row.key.version).collect();
        assert_eq!(versions, [2]);
        let there = charges::drafts(&test.house.stores.billing, branch, None, 10).await.expect("read");
        assert_eq!(there.len(), 4, "what was on its way arrived under the new key");
        for entry in test.ledger.entries() {
            assert_ne!(entry.practice, Some(branch), "the ledger knows the practice, not its branch");
        }
    }
}
