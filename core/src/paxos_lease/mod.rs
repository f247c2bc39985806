//! PaxosLease: one lease, agreed on by a majority that writes nothing to disk.
//!
//! **What it is.** Every node is acceptor and proposer. A proposer asks a majority of acceptors for a promise and
//! whether a lease runs (`proposer`, phase 1), and if none does, has a majority record that it holds the lease
//! (phase 2). An acceptor forgets a record when it has run for its time (`acceptor`). The holder asks anew, in
//! a fresh ballot, before its lease has run out.
//!
//! **Source.** M. Trencseni, A. Gazso, H. Reinhardt, "PaxosLease: Diskless Paxos for Leases" (2012), with the
//! corrected rules of "PaxosLease Revisited" (2026): the time counts from the question, a renewal is told by the
//! very ballot it renews, a release ends the very ballot it names.
//!
//! **Assumptions.** Fixed membership. Every clock's rate is within the configured bound of real time; what it
//! shows does not matter. The count of a node's starts, once durable, is neither lost nor undone unless the
//! whole disk is; a write that was not yet durable may be torn. Messages may be lost, repeated, reordered, and be
//! under way for any time. Processes may pause, and start anew without any other memory.
//!
//! **Promises.** At no instant of real time do two nodes hold the lease. If a majority can talk for long enough,
//! somebody gets it; that rests on the time between attempts being drawn by chance.
//!
//! **Why.** Say that ballot `b` was granted, and take any higher ballot `c` with a majority of promises. One acceptor
//! of them also recorded `b`, and before it promised `c`, or it would have refused `b`. If the record still ran on its
//! clock, it told of a lease, and `c` did not count it, unless `c` renews that: then both have the same holder. If it
//! no longer ran, `b`'s holder has stopped: it counts its span `H` from before any acceptor was asked, so it stops
//! within `H / (1 - rho)` of real time since then, the record lasts at least `G / (1 + rho)`, and
//! `H <= G * (1 - rho) / (1 + rho)` makes the former the shorter one. If the acceptor started anew in between, it
//! forgot both promise and record; so it is silent for `Q >= H * (1 + rho) / (1 - rho)` on its clock, which is
//! `H / (1 - rho)` of real time at least: whatever was asked for before the start has ended by then. The very first
//! start has nothing to forget; that a start is the first one can be believed only if no other was acted upon
//! before its count, or the mark of one that finds no count, was durable.
//!
//! A record ends early only if its owner has given up the ballot for ever: by a release of that very ballot, or by
//! a later ballot of the same start. What anybody else asks for is recorded beside it: that may be an acceptance
//! asked for long ago, in a ballot that the acceptor promised before it started anew. It is over and gives nobody
//! a lease, but if it took the place of a record that protects a holder, its release, which may be as late, would
//! leave nothing. That of several leases the acceptor tells of the last one does no harm: nobody renews what is over.
//!
//! **Deliberately absent.** Fencing: what the holder does reaches the world later than it was decided, and whoever
//! receives it must order it by itself. A log, or any value but who holds the lease; leases for reads; more than
//! one resource; change of members; encodings. A failed renewal is not taken back at the acceptors that
//! recorded it: its ballot replaced that of the lease, which may still be held.

mod acceptor;
mod boot;
mod config;
mod fact;
mod glance;
mod holder;
mod message;
mod moot;
mod proposer;
pub mod record;
pub mod rules;

pub use config::{Config, ConfigError, Settings, Terms};
pub use fact::{Fact, Why};
pub use message::{Ballot, Call, Message, Reply, Restart, Started, Timer};
pub use record::Record;
pub use rules::{AcceptorRules, ProposerRules, Rules, Sound, Tally};

use self::acceptor::Acceptor;
use self::proposer::Proposer;
use crate::{
    Context, Deadline, Image, Input, LocalTime, Machine, Never, NodeId, Outcome, ProcessId,
};
use core::marker::PhantomData;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaxosLease<R: Rules> {
    /// Which start of the node this is.
    restart: Restart,
    /// Whether the count of starts is known to be durable, or the mark of a start without one.
    durable: bool,
    /// False for a node whose disk lost the count: its ballots could be those of an earlier start.
    proposes: bool,
    acceptor: Acceptor,
    proposer: Proposer,
    rules: PhantomData<fn() -> R>,
}

impl<R: Rules> Machine for PaxosLease<R> {
    type Config = Config<R>;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Ticket = Started;
    type Call = Call;
    type Reply = Reply;
    type Notice = Never;
    type Fact = Fact;

    fn boot(config: &Config<R>, image: &Image<Record>, cx: &mut Context<'_, Self>) -> Self {
        let now = Self::clock(config, cx);
        Self::start(config, image, now, cx)
    }

