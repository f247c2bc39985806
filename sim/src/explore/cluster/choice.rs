//! What may happen next.

use super::bounds::{ACTIVE, Budget, CALLS, TIMERS_EACH, UNSTEADY, UNSYNCED};
use super::{ClusterModel, State};
use crate::cluster::{Branch, UnderWay};
use crate::system::ExplorableSystem;
use interregnum_core::Explorable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happens, and what chance has to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What happens.
    pub what: What,
    /// Which of the combinations of dice shows in this step.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dice: u16,
    /// The process crashes after so many effects of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_after: Option<u8>,
    /// The process is paused after so many effects of the step; the others wait until it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_after: Option<u8>,
}

impl Choice {
    /// Something happens, chance shows the first combination, and no step is interrupted.
    const fn simply(what: What) -> Self {
        Self { what, dice: 0, crash_after: None, pause_after: None }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_none(dice: &u16) -> bool {
    *dice == 0
}

/// What happens. Messages and operations are named by their place among those of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A message arrives.
    Deliver(u16),
    /// A message arrives, and will arrive again.
    Duplicate(u16),
    /// A message is lost.
    Drop(u16),
    /// A disk completes something.
    Complete(At),
    /// A disk fails a sync; of the changes that it covers those are durable whose bit is set.
    FailSync(Part),
    /// A timer fires.
    Fire(At),
    /// A process crashes and starts anew.
    Crash(u8),
    /// A node loses power and starts anew. Of the changes that are not durable, one after the other, each is
    /// lost (0), kept (1) or torn (2): the digits of this number to the base of three.
    LosePower(Part),
    /// A process that stopped by itself starts anew.
    Start(u8),
    /// A client calls a node.
    Ask(Ask),
    /// A paused process goes on with its step.
    Resume(u8),
    /// The nodes whose bit is set and the others no longer reach each other.
    Part(u8),
    /// All nodes reach each other again.
    Heal,
    /// Time passes. The clocks of those nodes run fast whose bit is set, the others' slow.
    Pass(u8),
}

/// Something at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct At {
    /// The node.
    pub node: u8,
    /// Which of its timers, or of the operations of its disk.
    pub nth: u8,
}

/// A part of what is not durable at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The node.
    pub node: u8,
    /// Which of its disk's operations, where one fails.
    #[serde(default)]
    pub nth: u8,
    /// What becomes of each change.
    pub fates: u32,
}

/// A client's next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The client.
    pub client: u8,
    /// Which node it calls.
    pub node: u8,
}

/// Of more changes than this not every part is tried.
const MOST_UNSYNCED: usize = 8;

/// Every choice in a state.
pub(super) fn all<S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    state: &State<S::Process>,
    choices: &mut Vec<Choice>,
    cuts: &mut [u64],
) {
    let mut all = All { model, state, choices, cuts };
    if model.reductions.urgent_first
        && let Some(what) = urgent(model, state)
    {
        return all.simply(what);
    }
    all.mail();
    for (node, branch) in (0..).zip(&state.nodes) {
        all.node(node, branch);
    }
    all.clients();
    all.time();
    all.partitions();
}

/// What happens before anything else, because nothing is lost by that.
fn urgent<S: ExplorableSystem>(
    model: &ClusterModel<'_, S>,
    state: &State<S::Process>,
) -> Option<What> {
    for (node, branch) in state.nodes.iter().enumerate() {
        if !branch.is_awake() {
            continue;
        }
        let own = model.prospect(node, branch, state.purse);
        let at_once = |operation: &UnderWay<S::Process>| match operation {
            UnderWay::Sync { ticket, heard: true, doomed: false, .. } => {
                branch.machine.as_ref().is_some_and(|machine| {
                    machine.completes_at_once(&model.configs[node], ticket, own)
                })
            }
            _ => false,
        };
        if let Some(nth) = branch.under_way.iter().position(at_once) {
            let (node, nth) = (u8::try_from(node).ok()?, u8::try_from(nth).ok()?);
            return Some(What::Complete(At { node, nth }));
        }
    }
    if model.bounds.duplicates > 0 {
        return None;
    }
    let index = super::relevance::urgent_message(model, state)?;
    Some(What::Deliver(u16::try_from(index).ok()?))
}

