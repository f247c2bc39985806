//! One slot of the ledger: its proposals, who accepted and holds which, and what is chosen.

use crate::clock::TrueTime;
use interregnum_core::consensus::{App, Applied, Entry};
use interregnum_core::paxos::Ballot;
use interregnum_core::{Fold, NodeId, NodeSet};

/// One entry proposed in one ballot for one slot.
#[derive(Clone, Debug, Fold)]
pub(super) struct Proposal<A: App> {
    pub(super) ballot: Ballot,
    pub(super) entry: Entry<A>,
    /// The nodes that made their acceptance durable, at some time.
    pub(super) accepted: NodeSet,
    /// The nodes on whose disks it still is, by lane.
    pub(super) held: [NodeSet; 2],
    /// Who first sent or accepted it, and when.
    #[fold(skip)]
    pub(super) by: NodeId,
    #[fold(skip)]
    pub(super) since: TrueTime,
    /// When enough had accepted it, and whose acceptance was the last that it took.
    #[fold(skip)]
    pub(super) chosen: Option<(TrueTime, NodeId)>,
}

/// One slot.
#[derive(Clone, Debug, Fold)]
pub(super) struct Cell<A: App> {
    /// Almost always the only proposal: no allocation.
    pub(super) first: Option<Proposal<A>>,
    pub(super) more: Vec<Proposal<A>>,
    /// The chosen proposal with the lowest ballot.
    pub(super) chosen: Option<usize>,
    /// The nodes on whose disks an entry stands as chosen, by lane.
    pub(super) known: [NodeSet; 2],
    /// The nodes that held something here and lost it to damage, until they make something durable again.
    pub(super) damaged: NodeSet,
    /// What applying the chosen entry came to, once the reference has.
    pub(super) outcome: Option<Applied<A::Output>>,
}

/// What a new accept or acceptance shows.
#[derive(Debug)]
pub(super) enum Shown<A: App> {
    /// Nothing to compare it with.
    Unopposed,
    /// It agrees with what was chosen in so many comparisons across ballots.
    Agrees(u32),
    /// Two proposals that exclude each other: the first is chosen.
    Contradicts(Box<[Proposal<A>; 2]>),
    /// Two entries of one ballot.
    TwoInOneBallot(Box<[Proposal<A>; 2]>),
    /// The slot was dropped, or is beyond all bounds.
    OutOfReach,
}

impl<A: App> Default for Cell<A> {
    fn default() -> Self {
        let known = [NodeSet::EMPTY; 2];
        let damaged = NodeSet::EMPTY;
        Self { first: None, more: Vec::new(), chosen: None, known, damaged, outcome: None }
    }
}

impl<A: App> Cell<A> {
    /// The proposal that is chosen, in the lowest ballot known.
    pub(super) fn chosen(&self) -> Option<&Proposal<A>> {
        self.get(self.chosen?)
    }

    pub(super) fn get(&self, index: usize) -> Option<&Proposal<A>> {
        if index == 0 { self.first.as_ref() } else { self.more.get(index - 1) }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Proposal<A>> {
        if index == 0 { self.first.as_mut() } else { self.more.get_mut(index - 1) }
    }

    /// Whether a lane of `node` holds anything.
    pub(super) fn is_held(&self, node: NodeId, lane: usize) -> bool {
        self.known[lane].contains(node) || self.proposals().any(|p| p.held[lane].contains(node))
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    /// The nodes on whose disks the chosen entry is: accepted in the ballot that chose it or above, or
    /// known to be chosen.
    pub(super) fn holders(&self) -> NodeSet {
        let Some(chosen) = self.chosen() else { return NodeSet::EMPTY };
        let good =
            |other: &&Proposal<A>| other.ballot >= chosen.ballot && other.entry == chosen.entry;
        let [zero, one] = self.known;
        self.proposals()
            .filter(good)
            .fold(zero.union(one), |all, p| all.union(p.held[0]).union(p.held[1]))
    }

    pub(super) fn proposals(&self) -> impl Iterator<Item = &Proposal<A>> {
        self.first.iter().chain(&self.more)
    }

    /// The proposal of this entry in this ballot, kept from now on.
    #[inline]
    pub(super) fn find(
        &mut self,
        now: TrueTime,
        by: NodeId,
        ballot: Ballot,
        entry: &Entry<A>,
    ) -> (usize, &mut Proposal<A>) {
        let is_it = |known: &Proposal<A>| known.ballot == ballot && known.entry == *entry;
        let new = || Proposal {
            ballot,
            entry: entry.clone(),
            accepted: NodeSet::EMPTY,
            held: [NodeSet::EMPTY; 2],
            by,
            since: now,
            chosen: None,
        };
        if self.first.as_ref().is_none_or(is_it) {
            return (0, self.first.get_or_insert_with(new));
        }
        let found = self.more.iter().position(is_it);
        let at = found.unwrap_or_else(|| {
            self.more.push(new());
            self.more.len() - 1
        });
        (at + 1, &mut self.more[at])
    }

    /// Compares one proposal with others of its ballot, and with the chosen one.
    #[inline]
    pub(super) fn compare(&self, index: usize) -> Shown<A> {
        if !self.more.is_empty()
            && let Some(twins) = self.twins(index)
        {
            return Shown::TwoInOneBallot(Box::new(twins));
        }
        let (Some(chosen), Some(other)) = (self.chosen(), self.get(index)) else {
            return Shown::Unopposed;
        };
        if other.ballot < chosen.ballot || self.chosen == Some(index) {
            return Shown::Unopposed;
        }
        if other.entry == chosen.entry {
            return Shown::Agrees(1);
        }
        Shown::Contradicts(Box::new([chosen.clone(), other.clone()]))
    }

    /// The proposal and another one of the same ballot.
    pub(super) fn twins(&self, index: usize) -> Option<[Proposal<A>; 2]> {
        let this = self.get(index)?;
        let same = |other: &&Proposal<A>| other.ballot == this.ballot && other.entry != this.entry;
        let other = self.proposals().find(same)?;
        Some([other.clone(), this.clone()])
    }

    /// What a lane of `node` held is gone.
    pub(super) fn overwritten(&mut self, node: NodeId, lane: usize) {
        for proposal in self.first.iter_mut().chain(&mut self.more) {
            proposal.held[lane].remove(node);
        }
        self.known[lane].remove(node);
    }

    /// A proposal turned out to be chosen: compares everything in its ballot and above with it.
    pub(super) fn choose(&mut self, index: usize) -> Shown<A> {
        let lowest = self.chosen().map(|chosen| chosen.ballot);
        let ballot = self.get(index).map(|proposal| proposal.ballot);
        if lowest.is_some() && lowest <= ballot {
            return self.compare(index);
        }
        self.chosen = Some(index);
        let count = self.proposals().count();
        let mut agreeing = 0;
        for other in 0..count {
            match self.compare(other) {
                Shown::Agrees(more) => agreeing += more,
                Shown::Unopposed | Shown::OutOfReach => {}
                found @ (Shown::Contradicts(_) | Shown::TwoInOneBallot(_)) => return found,
            }
        }
        if agreeing == 0 { Shown::Unopposed } else { Shown::Agrees(agreeing) }
    }
}
