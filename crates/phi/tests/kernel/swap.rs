//! Ciphertexts in the wrong place never open.

use crate::support::{World, world};
use domain::{Items, PatientId, PersonName, PracticeId, Role};
use ledger::{Resource, Word};
use phi::{
    Grant, OpenFailure, Purpose, ReadIdentity, RowId, Sealed, WriteIdentity,
    fields::{patients, program_versions},
};

fn purpose() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient")))
}

struct Registered {
    practice: PracticeId,
    patient: PatientId,
    name: Sealed<patients::GivenName>,
}

async fn register(world: &World, practice: PracticeId, name: &str) -> Registered {
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    let grant = world.guard.register(&desk, patient, purpose()).await.unwrap();
    let name = grant.seal(RowId::new(*patient.as_bytes()), &PersonName::new(name).unwrap());
    Registered { practice, patient, name }
}

/// What opening `sealed` as `one`'s gives.
async fn open_as<F>(world: &World, one: &Registered, sealed: &Sealed<F>) -> Result<(), OpenFailure>
where
    F: phi::Field<Class = phi::Contact>,
{
    let desk = world.sign_in(one.practice, Role::FrontDesk, None).await;
    let grant: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, one.patient, purpose()).await.unwrap();
    grant.open(sealed).map(|_| ()).map_err(|error| error.why)
}

#[tokio::test]
async fn ciphertexts_swapped_between_patients_rows_columns_or_practices_never_open() {
    let world = world().await;
    let (here, there) = (world.practice().await, world.practice().await);
    let ana = register(&world, here, "Ana").await;
    let ben = register(&world, here, "Ben").await;
    let cleo = register(&world, there, "Cleo").await;
    let row = |one: &Registered| RowId::new(*one.patient.as_bytes());

    assert_eq!(open_as(&world, &ana, &ana.name).await, Ok(()));
    // Another patient's bytes, in one's own row.
    for other in [&ben, &cleo] {
        let moved = Sealed::<patients::GivenName>::stored(row(&ana), other.name.as_bytes().to_vec());
        assert_eq!(open_as(&world, &ana, &moved).await, Err(OpenFailure::Cipher));
    }
    // The right bytes in another row, in another version of the row, in another column.
    let other_row = Sealed::<patients::GivenName>::stored(row(&ben), ana.name.as_bytes().to_vec());
    assert_eq!(open_as(&world, &ana, &other_row).await, Err(OpenFailure::Cipher));
    let other_version = RowId::versioned(*ana.patient.as_bytes(), 2);
    let other_version = Sealed::<patients::GivenName>::stored(other_version, ana.name.as_bytes().to_vec());
    assert_eq!(open_as(&world, &ana, &other_version).await, Err(OpenFailure::Cipher));
    let other_column = Sealed::<patients::FamilyName>::stored(row(&ana), ana.name.as_bytes().to_vec());
    assert_eq!(open_as(&world, &ana, &other_column).await, Err(OpenFailure::Cipher));
}

#[tokio::test]
async fn every_flipped_bit_of_a_sealed_field_is_noticed() {
    let world = world().await;
    let practice = world.practice().await;
    let ana = register(&world, practice, "Ana").await;
    let row = RowId::new(*ana.patient.as_bytes());
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let grant: Grant<'_, ReadIdentity> = world.guard.authorize(&desk, ana.patient, purpose()).await.unwrap();
    for bit in 0..ana.name.as_bytes().len() * 8 {
        let mut bytes = ana.name.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(grant.open(&Sealed::<patients::GivenName>::stored(row, bytes)).is_err(), "bit {bit}");
    }
    for len in 0..ana.name.as_bytes().len() {
        let cut = ana.name.as_bytes()[..len].to_vec();
        assert!(grant.open(&Sealed::<patients::GivenName>::stored(row, cut)).is_err(), "cut to {len}");
    }
}

#[tokio::test]
async fn the_class_of_a_field_is_enforced_by_the_cipher_too() {
    let world = world().await;
    let practice = world.practice().await;
    let ana = register(&world, practice, "Ana").await;
    let admin = world.sign_in(practice, Role::Admin, None).await;
    world.teams.assign(admin.account(), ana.patient, "2026-05-01T00:00:00Z".parse().unwrap(), None);
    let grant: Grant<'_, phi::WriteExercise> = world.guard.authorize(&admin, ana.patient, purpose()).await.unwrap();
    let row = RowId::new(*ana.patient.as_bytes());
    // The bytes of a name, which is another class, offered as a program's items: other key, other place.
    let disguised = Sealed::<program_versions::ProgramItems>::stored(row, ana.name.as_bytes().to_vec());
    let refused: Result<(), _> = grant.open(&disguised).map(|items: phi::Clear<'_, Items>| drop(items));
    assert_eq!(refused.unwrap_err().why, OpenFailure::Cipher);
    let identity: Grant<'_, WriteIdentity> = world.guard.authorize(&admin, ana.patient, purpose()).await.unwrap();
    assert!(identity.open(&ana.name).is_ok());
}
