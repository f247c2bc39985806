//! How much may happen in the histories that are searched, and what is left out because it makes no difference.

use crate::explore::Purse;
use crate::scenario::Duration;
use crate::subject::Mistake;
use interregnum_core::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much may happen in the histories that are searched. What is not given is not there at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// So many times a process crashes and starts anew; what it wrote and did not sync is still there.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub crashes: u8,
    /// So many times a node loses power and starts anew; any part of what was not synced is lost.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub power_losses: u8,
    /// Of the records lost in this way, so many are torn: what was there before is lost, too.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub torn_writes: u8,
    /// Besides between steps, processes crash within one, after up to so many of its effects.
    #[schemars(range(max = 64))]
    #[serde(skip_serializing_if = "is_zero")]
    pub effects: u8,
    /// So many times some timer fires.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub timers: u8,
    /// Of these, so many on each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timers_each: Option<u8>,
    /// Only on the first so many nodes timers fire, and only these are called; on all, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<u8>,
    /// Only the last so many nodes crash, are paused, lose power and have disks that fail; all, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsteady: Option<u8>,
    /// So many clients.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub clients: u8,
    /// So many calls of each client.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub calls: u8,
    /// So many messages are lost. For safety this adds nothing: a message may be on its way for ever.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub drops: u8,
    /// So many times a message arrives and will arrive again.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub duplicates: u8,
    /// So many times a process is paused within a step, after up to so many of its effects as `effects` says; the
    /// others happen when it goes on.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub pauses: u8,
    /// So many times the nodes fall into two parts between which nothing arrives until they are one again. For
    /// safety this adds nothing: a message may be on its way for as long.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub partitions: u8,
    /// So many syncs fail; any part of what they cover is durable.
    #[schemars(range(max = 31))]
    #[serde(skip_serializing_if = "is_zero")]
    pub disk_errors: u8,
    /// Time passes; without this it does not, and machines that read a clock cannot be searched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// Where a machine rolls dice, so many of the combinations of one step are tried; all, if there are no more.
    #[schemars(range(max = 1024))]
    #[serde(skip_serializing_if = "is_one")]
    pub picks: Picks,
}

/// How time passes: beat by beat, all clocks together, each by whole nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// How long a beat truly takes. What happens, happens between two beats.
    pub beat: Duration,
    /// In each beat each clock runs either fast or slow by exactly so many parts per million, at most 500,000;
    /// right, if that is zero. What it counts in a beat must come out in whole nanoseconds.
    #[serde(default)]
    pub rate_ppm: u32,
    /// So many beats; without end, if not given.
    #[schemars(range(max = 31))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beats: Option<u8>,
}

impl Time {
    /// What a clock counts in a beat, if it is fast or if it is slow.
    ///
    /// # Errors
    /// Why there is no such clock.
    pub(super) fn counts(&self, fast: bool) -> Result<Span, Mistake> {
        const MILLION: u64 = 1_000_000;
        let (beat, rate) = (self.beat.0.as_nanos(), u64::from(self.rate_ppm));
        if beat == 0 || beat > MILLION * MILLION {
            let message = format!("found {}, expected between 1ns and 1000s", self.beat.0);
            return Err(Mistake::new("explore.bounds.time.beat", message));
        }
        if rate > MILLION / 2 {
            let message = format!("found `{rate}`, expected at most 500000");
            return Err(Mistake::new("explore.bounds.time.rate_ppm", message));
        }
        let product = beat * if fast { MILLION + rate } else { MILLION - rate };
        if !product.is_multiple_of(MILLION) {
            let message = format!(
                "a clock that is off by {rate} parts per million does not count whole nanoseconds in {}",
                self.beat.0
            );
            return Err(Mistake::new("explore.bounds.time.beat", message));
        }
        Ok(Span::nanos(product / MILLION))
    }
}

/// How many combinations of dice are tried in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Picks(pub u16);

