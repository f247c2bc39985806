//! The settings of a scenario, and what follows from them: configurations and bounds.

use super::catch_up::Policy;
use super::damage::{Disks, may_strike};
use super::load::KvLoad;
use super::progress::Bounds;
use crate::scenario::{ChaosKind, Duration, Scenario};
use crate::subject::Mistake;
use interregnum_core::paxos::{Config, ConfigError, Lease, Rules, Settings as CoreSettings};
use interregnum_core::{NodeId, Ppm, Span, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the consensus service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaxosSettings {
    /// How long a heartbeat round lasts, drawn for each round; by default a little longer than a message
    /// and its answer can take.
    pub heartbeat: Option<Heartbeat>,
    /// A leader that no majority answered for so many rounds gives up.
    #[schemars(range(min = 2))]
    pub abdication_rounds: u32,
    /// Terms of the leader's lease for reads from its own state; without, every read goes through the log.
    pub lease: Option<LeaseSettings>,
    /// How far from real time the lease assumes every clock's rate to be at most.
    #[schemars(range(max = 500_000))]
    pub clock_rate_bound_ppm: u32,
    /// A snapshot is taken after so many applied slots.
    #[schemars(range(min = 1))]
    pub snapshot_every: u64,
    /// So many slots below a snapshot stay in the log for nodes that lag a little.
    pub retained: u64,
    /// At most so many entries are sent in one catch-up message, or sent again in one round.
    #[schemars(range(min = 1))]
    pub batch: u64,
    /// At most so many slots are proposed and not yet chosen.
    #[schemars(range(min = 1))]
    pub window: u64,
    /// Whether every acceptance is written twice, so that damage is told from the torn end of a write that
    /// nobody counts on. Without, any bad entry is taken for lost.
    pub mirror: bool,
}

/// The window from which the length of a heartbeat round is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The shortest round.
    pub min: Duration,
    /// The longest round.
    pub max: Duration,
}

/// Terms of the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeaseSettings {
    /// How long a grant lasts, on the grantor's clock.
    pub grant: Duration,
    /// What the holder subtracts.
    pub guard: Duration,
}

impl Default for PaxosSettings {
    fn default() -> Self {
        Self {
            heartbeat: None,
            abdication_rounds: 3,
            lease: None,
            clock_rate_bound_ppm: 500,
            snapshot_every: 1_000,
            retained: 500,
            batch: 64,
            window: 256,
            mirror: false,
        }
    }
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self { grant: Duration(Span::millis(500)), guard: Duration(Span::millis(5)) }
    }
}

impl PaxosSettings {
    /// The heartbeat window; the default is half as long again as a message and its answer.
    pub(super) fn rounds(&self, scenario: &Scenario) -> Window {
        if let Some(Heartbeat { min, max }) = self.heartbeat {
            return Window { min: min.0, max: max.0 };
        }
        let min = scenario.network.delay.cap().times(3).max(Span::millis(80));
        Window { min, max: min.scaled_up(3, 2) }
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
        let mut mistakes = self.mistakes(scenario);
        let settings = CoreSettings {
            cluster: 1,
            members: scenario.cluster.nodes,
            heartbeat: self.rounds(scenario),
            abdication_rounds: self.abdication_rounds,
            lease: self.lease(),
            stall_rounds: self.stall_rounds(scenario),
            snapshot_interval: self.snapshot_every,
            retained: self.retained,
            batch: self.batch,
            in_flight: self.window,
            mirror: self.mirror,
        };
        match Config::new(rules, me, settings) {
            Ok(config) if mistakes.is_empty() => return Ok(config),
            Ok(_) => {}
            // What the protocol refuses was said above in the scenario's own words, with few exceptions.
            Err(error) if mistakes.is_empty() => {
                mistakes.push(Mistake::new(path_of(error), error.to_string()));
            }
            Err(_) => {}
        }
        Err(mistakes)
    }

    /// How many rounds the slowest sync of a disk that works may take, and two to be sure.
    fn stall_rounds(&self, scenario: &Scenario) -> u32 {
        let round = self.rounds(scenario).min.as_nanos().max(1);
        u32::try_from(scenario.disks.sync.cap().as_nanos() / round)
            .unwrap_or(u32::MAX)
            .saturating_add(2)
    }

    /// How many rounds are lost to leaders outside the core that can do nothing for good. One whose disk hangs
    /// is found out only after the rounds that a sync may take; one that cannot settle a slot, because it does
    /// not reach those who still know, gives up after the abdication rounds. Each node outside the core may
    /// be elected once before that shows; for each after the first an election of five rounds comes on top.
    fn lost_rounds(&self, scenario: &Scenario) -> u64 {
        let outside = u64::from(scenario.cluster.nodes.saturating_sub(1) / 2);
        let hangs = may_strike(scenario, &[ChaosKind::HungDisk, ChaosKind::SlowDisk]);
        let hangs = if hangs { u64::from(self.stall_rounds(scenario)) + 1 } else { 0 };
        let damaged = Disks::of(scenario) == Disks::MayFail;
        let damaged = if damaged { u64::from(self.abdication_rounds) + 1 } else { 0 };
        match hangs.max(damaged) {
            0 => 0,
            found_out => found_out * outside + 5 * outside.saturating_sub(1),
        }
    }

