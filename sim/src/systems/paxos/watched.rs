//! What is known of one node's leases: whom it excludes others for, until when, and since when.

use crate::clock::TrueTime;
use interregnum_core::paxos::Ballot;
use interregnum_core::{CallId, LocalTime};

/// A heartbeat at one node, and until when it excludes others there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exclusion {
    pub(super) ballot: Ballot,
    pub(super) sequence: u64,
    pub(super) until: LocalTime,
    /// When the node said so.
    pub(super) since: TrueTime,
}

/// A belief.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) until: LocalTime,
    pub(super) since: TrueTime,
    pub(super) borne_out: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    /// The last heartbeat of the highest ballot that reached the node in this life, and the last other one.
    pub(super) heard: [Option<Exclusion>; 2],
    /// Whom the node excludes others for, and whom it did before.
    pub(super) granted: [Option<Exclusion>; 2],
    /// Whether it ever took part in a ballot, in any of its lives.
    pub(super) took_part: bool,
    pub(super) restarted: Option<LocalTime>,
    /// How much its clock would show more, had it not started anew.
    pub(super) counted_before: u64,
    pub(super) held: Option<Held>,
    pub(super) called: Option<(CallId, TrueTime)>,
}

impl Watched {
    /// What the node still owes an answer to is of the highest ballot; late ones of others, however many,
    /// do not hide that.
    pub(super) fn hears(&mut self, new: Exclusion) {
        if self.heard[0].is_some_and(|highest| highest.ballot > new.ballot) {
            self.heard[1] = Some(new);
        } else {
            self.heard = [Some(new), self.heard[0]];
        }
    }

    /// A later copy of an earlier heartbeat shortens nothing.
    pub(super) fn grants(&mut self, new: Exclusion) {
        match &mut self.granted[0] {
            Some(old) if old.ballot == new.ballot => {
                old.sequence = old.sequence.max(new.sequence);
                old.until = old.until.max(new.until);
                old.since = new.since;
            }
            old => self.granted = [Some(new), *old],
        }
    }

    /// Whoever sends heartbeats was elected by a majority, none of which excluded it in favour of an
    /// earlier leader any more: that one's lease is over, whatever this node still grants it.
    pub(super) fn superseded(&mut self, ballot: Ballot) {
        for granted in &mut self.granted {
            granted.take_if(|earlier| earlier.ballot < ballot);
        }
    }

    /// A leader that released its last heartbeat acts on none of the earlier ones either, and a grant that is
    /// still to be sent is void.
    pub(super) fn released(&mut self, ballot: Ballot, sequence: u64) {
        for granted in self.granted.iter_mut().chain(&mut self.heard) {
            if granted.is_some_and(|e| e.ballot == ballot && e.sequence <= sequence) {
                *granted = None;
            }
        }
    }
}
