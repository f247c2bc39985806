//! What faults took from disks, as the harness knows it: whose memory can still be counted on.
//!
//! A node *remembers* while its format record and a copy of its promise are intact. It is *excused* from a
//! slot, or from everything, where what it held was damaged after it had become durable: no property may
//! demand what a fault took. The excuse ends when the node makes the same thing durable again; that of a node
//! whose format is gone never ends.
//!
//! Judged by what faults did to the medium, never by what a machine says of itself.

use interregnum_core::consensus::LogSlot;
use interregnum_core::paxos::record::{self, Lane, Purpose, VOLUME};
use interregnum_core::{Fold, NodeId, NodeSet, Place};

/// A part of a node's disk that a fault can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Fold)]
pub enum Part {
    /// The record that says whose disk this is.
    Format,
    /// One of the two copies of the promise.
    Promise(usize),
    /// What one of the two places for snapshots holds.
    Snapshot(usize),
    /// One copy of what a lane of a log slot holds.
    Entry(LogSlot, Lane),
}

impl Part {
    /// What a place of the disk is part of; `None` if nothing is counted on there. Without its pointer a
    /// node still has its snapshots.
    pub(super) fn at(place: Place) -> Option<Self> {
        if place.volume != VOLUME {
            return None;
        }
        let which = |places: &[Place; 2]| places.iter().position(|known| *known == place);
        match record::purpose(place.slot.0) {
            Purpose::Format => Some(Self::Format),
            Purpose::Promised => which(&record::PROMISED).map(Self::Promise),
            Purpose::Snapshot => which(&record::SNAPSHOTS).map(Self::Snapshot),
            Purpose::Entry(slot, lane) | Purpose::Mirror(slot, lane) => {
                Some(Self::Entry(slot, lane))
            }
            Purpose::Pointer | Purpose::Unused => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Fold)]
struct Loss {
    format: bool,
    promise: [bool; 2],
    /// Which of those were torn by a write of the node's own.
    torn: [bool; 2],
    snapshots: [bool; 2],
    /// It lost a snapshot that covered every slot up to this one.
    upto: LogSlot,
}

impl Loss {
    /// Both copies torn is no excuse: a node must not write one before the other is durable.
    const fn remembers(&self) -> bool {
        let [first, second] = self.promise;
        !self.format && (!first || !second || (self.torn[0] && self.torn[1]))
    }
}

/// What each node lost.
#[derive(Clone, Debug, Fold)]
pub(super) struct Losses {
    nodes: Vec<Loss>,
    /// Whether any node lost anything but entries.
    any: bool,
}

impl Losses {
    pub(super) fn new(members: u8) -> Self {
        Self { nodes: vec![Loss::default(); usize::from(members)], any: false }
    }

    /// Whether the format record and a copy of the promise of `node` are intact.
    pub(super) fn remembers(&self, node: NodeId) -> bool {
        self.nodes.get(node.index()).is_none_or(Loss::remembers)
    }

    /// Whether what this place for snapshots held was damaged.
    pub(super) fn lost_snapshot(&self, node: NodeId, place: usize) -> bool {
        let loss = self.nodes.get(node.index());
        loss.and_then(|loss| loss.snapshots.get(place)).copied().unwrap_or(false)
    }

    /// Those that cannot be asked for `slot`, because their memory of it was in something that they lost.
    pub(super) fn excused(&self, slot: LogSlot) -> NodeSet {
        if !self.any {
            return NodeSet::EMPTY;
        }
        let nodes = (0..=u8::MAX).map(NodeId).zip(&self.nodes);
        nodes
            .filter(|(_, loss)| !loss.remembers() || slot <= loss.upto)
            .map(|(node, _)| node)
            .collect()
    }

    pub(super) fn lose_format(&mut self, node: NodeId) {
        self.change(node, |loss| loss.format = true);
    }

    pub(super) fn lose_promise(&mut self, node: NodeId, copy: usize, torn: bool) {
        self.change(node, |loss| {
            mark(&mut loss.promise, copy, true);
            mark(&mut loss.torn, copy, torn);
        });
    }

    /// A copy of the promise became durable.
    pub(super) fn keep_promise(&mut self, node: NodeId, copy: usize) {
        if self.any {
            self.change(node, |loss| {
                mark(&mut loss.promise, copy, false);
                mark(&mut loss.torn, copy, false);
            });
        }
    }

    /// The snapshot at `place` was damaged; it covered every slot up to `upto`.
    pub(super) fn lose_snapshot(&mut self, node: NodeId, place: usize, upto: LogSlot) {
        self.change(node, |loss| {
            mark(&mut loss.snapshots, place, true);
            loss.upto = loss.upto.max(upto);
        });
    }

    /// A snapshot became durable at `place`.
    pub(super) fn keep_snapshot(&mut self, node: NodeId, place: usize) {
        if self.any {
            self.change(node, |loss| mark(&mut loss.snapshots, place, false));
        }
    }

    /// The disk builds on an intact snapshot that covers every slot up to `upto`.
    pub(super) fn covers(&mut self, node: NodeId, upto: LogSlot) {
        if self.any {
            self.change(node, |loss| {
                if loss.upto <= upto {
                    loss.upto = LogSlot::ZERO;
                }
            });
        }
    }

    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Loss)) {
        self.any = true;
        if let Some(loss) = self.nodes.get_mut(node.index()) {
            change(loss);
        }
    }
}

fn mark(of: &mut [bool; 2], which: usize, lost: bool) {
    if let Some(known) = of.get_mut(which) {
        *known = lost;
    }
}
