//! L1 to L5 on hand-written streams: what is right is let pass, what is wrong is not.

use super::super::ballots::Ballots;
use super::super::holders::Holders;
use crate::check::{Branching, Check, Report, View};
use crate::clock::{Clock, TrueTime};
use crate::cluster::{Cluster, Deployment};
use crate::seen::{CrashCause, MessageId, Seen};
use interregnum_core::paxos_lease::{
    Ballot, Call, Config, Fact, Message, PaxosLease, Reply, Restart, Settings, Sound, Terms, Why,
};
use interregnum_core::{CallId, Deadline, Folder, LocalTime, NodeId, Ppm, ProcessId, Span};

type Machine = PaxosLease<Sound>;

const GRANT: Span = Span::millis(100);

/// Three nodes that tell their story to the check.
struct Tale<C = Holders> {
    cluster: Cluster<Machine>,
    check: C,
    now: TrueTime,
    report: Report,
}

fn main(node: u8) -> ProcessId {
    ProcessId::main(NodeId(node))
}

fn ballot(counter: u32, node: u8) -> Ballot {
    Ballot { counter, restart: Restart(1), node: NodeId(node) }
}

impl Tale {
    fn new() -> Self {
        Self::told_to(Holders::new(3, Terms { grant: GRANT, rate: Ppm(0) }))
    }
}

impl<C: Check<Machine>> Tale<C> {
    fn told_to(check: C) -> Self {
        let config = |node| Config::new(node, Settings::default(), Sound).expect("good settings");
        let clock = |node: NodeId| (0, Clock::new(0, LocalTime(u64::from(node.0) << 40)));
        let cluster = Cluster::new(Deployment::one_each(3, config), 3, 0, 0, clock);
        let mut tale = Self { cluster, check, now: TrueTime::ZERO, report: Report::default() };
        (0..3).for_each(|node| tale.see(&Seen::Booted { process: main(node), incarnation: 1 }));
        tale
    }

    fn see(&mut self, seen: &Seen<'_, Machine>) {
        self.check.observe(seen, View::new(&self.cluster, self.now), &mut self.report);
    }

    fn sent(&mut self, from: u8, to: u8, message: Message) -> &mut Self {
        let (id, from, to) = (MessageId(0), main(from), main(to));
        self.see(&Seen::Sent { id, from, to, message: &message });
        self
    }

    fn wait(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.after(Span::millis(millis));
        self
    }

    /// `node` asks in its ballot, is promised it by `by`, asks that to accept, which it does.
    fn asks(&mut self, counter: u32, node: u8, by: u8) -> &mut Self {
        let ballot = ballot(counter, node);
        self.sent(node, by, Message::Prepare { ballot })
            .sent(by, node, Message::Promise { ballot, live: None })
            .sent(node, by, Message::Accept { ballot })
            .sent(by, node, Message::Accepted { ballot })
    }

    fn holds(&mut self, counter: u32, node: u8, millis: u64) -> &mut Self {
        let clock = LocalTime((u64::from(node) << 40) + self.now.0);
        let until = Deadline::after(clock, Span::millis(millis));
        let fact = Fact::Held { ballot: ballot(counter, node), until };
        self.see(&Seen::Fact { process: main(node), fact: &fact });
        self
    }

    fn acts(&mut self, counter: u32, node: u8, held_back: bool) -> &mut Self {
        let (id, process) = (CallId(1), main(node));
        self.see(&Seen::Called { process, id, call: &Call::Act });
        if held_back {
            self.see(&Seen::Paused { process });
            self.wait(500);
            self.see(&Seen::Resumed { process });
        }
        let reply = Reply::Acted { ballot: ballot(counter, node) };
        self.see(&Seen::Replied { process, id, reply: &reply });
        self
    }

    fn restarts(&mut self, node: u8) -> &mut Self {
        self.see(&Seen::Crashed { process: main(node), why: CrashCause::Crash });
        self.see(&Seen::Booted { process: main(node), incarnation: 2 });
        self
    }

    /// What was wrong, if anything was.
    fn wrong(&mut self) -> Option<&'static str> {
        self.report.failure.take().map(|failure| failure.property.id)
    }
}

#[test]
fn a_lease_that_a_majority_granted_is_held_and_taken_over_when_it_has_ended() {
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 100).acts(1, 0, false).wait(100).asks(2, 2, 1).holds(2, 2, 100);
    assert_eq!(tale.acts(2, 2, false).wrong(), None);
}

#[test]
fn two_holders_at_once_are_seen() {
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 200).wait(100).asks(2, 2, 1);
    assert_eq!(tale.wrong(), Some("L2"), "node 1 favours node 2");
    assert_eq!(tale.holds(2, 2, 100).wrong(), Some("L1"));
}

