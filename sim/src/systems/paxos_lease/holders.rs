//! L1 and L2: at most one node holds the lease, and only by right. What is seen of each node serves L3, too.
//!
//! **Exclusion.** A node excludes all others in favour of a ballot's owner from when it sent its acceptance until its
//! own clock has counted a grant, also if it accepts another ballot meanwhile: that is right or wrong by itself. Its own
//! acceptance a node does not send to itself: it excludes the others from when it asked them to accept, unless it has
//! shown to have promised more, or must be silent. That its owner tells anybody that it released that very ballot ends
//! it everywhere. A node that is down excludes everybody, and one that has started anew does so as long as it must be
//! silent. All of it is seen on the wire and on the clocks.
//!
//! **L1.** No two nodes believe at one instant of true time that they hold, and who answers a client that it acted, in
//! the very step that took up the call, does so in the time that it believes to have. A claim to a lease that nobody
//! was asked for, and an act without any claim, make the evidence inconsistent.
//! **L2.** When a belief arises, a majority excludes the others in the believer's favour; while it lasts, none of
//! these calls the lease open to another node, or accepts another node's ballot, as long as that node may still get
//! the lease in it. When somebody acts, a majority excludes the others in its favour.
//! **L3** is judged in `silence`. Answers that a pause held back are not judged: the step that gave them was earlier.

use super::counts::Counts;
use super::properties::{L1, L2, L3};
use super::spans::Spans;
use super::watched::{Grant, Held, Watched};
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::seen::{Kind, Kinds, Seen};
use interregnum_core::paxos_lease::{Ballot, Fact, Message, Reply, Terms, Why};
use interregnum_core::{Deadline, Fold, Folder, LocalTime, Machine, NodeId, NodeSet, ProcessId};

/// Judges who holds the lease.
#[derive(Clone, Debug)]
pub(super) struct Holders {
    holders: Tally,
    rights: Tally,
    pub(super) silence: Tally,
    pub(super) spans: Spans,
    pub(super) nodes: Vec<Watched>,
    counts: Counts,
}

impl Holders {
    pub(super) fn new(members: u8, terms: Terms) -> Self {
        Self {
            holders: Tally::new(&L1),
            rights: Tally::new(&L2),
            silence: Tally::new(&L3),
            spans: Spans::of(terms),
            nodes: vec![Watched::default(); usize::from(members)],
            counts: Counts::default(),
        }
    }

    fn each(&self) -> impl Iterator<Item = (NodeId, &Watched)> {
        (0..=u8::MAX).map(NodeId).zip(&self.nodes)
    }

    /// Who excludes the others by a grant of such a ballot.
    fn grantors<M: Machine>(&self, view: View<'_, M>, of: impl Fn(&Grant) -> bool) -> NodeSet {
        let mut grantors = NodeSet::EMPTY;
        for (node, watched) in self.each() {
            let clock = view.local_time(node);
            if watched.grants.iter().any(|grant| of(grant) && grant.lasts(clock)) {
                grantors.insert(node);
            }
        }
        grantors
    }

    /// A node on its own is a majority that says nothing.
    fn is_majority(&self, nodes: NodeSet) -> bool {
        self.nodes.len() < 2 || nodes.len() as usize * 2 > self.nodes.len()
    }

    /// The others that believe to hold the lease now.
    fn other_holder<M: Machine>(&self, view: View<'_, M>, than: NodeId) -> Option<(NodeId, Held)> {
        self.each().filter(|(node, _)| *node != than).find_map(|(node, watched)| {
            let runs = |held: &Held| !held.until.is_passed(view.local_time(node));
            watched.held.filter(runs).map(|held| (node, held))
        })
    }

    /// A node holds the lease or acts on it. That it is the only one is put to the test if another one asks for it.
    fn test_whether_alone<M: Machine>(&mut self, view: View<'_, M>, holder: NodeId) {
        let wants = |(node, watched): (NodeId, &Watched)| {
            node != holder && watched.wants_lease(view.local_time(node))
        };
        let contested = self.each().any(wants);
        match contested {
            true => self.holders.exercised(view.now()),
            false => self.holders.checked(),
        }
    }

