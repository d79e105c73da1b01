//! Whether keys unwrap, for those who look after them: nothing of a key gets out.

use crate::{
    keyring::{KeyError, Keyring, WrappedKey},
    permission::{Permission, ReadExercise},
};
use domain::{PatientId, PracticeId};

impl Keyring {
    /// Whether these keys of a patient unwrap under this root; they are wiped at once.
    pub async fn unwraps(
        &self,
        practice: PracticeId,
        patient: PatientId,
        wrapped: &[WrappedKey],
    ) -> Result<(), KeyError> {
        self.class_keys::<ReadExercise>(practice, patient, wrapped, ReadExercise::CLASSES).await.map(drop)
    }
}