#[test]
fn a_belief_or_an_act_without_a_majority_is_seen() {
    let mut tale = Tale::new();
    tale.sent(0, 1, Message::Prepare { ballot: ballot(1, 0) });
    tale.sent(0, 1, Message::Accept { ballot: ballot(1, 0) });
    assert_eq!(tale.holds(1, 0, 100).wrong(), Some("L2"), "only its own acceptor granted it");
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 300).wait(101);
    assert_eq!(tale.acts(1, 0, false).wrong(), Some("L2"), "what was granted has ended");
    let mut tale = Tale::new();
    tale.asks(1, 0, 1);
    assert_eq!(tale.acts(1, 0, false).wrong(), Some("L1"), "it does not say that it holds");
}

#[test]
fn an_own_acceptor_that_promised_more_or_is_silent_grants_nothing() {
    let mut tale = Tale::new();
    tale.sent(0, 1, Message::Prepare { ballot: ballot(1, 0) });
    tale.sent(0, 2, Message::Promise { ballot: ballot(2, 2), live: None });
    tale.sent(0, 1, Message::Accept { ballot: ballot(1, 0) });
    tale.sent(1, 0, Message::Accepted { ballot: ballot(1, 0) });
    assert_eq!(tale.holds(1, 0, 100).wrong(), Some("L2"));
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).restarts(0).asks(2, 0, 1);
    assert_eq!(tale.holds(2, 0, 50).wrong(), Some("L2"));
}

#[test]
fn a_late_acceptance_of_what_can_no_longer_be_held_favours_nobody() {
    let mut tale = Tale::new();
    tale.sent(2, 1, Message::Prepare { ballot: ballot(3, 2) });
    tale.sent(1, 2, Message::Promise { ballot: ballot(3, 2), live: None });
    tale.wait(100).restarts(1).wait(100).asks(2, 0, 1).holds(2, 0, 100);
    tale.sent(1, 2, Message::Accepted { ballot: ballot(3, 2) });
    assert_eq!(tale.acts(2, 0, false).wrong(), None);
}

/// Node 1, which granted node 0 the lease, has recorded one of node 2 besides that was asked for before it started
/// anew, and tells node 2 of it, who asks once more.
#[test]
fn telling_of_a_lease_that_is_over_does_not_call_another_one_open() {
    let mut tale = Tale::new();
    tale.sent(2, 1, Message::Prepare { ballot: ballot(3, 2) });
    tale.sent(1, 2, Message::Promise { ballot: ballot(3, 2), live: None });
    tale.wait(100).restarts(1).wait(100).asks(2, 0, 1).holds(2, 0, 100);
    tale.sent(1, 2, Message::Accepted { ballot: ballot(3, 2) });
    let (ballot, live) = (ballot(4, 2), Some(ballot(3, 2)));
    tale.sent(2, 1, Message::Prepare { ballot });
    assert_eq!(tale.sent(1, 2, Message::Promise { ballot, live }).wrong(), None);
    tale.sent(2, 1, Message::Accept { ballot });
    assert_eq!(tale.sent(1, 2, Message::Accepted { ballot }).wrong(), Some("L2"));
}

/// What a release ends is the very ballot that it names, whatever else was granted before or since.
#[test]
fn a_release_of_one_ballot_leaves_the_grants_of_others() {
    let mut tale = Tale::new();
    tale.asks(1, 2, 1).wait(100).restarts(1).wait(100).asks(1, 0, 1).holds(1, 0, 100);
    tale.sent(1, 2, Message::Accepted { ballot: ballot(1, 2) });
    let (id, message) = (MessageId(0), &Message::Release { ballot: ballot(1, 2) });
    tale.see(&Seen::Delivered { id, from: main(2), to: main(1), message });
    assert_eq!(tale.acts(1, 0, false).wrong(), None);
    let ballot = ballot(2, 2);
    tale.sent(2, 1, Message::Prepare { ballot });
    assert_eq!(tale.sent(1, 2, Message::Promise { ballot, live: None }).wrong(), Some("L2"));
}

#[test]
fn nobody_releases_what_another_node_was_granted() {
    for (from, wrong) in [(0, Some("L2")), (2, None)] {
        let mut tale = Tale::new();
        tale.asks(1, 0, 1).holds(1, 0, 100);
        tale.sent(from, 1, Message::Release { ballot: ballot(1, 0) });
        assert_eq!(tale.acts(1, 0, false).wrong(), wrong, "released by n{from}");
    }
}

#[test]
fn only_where_it_could_be_broken_is_a_property_put_to_the_test() {
    let exercised = |tale: &Tale| {
        let tallies = Check::<Machine>::tallies(&tale.check);
        tallies.iter().map(|tally| tally.exercised).collect::<Vec<_>>()
    };
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 100);
    assert_eq!(exercised(&tale), [0, 1, 0], "nobody else asks, nobody is silent");
    tale.sent(2, 1, Message::Prepare { ballot: ballot(2, 2) }).acts(1, 0, false);
    assert_eq!(exercised(&tale), [1, 2, 0]);
    let (id, message) = (MessageId(0), &Message::Prepare { ballot: ballot(2, 2) });
    tale.restarts(1).see(&Seen::Delivered { id, from: main(2), to: main(1), message });
    assert_eq!(exercised(&tale), [1, 2, 1]);
    tale.wait(100).see(&Seen::Delivered { id, from: main(2), to: main(1), message });
    tale.sent(1, 2, Message::Promise { ballot: ballot(2, 2), live: None });
    assert_eq!(exercised(&tale), [1, 2, 1], "it may answer again");
}