    /// The clock is read once, and first: what happens in the step happens after that.
    fn step(&mut self, config: &Config<R>, input: Input<Self>, cx: &mut Context<'_, Self>) {
        let now = Self::clock(config, cx);
        self.lose_if_over(config, now, cx);
        match input {
            Input::Message { from, message } => self.on_message(config, from, message, now, cx),
            Input::Timer(Timer::Attempt) => self.on_attempt(config, now, cx),
            Input::Timer(Timer::Expiry) => self.on_expiry(now, cx),
            Input::Call { id, call: Call::Act } => self.on_act(config, id, now, cx),
            Input::Call { id, call: Call::Release } => self.on_release_call(config, id, now, cx),
            Input::Disk { ticket, outcome: Outcome::Synced } => self.on_synced(ticket, cx),
            Input::Disk { ticket: _, outcome: Outcome::Failed(error) } => {
                Self::on_failed(error, cx)
            }
            // The machine reads nothing after boot, and has no other processes on its node.
            Input::Disk { outcome: Outcome::Read(_), .. }
            | Input::Notice { .. }
            | Input::Exited(_) => {}
        }
    }
}

impl<R: Rules> PaxosLease<R> {
    /// The ballot in which this node holds the lease when its clock shows `now`. That is the clock that its rules
    /// trust.
    #[must_use]
    pub fn holds(&self, config: &Config<R>, now: LocalTime) -> Option<Ballot> {
        self.proposer
            .held
            .filter(|held| config.rules.in_time(held.until, now))
            .map(|held| held.ballot)
    }

    /// What was decided here and not yet found to be over: the ballot granted, and until when.
    #[must_use]
    pub fn decisions(&self) -> Option<(Ballot, Deadline)> {
        self.proposer.held.map(|held| (held.ballot, held.until))
    }

    /// The ballot in which this node asks for the lease, if it waits for answers.
    #[must_use]
    pub fn asks(&self) -> Option<Ballot> {
        self.proposer.attempt.map(|attempt| attempt.ballot)
    }

    /// The ballot that this node's acceptor has promised.
    #[must_use]
    pub const fn promised(&self) -> Ballot {
        self.acceptor.promised
    }

    /// The ballot of the lease that this node's acceptor recorded and that still runs when its clock shows `now`.
    #[must_use]
    pub fn records(&self, now: LocalTime) -> Option<Ballot> {
        self.acceptor.live(now)
    }

    /// Whether this node's acceptor is silent when its clock shows `now`.
    #[must_use]
    pub fn is_silent(&self, config: &Config<R>, now: LocalTime) -> bool {
        !self.may_answer(config, now)
    }

    /// Which start of the node this is.
    #[must_use]
    pub const fn restart(&self) -> Restart {
        self.restart
    }

    /// The clock on which all deadlines are set.
    fn clock(config: &Config<R>, cx: &mut Context<'_, Self>) -> LocalTime {
        if config.rules.trusts_wall_clock() {
            return LocalTime(u64::try_from(cx.wall().0).unwrap_or(0));
        }
        cx.now()
    }

    fn on_message(
        &mut self,
        config: &Config<R>,
        from: ProcessId,
        message: Message,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        let is_peer = config.others().any(|other| other == from);
        // Nobody asks in another node's ballot.
        let is_own = match message {
            Message::Prepare { ballot }
            | Message::Accept { ballot }
            | Message::Release { ballot } => ballot.node == from.node && !ballot.is_none(),
            Message::Promise { .. } | Message::Refused { .. } | Message::Accepted { .. } => true,
        };
        if !is_peer || !is_own {
            cx.probe("paxos-lease/foreign-message");
            return;
        }
        let from = from.node;
        match message {
            Message::Prepare { ballot } => {
                Self::answer(from, self.asked_to_promise(config, ballot, now), cx);
            }
            Message::Accept { ballot } => {
                Self::answer(from, self.asked_to_accept(config, ballot, now), cx);
            }
            Message::Release { ballot } => self.released(config, ballot, now),
            Message::Promise { ballot, live } => {
                self.on_promise(config, from, ballot, live, now, cx);
            }
            Message::Accepted { ballot } => self.on_accepted(config, from, ballot, now, cx),
            Message::Refused { ballot, promised } => self.on_refused(config, ballot, promised),
        }
    }

    fn answer(to: NodeId, answer: Option<Message>, cx: &mut Context<'_, Self>) {
        if let Some(message) = answer {
            cx.send(ProcessId::main(to), message);
        }
    }

    fn broadcast(config: &Config<R>, message: Message, cx: &mut Context<'_, Self>) {
        for other in config.others() {
            cx.send(other, message);
        }
    }
}
