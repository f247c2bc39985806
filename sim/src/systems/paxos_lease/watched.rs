//! What is known of one node, from what it sent and was handed, and from its own clock.

use crate::clock::TrueTime;
use interregnum_core::paxos_lease::Ballot;
use interregnum_core::{CallId, Deadline, Fold, Folder, LocalTime, NodeSet};

/// A lease that a node recorded for somebody, and so will not grant to anybody else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exclusion {
    pub(super) ballot: Ballot,
    /// On the node's own clock.
    pub(super) until: Deadline,
    /// Whether the node is down: it answers nobody then, whatever its clock shows.
    pub(super) down: bool,
    /// When it began.
    pub(super) since: TrueTime,
}

impl Exclusion {
    pub(super) fn lasts(&self, clock: LocalTime) -> bool {
        self.down || !self.until.is_passed(clock)
    }
}

/// A lease that a node believes to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) ballot: Ballot,
    pub(super) until: Deadline,
    /// Who was seen to exclude others in its favour when the belief arose.
    pub(super) grantors: NodeSet,
    pub(super) since: TrueTime,
}

/// One node.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    pub(super) held: Option<Held>,
    pub(super) excludes: Option<Exclusion>,
    /// The highest ballot that it has shown to have promised in this life.
    pub(super) promised: Option<Ballot>,
    /// After a restart, until when it may answer nobody.
    pub(super) silent_until: Deadline,
    /// When it started.
    pub(super) started: TrueTime,
    /// Whether it has ever sent anything: before that there is nothing to forget.
    pub(super) took_part: bool,
    /// The call that it was handed in the present step.
    pub(super) called: Option<CallId>,
}

/// What can no longer matter is folded as if it were not there, and clock readings relative to the clock.
impl Fold for Watched {
    fn fold(&self, into: &mut Folder) {
        let now = into.now();
        let Self { held, excludes, promised, silent_until, started: _, took_part, called } = self;
        let held = held.filter(|held| !held.until.is_passed(now));
        held.map(|Held { ballot, until, grantors, since: _ }| (ballot, until, grantors)).fold(into);
        let excludes = excludes.filter(|excludes| excludes.lasts(now));
        excludes
            .map(|Exclusion { ballot, until, down, since: _ }| (ballot, until, down))
            .fold(into);
        (*promised, *silent_until, *took_part, *called).fold(into);
    }
}
