//! Random schedules with loss, repetition, reordering, crashes and lost writes: agreement, exactly-once and
//! fresh reads hold, and after healing a leader emerges and everybody catches up.

use crate::chance::Chance;
use crate::disk::Fate;
use crate::lab::Lab;
use interregnum_core::consensus::{ClientId, Consensus, LogSlot, RequestId};
use interregnum_core::kv::{KvCommand, KvQuery};
use interregnum_core::paxos::record::{Purpose, entry_place, purpose};
use interregnum_core::paxos::{
    AcceptorRules, Call, LearnerRules, Lease, Progress, ProposerRules, ReadMode, ReaderRules,
    Reply, Rules, Settings, Sound,
};
use interregnum_core::{CallId, NodeId, Place, Ppm, Span, Window};
use std::collections::BTreeSet;

const CLIENTS: u32 = 3;

/// A client that retries its request until it is answered.
struct Client {
    id: ClientId,
    request: u64,
    kind: u64,
    target: NodeId,
    waiting: bool,
}

impl Client {
    fn call(&self) -> Call<interregnum_core::kv::Kv> {
        let (client, request) = (self.id, RequestId(self.request));
        let key = u32::from(self.kind & 8 == 0);
        let value = u64::from(self.id.0) << 32 | self.request;
        match self.kind % 8 {
            0..=3 => Call::Submit { client, request, command: KvCommand::Put { key, value } },
            4 => {
                let expected = Some(value - 1);
                let command = KvCommand::CompareAndSwap { key, expected, value };
                Call::Submit { client, request, command }
            }
            kind => {
                let mode = if kind == 5 { ReadMode::Log } else { ReadMode::Lease };
                Call::Read { client, request, query: KvQuery::Get { key }, mode }
            }
        }
    }
}

struct Run<R: Rules> {
    lab: Lab<R>,
    chance: Chance,
    clients: Vec<Client>,
    calls: u64,
    done: u64,
    damage: bool,
}

fn settings(chance: &mut Chance, leases: bool) -> Settings {
    Settings {
        members: if chance.once_in(4) { 5 } else { 3 },
        heartbeat: Window::exactly(Span::millis(100)),
        lease: leases.then_some(Lease {
            grant: Span::millis(400),
            guard: Span::millis(10),
            rate: Ppm(1_000),
        }),
        snapshot_interval: 3 + chance.below(10),
        retained: chance.below(4),
        batch: 1 + chance.below(4),
        in_flight: 8,
        mirror: chance.once_in(2),
        ..Settings::default()
    }
}

impl<R: Rules> Run<R> {
    fn new(rules: &R, seed: u64, leases: bool) -> Self {
        let mut chance = Chance::new(seed);
        let settings = settings(&mut chance, leases);
        let damage = settings.mirror;
        let mut lab = Lab::new(rules, &settings);
        for id in lab.ids() {
            lab.boot(id);
        }
        let clients = (0..CLIENTS).map(|id| Client {
            id: ClientId(id),
            request: 0,
            kind: 0,
            target: NodeId(0),
            waiting: false,
        });
        Self { lab, clients: clients.collect(), chance, calls: 0, done: 0, damage }
    }

    fn node(&mut self) -> NodeId {
        let which = self.chance.index(self.lab.nodes.len());
        self.lab.ids().nth(which).expect("a node")
    }

    fn act(&mut self) {
        let id = self.node();
        match self.chance.below(1_000) {
            0..=719 => self.deliver(),
            720..=869 => {
                if self.chance.once_in(200) {
                    self.lab.crash_after = Some(self.chance.index(6));
                }
                if self.damage && self.chance.once_in(300) {
                    let chance = &mut self.chance;
                    self.lab.fail_sync(id, || chance.once_in(2));
                } else {
                    self.lab.flush(id);
                }
            }
            870..=889 => {
                self.lab.fire(id);
                self.pass_time(2 * 100 / self.lab.nodes.len() as u64);
            }
            890..=969 => self.ask(),
            970..=973 => self.crash(id),
            974..=985 => {
                if !self.lab.is_up(id) {
                    self.lab.boot(id);
                }
            }
            986..=988 => {
                let other = self.node();
                if other != id && self.lab.cut.len() < 4 {
                    self.lab.cut.insert((id, other));
                }
            }
            989..=996 => {
                let which = self.chance.index(self.lab.cut.len() + 1);
                if let Some(link) = self.lab.cut.iter().nth(which).copied() {
                    self.lab.cut.remove(&link);
                }
            }
            997 => self.pass_time(600),
            _ => self.lab.wire.clear(),
        }
        self.hear();
    }

