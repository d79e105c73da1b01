//! What went wrong with a patient's own side, as the caller is told.

use super::later;
use crate::Problem;
use practice::{access_log::AccessLogError, log::LogError, trail::TrailError};

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Invalid { field, why } => Self::invalid(field, &why),
            LogError::KeyUsed => super::record::key_used(),
            LogError::Corrected => {
                Self::conflict().detail("This entry was corrected already. Correct the newer one instead.")
            }
            LogError::Voided => {
                Self::conflict().detail("This entry was entered in error. Write down anew what was done.")
            }
            LogError::Record(error) => error.into(),
        }
    }
}

impl From<TrailError> for Problem {
    fn from(error: TrailError) -> Self {
        later(&error)
    }
}

impl From<AccessLogError> for Problem {
    fn from(error: AccessLogError) -> Self {
        match error {
            AccessLogError::Record(error) => error.into(),
            AccessLogError::Trail(error) => error.into(),
        }
    }
}
