//! L1 on hand-written streams: who believes to hold the lease at one instant of true time.

use super::super::evidence::Whole;
use super::super::leases::Leases;
use super::story::ballot;
use crate::check::{Check, Failure, Report, View};
use crate::clock::{Clock, TrueTime};
use crate::cluster::{Cluster, Deployment};
use crate::outcome::Finding;
use crate::seen::{MessageId, Seen};
use interregnum_core::consensus::LogSlot;
use interregnum_core::kv::Kv;
use interregnum_core::paxos::{
    Ballot, Body, ClusterId, Config, Fact, Message, Paxos, Settings, Sound,
};
use interregnum_core::{LocalTime, NodeId, ProcessId, Span};

type Machine = Paxos<Kv, Sound>;

/// How long a grant lasts, and for how long a leader acts on it.
const GRANT: Span = Span::millis(100);
const HELD: Span = Span::millis(90);

/// Three nodes, one of which grants a lease first to node 0 and then to node 2.
struct Tale {
    cluster: Cluster<Machine>,
    leases: Leases<Machine, Whole<Kv>>,
    now: TrueTime,
    report: Report,
}

impl Tale {
    /// The clock of node 0 runs fast by `ppm`.
    fn new(ppm: i32) -> Self {
        let config = |node| Config::new(Sound, node, Settings::default()).expect("good settings");
        let clock = |node: NodeId| {
            let ppm = if node == NodeId(0) { ppm } else { 0 };
            (ppm, Clock::new(ppm, LocalTime(u64::from(node.0) << 40)))
        };
        let cluster = Cluster::new(Deployment::one_each(3, config), 3, 0, 0, clock);
        let (now, report) = (TrueTime::ZERO, Report::default());
        Self { cluster, leases: Leases::new(3, GRANT), now, report }
    }

    fn see(&mut self, seen: &Seen<'_, Machine>) {
        self.leases.observe(seen, View::new(&self.cluster, self.now), &mut self.report);
    }

    fn sent(&mut self, from: u8, to: u8, body: Body<Kv>, arrives: bool) {
        let message = &Message { cluster: ClusterId(1), body };
        let (id, from, to) = (MessageId(0), main(from), main(to));
        self.see(&Seen::Sent { id, from, to, message });
        if arrives {
            self.see(&Seen::Delivered { id, from, to, message });
        }
    }

    /// A heartbeat reaches node 1.
    fn heard(&mut self, ballot: Ballot, sequence: u64) -> &mut Self {
        let heartbeat = Body::Heartbeat { ballot, sequence, chosen_upto: LogSlot::ZERO };
        self.sent(ballot.node.0, 1, heartbeat, true);
        self
    }

    /// The owner of `ballot` asks node 1 for a grant, and gets it unless it is `lost`.
    fn granted(&mut self, ballot: Ballot, lost: bool) -> &mut Self {
        let heartbeat = Body::Heartbeat { ballot, sequence: 1, chosen_upto: LogSlot::ZERO };
        self.sent(ballot.node.0, 1, heartbeat, !lost);
        if !lost {
            self.sent(1, ballot.node.0, Body::Grant { ballot, sequence: 1 }, true);
        }
        self
    }

    fn believes(&mut self, ballot: Ballot) -> &mut Self {
        let until = self.cluster.clock(ballot.node).monotonic(self.now).after(HELD);
        self.told(ballot, &Fact::LeaseHeld { ballot, until })
    }

    fn told(&mut self, ballot: Ballot, fact: &Fact) -> &mut Self {
        self.see(&Seen::Fact { process: main(ballot.node.0), fact });
        self
    }

    fn wait(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.after(Span::millis(millis));
        self
    }

    fn failure(&mut self) -> Option<Failure> {
        let view = View::new(&self.cluster, self.now);
        self.leases.finish(view, &mut self.report);
        self.report.failure.take()
    }

    /// Nothing failed, and L1 had so many beliefs to judge.
    fn is_fine(&mut self, beliefs: u64) {
        assert!(self.failure().is_none(), "{:?}", self.leases);
        let tallies = self.leases.tallies();
        let tally = tallies.iter().find(|tally| tally.property.id == "L1").expect("L1");
        assert_eq!((tally.exercised, tally.violated), (beliefs, 0));
    }

    fn fails(&mut self, finding: Finding) {
        let failure = self.failure().expect("two holders");
        assert_eq!((failure.property.id, failure.finding), ("L1", finding), "{failure:?}");
        assert!(failure.what.contains("n0 and n2 both hold"), "{failure:?}");
    }
}

const fn main(node: u8) -> ProcessId {
    ProcessId::main(NodeId(node))
}

/// Node 0 holds the lease, and node 1, which granted it, hears of a later leader.
fn two_grants(ppm: i32, apart_ms: u64) -> Tale {
    let mut tale = Tale::new(ppm);
    tale.granted(ballot(1, 0), false).believes(ballot(1, 0));
    tale.wait(apart_ms).granted(ballot(2, 2), false);
    tale
}

#[test]
fn two_holders_at_one_instant_are_caught() {
    two_grants(0, 89).believes(ballot(2, 2)).fails(Finding::Violated);
    two_grants(0, 90).believes(ballot(2, 2)).is_fine(2);
}

/// The same true time, by a clock that is slow and by one that is fast.
#[test]
fn the_instant_is_one_of_true_time() {
    two_grants(-100_000, 95).believes(ballot(2, 2)).fails(Finding::Violated);
    two_grants(-100_000, 100).believes(ballot(2, 2)).is_fine(2);
    two_grants(100_000, 85).believes(ballot(2, 2)).is_fine(2);
}

#[test]
fn who_gave_its_lease_up_holds_it_no_more() {
    let mut tale = two_grants(0, 10);
    tale.told(ballot(1, 0), &Fact::LeaseLost { ballot: ballot(1, 0) });
    tale.believes(ballot(2, 2)).is_fine(2);
}

#[test]
fn a_second_holder_without_a_majority_contradicts_the_wire() {
    let mut tale = Tale::new(0);
    tale.granted(ballot(1, 0), false).believes(ballot(1, 0));
    tale.wait(10).granted(ballot(2, 2), true).believes(ballot(2, 2));
    tale.fails(Finding::InconsistentEvidence);
}

/// Node 1 owes an answer until its promise is durable; what it hears meanwhile is long out of date.
#[test]
fn late_heartbeats_do_not_hide_a_grant() {
    let mut tale = Tale::new(0);
    tale.heard(ballot(2, 2), 1);
    tale.heard(ballot(1, 0), 1).heard(ballot(1, 0), 2).heard(ballot(1, 0), 3);
    tale.sent(1, 2, Body::Grant { ballot: ballot(2, 2), sequence: 1 }, true);
    tale.believes(ballot(2, 2)).is_fine(1);
}

/// A restarted node answers nothing that it heard before.
#[test]
fn a_restarted_node_grants_only_what_it_hears() {
    let mut tale = Tale::new(0);
    tale.heard(ballot(2, 2), 1);
    tale.see(&Seen::Booted { process: main(1), incarnation: 2 });
    tale.sent(1, 2, Body::Grant { ballot: ballot(2, 2), sequence: 1 }, true);
    tale.believes(ballot(2, 2));
    let failure = tale.failure().expect("a claim that nothing bears out");
    let found = (failure.property.id, failure.finding);
    assert_eq!(found, ("L1", Finding::InconsistentEvidence), "{failure:?}");
}