struct All<'a, 's, S: ExplorableSystem> {
    model: &'a ClusterModel<'s, S>,
    state: &'a State<S::Process>,
    choices: &'a mut Vec<Choice>,
    cuts: &'a mut [u64],
}

impl<S: ExplorableSystem> All<'_, '_, S> {
    /// Whether there is any left of a budget; counts if there is not, but would be a use for it.
    fn affords(&mut self, budget: Budget) -> bool {
        let affords = self.state.purse.left(budget as usize) > 0;
        self.cuts[budget as usize] += u64::from(!affords);
        affords
    }

    /// Something happens that lets a process take a step.
    fn steps(&mut self, what: What) {
        for dice in 0..self.model.bounds.picks.0.max(1) {
            let choice = Choice { dice, ..Choice::simply(what) };
            self.choices.push(choice);
            if !what.node(self.state).is_some_and(|node| self.model.is_unsteady(node)) {
                continue;
            }
            let left = |budget: Budget| self.state.purse.left(budget as usize) > 0;
            let (crashes, pauses) = (left(Budget::Crashes), left(Budget::Pauses));
            for after in 0..self.model.bounds.effects {
                let after = Some(after);
                if crashes {
                    self.choices.push(Choice { crash_after: after, ..choice });
                }
                if pauses {
                    self.choices.push(Choice { pause_after: after, ..choice });
                }
            }
        }
    }

    fn simply(&mut self, what: What) {
        self.choices.push(Choice::simply(what));
    }

    fn mail(&mut self) {
        let (drops, duplicates) = (self.model.bounds.drops > 0, self.model.bounds.duplicates > 0);
        let mut before = None;
        for (index, mail) in (0..).zip(&self.state.mail) {
            // Which one of several equal messages arrives makes no difference.
            if before.replace(mail.print) == Some(mail.print) {
                continue;
            }
            // Whoever is down, paused or out of reach is handed nothing; it may be later.
            if !self.state.nodes[mail.to as usize].is_awake() || self.state.is_cut(mail) {
                continue;
            }
            self.steps(What::Deliver(index));
            if duplicates && self.affords(Budget::Duplicates) {
                self.steps(What::Duplicate(index));
            }
            if drops && self.affords(Budget::Drops) {
                self.simply(What::Drop(index));
            }
        }
    }

    fn node(&mut self, node: u8, branch: &Branch<S::Process>) {
        let bounds = self.model.bounds;
        let unsteady = self.model.is_unsteady(usize::from(node));
        let paused = !branch.tail.is_empty();
        if paused {
            self.simply(What::Resume(node));
        }
        for (nth, operation) in (0..).zip(&branch.under_way).filter(|_| !paused) {
            self.steps(What::Complete(At { node, nth }));
            if unsteady
                && bounds.disk_errors > 0
                && let UnderWay::Sync { covers, .. } = operation
                && self.affords(Budget::DiskErrors)
            {
                for fates in 0..self.parts(usize::try_from(*covers).unwrap_or(usize::MAX), 2) {
                    self.steps(What::FailSync(Part { node, nth, fates }));
                }
            }
        }
        if !paused && bounds.timers > 0 {
            self.timers(node, branch);
        }
        if branch.machine.is_none() {
            self.simply(What::Start(node));
        } else if unsteady && bounds.crashes > 0 && self.affords(Budget::Crashes) {
            self.simply(What::Crash(node));
        }
        if unsteady && bounds.power_losses > 0 && self.affords(Budget::PowerLosses) {
            self.power_losses(node, branch);
        }
        self.cuts[UNSTEADY] += u64::from(!unsteady && bounds.falls());
    }