    /// A message leaves a node.
    fn sent<M: Machine>(
        &mut self,
        view: View<'_, M>,
        from: NodeId,
        message: Message,
    ) -> Option<Failure> {
        let (now, clock) = (view.now(), view.local_time(from));
        let until = Deadline::after(clock, self.spans.grant);
        let grant = |ballot, sure| Grant { ballot, until, sure, down: false, since: now };
        let hold = Deadline::after(clock, self.spans.hold);
        let node = self.nodes.get_mut(from.index())?;
        node.took_part = true;
        match message {
            Message::Accept { ballot } => {
                let able = node.silent_until.is_passed(clock)
                    && node.promised.is_none_or(|promised| promised <= ballot);
                // A pause may come between two messages of one step; the first one tells when that was taken.
                if able && node.accepts.replace(ballot) != Some(ballot) {
                    let sure = node.maybe_silent_until.is_passed(clock);
                    node.promise(ballot);
                    node.grant(clock, grant(ballot, sure));
                }
                None
            }
            Message::Release { ballot } if ballot.node != from => None,
            Message::Release { ballot } => {
                node.asks = None;
                // Its owner has given it up for ever, whoever may still have it recorded; nobody else could.
                self.nodes.iter_mut().for_each(|node| node.release(ballot));
                None
            }
            Message::Prepare { ballot } => {
                if node.asks.is_none_or(|(asked, _)| asked != ballot) {
                    node.asks = Some((ballot, hold));
                }
                if node.silent_until.is_passed(clock) {
                    node.promise(ballot);
                }
                None
            }
            Message::Promise { ballot, live } => {
                node.promise(ballot);
                self.keeps_silent(view, from).or_else(|| self.favours(view, from, ballot, live))
            }
            Message::Accepted { ballot } => self.accepted(view, from, grant(ballot, true)),
            Message::Refused { .. } => {
                self.counts.refused += 1;
                self.keeps_silent(view, from)
            }
        }
    }

    /// A node has recorded a lease.
    fn accepted<M: Machine>(
        &mut self,
        view: View<'_, M>,
        from: NodeId,
        grant: Grant,
    ) -> Option<Failure> {
        let ballot = grant.ballot;
        self.nodes.get_mut(from.index())?.promise(ballot);
        let failure =
            self.keeps_silent(view, from).or_else(|| self.favours(view, from, ballot, None));
        // What its owner has given up, or was overtaken with, protects nobody.
        let owner = self.nodes.get(ballot.node.index())?;
        if owner.has_asked(ballot, view.local_time(ballot.node)) {
            self.nodes.get_mut(from.index())?.grant(view.local_time(from), grant);
        }
        failure
    }

    /// L2, as `from` answers in a ballot that the lease it knows of is `live`, or accepts the ballot. Whatever lease
    /// it tells of, also of one that it was asked for long ago, the answer does not call the lease open; if the
    /// other takes it so, what it asks for next shows that.
    fn favours<M: Machine>(
        &mut self,
        view: View<'_, M>,
        from: NodeId,
        ballot: Ballot,
        live: Option<Ballot>,
    ) -> Option<Failure> {
        let to = ballot.node;
        // Nobody gets the lease in a ballot that was given up, or whose time is over.
        let (asked, until) = self.nodes.get(to.index())?.asks?;
        if asked != ballot || until.is_passed(view.local_time(to)) {
            return None;
        }
        let (holder, held) = self.other_holder(view, to)?;
        if !held.sure.contains(from) || live.is_some() {
            return None;
        }
        self.rights.violated += 1;
        let what = format!(
            "{from}, which granted {holder} the lease, favours {to} while {holder} still holds it"
        );
        Some(
            Failure::new(&L2, what)
                .because(held.since, holder, format!("began to hold the lease, in {}", held.ballot))
                .because(view.now(), from, format!("takes the lease for open to {ballot}")),
        )
    }

    /// A node believes to hold the lease.
    fn believes<M: Machine>(
        &mut self,
        view: View<'_, M>,
        holder: NodeId,
        (ballot, until): (Ballot, Deadline),
    ) -> Option<Failure> {
        let now = view.now();
        let grantors = self.grantors(view, |grant| grant.ballot == ballot);
        let sure = self.grantors(view, |grant| grant.ballot == ballot && grant.sure);
        let alone = self.nodes.len() < 2;
        let node = self.nodes.get_mut(holder.index())?;
        if !alone && !node.has_asked(ballot, view.local_time(holder)) {
            self.holders.violated += 1;
            let what = format!("{holder} claims to hold a lease that it did not ask for");
            let claim = format!("claims to hold the lease, in {ballot}");
            return Some(Failure::new(&L1, what).because(now, holder, claim).inconsistent());
        }
        let renews = node.held.is_some();
        node.held = Some(Held { ballot, until, sure, since: now });
        *if renews { &mut self.counts.renewed } else { &mut self.counts.acquired } += 1;
        if until.is_passed(view.local_time(holder)) {
            self.holders.checked();
            return None;
        }
        self.test_whether_alone(view, holder);
        self.rights.exercised(now);
        if let Some((other, held)) = self.other_holder(view, holder) {
            self.holders.violated += 1;
            let what = format!("{other} and {holder} both hold the lease");
            let failure = Failure::new(&L1, what)
                .because(held.since, other, format!("began to hold it, in {}", held.ballot))
                .because(now, holder, format!("begins to hold it, in {ballot}"));
            return Some(failure);
        }
        let founded = self.is_majority(grantors);
        (!founded).then(|| self.unfounded(view, holder, grantors, "begins to hold the lease"))
    }

