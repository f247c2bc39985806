//! A cluster without time: the test decides what is delivered, flushed, fired and crashed.

use crate::chance::Chance;
use crate::disk::{Disk, Fate, Operation};
use crate::oracle::Oracle;
use core::num::NonZeroU32;
use interregnum_core::consensus::Consensus;
use interregnum_core::kv::Kv;
use interregnum_core::paxos::record::format;
use interregnum_core::paxos::{Call, Config, Fact, Message, Paxos, Reply, Rules, Settings, Timer};
use interregnum_core::{
    CallId, Cell, Context, DiskError, Effect, Host, Input, LocalTime, Machine, NodeId, Outcome,
    ProcessId, Run, Span, WallTime,
};
use std::collections::{BTreeMap, BTreeSet};

/// A message under way.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: Message<Kv>,
}

#[derive(Debug)]
pub(crate) struct Node<R: Rules> {
    pub(crate) config: Config<R>,
    pub(crate) machine: Option<Paxos<Kv, R>>,
    pub(crate) disk: Disk,
    pub(crate) clock: LocalTime,
    pub(crate) armed: bool,
}

#[derive(Debug)]
pub(crate) struct Lab<R: Rules> {
    pub(crate) nodes: Vec<Node<R>>,
    pub(crate) wire: Vec<Flight>,
    pub(crate) cut: BTreeSet<(NodeId, NodeId)>,
    pub(crate) replies: Vec<(CallId, Reply<Kv>)>,
    pub(crate) facts: Vec<(NodeId, Fact)>,
    pub(crate) probes: BTreeMap<&'static str, u64>,
    pub(crate) oracle: Oracle,
    /// One line per effect, for transcripts.
    pub(crate) said: Vec<String>,
    pub(crate) quiet: bool,
    /// Carry out only so many effects of the next step, then crash the process.
    pub(crate) crash_after: Option<usize>,
    pub(crate) clock_reads: u64,
}

struct Collect {
    clock: LocalTime,
    reads: u64,
}

struct Hook<'a, R: Rules> {
    collect: &'a mut Collect,
    effects: &'a mut Vec<Effect<Paxos<Kv, R>>>,
}

impl<R: Rules> Host<Paxos<Kv, R>> for Hook<'_, R> {
    fn now(&mut self) -> LocalTime {
        self.collect.reads += 1;
        self.collect.clock
    }

    fn wall(&mut self) -> WallTime {
        panic!("consensus reads no wall clock")
    }

    fn pick(&mut self, _: NonZeroU32) -> u32 {
        panic!("consensus throws no dice")
    }

    fn emit(&mut self, effect: Effect<Paxos<Kv, R>>) {
        self.effects.push(effect);
    }
}

