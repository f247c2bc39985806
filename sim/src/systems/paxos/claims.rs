//! A2 and A5: what may be proposed, and what may be called chosen.
//!
//! A2 is evaluated when an accept is sent or becomes durable and when an entry becomes chosen; it counts
//! as exercised only across ballots, for within the ballot that chose an entry a repetition is the rule.
//!
//! A5 is evaluated when a claim is made. "Every slot up to k" is compared with the longest chosen
//! prefix; it counts as exercised only when the node goes beyond what it claimed before. What is said of
//! slots that the ledger dropped is counted, but not exercised.

use super::cell::{Proposal, Shown};
use super::ledger::Ledger;
use super::properties::{A2, A5};
use crate::check::{Failure, Tally};
use crate::clock::TrueTime;
use interregnum_core::consensus::{App, Entry, LogSlot};
use interregnum_core::{Fold, NodeId};

/// Judges accepts: A2.
#[derive(Clone, Debug, Fold)]
pub(super) struct Accepts {
    pub(super) tally: Tally,
}

impl Accepts {
    pub(super) const fn new() -> Self {
        Self { tally: Tally::new(&A2) }
    }

    /// Judges what the ledger made of an accept.
    #[inline]
    pub(super) fn judge<A: App>(
        &mut self,
        now: TrueTime,
        slot: LogSlot,
        shown: Shown<A>,
    ) -> Option<Failure> {
        match shown {
            // Two entries of one ballot are A4's to judge.
            Shown::Unopposed | Shown::TwoInOneBallot(_) | Shown::OutOfReach => self.tally.checked(),
            Shown::Agrees(times) => (0..times).for_each(|_| self.tally.exercised(now)),
            Shown::Contradicts(both) => {
                self.tally.exercised(now);
                self.tally.violated += 1;
                return Some(contradiction(slot, &both));
            }
        }
        None
    }
}

fn contradiction<A: App>(slot: LogSlot, [chosen, other]: &[Proposal<A>; 2]) -> Failure {
    let what = format!(
        "two entries for {slot}: the one chosen in {} and one in {}",
        chosen.ballot, other.ballot
    );
    let proposed = format!("{slot} {:?} proposed in {}", chosen.entry, chosen.ballot);
    let against = format!("{slot} {:?} proposed in {}", other.entry, other.ballot);
    let mut facts = vec![(chosen.since, chosen.by, proposed), (other.since, other.by, against)];
    if let Some((at, node)) = chosen.chosen {
        let accepted = chosen.accepted;
        let fact = format!("{slot} is chosen in {}: {accepted} accepted it durably", chosen.ballot);
        facts.push((at, node, fact));
    }
    facts.sort_by_key(|fact| fact.0);
    facts
        .into_iter()
        .fold(Failure::new(&A2, what), |failure, (at, node, fact)| failure.because(at, node, fact))
}

/// Judges claims that something is chosen: A5.
#[derive(Clone, Debug, Fold)]
pub(super) struct Claims {
    pub(super) tally: Tally,
    /// For each node, the highest "every slot up to" that was found true.
    proven: Vec<LogSlot>,
}

impl Claims {
    pub(super) fn new(members: u8) -> Self {
        Self { tally: Tally::new(&A5), proven: vec![LogSlot::ZERO; usize::from(members)] }
    }

    /// `node` treats every slot up to `upto` as chosen; `chosen` is how far that is true.
    #[inline]
    pub(super) fn upto(
        &mut self,
        now: TrueTime,
        node: NodeId,
        upto: LogSlot,
        chosen: LogSlot,
        how: &str,
    ) -> Option<Failure> {
        let Some(proven) = self.proven.get_mut(node.index()) else {
            self.tally.checked();
            return None;
        };
        if upto <= *proven {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        if upto <= chosen {
            *proven = upto;
            return None;
        }
        let what =
            format!("{node} treats slots up to {upto} as chosen, but {} is not", chosen.next());
        let fact = format!("{how}: everything up to {upto} is chosen");
        Some(self.fail(Failure::new(&A5, what).because(now, node, fact)))
    }

    /// `node` treats `entry` as chosen for `slot`.
    pub(super) fn entry<A: App>(
        &mut self,
        now: TrueTime,
        node: NodeId,
        slot: LogSlot,
        entry: &Entry<A>,
        ledger: &Ledger<A>,
        how: &str,
    ) -> Option<Failure> {
        if slot < ledger.base() {
            self.tally.checked();
            return None;
        }
        self.tally.exercised(now);
        let chosen = ledger.cell(slot).and_then(|cell| cell.chosen());
        let failure = match chosen {
            Some(chosen) if chosen.entry == *entry => return None,
            Some(chosen) => {
                let what =
                    format!("{node} takes another entry for chosen in {slot} than the one that is");
                let really = format!(
                    "{slot} {:?} was chosen in {}, accepted durably by {}",
                    chosen.entry, chosen.ballot, chosen.accepted
                );
                Failure::new(&A5, what).because(chosen.since, chosen.by, really)
            }
            None => {
                let what = format!("{node} takes an entry for chosen in {slot}, in which none is");
                with_proposals(Failure::new(&A5, what), slot, ledger)
            }
        };
        let fact = format!("{how}: {slot} {entry:?} is chosen");
        Some(self.fail(failure.because(now, node, fact)))
    }

    const fn fail(&mut self, failure: Failure) -> Failure {
        self.tally.violated += 1;
        failure
    }
}

/// A failure with all that was proposed for a slot, and who accepted it, oldest first.
pub(super) fn with_proposals<A: App>(
    failure: Failure,
    slot: LogSlot,
    ledger: &Ledger<A>,
) -> Failure {
    let proposals = ledger.cell(slot).into_iter().flat_map(|cell| cell.proposals());
    let mut failure = proposals.fold(failure, |failure, proposal| {
        let Proposal { entry, ballot, accepted, .. } = proposal;
        let what = format!("{slot} {entry:?} proposed in {ballot}, accepted durably by {accepted}");
        failure.because(proposal.since, proposal.by, what)
    });
    failure.evidence.sort_by_key(|fact| fact.at_ns);
    failure
}
