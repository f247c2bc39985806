//! The settings of a scenario, and what follows from them: configurations and bounds.

use crate::scenario::{Duration, Scenario};
use crate::subject::Mistake;
use interregnum_core::paxos_lease::{Config, ConfigError, Rules, Settings, Terms};
use interregnum_core::{NodeId, Ppm, Span, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the lease negotiation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaxosLeaseSettings {
    /// For how long an acceptor records a lease.
    pub grant: Duration,
    /// How far from real time every clock's rate is assumed to be at most.
    #[schemars(range(max = 500_000))]
    pub clock_rate_bound_ppm: u32,
    /// The time between two attempts of a node that does not hold the lease is drawn from this window; by default
    /// it is so wide that two nodes rarely get into each other's way.
    pub attempt: Option<Pause>,
    /// The holder asks anew after a time drawn from this window; by default between a third and a half of the
    /// time for which it may hold.
    pub renewal: Option<Pause>,
}

/// A window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The shortest.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
}

impl Default for PaxosLeaseSettings {
    fn default() -> Self {
        Self {
            grant: Duration(Span::secs(2)),
            clock_rate_bound_ppm: 1_000,
            attempt: None,
            renewal: None,
        }
    }
}

/// So many attempts fail at most, as far as the bound on progress is concerned: of a million runs in which each
/// fails with a probability of 1/4, one in a million has so many in a row.
const ROUNDS: u64 = 20;

impl PaxosLeaseSettings {
    /// The terms of the lease.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        Terms { grant: self.grant.0, rate: Ppm(self.clock_rate_bound_ppm) }
    }

    /// Two attempts get into each other's way if the later one begins while the earlier one is under way, which
    /// takes up to four messages. A window of 4 (m - 1)(2w + 1) makes that rare enough for m nodes.
    fn attempt(&self, scenario: &Scenario) -> Window {
        if let Some(Pause { min, max }) = self.attempt {
            return Window { min: min.0, max: max.0 };
        }
        let under_way = scenario.network.delay.cap().times(4) + Span::nanos(1);
        let rivals = u64::from(scenario.cluster.nodes.saturating_sub(1));
        Window { min: under_way, max: under_way + under_way.times(8 * rivals.max(1)) }
    }

    fn renewal(&self) -> Window {
        if let Some(Pause { min, max }) = self.renewal {
            return Window { min: min.0, max: max.0 };
        }
        let hold = self.terms().hold();
        Window { min: hold.scaled_down(1, 3), max: hold.scaled_down(1, 2) }
    }

    /// One node's configuration.
    ///
    /// # Errors
    /// Every mistake, with its JSON path.
    pub(super) fn config<R: Rules>(
        &self,
        rules: R,
        me: NodeId,
        scenario: &Scenario,
    ) -> Result<Config<R>, Vec<Mistake>> {
        let mut mistakes = self.wrong_clocks(scenario);
        let settings = Settings {
            members: scenario.cluster.nodes,
            terms: self.terms(),
            attempt: self.attempt(scenario),
            renewal: self.renewal(),
        };
        match Config::new(me, settings, rules) {
            Ok(config) if mistakes.is_empty() => return Ok(config),
            Err(error) if mistakes.is_empty() => {
                mistakes.push(Mistake::new(path_of(error), error.to_string()));
            }
            _ => {}
        }
        Err(mistakes)
    }

    fn wrong_clocks(&self, scenario: &Scenario) -> Vec<Mistake> {
        let (bound, rate) = (self.clock_rate_bound_ppm, scenario.clocks.rate_ppm);
        let (message, help) = if bound > 500_000 {
            let message = format!("found `{bound}`, expected at most 500000");
            (message, "a clock is off by half at most".to_owned())
        } else if bound < rate {
            let message = format!(
                "the lease assumes clock rates within {bound} ppm, they are within {rate} ppm"
            );
            (message, format!("make it at least `clocks.rate_ppm`, {rate}"))
        } else {
            return Vec::new();
        };
        vec![Mistake::new("settings.clock_rate_bound_ppm", message).with_help(help)]
    }

    /// Until when after the faults somebody can hold the lease; `V10` says how it comes about.
    pub(super) fn bound(&self, scenario: &Scenario) -> Span {
        let terms = self.terms();
        let attempt = self.attempt(scenario).max.max(self.renewal().max);
        let rate = Ppm(scenario.clocks.rate_ppm.min(500_000));
        rate.longest_real(terms.grant + terms.quarantine() + attempt.times(ROUNDS))
            + scenario.network.delay.cap().times(12)
            + scenario.disks.sync.cap().times(3)
    }
}

const fn path_of(error: ConfigError) -> &'static str {
    match error {
        ConfigError::Members => "cluster.nodes",
        ConfigError::Terms => "settings.grant",
        ConfigError::Attempt => "settings.attempt",
        ConfigError::Renewal => "settings.renewal",
    }
}