#[test]
fn what_is_remembered_folds_apart_and_what_is_over_does_not_matter() {
    let print = |tale: &Tale| {
        let (mut folder, view) = (Folder::new(), View::new(&tale.cluster, tale.now));
        Branching::fold(&tale.check, view, &mut folder);
        folder.fingerprint()
    };
    let mut once = Tale::new();
    once.asks(1, 0, 1);
    let mut twice = Tale::new();
    twice.asks(1, 0, 1).asks(2, 0, 1);
    assert_ne!(print(&once), print(&twice), "two grants are not one");
    let mut later = Tale::new();
    later.wait(7).asks(1, 0, 1);
    assert_eq!(print(&once), print(&later), "only how much is left matters");
    assert_ne!(print(&once), print(once.wait(1)));
    // Promises are for life; all the rest is over.
    let mut over = Tale::new();
    over.asks(1, 0, 1).wait(100);
    let mut long_over = Tale::new();
    long_over.asks(1, 0, 1).holds(1, 0, 50).wait(900);
    assert_eq!(print(&over), print(&long_over));
    // And does not come back when whoever granted it starts anew: only promises were made, then.
    let mut promised = Tale::new();
    promised.sent(0, 1, Message::Prepare { ballot: ballot(1, 0) });
    promised.sent(1, 0, Message::Promise { ballot: ballot(1, 0), live: None });
    assert_eq!(
        print(over.restarts(1)),
        print(promised.sent(0, 2, Message::Accept { ballot: ballot(1, 0) }).wait(100).restarts(1))
    );
}

#[test]
fn a_restarted_node_that_answers_too_soon_is_seen() {
    for (after, wrong) in [(99, Some("L3")), (100, None)] {
        let mut tale = Tale::new();
        tale.asks(1, 0, 1).restarts(1).wait(after);
        tale.sent(1, 2, Message::Refused { ballot: ballot(1, 2), promised: ballot(2, 0) });
        assert_eq!(tale.wrong(), wrong, "{after}");
    }
    let mut tale = Tale::new();
    tale.restarts(1).sent(1, 2, Message::Promise { ballot: ballot(1, 2), live: None });
    assert_eq!(tale.wrong(), None, "there was nothing to forget");
}

#[test]
fn what_a_pause_held_back_is_not_judged_and_what_was_released_is_free() {
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 100).acts(1, 0, true);
    assert_eq!(tale.wrong(), None);
    let mut tale = Tale::new();
    tale.asks(1, 0, 1).holds(1, 0, 100);
    let lost = Fact::Lost { ballot: ballot(1, 0), why: Why::Released };
    tale.see(&Seen::Fact { process: main(0), fact: &lost });
    tale.sent(0, 1, Message::Release { ballot: ballot(1, 0) });
    let (id, message) = (MessageId(0), &Message::Release { ballot: ballot(1, 0) });
    tale.see(&Seen::Delivered { id, from: main(0), to: main(1), message });
    assert_eq!(tale.asks(2, 2, 1).holds(2, 2, 100).wrong(), None);
}

#[test]
fn a_question_that_may_have_been_asked_before_is_seen() {
    let asks = |tale: &mut Tale<Ballots>, to, ballot| {
        tale.sent(0, to, Message::Prepare { ballot }).wrong()
    };
    let again = |ballot: Ballot, restart| Ballot { restart: Restart(restart), ..ballot };
    let tale = || {
        let mut tale = Tale::told_to(Ballots::new(3));
        for to in [1, 2] {
            assert_eq!(asks(&mut tale, to, ballot(4, 0)), None, "one question to two nodes");
        }
        tale
    };
    for (to, ballot, wrong) in [
        (1, ballot(5, 0), None),
        (1, again(ballot(4, 0), 2), None),
        (1, ballot(4, 0), Some("L5")),
        (2, ballot(3, 0), Some("L5")),
        (2, ballot(5, 1), Some("L5")),
    ] {
        assert_eq!(asks(&mut tale(), to, ballot), wrong, "{ballot} to n{to}");
    }
    for (ballot, wrong) in
        [(again(ballot(1, 0), 2), None), (ballot(5, 0), Some("L5")), (ballot(4, 0), Some("L5"))]
    {
        let mut tale = tale();
        tale.restarts(0);
        assert_eq!(asks(&mut tale, 2, ballot), wrong, "{ballot} after a restart");
    }
}
