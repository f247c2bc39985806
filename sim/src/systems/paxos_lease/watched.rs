//! What is known of one node, from what it sent and was handed, and from its own clock.

use crate::clock::TrueTime;
use interregnum_core::paxos_lease::Ballot;
use interregnum_core::{CallId, Deadline, Fold, Folder, LocalTime, NodeId, NodeSet};

/// A lease that a node recorded for somebody, and so will not grant to anybody else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) ballot: Ballot,
    /// On the node's own clock.
    pub(super) until: Deadline,
    /// False if the node may have been silent when it asked others to record this: then it may not have recorded
    /// it itself.
    pub(super) sure: bool,
    /// Whether the node is down: it answers nobody then, whatever its clock shows.
    pub(super) down: bool,
    /// When it began.
    pub(super) since: TrueTime,
}

impl Grant {
    pub(super) fn lasts(&self, clock: LocalTime) -> bool {
        self.down || !self.until.is_passed(clock)
    }
}

/// A lease that a node believes to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) ballot: Ballot,
    pub(super) until: Deadline,
    /// Who was surely seen to exclude others in its favour when the belief arose.
    pub(super) sure: NodeSet,
    pub(super) since: TrueTime,
}

/// One node.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    pub(super) held: Option<Held>,
    /// What it granted. A grant that a later one replaced still excludes others: whoever has the later one is
    /// watched by itself.
    pub(super) grants: Vec<Grant>,
    /// What it asks for, and until when it may hold that: an attempt is given up with the next one.
    pub(super) asks: Option<(Ballot, Deadline)>,
    /// The highest ballot that it has shown to have promised in this life.
    pub(super) promised: Option<Ballot>,
    /// After a restart, until when it may answer nobody.
    pub(super) silent_until: Deadline,
    /// When it started.
    pub(super) started: TrueTime,
    /// After any restart, until when it may be silent: it is, if it found that it had counted a start.
    pub(super) maybe_silent_until: Deadline,
    /// Whether it was up before.
    pub(super) was_up: bool,
    /// The ballot that it last asked others to accept.
    pub(super) accepts: Option<Ballot>,
    /// Whether it has ever sent anything: before that there is nothing to forget.
    pub(super) took_part: bool,
    /// The call that it was handed in the present step.
    pub(super) called: Option<CallId>,
}

/// What can no longer matter is folded as if it were not there, and clock readings relative to the clock.
impl Fold for Watched {
    fn fold(&self, into: &mut Folder) {
        let now = into.now();
        let Self { held, grants, asks, promised, silent_until, started: _, .. } = self;
        let Self { maybe_silent_until, accepts, took_part, called, .. } = self;
        let held = held.filter(|held| !held.until.is_passed(now));
        held.map(|Held { ballot, until, sure, since: _ }| (ballot, until, sure)).fold(into);
        let lasting = || grants.iter().filter(|grant| grant.lasts(now));
        lasting().count().fold(into);
        for Grant { ballot, until, sure, down, since: _ } in lasting() {
            // Where its node is down, a grant runs anew with the next start.
            (*ballot, if *down { Deadline::PASSED } else { *until }, *sure, *down).fold(into);
        }
        asks.fold(into);
        (*promised, *silent_until, *maybe_silent_until).fold(into);
        (*accepts, *took_part, *called, self.was_up).fold(into);
    }
}

impl Watched {
    /// Whether it asked for that ballot last, or says that it holds it when its clock shows `clock`.
    pub(super) fn has_asked(&self, ballot: Ballot, clock: LocalTime) -> bool {
        let asks = self.asks.map(|(asks, _)| asks);
        let held = self.held.filter(|held| !held.until.is_passed(clock));
        [asks, held.map(|held| held.ballot)].contains(&Some(ballot))
    }

    /// What it granted to a node, in words, and since when.
    pub(super) fn granted_to(
        &self,
        node: NodeId,
        clock: LocalTime,
    ) -> impl Iterator<Item = (TrueTime, String)> + use<'_> {
        let own = self.grants.iter().filter(move |grant| grant.ballot.node == node);
        own.map(move |grant| {
            let (ballot, left) = (grant.ballot, grant.until.left(clock));
            (grant.since, format!("recorded {ballot}, which runs {left} longer on its clock"))
        })
    }

    pub(super) fn promise(&mut self, ballot: Ballot) {
        self.promised = self.promised.max(Some(ballot));
    }

    /// It recorded a lease when its clock showed `clock`.
    pub(super) fn grant(&mut self, clock: LocalTime, grant: Grant) {
        self.grants.retain(|old| old.lasts(clock) && old.ballot != grant.ballot);
        self.grants.push(grant);
    }

    pub(super) fn release(&mut self, ballot: Ballot) {
        self.grants.retain(|grant| grant.ballot != ballot);
    }

    /// It stops when its clock shows `clock`: what it granted and has not run out by then, it tells nobody about.
    pub(super) fn fall(&mut self, clock: LocalTime) {
        (self.held, self.asks, self.called, self.accepts) = (None, None, None, None);
        self.grants.retain(|grant| grant.lasts(clock));
        self.grants.iter_mut().for_each(|grant| grant.down = true);
    }

    /// Whether it asks for the lease, or claims to hold it, when its clock shows `clock`.
    pub(super) fn wants_lease(&self, clock: LocalTime) -> bool {
        let until = [self.asks.map(|(_, until)| until), self.held.map(|held| held.until)];
        until.into_iter().flatten().any(|until| !until.is_passed(clock))
    }

    /// It starts anew, and must be silent for so long if it has anything to forget.
    pub(super) fn start(&mut self, now: TrueTime, until: Deadline) {
        (self.promised, self.started) = (None, now);
        // The first start has nothing to forget.
        self.maybe_silent_until = if self.was_up { until } else { Deadline::PASSED };
        self.was_up = true;
        if self.took_part {
            self.silent_until = until;
        }
        for grant in &mut self.grants {
            (grant.until, grant.down) = (until, false);
        }
    }
}