    fn deliver(&mut self) {
        if self.lab.wire.is_empty() {
            return;
        }
        // Mostly the oldest, so that things get done; sometimes any, repeated or lost.
        let index = if self.chance.once_in(4) { self.chance.index(self.lab.wire.len()) } else { 0 };
        match self.chance.below(40) {
            0 => drop(self.lab.wire.remove(index)),
            1..=2 => {
                let flight = self.lab.wire[index].clone();
                self.lab.deliver(flight);
            }
            3 => {
                let flight = self.lab.wire.remove(index);
                self.lab.wire.push(flight);
            }
            _ => {
                let flight = self.lab.wire.remove(index);
                self.lab.deliver(flight);
            }
        }
        if self.lab.wire.len() > 200 {
            self.lab.wire.drain(..100);
        }
    }

    fn crash(&mut self, id: NodeId) {
        if self.chance.once_in(2) {
            let (chance, tears) = (&mut self.chance, self.damage);
            // Not both copies of an acceptance are torn: that would look like rot, and hold its slot up.
            let mut torn_before = false;
            self.lab.power_loss(id, || {
                let torn = tears && !torn_before && chance.once_in(4);
                torn_before = torn;
                match torn {
                    true => Fate::Torn,
                    false if chance.once_in(2) => Fate::Survives,
                    false => Fate::Lost,
                }
            });
        } else {
            self.lab.crash(id);
        }
        // One node's disk is replaced, some day.
        if self.damage && id == NodeId(0) && self.chance.once_in(20) {
            self.lab.replace_disk(id);
        }
        // The same node's medium rots: a copy of an acceptance that was synced, or both.
        if self.damage && id == NodeId(0) && self.chance.once_in(2) {
            let disk = &mut self.lab.nodes[id.index()].disk;
            let synced = disk.durable.keys().filter_map(|place| match purpose(place.slot.0) {
                Purpose::Mirror(slot, lane) => Some([entry_place(slot, lane), *place]),
                _ => None,
            });
            let pairs: Vec<[Place; 2]> =
                synced.filter(|[entry, _]| disk.durable.contains_key(entry)).collect();
            if !pairs.is_empty() {
                let [entry, mirror] = pairs[self.chance.index(pairs.len())];
                disk.spoil(entry);
                if self.chance.once_in(2) {
                    disk.spoil(mirror);
                }
            }
        }
    }

    /// All clocks run alike; the bound on their rates is exercised elsewhere.
    fn pass_time(&mut self, millis: u64) {
        let span = Span::millis(self.chance.below(millis));
        for node in &mut self.lab.nodes {
            node.clock = node.clock.after(span);
        }
    }

    fn ask(&mut self) {
        let which = self.chance.index(self.clients.len());
        let kind = self.chance.next();
        let target = self.node();
        let client = &mut self.clients[which];
        if !client.waiting {
            (client.request, client.kind, client.waiting) = (client.request + 1, kind, true);
        }
        if kind.is_multiple_of(5) {
            client.target = target;
        }
        let (target, call) = (client.target, client.call());
        self.calls += 1;
        self.lab.call(target, CallId(self.calls << 8 | which as u64), call);
    }

    fn hear(&mut self) {
        for (id, reply) in self.lab.replies.split_off(0) {
            let client = &mut self.clients[(id.0 & 0xff) as usize];
            match reply {
                Reply::NotLeader { hint: Some(hint) } => client.target = hint,
                Reply::Applied { .. } | Reply::Read { .. } => {
                    self.done += u64::from(client.waiting);
                    client.waiting = false;
                }
                _ => {}
            }
        }
    }

    fn chaos(&mut self, steps: u64) {
        for _ in 0..steps {
            self.act();
            if self.lab.oracle.violation.is_some() {
                return;
            }
        }
    }

    /// Everything works again: within the rounds that the election takes, one leader serves, and
    /// everybody reaches the same slot.
    fn heal(&mut self) -> Result<(), String> {
        self.lab.cut.clear();
        self.lab.crash_after = None;
        for id in self.lab.ids() {
            if !self.lab.is_up(id) {
                self.lab.boot(id);
            }
        }
        self.lab.settle();
        for round in 0..40 {
            self.lab.round(&mut self.chance);
            for id in self.lab.ids() {
                self.calls += 1;
                let call = Call::Submit {
                    client: ClientId(99),
                    request: RequestId(1 + round),
                    command: KvCommand::Put { key: 9, value: round },
                };
                self.oracle_call(id, call);
            }
            self.lab.settle();
            let served =
                self.lab.replies.split_off(0).iter().any(|(id, reply)| {
                    id.0 & 0xff == 0xff && matches!(reply, Reply::Applied { .. })
                });
            if served {
                for _ in 0..10 {
                    self.lab.round(&mut self.chance);
                }
                return self.converged(round);
            }
        }
        Err("no leader after 40 rounds".into())
    }

