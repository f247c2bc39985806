//! What a scenario says of the clients, and how long they need to find a leader.
//!
//! Deliberately absent: open-loop clients. Each has one request at a time, so that the load follows the
//! system and the number of requests in flight is bounded.

use crate::scenario::{Duration, Ratio, Scenario};
use crate::subject::Mistake;
use interregnum_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the clients do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KvLoad {
    /// How many clients there are; each has one request at a time.
    #[schemars(range(max = 1000))]
    pub clients: u32,
    /// How many keys they share.
    #[schemars(range(min = 1))]
    pub keys: u32,
    /// How long a client pauses after an answer, on average.
    pub pause: Duration,
    /// The share of reads.
    pub reads: Ratio,
    /// Whether reads may be answered from the leader's state, where leases are on.
    pub lease_reads: bool,
    /// How long a client waits for an answer; by default long enough for a slow one.
    pub timeout: Option<Duration>,
}

impl Default for KvLoad {
    fn default() -> Self {
        Self {
            clients: 4,
            keys: 8,
            pause: Duration(Span::millis(10)),
            reads: Ratio::ppm(500_000),
            lease_reads: true,
            timeout: None,
        }
    }
}

impl KvLoad {
    pub(super) fn mistakes(&self, scenario: &Scenario) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.clients > 1000 {
            mistakes.push(Mistake::new(
                "workload.clients",
                format!("found `{}`, expected at most 1000", self.clients),
            ));
        }
        if self.keys == 0 {
            mistakes.push(Mistake::new("workload.keys", "found `0`, expected at least 1"));
        }
        let least = answer_time(scenario);
        if self.timeout(scenario) < least {
            let timeout = self.timeout(scenario);
            let message =
                format!("after {timeout} nobody waits for an answer, which may take {least}");
            let help = format!("make it at least {least}, or leave it out");
            mistakes.push(Mistake::new("workload.timeout", message).with_help(help));
        }
        mistakes
    }

    pub(super) fn timeout(&self, scenario: &Scenario) -> Span {
        let default = answer_time(scenario).times(2).max(Span::millis(500));
        self.timeout.map_or(default, |timeout| timeout.0)
    }

    /// Drawn up to this much above nothing, so that the mean is what was asked for.
    pub(super) fn longest_pause(&self) -> Span {
        self.pause.0.times(2)
    }

    pub(super) fn backoff(&self, scenario: &Scenario) -> Span {
        self.timeout(scenario).scaled_down(1, 16).max(Span::micros(100))
    }

    /// How long it takes at most, once there is a leader, until a client has an answer to a call that it
    /// made after the faults: it may be pausing; the call it is waiting for may be lost; then it takes its
    /// turn through the nodes, of which less than half are outside the core and answer nothing or send it
    /// to others like them; the node after those knows the leader, and its answer is the first that
    /// counts only if the call was made in time, so that one more may be needed.
    pub(super) fn patience(&self, scenario: &Scenario) -> Span {
        let outside = u64::from(scenario.cluster.nodes.saturating_sub(1)) / 2;
        let attempt = self.timeout(scenario) + self.backoff(scenario).times(2);
        attempt.times(2 * outside + 3)
            + self.longest_pause().times(2)
            + answer_time(scenario).times(2)
    }
}

/// How long a stable leader takes to answer: there and back for the client, there and back to the
/// acceptors, and their flush of promise and entry.
fn answer_time(scenario: &Scenario) -> Span {
    scenario.network.delay.cap().times(4) + scenario.disks.sync.cap().times(3)
}
