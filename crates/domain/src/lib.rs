//! Values and rules of the field, with no input or output: ids, doses, programs, log entries, people, time.
//!
//! Nothing here knows how a value is stored, sealed or shown. Everything that can be wrong about a value is refused
//! when it is made, so that the rooms above can rely on it.

mod access_review;
mod amendment;
pub mod billing;
mod breach;
mod calendar;
mod channel;
mod clock;
mod dose;
mod emergency;
mod exercise;
mod id;
mod incident;
mod invalid;
mod log;
mod name_query;
mod network;
mod person;
mod program;
pub mod progress;
mod restriction;
pub mod retention;
mod rng;
mod role;
mod task;
mod text;
mod training;
mod visit;
mod voided;
mod watch;

pub use access_review::{AccessDecision, AccessKind, AccessReviewState, AccessVerdict, Quarter, Unusual};
pub use amendment::{
    AMENDMENT_DAYS, AMENDMENT_EXTENSION_DAYS, AmendmentGround, AmendmentStep, AmendmentText, amendment_due,
};
pub use breach::{
    BreachNotice, DueNotice, LetterLanguage, LetterWords, MEDIA_ABOVE, NOTICE_DAYS, SECRETARY_FROM, StateCount,
    SubstituteWay, last_day, log_due, newest_counts, notice_due, notice_fits, notices_due, uncounted,
};
pub use calendar::{Timezone, weekday_number};
pub use channel::{AgreementPlace, AssociateName, ChannelState, Integration};
pub use clock::{Clock, FixedClock, SystemClock};
pub use dose::{Dose, Load, LoadUnit, Side, Tempo, Weekdays};
pub use emergency::{
    EMERGENCY_LASTS, EmergencyFinding, EmergencyReason, EmergencyWords, WORKING_DAYS_TO_SIGN, to_be_signed_by,
};
pub use exercise::{BodyRegion, Equipment, Exercise, ExerciseSource};
pub use id::{
    AccessItemId, AccessReviewId, AccessSubjectId, AccountId, AgreementId, AlertId, AmendmentId, AmendmentStepId,
    BillingAccountId, BillingLinkId, BookingId, CareLinkId, ChannelId, ChargeId, CourseId, DisposalId, EmergencyId,
    EntryId, ExerciseId, HoldId, IncidentId, InvitationId, ItemId, LoginSessionId, NoteId, OccasionId, PasskeyId,
    PatientId, PayerId, PlanId, PracticeId, ProgramId, RequestId, RestrictionId, TokenId, TrainingId, VisitId,
};
pub use incident::{
    DataAcquired, DataNature, DataRecipient, FreezeStage, IncidentConclusion, IncidentHold, IncidentSeen,
    IncidentState, IncidentStep, IncidentSubject, IncidentWords, RiskMitigated, StateCode, WhyMissing,
};
pub use invalid::Invalid;
pub use log::{Effort, Pain, Performed};
pub use name_query::{NameQuery, SoughtPerson};
pub use network::Network;
pub use person::{BirthDate, EmailAddress, PersonName, PhoneNumber, RecordNumber};
pub use program::{EndReason, Items, ProgramItem, ProgramTitle};
pub use restriction::{RestrictionAnswer, RestrictionKind};
pub use rng::{Rng, SeededRng};
pub use role::{PermissionName, PurposeKind, Role};
pub use task::{TaskObserver, Unobserved};
pub use text::{Comment, NoteBody};
pub use training::{
    Asked, CoursePurpose, CourseRoles, CourseTitle, DueDays, RenewalMonths, TrainingStanding, TrainingState,
    TrainingWords,
};
pub use visit::{ClinicName, VisitMinutes, VisitRemark, VisitState};
pub use voided::VoidReason;
pub use watch::{AlertAnswer, AlertRule, ReviewWords};

/// A moment, to the millisecond, in UTC.
pub use jiff::Timestamp;
/// A day of the calendar, without a time zone.
pub use jiff::civil::Date;
