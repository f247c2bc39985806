//! V7: whoever is connected catches up, and logs stay short.
//!
//! Let k be the last slot of the chosen prefix when the calm phase begins. Within the bound, every node of
//! the calm core says on the wire or on its disk that it has applied k, and its disk's log starts no
//! further below k than the snapshot policy allows: less than a snapshot interval and what is retained
//! for others.
//!
//! The bound is that for a leader to be heard (V1's B1), then three rounds: one in which the node is told
//! how far everything is chosen, one in which it notices that nothing arrives, one for an answer that a
//! change of leader swallowed; then one exchange for a snapshot, one for each batch of what the leader's log
//! may hold above it, and four flushes for the snapshot and pointer, twice if another is being written.

use super::properties::V7;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::LogSlot;
use interregnum_core::{Fold, NodeId, NodeSet, Span};

/// What catching up is allowed.
#[derive(Clone, Copy, Debug, Fold)]
pub struct Policy {
    /// When every node must have caught up.
    pub within: Span,
    /// A disk's log starts less than so many slots below what was applied.
    pub log: u64,
}

/// Judges laggards.
#[derive(Clone, Debug, Fold)]
pub(super) struct CatchUp {
    pub(super) tally: Tally,
    policy: Policy,
    /// How far each node says that it has applied everything.
    applied: Vec<LogSlot>,
    log_starts: Vec<LogSlot>,
    since: Option<TrueTime>,
    target: LogSlot,
    /// Who is not there yet.
    behind: NodeSet,
}

impl CatchUp {
    pub(super) fn new(members: u8, policy: Policy) -> Self {
        let members = usize::from(members);
        Self {
            tally: Tally::new(&V7),
            policy,
            applied: vec![LogSlot::ZERO; members],
            log_starts: vec![LogSlot::FIRST; members],
            since: None,
            target: LogSlot::ZERO,
            behind: NodeSet::EMPTY,
        }
    }

    /// The faults are over for `core`; every slot up to `chosen` is chosen.
    pub(super) fn calm(&mut self, now: TrueTime, core: NodeSet, chosen: LogSlot) {
        self.since = Some(now);
        self.target = chosen;
        self.tally.bound = Some(self.policy.within);
        let members = self.applied.len();
        // A node on its own says nothing to anybody.
        let others = members > 1;
        self.behind = core.iter().filter(|node| others && node.index() < members).collect();
        // A core that already is where it shall be could not fail.
        let there: NodeSet = self.behind.iter().filter(|node| self.is_there(*node)).collect();
        self.behind = self.behind.difference(there);
        if self.behind.is_empty() {
            self.tally.checked();
            self.tally.took = Some(Span::ZERO);
        } else {
            self.tally.exercised(now);
        }
    }

    /// `node` says that it applied everything up to `applied`.
    #[inline]
    pub(super) fn applied(
        &mut self,
        now: TrueTime,
        node: NodeId,
        applied: LogSlot,
    ) -> Option<Failure> {
        let known = self.applied.get_mut(node.index())?;
        if applied <= *known {
            return None;
        }
        *known = applied;
        if self.behind.is_empty() { None } else { self.arrived(now, node) }
    }

    /// Whatever `node` had applied beyond its disk is forgotten.
    pub(super) fn booted(&mut self, node: NodeId) {
        if let Some(applied) = self.applied.get_mut(node.index()) {
            *applied = LogSlot::ZERO;
        }
    }

    /// The log on `node`'s disk starts here now.
    pub(super) fn cut(
        &mut self,
        now: TrueTime,
        node: NodeId,
        log_start: LogSlot,
    ) -> Option<Failure> {
        *self.log_starts.get_mut(node.index())? = log_start;
        self.arrived(now, node)
    }

    pub(super) const fn settled(&self) -> bool {
        self.since.is_some() && self.behind.is_empty()
    }

    pub(super) fn finish(&mut self, now: TrueTime) -> Option<Failure> {
        self.since?;
        if self.settled() { None } else { Some(self.late(now)) }
    }

    fn is_there(&self, node: NodeId) -> bool {
        let at = node.index();
        self.applied[at] >= self.target && self.log_length(at) < self.policy.log
    }

    /// How far below the target the log on a disk starts.
    fn log_length(&self, at: usize) -> u64 {
        self.target.above(self.log_starts[at].before())
    }

    fn arrived(&mut self, now: TrueTime, node: NodeId) -> Option<Failure> {
        if !self.behind.contains(node) || !self.is_there(node) {
            return None;
        }
        self.behind.remove(node);
        let took = now.since(self.since?);
        self.tally.took = Some(took);
        if took <= self.policy.within {
            return None;
        }
        self.behind.insert(node);
        Some(self.late(now))
    }

    fn late(&mut self, now: TrueTime) -> Failure {
        self.tally.violated += 1;
        let took = now.since(self.since.unwrap_or(now));
        let (target, within, behind) = (self.target, self.policy.within, self.behind);
        let what = format!(
            "{took} after the faults {behind} have not caught up with {target}; the bound is {within}"
        );
        behind.iter().fold(Failure::new(&V7, what), |failure, node| {
            let at = node.index();
            let fact = format!(
                "has applied {}; its log starts {} slots below {target}, of at most {}",
                self.applied[at],
                self.log_length(at),
                self.policy.log
            );
            failure.because(now, node, fact)
        })
    }
}