    fn oracle_call(&mut self, id: NodeId, call: Call<interregnum_core::kv::Kv>) {
        self.lab.call(id, CallId(self.calls << 8 | 0xff), call);
    }

    fn converged(&mut self, round: u64) -> Result<(), String> {
        let applied: Vec<LogSlot> = self
            .lab
            .nodes
            .iter()
            .map(|node| node.machine.as_ref().map_or(LogSlot::ZERO, Consensus::applied))
            .collect();
        let upto = self.lab.oracle.chosen_upto();
        if applied.iter().any(|slot| *slot != upto) {
            return Err(format!("applied {applied:?} of {upto} after {round} rounds"));
        }
        Ok(())
    }
}

/// What many schedules came to.
#[derive(Debug, Default)]
pub(crate) struct Campaign {
    pub(crate) violation: Option<String>,
    behind: Option<String>,
    answered: u64,
    probes: BTreeSet<&'static str>,
}

/// Runs `seeds` schedules, up to the first violation.
pub(crate) fn campaign<R: Rules>(rules: &R, seeds: u64, steps: u64, leases: bool) -> Campaign {
    let mut campaign = Campaign::default();
    for seed in 0..seeds {
        let mut run = Run::new(rules, seed, leases);
        run.chaos(steps);
        let stalled = if run.lab.oracle.violation.is_none() { run.heal().err() } else { None };
        campaign.answered += run.done;
        campaign.behind = campaign.behind.or_else(|| run.lab.oracle.behind.take());
        campaign.probes.extend(run.lab.probes.keys());
        if let Some(what) = run.lab.oracle.violation.take().or(stalled) {
            campaign.violation = Some(format!("seed {seed}: {what}"));
            return campaign;
        }
        assert!(leases || run.lab.clock_reads == 0, "without leases nobody asks for the time");
    }
    campaign
}

#[test]
fn sound_rules_agree_and_converge() {
    let campaign = campaign(&Sound, 2_000, 1_200, false);
    assert_eq!(campaign.violation, None);
    assert!(campaign.answered > 2_000 * 3, "only {} answers", campaign.answered);
    for probe in [
        "paxos/abdicated-unheard",
        "paxos/caught-up-by-entries",
        "paxos/faulty-slot-healed",
        "paxos/leader-behind-log-start",
        "paxos/leader-fetches-snapshot",
        "paxos/one-bad-copy",
        "paxos/quarantined",
        "paxos/recovered-undecided-slot",
        "paxos/repeated-request-answered",
        "paxos/slot-left-open",
        "paxos/snapshot-installed",
        "paxos/stale-snapshot-ignored",
    ] {
        assert!(campaign.probes.contains(probe), "{probe} was never reached");
    }
}

/// Rules under which whoever leads tells a client of a repeated request what became of it, lease or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct AcknowledgesRepetitions;

impl AcceptorRules for AcknowledgesRepetitions {}
impl ProposerRules for AcknowledgesRepetitions {}
impl ReaderRules for AcknowledgesRepetitions {}
impl Rules for AcknowledgesRepetitions {}
impl LearnerRules for AcknowledgesRepetitions {
    fn may_acknowledge(&self, progress: Progress) -> bool {
        Sound.may_acknowledge(progress) || matches!(progress, Progress::AppliedBefore { .. })
    }
}

/// A read under the lease cannot miss what a node without the lease acknowledged: the oracle watches that
/// no node ever applies what the holder has not applied.
#[test]
fn whoever_holds_the_lease_has_applied_all_that_anybody_knows() {
    let campaign = campaign(&AcknowledgesRepetitions, 1_000, 1_200, true);
    assert_eq!((campaign.violation, campaign.behind), (None, None));
    assert!(campaign.probes.contains("paxos/repeated-request-answered"));
}

#[test]
fn sound_rules_read_fresh_values_under_leases() {
    let campaign = campaign(&Sound, 2_000, 1_200, true);
    assert_eq!(campaign.violation, None);
    assert!(campaign.answered > 2_000 * 3, "only {} answers", campaign.answered);
    for probe in ["paxos/grant-withholds-promise", "paxos/lease-read-through-log"] {
        assert!(campaign.probes.contains(probe), "{probe} was never reached");
    }
}
