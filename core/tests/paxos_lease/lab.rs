//! A cluster in true time: the test decides what is delivered, synced and crashed, and lets time pass.
//!
//! True time passes in beats of ten ticks; a clock shows nine, ten or eleven ticks more after each. So a clock is
//! exact, and the bounds of its rate, a tenth either way, are reached and not exceeded.

use interregnum_core::paxos_lease::record::{self, Record};
use interregnum_core::paxos_lease::{
    Call, Config, Fact, Message, PaxosLease, Reply, Rules, Settings, Started, Terms, Timer,
};
use interregnum_core::{
    CallId, Cell, Context, DiskError, Effect, Host, Image, Input, LocalTime, Machine, NodeId,
    Outcome, Place, Ppm, ProcessId, Run, Span, WallTime, Window,
};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// What is granted is used up, by the slowest clock and by the fastest one, in exactly 20 beats.
pub(crate) const TERMS: Terms = Terms { grant: Span::nanos(220), rate: Ppm(100_000) };

/// A message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: Message,
}

#[derive(Debug)]
pub(crate) struct Node<R: Rules> {
    pub(crate) config: Config<R>,
    pub(crate) machine: Option<PaxosLease<R>>,
    pub(crate) clock: LocalTime,
    /// By how much its clock goes on in a beat.
    pub(crate) pace: u64,
    /// What its wall clock is ahead.
    pub(crate) wall: i64,
    /// What is armed, and when it may and must fire.
    pub(crate) armed: Vec<(Timer, LocalTime, LocalTime)>,
    pub(crate) durable: BTreeMap<Place, Cell<Record>>,
    pub(crate) written: Vec<(Place, Record)>,
    pub(crate) syncing: Option<Started>,
}

/// What becomes of a write that was not synced when the power fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Survives,
    Lost,
    Torn,
}

#[derive(Debug)]
pub(crate) struct Lab<R: Rules> {
    pub(crate) nodes: Vec<Node<R>>,
    pub(crate) wire: Vec<Flight>,
    pub(crate) facts: Vec<(NodeId, Fact)>,
    pub(crate) replies: Vec<Reply>,
    pub(crate) probes: BTreeMap<&'static str, u64>,
    pub(crate) halted: Vec<&'static str>,
    pub(crate) violation: Option<String>,
}

/// What a node would come to, and do.
pub(crate) type Outlook<R> = (PaxosLease<R>, Vec<Effect<PaxosLease<R>>>);

struct Hook<'a, R: Rules> {
    clock: LocalTime,
    wall: WallTime,
    effects: &'a mut Vec<Effect<PaxosLease<R>>>,
}

impl<R: Rules> Host<PaxosLease<R>> for Hook<'_, R> {
    fn now(&mut self) -> LocalTime {
        self.clock
    }

    fn wall(&mut self) -> WallTime {
        self.wall
    }

    fn pick(&mut self, _: NonZeroU32) -> u32 {
        panic!("a lease throws no dice")
    }

    fn emit(&mut self, effect: Effect<PaxosLease<R>>) {
        self.effects.push(effect);
    }
}

impl<R: Rules> Node<R> {
    /// The clock that the machine measures on.
    pub(crate) fn trusted_clock(&self) -> LocalTime {
        match self.config.rules.trusts_wall_clock() {
            true => LocalTime(self.clock.0.saturating_add_signed(self.wall)),
            false => self.clock,
        }
    }

    /// Whether it acts as the holder just now.
    pub(crate) fn holds(&self) -> bool {
        let now = self.trusted_clock();
        self.machine.as_ref().is_some_and(|machine| machine.holds(&self.config, now).is_some())
    }
}

impl<R: Rules> Lab<R> {
    /// A cluster that the deployment has prepared; nothing runs yet.
    pub(crate) fn new(rules: &R, members: u8) -> Self {
        let ticks = |min, max| Window::between(Span::nanos(min), Span::nanos(max));
        let settings =
            Settings { members, terms: TERMS, attempt: ticks(50, 110), renewal: ticks(60, 90) };
        let nodes = NodeId::first(members).map(|me| {
            let (place, record) = record::format();
            Node {
                config: Config::new(me, settings, rules.clone()).expect("good settings"),
                machine: None,
                clock: LocalTime(1_000 * (1 + u64::from(me.0))),
                pace: 10,
                wall: 0,
                armed: Vec::new(),
                durable: BTreeMap::from([(place, Cell::Intact { home: place, record })]),
                written: Vec::new(),
                syncing: None,
            }
        });
        Self {
            nodes: nodes.collect(),
            wire: Vec::new(),
            facts: Vec::new(),
            replies: Vec::new(),
            probes: BTreeMap::new(),
            halted: Vec::new(),
            violation: None,
        }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<R> {
        NodeId::first(u8::try_from(self.nodes.len()).expect("few nodes"))
    }

    pub(crate) fn node(&mut self, id: NodeId) -> &mut Node<R> {
        &mut self.nodes[id.index()]
    }

    pub(crate) fn boot(&mut self, id: NodeId) {
        let node = self.node(id);
        let mut image = Image::default();
        for (place, cell) in &node.durable {
            image.set(*place, *cell);
        }
        for (home, record) in node.written.iter().copied() {
            image.set(home, Cell::Intact { home, record });
        }
        self.run(id, |_, config, cx| Some(PaxosLease::boot(config, &image, cx)));
    }

    pub(crate) fn step(&mut self, id: NodeId, input: Input<PaxosLease<R>>) {
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
            Option<PaxosLease<R>>,
            &Config<R>,
            &mut Context<'_, PaxosLease<R>>,
        ) -> Option<PaxosLease<R>>,
    ) {
        let node = self.node(id);
        let mut effects = Vec::new();
        let wall = node.clock.0.saturating_add_signed(node.wall);
        let wall = WallTime(i64::try_from(wall).expect("a short run"));
        let mut hook = Hook { clock: node.clock, wall, effects: &mut effects };
        let mut cx = Context::new(ProcessId::main(id), &mut hook);
        node.machine = act(node.machine.take(), &node.config, &mut cx);
        for effect in effects {
            self.carry_out(id, effect);
        }
        self.look();
    }

