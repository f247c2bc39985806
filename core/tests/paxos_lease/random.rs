//! Random schedules with loss, repetition, reordering, pauses, starts and lost writes, on clocks at both bounds.

use crate::chance::Chance;
use crate::lab::{Fate, Lab};
use interregnum_core::paxos_lease::{Call, Fact, Reply, Rules, Sound, Timer, Why};
use interregnum_core::{Cell, NodeId};

/// What a campaign found, and what it did.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) violation: Option<String>,
    pub(crate) held: u64,
    pub(crate) expired: u64,
    pub(crate) released: u64,
    pub(crate) acted: u64,
    pub(crate) amnesiacs: u64,
    pub(crate) runs: u64,
}

pub(crate) struct Chaos<R: Rules> {
    pub(crate) lab: Lab<R>,
    pub(crate) chance: Chance,
    /// How often, of a thousand, time goes on.
    haste: u64,
    /// How often, of a thousand, a node falls.
    pub(crate) unrest: u64,
    /// Whether disks may come to be blank.
    pub(crate) disks: bool,
    /// Who neither hears anything nor has its timers fire just now.
    paused: Option<NodeId>,
}

/// Runs up to `runs` schedules of `actions` each, until one shows two holders.
pub(crate) fn campaign<R: Rules>(rules: &R, runs: u64, actions: u64) -> Found {
    let mut found = Found::default();
    for seed in 0..runs {
        let lab = chaos(rules, seed, actions);
        found.runs += 1;
        for (_, fact) in &lab.facts {
            match fact {
                Fact::Held { .. } => found.held += 1,
                Fact::Lost { why: Why::Expired, .. } => found.expired += 1,
                Fact::Lost { why: Why::Released, .. } => found.released += 1,
                Fact::Amnesiac => found.amnesiacs += 1,
            }
        }
        let acted = lab.replies.iter().filter(|reply| matches!(reply, Reply::Acted { .. }));
        found.acted += acted.count() as u64;
        if let Some(violation) = lab.violation {
            found.violation = Some(format!("seed {seed}: {violation}"));
            return found;
        }
    }
    found
}

fn chaos<R: Rules>(rules: &R, seed: u64, actions: u64) -> Lab<R> {
    let mut run = Chaos::new(rules, seed);
    for _ in 0..actions {
        run.act();
        if run.lab.violation.is_some() {
            break;
        }
    }
    run.lab
}

impl<R: Rules> Chaos<R> {
    pub(crate) fn new(rules: &R, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let members = if chance.once_in(5) { 5 } else { 3 };
        let mut lab = Lab::new(rules, members);
        for node in &mut lab.nodes {
            node.pace = [9, 11][chance.index(2)];
        }
        let haste = 40 + chance.below(160);
        let unrest = [1, 6, 25][chance.index(3)];
        let disks = chance.once_in(4);
        let mut run = Chaos { lab, chance, haste, unrest, disks, paused: None };
        for id in run.lab.ids() {
            run.lab.boot(id);
            if !run.chance.once_in(4) {
                run.lab.sync(id, false);
            }
        }
        run
    }

    pub(crate) fn act(&mut self) {
        if self.chance.below(1_000) < self.haste {
            return self.pass_time();
        }
        let id = self.node();
        if self.chance.below(1_000) < self.unrest {
            return self.fell(id);
        }
        match self.chance.below(1_000) {
            0..=869 => self.deliver(),
            870..=909 => {
                let fails = self.chance.once_in(20);
                self.lab.sync(id, fails);
            }
            910..=939 if self.paused != Some(id) => drop(self.lab.call(id, Call::Act)),
            940..=949 if self.paused != Some(id) => drop(self.lab.call(id, Call::Release)),
            950..=954 => self.lab.fire(id, Timer::Expiry),
            955..=959 => self.paused = None,
            960..=963 => self.paused = Some(id),
            964..=967 => {
                let by = i64::try_from(self.chance.below(300)).expect("small");
                self.lab.node(id).wall += by - 150;
            }
            _ => {
                if self.lab.node(id).machine.is_none() {
                    self.lab.boot(id);
                }
            }
        }
    }

    fn node(&mut self) -> NodeId {
        let which = self.chance.index(self.lab.nodes.len());
        self.lab.ids().nth(which).expect("a node")
    }

    /// The process ends, or the power fails, or with it the disk.
    fn fell(&mut self, id: NodeId) {
        let fate = [Fate::Survives, Fate::Lost, Fate::Torn][self.chance.index(3)];
        match self.chance.below(3) {
            0 => self.lab.crash(id),
            _ => self.lab.power_loss(id, fate),
        }
        if self.disks && self.chance.once_in(4) {
            self.lab.power_loss(id, fate);
            let durable = &mut self.lab.node(id).durable;
            durable.values_mut().for_each(|cell| *cell = Cell::Damaged);
        }
        if self.chance.once_in(2) {
            self.lab.boot(id);
        }
    }

    /// Mostly something new arrives; at times something old, twice, or never.
    fn deliver(&mut self) {
        let len = self.lab.wire.len();
        if len == 0 {
            return;
        }
        let recent = len.saturating_sub(6);
        let index = match self.chance.below(8) {
            0 => self.chance.index(len),
            _ => recent + self.chance.index(len - recent),
        };
        if self.paused == Some(self.lab.wire[index].to) {
            return;
        }
        let flight = match self.chance.below(16) {
            0 => self.lab.wire[index],
            _ => self.lab.wire.remove(index),
        };
        if self.lab.wire.len() > 60 {
            self.lab.wire.remove(0);
        }
        if !self.chance.once_in(20) {
            self.lab.deliver(flight);
        }
    }

    /// A timer fires somewhere in its window, or later.
    fn pass_time(&mut self) {
        let beats = 1 + self.chance.below(3);
        self.lab.pass(beats);
        for id in self.lab.ids().filter(|id| self.paused != Some(*id)).collect::<Vec<_>>() {
            let node = self.lab.node(id);
            let now = node.clock;
            for (timer, min, max) in node.armed.clone() {
                let due = if now >= max { !self.chance.once_in(5) } else { self.chance.once_in(4) };
                if now >= min && due {
                    self.lab.fire(id, timer);
                }
            }
        }
    }
}

#[test]
fn at_no_instant_do_two_nodes_hold_the_lease() {
    let found = campaign(&Sound, 1_500, 1_000);
    assert_eq!(found.violation, None);
    // It is no proof where nothing happens.
    assert!(found.held > 1_500 && found.expired > 500, "{found:?}");
    assert!(found.released > 100 && found.acted > 300 && found.amnesiacs > 10, "{found:?}");
}

/// On clocks that all run alike, with nothing lost, a majority that talks has a holder that stays.
#[test]
fn a_holder_emerges_and_stays() {
    for seed in 0..20 {
        let mut lab = Lab::new(&Sound, 3);
        let mut chance = Chance::new(seed);
        for id in lab.ids() {
            lab.boot(id);
            lab.sync(id, false);
        }
        let mut without = 0;
        for beat in 0..400 {
            lab.pass(1);
            for id in lab.ids() {
                let node = lab.node(id);
                let now = node.clock;
                for (timer, min, max) in node.armed.clone() {
                    if now >= max || (now >= min && chance.once_in(4)) {
                        lab.fire(id, timer);
                    }
                }
            }
            for flight in std::mem::take(&mut lab.wire) {
                lab.deliver(flight);
            }
            let is_held = lab.ids().any(|id: NodeId| lab.node(id).holds());
            without += u32::from(beat >= 60 && !is_held);
        }
        assert_eq!((without, lab.violation), (0, None), "seed {seed}");
    }
}