impl Default for Picks {
    fn default() -> Self {
        Self(1)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(bound: &u8) -> bool {
    *bound == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_one(picks: &Picks) -> bool {
    picks.0 == 1
}

/// What is spent on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Crashes,
    PowerLosses,
    TornWrites,
    Timers,
    Drops,
    Duplicates,
    DiskErrors,
    Beats,
    Pauses,
    Partitions,
}

/// What is counted when it rules something out: first the budgets, then what else there is.
pub(super) const BOUNDS: &[&str] = &[
    "crashes",
    "power_losses",
    "torn_writes",
    "timers",
    "drops",
    "duplicates",
    "disk_errors",
    "beats",
    "pauses",
    "partitions",
    "calls",
    "effects",
    "picks",
    "unsynced",
    "system",
    "claims",
    "timers_each",
    "active",
    "unsteady",
];

/// The clients have made all their calls.
pub(super) const CALLS: usize = 10;
/// A step has more effects than a crash is tried after.
pub(super) const EFFECTS: usize = 11;
/// There are more combinations of dice than are tried.
pub(super) const PICKS: usize = 12;
/// More is not durable than all parts of it can be tried.
pub(super) const UNSYNCED: usize = 13;
/// The system's own constraint.
pub(super) const SYSTEM: usize = 14;
/// The system claims nothing from here on.
pub(super) const CLAIMS: usize = 15;
/// A node's timers have fired as often as they may.
pub(super) const TIMERS_EACH: usize = 16;
/// A timer of a node that is not active is due, or a client would call it.
pub(super) const ACTIVE: usize = 17;
/// A node could fall, or its disk fail, that is not unsteady.
pub(super) const UNSTEADY: usize = 18;

impl Bounds {
    /// Nothing happens.
    pub const NONE: Self = Self {
        crashes: 0,
        power_losses: 0,
        torn_writes: 0,
        effects: 0,
        timers: 0,
        timers_each: None,
        active: None,
        unsteady: None,
        clients: 0,
        calls: 0,
        drops: 0,
        duplicates: 0,
        pauses: 0,
        partitions: 0,
        disk_errors: 0,
        time: None,
        picks: Picks(1),
    };

    /// Every budget.
    fn budgets(&self) -> [(Budget, u8); Purse::BUDGETS] {
        [
            (Budget::Crashes, self.crashes),
            (Budget::PowerLosses, self.power_losses),
            (Budget::TornWrites, self.torn_writes),
            (Budget::Timers, self.timers),
            (Budget::Drops, self.drops),
            (Budget::Duplicates, self.duplicates),
            (Budget::DiskErrors, self.disk_errors),
            (Budget::Beats, self.time.and_then(|time| time.beats).unwrap_or(0)),
            (Budget::Pauses, self.pauses),
            (Budget::Partitions, self.partitions),
        ]
    }

    /// What is asked for that cannot be, or that would make no difference.
    pub(super) fn mistakes(&self, nodes: usize) -> Vec<Mistake> {
        let at = |name: &str, message: String| {
            let within = if name == "beats" { "time." } else { "" };
            Mistake::new(format!("explore.bounds.{within}{name}"), message)
        };
        let large = self.budgets().into_iter().filter(|(_, amount)| *amount > Purse::MOST);
        let large = large.map(|(budget, amount)| {
            let message = format!("found `{amount}`, expected at most {}", Purse::MOST);
            at(BOUNDS[budget as usize], message)
        });
        let falls = self.crashes > 0 || self.pauses > 0;
        let needs = [
            ("pauses", self.pauses > 0 && self.effects == 0, "effects"),
            ("effects", self.effects > 0 && !falls, "crashes` or `pauses"),
            ("torn_writes", self.torn_writes > 0 && self.power_losses == 0, "power_losses"),
            ("calls", self.calls > 0 && self.clients == 0, "clients"),
            ("clients", self.clients > 0 && self.calls == 0, "calls"),
            ("timers_each", self.timers_each.is_some() && self.timers == 0, "timers"),
        ];
        let needs = needs
            .into_iter()
            .filter(|(_, lacks, _)| *lacks)
            .map(|(name, _, other)| at(name, format!("without `{other}` it allows nothing")));
        let of_nodes = [("active", self.active), ("unsteady", self.unsteady)];
        let of_nodes = of_nodes.into_iter().filter_map(|(name, most)| {
            let most = usize::from(most?);
            (most > nodes)
                .then(|| at(name, format!("found `{most}`, expected at most {nodes} nodes")))
        });
        large.chain(needs).chain(of_nodes).collect()
    }

    /// Whether nodes fall, or stop, or their disks fail.
    pub(super) const fn falls(&self) -> bool {
        let Self { crashes, power_losses, pauses, disk_errors, .. } = *self;
        crashes > 0 || power_losses > 0 || pauses > 0 || disk_errors > 0
    }

    /// What there is to spend.
    pub(super) fn purse(&self) -> Purse {
        let mut amounts = [0; Purse::BUDGETS];
        for (budget, amount) in self.budgets() {
            amounts[budget as usize] = amount;
        }
        Purse::new(amounts)
    }
}

/// What is left out of a search because it makes no difference. Each can be switched off, to see that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reductions {
    /// Messages that can never matter any more are forgotten, as the machine itself says.
    pub moot_messages: bool,
    /// A delivery that changes nothing but that the message is gone is left out: it may be on its way for ever.
    pub idle_deliveries: bool,
    /// A message or sync of which the machine says that nothing is lost if it arrives, or completes, at once
    /// does so.
    pub urgent_first: bool,
    /// A call that a node refuses, and that changes nothing there, is left out: the client may call later.
    pub refused_calls: bool,
    /// A state that was reached with at least as much left of every budget is not visited again.
    pub budgets: bool,
}

impl Reductions {
    /// All of them.
    pub const ALL: Self = Self {
        moot_messages: true,
        idle_deliveries: true,
        urgent_first: true,
        refused_calls: true,
        budgets: true,
    };
    /// Whether everything is left out that can be.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn are_all(&self) -> bool {
        *self == Self::ALL
    }

    /// None.
    pub const NONE: Self = Self {
        moot_messages: false,
        idle_deliveries: false,
        urgent_first: false,
        refused_calls: false,
        budgets: false,
    };
}

/// What a scenario says of its search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Explore {
    /// How much may happen.
    pub bounds: Bounds,
    /// The most choices in a row; as many as there are, if not given. What is cut is not complete.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// What is left out because it makes no difference: everything that can be, if not given.
    #[serde(skip_serializing_if = "Reductions::are_all")]
    pub reductions: Reductions,
    /// How many states there must be, so that the bounds do not shrink unnoticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub states: Option<u64>,
    /// The same without any reduction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreduced: Option<u64>,
    /// How often an invariant must have been exercised, or the search proves nothing about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub at_least: BTreeMap<String, u64>,
}

impl Default for Reductions {
    fn default() -> Self {
        Self::ALL
    }
}