impl<R: Rules> Lab<R> {
    /// A cluster with formatted disks; nothing runs yet.
    pub(crate) fn new(rules: &R, settings: &Settings) -> Self {
        let nodes = NodeId::first(settings.members).map(|me| {
            let config = Config::new(rules.clone(), me, settings.clone()).expect("good settings");
            let mut disk = Disk::default();
            for (place, record) in format(config.cluster(), me) {
                disk.durable.insert(place, Cell::Intact { home: place, record });
            }
            Node { config, machine: None, disk, clock: LocalTime(0), armed: false }
        });
        Self {
            nodes: nodes.collect(),
            wire: Vec::new(),
            cut: BTreeSet::new(),
            replies: Vec::new(),
            facts: Vec::new(),
            probes: BTreeMap::new(),
            oracle: Oracle::new(settings.members),
            said: Vec::new(),
            quiet: true,
            crash_after: None,
            clock_reads: 0,
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<R> {
        NodeId::first(u8::try_from(self.nodes.len()).expect("few nodes"))
    }

    pub(crate) fn is_up(&self, id: NodeId) -> bool {
        self.nodes[id.index()].machine.is_some()
    }

    pub(crate) fn boot(&mut self, id: NodeId) {
        let image = self.nodes[id.index()].disk.image();
        self.run(id, |_, config, cx| Some(Paxos::boot(config, &image, cx)));
    }

    pub(crate) fn step(&mut self, id: NodeId, input: Input<Paxos<Kv, R>>) {
        self.run(id, |machine, config, cx| {
            let mut machine = machine?;
            machine.step(config, input, cx);
            Some(machine)
        });
    }

    fn run(
        &mut self,
        id: NodeId,
        act: impl FnOnce(
            Option<Paxos<Kv, R>>,
            &Config<R>,
            &mut Context<'_, Paxos<Kv, R>>,
        ) -> Option<Paxos<Kv, R>>,
    ) {
        let node = &mut self.nodes[id.index()];
        let mut collect = Collect { clock: node.clock, reads: 0 };
        let mut effects = Vec::new();
        let mut hook = Hook { collect: &mut collect, effects: &mut effects };
        let mut cx = Context::new(ProcessId::main(id), &mut hook);
        node.machine = act(node.machine.take(), &node.config, &mut cx);
        self.clock_reads += collect.reads;
        let crash = self.crash_after.take();
        let kept = crash.map_or(effects.len(), |keep| keep.min(effects.len()));
        for effect in effects.drain(..kept) {
            self.carry_out(id, effect);
        }
        if crash.is_some() {
            self.nodes[id.index()].machine = None;
        }
        if let Some(machine) = &self.nodes[id.index()].machine {
            self.oracle.on_state(id, machine);
        }
        for (node, Node { machine, config, clock, .. }) in (0..).map(NodeId).zip(&self.nodes) {
            if let Some(machine) = machine.as_ref().filter(|m| m.is_leader_at(config, *clock)) {
                self.oracle.on_holder(node, machine.applied());
            }
        }
    }

    fn carry_out(&mut self, id: NodeId, effect: Effect<Paxos<Kv, R>>) {
        if !self.quiet && !matches!(effect, Effect::Arm { .. }) {
            self.said.push(say(id, &effect));
        }
        let node = &mut self.nodes[id.index()];
        match effect {
            Effect::Send { to, message } => {
                if !self.cut.contains(&(id, to.node)) {
                    self.wire.push(Flight { from: id, to: to.node, message });
                }
            }
            Effect::Arm { .. } => node.armed = true,
            Effect::Write { at, records: Run::One(record) } => {
                node.disk.pending.push_back(Operation::Write(at, record));
            }
            Effect::Erase { slots, .. } => node.disk.pending.push_back(Operation::Erase(slots)),
            Effect::Sync { ticket, .. } => node.disk.pending.push_back(Operation::Sync(ticket)),
            Effect::Reply { call, reply } => {
                self.oracle.on_reply(call, &reply);
                self.replies.push((call, reply));
            }
            Effect::Fact(fact) => self.facts.push((id, fact)),
            Effect::Probe(name) => *self.probes.entry(name).or_default() += 1,
            Effect::Halt(_) => node.machine = None,
            other => panic!("consensus never does this: {other:?}"),
        }
    }

    /// Delivers one message, if its receiver runs and the link works.
    pub(crate) fn deliver(&mut self, flight: Flight) {
        let Flight { from, to, message } = flight;
        if self.is_up(to) && !self.cut.contains(&(from, to)) {
            self.step(to, Input::Message { from: ProcessId::main(from), message });
        }
    }

    /// Completes the oldest sync of a node; false if there is none.
    pub(crate) fn flush(&mut self, id: NodeId) -> bool {
        let Some((ticket, written)) = self.nodes[id.index()].disk.complete() else {
            return false;
        };
        for record in written {
            self.oracle.on_durable(id, &record);
        }
        if self.is_up(id) {
            self.step(id, Input::Disk { ticket, outcome: Outcome::Synced });
        }
        true
    }

    /// The oldest sync of a node fails: some of what it covered is durable, the rest is gone.
    pub(crate) fn fail_sync(&mut self, id: NodeId, mut survives: impl FnMut() -> bool) {
        let settled = self.nodes[id.index()].disk.settle(|_| survives());
        let Some((ticket, written)) = settled else { return };
        for record in written {
            self.oracle.on_durable(id, &record);
        }
        if self.is_up(id) {
            self.step(id, Input::Disk { ticket, outcome: Outcome::Failed(DiskError::Io) });
        }
        if !self.is_up(id) {
            self.crash(id);
        }
    }

    /// The node falls and comes to find a blank disk.
    pub(crate) fn replace_disk(&mut self, id: NodeId) {
        self.crash(id);
        self.nodes[id.index()].disk = Disk::default();
    }

    pub(crate) fn fire(&mut self, id: NodeId) {
        if self.is_up(id) && self.nodes[id.index()].armed {
            self.nodes[id.index()].armed = false;
            self.step(id, Input::Timer(Timer::Round));
        }
    }

    pub(crate) fn call(&mut self, id: NodeId, call: CallId, what: Call<Kv>) {
        self.oracle.on_call(call, &what);
        if self.is_up(id) {
            self.step(id, Input::Call { id: call, call: what });
        }
    }

    /// The process dies; what it wrote stays readable.
    pub(crate) fn crash(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.index()];
        node.machine = None;
        node.armed = false;
        node.disk.pending.retain(|operation| !matches!(operation, Operation::Sync(_)));
    }

    /// The power fails: whatever was not synced meets its fate.
    pub(crate) fn power_loss(&mut self, id: NodeId, mut fate: impl FnMut() -> Fate) {
        self.crash(id);
        let disk = &mut self.nodes[id.index()].disk;
        let mut written = Vec::new();
        for operation in std::mem::take(&mut disk.pending) {
            match (fate(), operation) {
                (Fate::Survives, operation) => written.extend(disk.carry_out(operation)),
                (Fate::Torn, Operation::Write(place, _)) => disk.spoil(place),
                (Fate::Torn | Fate::Lost, _) => {}
            }
        }
        for record in written {
            self.oracle.on_durable(id, &record);
        }
    }

    /// Everything under way arrives and every sync completes, until nothing is left. Bounded.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2_000 {
            let flights = std::mem::take(&mut self.wire);
            let mut busy = !flights.is_empty();
            for flight in flights {
                self.deliver(flight);
            }
            for id in self.ids() {
                while self.flush(id) {
                    busy = true;
                }
            }
            if !busy {
                return;
            }
        }
        panic!("the cluster does not settle");
    }

    /// One heartbeat round at every node, in an order of the dice's choice.
    pub(crate) fn round(&mut self, chance: &mut Chance) {
        let mut ids: Vec<NodeId> = self.ids().collect();
        while !ids.is_empty() {
            let id = ids.swap_remove(chance.index(ids.len()));
            self.fire(id);
        }
        self.settle();
        for node in &mut self.nodes {
            node.clock = node.clock.after(Span::millis(100));
        }
    }
}

fn say<R: Rules>(id: NodeId, effect: &Effect<Paxos<Kv, R>>) -> String {
    match effect {
        Effect::Send { to, message } => format!("{id} -> {to}: {:?}", message.body),
        Effect::Write { at, records } => format!("{id} writes {at:?}: {:?}", records.as_slice()[0]),
        Effect::Sync { ticket, .. } => format!("{id} syncs for {ticket:?}"),
        Effect::Erase { volume, slots } => format!("{id} erases {volume:?}{slots:?}"),
        Effect::Reply { call, reply } => format!("{id} answers {call}: {reply:?}"),
        Effect::Fact(fact) => format!("{id} believes: {fact:?}"),
        Effect::Probe(name) => format!("{id} probe: {name}"),
        Effect::Halt(reason) => format!("{id} halts: {reason}"),
        other => format!("{id} does: {other:?}"),
    }
}
