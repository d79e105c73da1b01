//! A password alone is not a session.
use identity::{Half, Session};
use phi::{Guard, Purpose, ReadExercise};

async fn enter(guard: &Guard, session: &Session<Half>, patient: domain::PatientId, purpose: Purpose) {
    let _ = guard.authorize::<ReadExercise>(session, patient, purpose).await;
}

fn main() {}
