//! What phase 1 finds out: for each slot, the entry that the new leader is bound to propose.

use super::message::{Ballot, Held, Promise};
use super::rules::{Rules, Tally};
use crate::consensus::{App, Entry, LogSlot};
use crate::{Fold, NodeId, NodeSet};
use alloc::collections::BTreeMap;

/// All that the promises of one ballot report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
pub(super) struct Findings<A: App> {
    /// The promises count for slots from here on.
    pub(super) first: LogSlot,
    /// The last slot in which anything may have been chosen.
    pub(super) top: LogSlot,
    /// The highest log start reported, and by whom: below it, everything is chosen and must be fetched.
    pub(super) needed: LogSlot,
    /// Who can send a state that reaches `needed`.
    pub(super) source: NodeId,
    /// Who promised.
    pub(super) promises: Tally,
    slots: BTreeMap<LogSlot, Finding<A>>,
}

/// What was reported of one slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
struct Finding<A: App> {
    best: Option<Best<A>>,
    /// Who reported the best entry in a ballot that counts as a vote already.
    votes: NodeSet,
    /// Who may have lost what it accepted here.
    faulty: NodeSet,
}

/// The entry to propose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Fold)]
struct Best<A: App> {
    /// `None` is above every ballot: it is known to be chosen.
    ballot: Option<Ballot>,
    entry: Entry<A>,
}

/// What the leader may do with a slot.
pub(super) enum Verdict<A: App> {
    /// Too many of those who promised lost what they held here: wait.
    Open,
    /// Propose this entry.
    Propose {
        /// The entry, or nothing at all if nobody accepted any.
        entry: Entry<A>,
        /// Votes it already has.
        votes: NodeSet,
        /// Whether it was found, not made up.
        found: bool,
    },
}

impl<A: App> Findings<A> {
    /// Before the first promise.
    pub(super) const fn new(first: LogSlot, me: NodeId) -> Self {
        Self {
            first,
            top: first.before(),
            needed: LogSlot::ZERO,
            source: me,
            promises: Tally { voters: NodeSet::EMPTY, replies: 0 },
            slots: BTreeMap::new(),
        }
    }

    /// Takes in one promise for `me`, the proposer.
    pub(super) fn merge<R: Rules>(
        &mut self,
        rules: &R,
        me: NodeId,
        from: NodeId,
        promise: &Promise<A>,
    ) {
        if promise.first > self.first {
            return;
        }
        // A promise may come again, from a node that could not read its disk before and now can.
        for finding in self.slots.values_mut() {
            finding.faulty.remove(from);
        }
        self.promises.add(from);
        self.top = self.top.max(promise.chosen_upto);
        if promise.log_start > self.needed {
            (self.needed, self.source) = (promise.log_start, from);
        }
        for report in &promise.reports {
            if report.slot < self.first {
                continue;
            }
            self.top = self.top.max(report.slot);
            let finding = self.slots.entry(report.slot).or_insert(Finding {
                best: None,
                votes: NodeSet::EMPTY,
                faulty: NodeSet::EMPTY,
            });
            if matches!(report.held, Held::Faulty) && !rules.counts_faulty() {
                finding.faulty.insert(from);
            }
            if rules.heeds_report_of(me, from) {
                finding.merge(rules, promise.ballot, from, &report.held);
            }
        }
    }

    /// Who lost, or could not read, what it held in some slot from `from` on.
    pub(super) fn doubtful(&self, from: LogSlot) -> NodeSet {
        self.slots.range(from..).fold(NodeSet::EMPTY, |all, (_, f)| all.union(f.faulty))
    }

    /// Whether some slot from `from` on waits for promises that will not come, where `blocks` tells it of
    /// those who lost what they held.
    pub(super) fn is_blocked(&self, from: LogSlot, blocks: impl Fn(NodeSet) -> bool) -> bool {
        let unknown =
            |finding: &Finding<A>| finding.best.as_ref().is_none_or(|best| best.ballot.is_some());
        self.slots.range(from..).any(|(_, finding)| unknown(finding) && blocks(finding.faulty))
    }

    /// What to do with `slot`, given the promises so far.
    pub(super) fn verdict<R: Rules>(&self, rules: &R, slot: LogSlot, members: u8) -> Verdict<A> {
        let Some(finding) = self.slots.get(&slot) else {
            return Verdict::Propose { entry: Entry::Noop, votes: NodeSet::EMPTY, found: false };
        };
        // An entry known to be chosen needs no promise.
        let chosen = finding.best.as_ref().is_some_and(|best| best.ballot.is_none());
        let voters = self.promises.voters.difference(finding.faulty);
        if !chosen && !rules.is_quorum(Tally { voters, ..self.promises }, members) {
            return Verdict::Open;
        }
        let entry = finding.best.as_ref().map_or(Entry::Noop, |best| best.entry.clone());
        Verdict::Propose { entry, votes: finding.votes, found: finding.best.is_some() }
    }
}

impl<A: App> Finding<A> {
    fn merge<R: Rules>(&mut self, rules: &R, ballot: Ballot, from: NodeId, held: &Held<A>) {
        let (reported, entry) = match held {
            Held::Faulty => return,
            Held::Chosen { entry } => (None, entry),
            Held::Accepted { ballot, entry } => (Some(*ballot), entry),
        };
        let replaces = match (&self.best, reported) {
            (None, _) | (_, None) => true,
            (Some(Best { ballot: None, .. }), _) => false,
            (Some(Best { ballot: Some(best), .. }), Some(reported)) => {
                rules.supersedes(*best, reported)
            }
        };
        let same = self.best.as_ref().is_some_and(|best| best.entry == *entry);
        if replaces {
            if !same {
                self.votes = NodeSet::EMPTY;
            }
            self.best = Some(Best { ballot: reported, entry: entry.clone() });
        }
        if (replaces || same) && reported.is_some_and(|r| rules.counts_report(ballot, r)) {
            self.votes.insert(from);
        }
    }
}