    fn timers(&mut self, node: u8, branch: &Branch<S::Process>) {
        for (nth, alarm) in (0..).zip(&branch.timers) {
            if !alarm.due.is_passed(branch.clock) {
                continue;
            }
            if !self.model.is_active(usize::from(node)) {
                self.cuts[ACTIVE] += 1;
            } else if !self.model.may_fire(usize::from(node), branch) {
                self.cuts[TIMERS_EACH] += 1;
            } else if self.affords(Budget::Timers) {
                self.steps(What::Fire(At { node, nth }));
            }
        }
    }

    fn power_losses(&mut self, node: u8, branch: &Branch<S::Process>) {
        let torn = self.state.purse.left(Budget::TornWrites as usize);
        let unsynced = branch.unsynced();
        for fates in 0..self.parts(unsynced, 3) {
            let digits = digits(fates).take(MOST_UNSYNCED);
            if digits.filter(|digit| *digit == 2).count() <= usize::from(torn) {
                self.simply(What::LosePower(Part { node, nth: 0, fates }));
            }
        }
    }

    /// In how many ways each of so many changes may fare, if there are so many ways for one of them.
    fn parts(&mut self, changes: usize, ways: u32) -> u32 {
        self.cuts[UNSYNCED] += u64::from(changes > MOST_UNSYNCED);
        ways.pow(u32::try_from(changes.min(MOST_UNSYNCED)).unwrap_or(0))
    }

    /// A beat, with every combination of rates.
    fn time(&mut self) {
        let Some(time) = self.model.bounds.time else { return };
        if time.beats.is_some() && !self.affords(Budget::Beats) {
            return;
        }
        let clocks = if time.rate_ppm == 0 { 0 } else { self.state.nodes.len() };
        for fast in 0..1_u16 << clocks {
            self.simply(What::Pass(u8::try_from(fast).unwrap_or(u8::MAX)));
        }
    }

    /// The nodes fall into two parts in any way, or are one again.
    fn partitions(&mut self) {
        if self.state.cut != 0 {
            return self.simply(What::Heal);
        }
        if self.model.bounds.partitions == 0 || !self.affords(Budget::Partitions) {
            return;
        }
        // The first node's part is the one without bits.
        let nodes = self.state.nodes.len().min(8);
        for part in (2..1_u16 << nodes).step_by(2) {
            self.simply(What::Part(u8::try_from(part).unwrap_or(u8::MAX)));
        }
    }

    fn clients(&mut self) {
        let script = &self.model.script;
        for (client, (state, calls)) in (0..).zip(self.state.clients.iter().zip(script)) {
            if state.waits {
                continue;
            }
            if usize::from(state.asked) >= calls.len() {
                self.cuts[CALLS] += u64::from(!calls.is_empty());
                continue;
            }
            for (node, branch) in (0..).zip(&self.state.nodes) {
                if !branch.is_awake() {
                    continue;
                }
                match self.model.is_active(usize::from(node)) {
                    true => self.steps(What::Ask(Ask { client, node })),
                    false => self.cuts[ACTIVE] += 1,
                }
            }
        }
    }
}

/// What becomes of each change in a power failure.
pub(super) fn digits(fates: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(fates), |rest| Some(rest / 3)).map(|rest| rest % 3)
}

impl What {
    /// The node that acts, where the choice itself says so.
    pub(super) fn node<M: Explorable>(self, state: &State<M>) -> Option<usize> {
        Some(match self {
            Self::Deliver(index) | Self::Duplicate(index) | Self::Drop(index) => {
                state.mail.get(usize::from(index))?.to as usize
            }
            Self::Complete(at) | Self::Fire(at) => usize::from(at.node),
            Self::FailSync(part) | Self::LosePower(part) => usize::from(part.node),
            Self::Crash(node) | Self::Start(node) | Self::Resume(node) => usize::from(node),
            Self::Ask(ask) => usize::from(ask.node),
            Self::Pass(_) | Self::Part(_) | Self::Heal => return None,
        })
    }
}