    fn lease(&self) -> Option<Lease> {
        let LeaseSettings { grant, guard } = self.lease?;
        Some(Lease { grant: grant.0, guard: guard.0, rate: Ppm(self.clock_rate_bound_ppm) })
    }

    /// Everything that is wrong with the settings by themselves or in this scenario.
    fn mistakes(&self, scenario: &Scenario) -> Vec<Mistake> {
        let mut mistakes = self.wrong_rounds(scenario);
        mistakes.extend(self.wrong_clocks(scenario));
        let counts = [
            ("settings.abdication_rounds", u64::from(self.abdication_rounds), 2),
            ("settings.snapshot_every", self.snapshot_every, 1),
            ("settings.batch", self.batch, 1),
            ("settings.window", self.window, 1),
        ];
        for (path, found, least) in counts {
            if found < least {
                let message = format!("found `{found}`, expected at least {least}");
                mistakes.push(Mistake::new(path, message));
            }
        }
        mistakes
    }

    fn wrong_rounds(&self, scenario: &Scenario) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let Window { min, max } = self.rounds(scenario);
        let trip = scenario.network.delay.cap().times(2);
        let rate = Ppm(scenario.clocks.rate_ppm.min(500_000));
        // A fast clock ends a round early.
        let fast = 1_000_000 + u64::from(rate.0);
        if min.scaled_down(1_000_000, fast) <= trip {
            let message = format!(
                "a round of {min} may end before a message and its answer, which take {trip} at most"
            );
            let least = trip.scaled_up(fast, 1_000_000);
            let help = format!("make it longer than {least}, or `network.delay.max` shorter");
            mistakes.push(Mistake::new("settings.heartbeat.min", message).with_help(help));
        }
        if min > max {
            let message = format!("the longest round {max} is shorter than the shortest {min}");
            let help = format!("make it at least {min}");
            mistakes.push(Mistake::new("settings.heartbeat.max", message).with_help(help));
        }
        mistakes
    }

    fn wrong_clocks(&self, scenario: &Scenario) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let (bound, rate) = (self.clock_rate_bound_ppm, scenario.clocks.rate_ppm);
        let mut wrong = |path: &str, message: String, help: String| {
            mistakes.push(Mistake::new(path, message).with_help(help));
        };
        if bound > 500_000 {
            let message = format!("found `{bound}`, expected at most 500000");
            let help = "a clock is off by half at most".to_owned();
            wrong("settings.clock_rate_bound_ppm", message, help);
        } else if self.lease.is_some() && bound < rate {
            let message = format!(
                "the lease assumes clock rates within {bound} ppm, they are within {rate} ppm"
            );
            let help = format!("make it at least `clocks.rate_ppm`, {rate}");
            wrong("settings.clock_rate_bound_ppm", message, help);
        }
        if let Some(lease) = self.lease().filter(|lease| lease.rate.0 <= 500_000)
            && lease.usable() == Span::ZERO
        {
            let (grant, guard) = (lease.grant, lease.guard);
            let message =
                format!("a guard of {guard} leaves nothing of a grant of {grant} to act on");
            let help = "make it shorter, or `settings.lease.grant` longer".to_owned();
            wrong("settings.lease.guard", message, help);
        }
        mistakes
    }

    /// When what must happen after the faults must have happened; `V1` says how it comes about.
    #[must_use]
    pub fn bounds(&self, load: &KvLoad, scenario: &Scenario) -> Bounds {
        let round = self.rounds(scenario).max;
        let grant = self.lease.map_or(Span::ZERO, |lease| lease.grant.0);
        let (delay, flush) = (scenario.network.delay.cap(), scenario.disks.sync.cap());
        let abdication = u64::from(self.abdication_rounds.saturating_sub(3));
        let rate = Ppm(scenario.clocks.rate_ppm.min(500_000));
        let b1 = rate
            .longest_real(round.times(8 + abdication + self.lost_rounds(scenario)) + grant)
            + delay.times(4)
            + flush.times(7);
        let snapshot = rate.longest_real(round.times(2)) + delay.times(4) + flush.times(4);
        let leader = b1 + snapshot;
        let log = self.snapshot_every.saturating_add(self.retained);
        // While a snapshot is written, in four flushes at most, the leader's log grows by a window per flush.
        let held = log.saturating_add(self.window.saturating_mul(5));
        let exchanges = held.div_ceil(self.batch.max(1)).saturating_add(2);
        let within = leader
            + rate.longest_real(round.times(3))
            + delay.times(2).times(exchanges)
            + flush.times(7);
        let catch_up = Policy { within, log };
        Bounds { leader, patience: load.patience(scenario), clients: load.clients, catch_up }
    }
}

const fn path_of(error: ConfigError) -> &'static str {
    match error {
        ConfigError::Members => "cluster.nodes",
        ConfigError::Heartbeat => "settings.heartbeat.min",
        ConfigError::Abdication => "settings.abdication_rounds",
        ConfigError::Lease => "settings.lease.grant",
        ConfigError::Snapshot => "settings.snapshot_every",
        ConfigError::Window => "settings.window",
    }
}
