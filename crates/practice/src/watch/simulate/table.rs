//! What came of it, counted.

use super::{AttackKind, Simulation};
use domain::AlertRule;
use std::fmt::Write;

/// How one kind of attack fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindOutcome {
    /// The kind.
    pub kind: AttackKind,
    /// How often it was planted.
    pub planted: u32,
    /// How often an alert points to one of its entries.
    pub found: u32,
    /// How often the alert of its own rule does.
    pub by_own_rule: u32,
}

/// How one rule fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: AlertRule,
    /// Alerts that point to an entry of an attack.
    pub right: u32,
    /// Alerts that do not.
    pub wrong: u32,
}

/// What a simulation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How many entries there were.
    pub entries: u64,
    /// By kind of attack.
    pub kinds: Vec<KindOutcome>,
    /// By rule.
    pub rules: Vec<RuleOutcome>,
    /// Therapists, and days.
    pub size: (u32, u32),
}

impl Outcome {
    pub(super) fn count(
        simulation: &Simulation,
        entries: u64,
        kinds: &[AttackKind],
        numbers: &[usize],
        found: &[(AlertRule, Option<usize>, u32)],
    ) -> Self {
        let attacks: Vec<(AttackKind, usize)> = kinds.iter().copied().zip(numbers.iter().copied()).collect();
        let count = |test: &dyn Fn(&(AttackKind, usize)) -> bool| -> u32 {
            u32::try_from(attacks.iter().filter(|attack| test(attack)).count()).unwrap_or(u32::MAX)
        };
        let hit = |number: usize, rule: Option<AlertRule>| {
            found.iter().any(|(by, of, _)| *of == Some(number) && rule.is_none_or(|rule| rule == *by))
        };
        let kinds = AttackKind::ALL.iter().map(|kind| KindOutcome {
            kind: *kind,
            planted: count(&|(one, _)| one == kind),
            found: count(&|(one, number)| one == kind && hit(*number, None)),
            by_own_rule: count(&|(one, number)| one == kind && hit(*number, Some(kind.rule()))),
        });
        let rules = AlertRule::ALL.iter().map(|rule| {
            let of = |right: bool| {
                let those = found.iter().filter(|(by, attack, _)| by == rule && attack.is_some() == right);
                u32::try_from(those.count()).unwrap_or(u32::MAX)
            };
            RuleOutcome { rule: *rule, right: of(true), wrong: of(false) }
        });
        Self { entries, kinds: kinds.collect(), rules: rules.collect(), size: (simulation.therapists, simulation.days) }
    }

    /// Planted and found.
    pub fn planted_and_found(&self) -> (u32, u32) {
        self.kinds.iter().fold((0, 0), |(planted, found), kind| (planted + kind.planted, found + kind.found))
    }

    /// Alerts that point to no attack.
    pub fn wrong(&self) -> u32 {
        self.rules.iter().map(|rule| rule.wrong).sum()
    }

    /// The same for each therapist and month of 30 days.
    pub fn wrong_per_therapist_and_month(&self) -> f64 {
        let months = f64::from(self.size.1) / 30.0;
        f64::from(self.wrong()) / f64::from(self.size.0.max(1)) / months.max(f64::MIN_POSITIVE)
    }
}

/// The table as Markdown: what `patella simulate` prints and the documentation carries.
pub fn table(simulation: &Simulation, outcome: &Outcome) -> String {
    let mut text = String::new();
    let (planted, found) = outcome.planted_and_found();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "Seed {}, {} therapists, {} days, {} entries. {planted} attacks planted, {found} found. {} false alerts: {:.2} for \
         each therapist and month.\n",
        simulation.seed,
        simulation.therapists,
        simulation.days,
        outcome.entries,
        outcome.wrong(),
        outcome.wrong_per_therapist_and_month(),
    );
    text.push_str(
        "| attack | planted | found | by the rule made for it | not found |\n| --- | --: | --: | --: | --: |\n",
    );
    for kind in &outcome.kinds {
        let missed = kind.planted - kind.found;
        let (words, rule) = (kind.kind.words(), kind.kind.rule());
        let _ = writeln!(
            text,
            "| {words} (`{rule}`) | {} | {} | {} | {missed} |",
            kind.planted, kind.found, kind.by_own_rule
        );
    }
    text.push_str("\n| rule | alerts about attacks | false alerts |\n| --- | --: | --: |\n");
    for rule in &outcome.rules {
        let _ = writeln!(text, "| `{}` | {} | {} |", rule.rule, rule.right, rule.wrong);
    }
    text
}
