//! What was done at a visit, as it is charged: codes, minutes, modifiers.

use super::{CptCode, Minutes, Modifier, UnitCalculation, UnitRule, calculate_units};
use crate::Invalid;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// One service of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its code.
    pub code: CptCode,
    /// Its minutes, for a code that is charged by time; none for one that is charged once, however long it took.
    #[serde(default)]
    pub minutes: Option<Minutes>,
    /// What is said beside the code.
    #[serde(default)]
    pub modifiers: Vec<Modifier>,
}

/// The services of one visit: 1 to 12, each code once, none with a modifier twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<Service>", into = "Vec<Service>")]
#[schemars(with = "Vec<Service>")]
pub struct ChargeSheet(Vec<Service>);

impl ChargeSheet {
    /// Most services of one visit.
    pub const MAX: usize = 12;

    /// Refused when a code comes twice, or the minutes are more than a day has.
    pub fn new(services: Vec<Service>) -> Result<Self, Invalid> {
        if services.is_empty() || services.len() > Self::MAX {
            return Err(Invalid::new("must be 1 to 12 services"));
        }
        for (n, service) in services.iter().enumerate() {
            if services[..n].iter().any(|other| other.code == service.code) {
                return Err(Invalid::new("must name each code once, with all its minutes"));
            }
            let modifiers = &service.modifiers;
            if modifiers.iter().enumerate().any(|(n, modifier)| modifiers[..n].contains(modifier)) {
                return Err(Invalid::new("must name each modifier of a code once"));
            }
        }
        let sheet = Self(services);
        sheet.units(UnitRule::Cms)?;
        Ok(sheet)
    }

    /// Each service.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        self.0.iter()
    }

    /// The units of the timed codes under a rule.
    pub fn units(&self, rule: UnitRule) -> Result<UnitCalculation, Invalid> {
        let timed: Vec<_> = self.0.iter().filter_map(|service| Some((service.code, service.minutes?))).collect();
        calculate_units(rule, &timed)
    }
}

impl TryFrom<Vec<Service>> for ChargeSheet {
    type Error = Invalid;
    fn try_from(services: Vec<Service>) -> Result<Self, Invalid> {
        Self::new(services)
    }
}

impl From<ChargeSheet> for Vec<Service> {
    fn from(sheet: ChargeSheet) -> Self {
        sheet.0
    }
}

impl Zeroize for ChargeSheet {
    fn zeroize(&mut self) {
        // Codes and minutes are plain numbers: overwritten by those of nothing, then let go.
        for service in &mut self.0 {
            service.minutes = None;
            service.modifiers.clear();
        }
        self.0.clear();
    }
}