    /// What the protocol promises: at most one holder at any instant of true time.
    fn look(&mut self) {
        let holders: Vec<NodeId> = self.ids().filter(|id| self.nodes[id.index()].holds()).collect();
        if holders.len() > 1 && self.violation.is_none() {
            self.violation = Some(format!("{holders:?} hold the lease at once"));
        }
    }

    fn carry_out(&mut self, id: NodeId, effect: Effect<PaxosLease<R>>) {
        let node = &mut self.nodes[id.index()];
        match effect {
            Effect::Send { to, message } => {
                self.wire.push(Flight { from: id, to: to.node, message });
            }
            Effect::Arm { timer, window } => {
                node.armed.retain(|(armed, ..)| *armed != timer);
                node.armed.push((
                    timer,
                    node.clock.after(window.min),
                    node.clock.after(window.max),
                ));
            }
            Effect::Cancel(timer) => node.armed.retain(|(armed, ..)| *armed != timer),
            Effect::Write { at, records: Run::One(record) } => node.written.push((at, record)),
            Effect::Sync { ticket, .. } => node.syncing = Some(ticket),
            Effect::Reply { reply, .. } => {
                let holds = node.holds();
                if matches!(reply, Reply::Acted { .. }) && !holds {
                    self.violation = Some(format!("{id} acts and does not hold the lease"));
                }
                self.replies.push(reply);
            }
            Effect::Fact(fact) => self.facts.push((id, fact)),
            Effect::Probe(name) => *self.probes.entry(name).or_default() += 1,
            Effect::Halt(reason) => {
                self.halted.push(reason);
                self.crash(id);
            }
            other => panic!("a lease never does this: {other:?}"),
        }
    }

    /// What a step of a node would come to, and do; nothing happens.
    pub(crate) fn peek(&self, id: NodeId, input: Input<PaxosLease<R>>) -> Option<Outlook<R>> {
        let node = &self.nodes[id.index()];
        let mut machine = node.machine.clone()?;
        let mut effects = Vec::new();
        let mut hook = Hook { clock: node.clock, wall: WallTime(0), effects: &mut effects };
        machine.step(&node.config, input, &mut Context::new(ProcessId::main(id), &mut hook));
        Some((machine, effects))
    }

    pub(crate) fn deliver(&mut self, flight: Flight) {
        let Flight { from, to, message } = flight;
        self.step(to, Input::Message { from: ProcessId::main(from), message });
    }

    /// The syncs that a node waits for end, one after the other, unless the first one fails; false if there is none.
    pub(crate) fn sync(&mut self, id: NodeId, fails: bool) -> bool {
        let node = self.node(id);
        let Some(ticket) = node.syncing.take() else { return false };
        if fails {
            let outcome = Outcome::Failed(DiskError::Io);
            self.step(id, Input::Disk { ticket, outcome });
            return true;
        }
        for (home, record) in std::mem::take(&mut node.written) {
            node.durable.insert(home, Cell::Intact { home, record });
        }
        self.step(id, Input::Disk { ticket, outcome: Outcome::Synced });
        // What was read is made durable before the next count is written.
        if self.node(id).syncing.is_some() {
            return self.sync(id, false);
        }
        true
    }

    pub(crate) fn fire(&mut self, id: NodeId, timer: Timer) {
        self.node(id).armed.retain(|(armed, ..)| *armed != timer);
        self.step(id, Input::Timer(timer));
    }

    pub(crate) fn call(&mut self, id: NodeId, call: Call) -> Option<Reply> {
        let before = self.replies.len();
        self.step(id, Input::Call { id: CallId(0), call });
        self.replies.get(before).copied()
    }

    /// The process dies; what it wrote stays readable.
    pub(crate) fn crash(&mut self, id: NodeId) {
        let node = self.node(id);
        (node.machine, node.syncing) = (None, None);
        node.armed.clear();
    }

    /// The power fails: what was not synced meets its fate.
    pub(crate) fn power_loss(&mut self, id: NodeId, fate: Fate) {
        self.crash(id);
        let node = self.node(id);
        for (home, record) in std::mem::take(&mut node.written) {
            match fate {
                Fate::Survives => node.durable.insert(home, Cell::Intact { home, record }),
                Fate::Torn => node.durable.insert(home, Cell::Damaged),
                Fate::Lost => None,
            };
        }
    }

    /// True time goes on; nothing fires by itself.
    pub(crate) fn pass(&mut self, beats: u64) {
        for _ in 0..beats {
            for node in &mut self.nodes {
                node.clock = node.clock.after(Span::nanos(node.pace));
            }
            self.look();
        }
    }
}