    /// A node does what only a holder may do.
    fn acts<M: Machine>(&mut self, view: View<'_, M>, actor: NodeId) -> Option<Failure> {
        let now = view.now();
        self.counts.acted += 1;
        self.test_whether_alone(view, actor);
        self.rights.exercised(now);
        // A renewal that fails has replaced some of the grants.
        let grantors = self.grantors(view, |grant| grant.ballot.node == actor);
        if !self.is_majority(grantors) {
            return Some(self.unfounded(view, actor, grantors, "acts on the lease"));
        }
        let held = self.nodes.get(actor.index())?.held;
        if held.is_some_and(|held| !held.until.is_passed(view.local_time(actor))) {
            return None;
        }
        self.holders.violated += 1;
        let what = format!("{actor} acts on a lease that it does not claim to hold any more");
        let failure = Failure::new(&L1, what).because(now, actor, "acts");
        // Whether it says nothing, or is not heard: nothing that is claimed can be relied on.
        let Some(held) = held else { return Some(failure.inconsistent()) };
        Some(failure.because(held.since, actor, format!("began to hold it, in {}", held.ballot)))
    }

    /// L2 fails: too few exclude the others in favour of this node.
    fn unfounded<M: Machine>(
        &mut self,
        view: View<'_, M>,
        node: NodeId,
        grantors: NodeSet,
        does: &str,
    ) -> Failure {
        self.rights.violated += 1;
        let all = self.nodes.len();
        let what = format!(
            "{node} {does}, and only {} of {all} nodes exclude others in its favour",
            grantors.len()
        );
        let told = |(grantor, watched): (NodeId, &Watched)| {
            let told = watched.granted_to(node, view.local_time(grantor));
            told.map(|(since, what)| (since, grantor, what)).collect::<Vec<_>>()
        };
        let mut known: Vec<_> = self.each().flat_map(told).collect();
        known.sort_by_key(|(since, ..)| *since);
        let failure = Failure::new(&L2, what);
        let failure = known
            .into_iter()
            .fold(failure, |failure, (since, node, what)| failure.because(since, node, what));
        failure.because(view.now(), node, does)
    }

    fn believed(&mut self, node: NodeId, fact: Fact) {
        let Some(watched) = self.nodes.get_mut(node.index()) else { return };
        match fact {
            Fact::Lost { why, .. } => {
                watched.held = None;
                match why {
                    Why::Expired => self.counts.expired += 1,
                    Why::Released => self.counts.released += 1,
                }
            }
            Fact::Amnesiac => self.counts.amnesiac += 1,
            Fact::Held { .. } => {}
        }
    }
}

impl<M> Check<M> for Holders
where
    M: Machine<Message = Message, Reply = Reply, Fact = Fact>,
{
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[
            Kind::Sent,
            Kind::Delivered,
            Kind::Called,
            Kind::Replied,
            Kind::Fact,
            Kind::Booted,
            Kind::Crashed,
            Kind::Halted,
            Kind::Paused,
        ])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let of = |process: ProcessId| process.node.index();
        let failure = match *seen {
            Seen::Sent { from, message, .. } => self.sent(view, from.node, *message),
            Seen::Delivered {
                to,
                message: Message::Prepare { .. } | Message::Accept { .. },
                ..
            } => {
                self.is_asked(view, to.node);
                None
            }
            Seen::Called { process, id, .. } => {
                if let Some(node) = self.nodes.get_mut(of(process)) {
                    node.called = Some(id);
                }
                None
            }
            Seen::Replied { process, id, reply } => {
                let called = self.nodes.get_mut(of(process)).and_then(|node| node.called.take());
                let at_once = called == Some(id) && matches!(reply, Reply::Acted { .. });
                if at_once { self.acts(view, process.node) } else { None }
            }
            Seen::Fact { process, fact: Fact::Held { ballot, until } } => {
                self.believes(view, process.node, (*ballot, *until))
            }
            Seen::Fact { process, fact } => {
                self.believed(process.node, *fact);
                None
            }
            Seen::Booted { process, .. } => {
                self.booted(view, process.node);
                None
            }
            Seen::Crashed { process, .. } | Seen::Halted { process, .. } => {
                let clock = view.local_time(process.node);
                if let Some(node) = self.nodes.get_mut(of(process)) {
                    node.fall(clock);
                }
                None
            }
            Seen::Paused { process } => {
                if let Some(node) = self.nodes.get_mut(of(process)) {
                    node.called = None;
                }
                None
            }
            _ => None,
        };
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.holders.clone(), self.rights.clone(), self.silence.clone()]
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.counts.named()
    }
}

impl<M> Branching<M> for Holders
where
    M: Machine<Message = Message, Reply = Reply, Fact = Fact>,
{
    fn branch(&self) -> Box<dyn Branching<M>> {
        Box::new(self.clone())
    }

    fn fold(&self, view: View<'_, M>, into: &mut Folder) {
        for (node, watched) in self.each() {
            into.rebase(view.local_time(node));
            Fold::fold(watched, into);
        }
        into.rebase(LocalTime(0));
    }
}
