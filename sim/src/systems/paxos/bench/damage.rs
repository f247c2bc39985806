//! What the judge makes of damage.

use super::super::losses::Part;
use super::Bench;
use crate::check::Failure;
use crate::clock::TrueTime;
use interregnum_core::NodeId;
use interregnum_core::consensus::App;
use interregnum_core::paxos::Ballot;
use interregnum_core::paxos::record::SNAPSHOTS;

impl<A: App> Bench<A> {
    /// A fault took a part of `node`'s disk.
    pub(super) fn damaged(&mut self, now: TrueTime, node: NodeId, part: Part) -> Option<Failure> {
        match part {
            Part::Format => self.ledger.losses.lose_format(node),
            Part::Promise(copy) => {
                self.ledger.losses.lose_promise(node, copy);
                let nothing = (copy, Ballot::NONE);
                return self.acceptors.copy(now, node, nothing, &self.ledger.losses);
            }
            Part::Snapshot(place) => self.holdings.damaged(node, place, &mut self.ledger),
            Part::Entry(slot, lane) => self.ledger.damaged(node, slot, lane),
        }
        None
    }

    /// A fault took all of `node`'s disk.
    pub(super) fn replaced(&mut self, node: NodeId) -> Option<Failure> {
        self.ledger.replaced(node);
        for place in 0..SNAPSHOTS.len() {
            self.holdings.damaged(node, place, &mut self.ledger);
        }
        None
    }
}
