//! A4: a ballot has one owner, in one of its lives, and proposes one entry per slot.
//!
//! A ballot is *used* by whoever sends a prepare, an accept or a heartbeat in it. The last ballots of each
//! node are kept with the incarnation that used them; a sound node's ballots only grow, so that an older
//! one than those kept is not used again either.

use super::cell::{Proposal, Shown};
use super::properties::A4;
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, LogSlot};
use interregnum_core::paxos::Ballot;
use interregnum_core::{Fold, NodeId};
use std::collections::VecDeque;

/// So many ballots of each node are kept.
const BALLOTS: usize = 16;

#[derive(Clone, Copy, Debug, Fold)]
struct Used {
    ballot: Ballot,
    incarnation: u32,
    since: TrueTime,
}

#[derive(Clone, Debug, Default, Fold)]
struct Owner {
    incarnation: u32,
    /// Newest last.
    used: VecDeque<Used>,
}

/// Judges ballots.
#[derive(Clone, Debug, Fold)]
pub(super) struct Ballots {
    pub(super) tally: Tally,
    owners: Vec<Owner>,
}

impl Ballots {
    pub(super) fn new(members: u8) -> Self {
        Self { tally: Tally::new(&A4), owners: vec![Owner::default(); usize::from(members)] }
    }

    pub(super) fn booted(&mut self, node: NodeId, incarnation: u32) {
        if let Some(owner) = self.owners.get_mut(node.index()) {
            owner.incarnation = incarnation;
        }
    }

    /// `node` asks for something in `ballot`.
    #[inline]
    pub(super) fn used(&mut self, now: TrueTime, node: NodeId, ballot: Ballot) -> Option<Failure> {
        let owner = self.owners.get_mut(node.index())?;
        let incarnation = owner.incarnation;
        let is_it = |used: &Used| used.ballot == ballot && used.incarnation == incarnation;
        if owner.used.back().is_some_and(is_it) && ballot.node == node {
            self.tally.checked();
            return None;
        }
        self.used_anew(now, node, ballot)
    }

    fn used_anew(&mut self, now: TrueTime, node: NodeId, ballot: Ballot) -> Option<Failure> {
        self.tally.exercised(now);
        let owner = self.owners.get_mut(node.index())?;
        let incarnation = owner.incarnation;
        if ballot.node != node {
            let what = format!("{node} uses {ballot}, which belongs to {}", ballot.node);
            let failure = Failure::new(&A4, what).because(now, node, format!("uses {ballot}"));
            return Some(self.fail(failure));
        }
        let known = owner.used.iter().find(|used| used.ballot == ballot).copied();
        match known {
            None => {
                if owner.used.len() >= BALLOTS {
                    owner.used.pop_front();
                }
                owner.used.push_back(Used { ballot, incarnation, since: now });
                None
            }
            Some(used) if used.incarnation == incarnation => None,
            Some(used) => {
                let what = format!("{node} uses {ballot} in two of its lives");
                let life = |number: u32| format!("uses {ballot} in incarnation {number}");
                let failure = Failure::new(&A4, what)
                    .because(used.since, node, life(used.incarnation))
                    .because(now, node, life(incarnation));
                Some(self.fail(failure))
            }
        }
    }

    /// Judges what the ledger made of an accept: one entry per ballot and slot. It could be wrong only if the
    /// ballot has proposed something for the slot before.
    #[inline]
    pub(super) fn proposed<A: App>(
        &mut self,
        now: TrueTime,
        slot: LogSlot,
        shown: &Shown<A>,
        again: bool,
    ) -> Option<Failure> {
        if let Shown::TwoInOneBallot(both) = shown {
            self.tally.exercised(now);
            let failure = two_entries(slot, both);
            return Some(self.fail(failure));
        }
        if again {
            self.tally.exercised(now);
        } else {
            self.tally.checked();
        }
        None
    }

    const fn fail(&mut self, failure: Failure) -> Failure {
        self.tally.violated += 1;
        failure
    }
}

fn two_entries<A: App>(slot: LogSlot, [first, second]: &[Proposal<A>; 2]) -> Failure {
    let what = format!("two entries for {slot} in {}", first.ballot);
    [first, second].into_iter().fold(Failure::new(&A4, what), |failure, proposal| {
        let fact = format!("{slot} {:?} in {}", proposal.entry, proposal.ballot);
        failure.because(proposal.since, proposal.by, fact)
    })
}
