//! From services to an amount: units under the payer's rule, times the fee of the day.

use super::{Cents, ChargeSheet, CptCode, Modifier, UnitCalculation, UnitRule};
use crate::Invalid;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// One line of a priced charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceLine {
    /// The code.
    pub code: CptCode,
    /// What is said beside it.
    pub modifiers: Vec<Modifier>,
    /// Units; 1 for a code that is not charged by time.
    pub units: u32,
    /// The fee for one unit on the day of the visit, in cents.
    pub fee: Cents,
    /// Units times fee, in cents.
    pub amount: Cents,
}

/// What is asked for a visit, with the way there: kept with the charge, whatever fees and rules become later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// From minutes to units, step by step.
    pub calculation: UnitCalculation,
    /// Each service; one that earned no unit is there with none.
    pub lines: Vec<PriceLine>,
    /// All of it, in cents.
    pub total: Cents,
}

/// Why a charge has no price yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// No fee was in force for these codes on the day of the visit.
    #[error("there is no fee for {} codes on that day", .0.len())]
    NoFee(Vec<CptCode>),
    /// The sheet or a sum does not fit.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Prices the services of a visit. `fee` says the fee of a code on the day of the visit.
pub fn price(sheet: &ChargeSheet, rule: UnitRule, fee: impl Fn(CptCode) -> Option<Cents>) -> Result<Price, PriceError> {
    let calculation = sheet.units(rule)?;
    let missing: Vec<_> = sheet.iter().map(|service| service.code).filter(|code| fee(*code).is_none()).collect();
    let mut lines = Vec::new();
    for service in sheet.iter() {
        let timed = calculation.lines.iter().find(|line| line.code == service.code);
        let units = timed.map_or(1, |line| u32::from(line.units));
        let Some(fee) = fee(service.code) else { continue };
        let amount = fee.times(units).ok_or(Invalid::new("must be an amount that can be counted"))?;
        lines.push(PriceLine { code: service.code, modifiers: service.modifiers.clone(), units, fee, amount });
    }
    if !missing.is_empty() {
        return Err(PriceError::NoFee(missing));
    }
    let total = Cents::sum(lines.iter().map(|line| line.amount));
    Ok(Price { calculation, lines, total: total.ok_or(Invalid::new("must be an amount that can be counted"))? })
}

impl Zeroize for Price {
    fn zeroize(&mut self) {
        self.calculation.lines.clear();
        self.lines.clear();
        self.total = Cents(0);
    }
}
