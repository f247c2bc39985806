//! Drawn faults. Each seed is a swarm of its own: it draws which kinds are on, how often they strike,
//! how long they last and how strong they are, and writes all of it down.

pub(super) mod disks;

use super::limits::thin;
use super::style::Style;
use crate::dice::{DelayLaw, Dice, Source};
use crate::scenario::{
    Chaos, ChaosKind, ClockRate, ClockStep, Clog, Crash, Delay, Duration, Fault, Hold, Limits,
    Lossy, Partition, Pause, PowerLoss, Ratio, Shape, Slow, Sluggish, Target, When,
};
use crate::system::Tolerance;
use interregnum_core::{NodeId, NodeSet, Span};
use std::collections::BTreeMap;

/// At most so many faults of one kind are drawn for one run.
const FAULTS_MAX: u64 = 500;
/// At least so many kinds are on in each run, if so many may be drawn.
const KINDS_LEAST: usize = 5;

/// Whom drawn faults may strike and how, as far as that is the system's and the cluster's affair.
#[derive(Clone, Debug)]
pub(super) struct Terrain<'s> {
    pub(super) nodes: u8,
    /// Nodes that run processes; the others are shared disks.
    pub(super) computers: u8,
    pub(super) groups: &'s BTreeMap<String, Vec<u8>>,
    pub(super) words: &'static [&'static str],
    pub(super) classes: &'static [&'static str],
    pub(super) seams: Vec<&'static str>,
    pub(super) tolerance: Tolerance,
    /// Those that may lose their disk for good.
    pub(super) doomed: NodeSet,
}

/// What was drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// The faults, ordered by time.
    pub(super) faults: Vec<Fault>,
    /// Every option.
    pub(super) options: Vec<(String, String)>,
    /// The kinds that went beyond what the system claims to survive.
    pub(super) excess: Vec<ChaosKind>,
}

/// Draws the faults of one seed.
pub(super) fn draw(chaos: &Chaos, terrain: &Terrain<'_>, seed: u64) -> Drawn {
    let mut swarm = Dice::new(seed, Source::Plan);
    let tolerated = |kind: &ChaosKind| terrain.tolerance.kinds.contains(kind);
    let allowed = |kind: &ChaosKind| {
        chaos.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
            && (chaos.limits == Limits::Beyond || tolerated(kind))
    };
    let kinds: Vec<_> = ChaosKind::ALL.iter().copied().filter(allowed).collect();
    // Each kind is on in half of the seeds; a few, drawn, are on in any case.
    let mut certain = kinds.clone();
    swarm.shuffle(&mut certain);
    certain.truncate(KINDS_LEAST);
    let mut drawn = Drawn::default();
    if chaos.limits == Limits::Tolerated && kinds.iter().any(|kind| disks::damages(*kind)) {
        // Nobody takes their place: a run must not use up its voters unseen.
        let doomed = terrain.doomed;
        let what = if doomed.is_empty() { "none".to_owned() } else { doomed.to_string() };
        drawn.options.push(("disks that may be lost for good".to_owned(), what));
    }
    for kind in kinds {
        if swarm.chance(Ratio::ppm(500_000)) || certain.contains(&kind) {
            let mut dice = Dice::new(seed, Source::Chaos(kind as u8));
            let style = Style::draw(kind, chaos, terrain, &mut dice);
            drawn.options.push((kind.name().to_owned(), style.to_string()));
            if style.exceeds(chaos.limits, &terrain.tolerance) {
                drawn.excess.push(kind);
            }
            drawn.faults.extend(Storm { style, terrain, dice }.faults(chaos.lasts.0));
        } else {
            drawn.options.push((kind.name().to_owned(), "off".to_owned()));
        }
    }
    drawn.faults.sort_by_key(|fault| fault.at);
    if let Some(limit) = terrain.tolerance.nodes_at_once {
        let mut within = drawn.faults.clone();
        thin(&mut within, limit, terrain.groups);
        if chaos.limits == Limits::Tolerated {
            drawn.faults = within;
        } else if within.len() < drawn.faults.len() {
            drawn.excess.extend([ChaosKind::Crash, ChaosKind::PowerLoss, ChaosKind::Pause]);
        }
    }
    drawn
}

/// How one kind strikes in one run.
struct Storm<'s> {
    style: Style,
    terrain: &'s Terrain<'s>,
    dice: Dice,
}

impl Storm<'_> {
    fn faults(mut self, chaos: Span) -> Vec<Fault> {
        let (gap, length) = (self.style.gap, self.style.length);
        let mut faults = Vec::new();
        let mut at = self.exponential(gap);
        while at < chaos && (faults.len() as u64) < FAULTS_MAX {
            let lasts = self.exponential(length).max(Span::millis(1));
            faults.extend(self.fault(at, lasts));
            at = at + self.exponential(gap).max(Span::millis(1));
        }
        faults
    }

    fn exponential(&mut self, mean: Span) -> Span {
        let (min, max) = (Duration(Span::ZERO), Some(Duration(mean.times(8))));
        DelayLaw::new(&Delay { min, mean: Duration(mean), max }).draw(self.dice.word())
    }

    /// Nothing if there is nobody whom it may strike.
    fn fault(&mut self, at: Span, lasts: Span) -> Option<Fault> {
        let mut fault =
            Fault { at: Duration(at), lasts: Some(Duration(lasts)), ..Fault::default() };
        let (ratio, extra) = (self.style.strength, self.style.extra);
        let only = self.style.only.clone();
        match self.style.kind {
            ChaosKind::Crash => {
                let (target, after_effects) = self.process(&mut fault);
                fault.crash = Some(Crash { target, after_effects });
            }
            ChaosKind::Pause => {
                let (target, after_effects) = self.process(&mut fault);
                fault.pause = Some(Pause { target, after_effects });
            }
            ChaosKind::PowerLoss => {
                let (mut target, after_effects) = self.process(&mut fault);
                if fault.when.is_none() {
                    target = self.outage();
                }
                fault.power_loss = Some(PowerLoss { target, after_effects });
            }
            ChaosKind::Partition => fault.partition = Some(self.partition()),
            ChaosKind::Loss => {
                fault.loss = Some(Lossy { ratio, target: self.some_or_all(), only });
            }
            ChaosKind::Duplication => {
                fault.duplication = Some(Lossy { ratio, target: self.some_or_all(), only });
            }
            ChaosKind::Delay => {
                fault.delay = Some(Slow { extra, target: self.some_or_all(), only });
            }
            ChaosKind::Hold => {
                fault.hold = Some(Hold { ratio, extra, target: self.some_or_all(), only });
            }
            ChaosKind::Clog => fault.clog = Some(Clog { target: self.some_or_all(), only }),
            ChaosKind::Slow => {
                let times = self.style.times;
                fault.slow = Some(Sluggish { target: self.someone(), times });
            }
            ChaosKind::ClockRate => {
                let ppm = super::draw_rate(self.style.ppm_most, &mut self.dice);
                fault.clock_rate = Some(ClockRate { target: self.someone(), ppm });
            }
            ChaosKind::ClockStep => {
                let by = Some(Duration(self.exponential(self.style.step).max(Span::micros(1))));
                let forward = self.dice.chance(Ratio::ppm(500_000));
                let (forward, back) = if forward { (by, None) } else { (None, by) };
                fault.clock_step = Some(ClockStep { target: self.someone(), forward, back });
            }
            _ => self.disk_fault(&mut fault)?,
        }
        Some(fault)
    }

    fn node(&mut self) -> NodeId {
        let index = self.dice.index(usize::from(self.terrain.nodes)).unwrap_or(0);
        NodeId(u8::try_from(index).unwrap_or(0))
    }

    fn any_node(&mut self) -> Target {
        Target::Node { node: self.node().0, part: None }
    }

    /// A node; a quarter of the time by a word of the system, such as its leader, and sometimes all
    /// that share a fate.
    fn someone(&mut self) -> Target {
        let word = self.dice.word();
        if word % 8 == 1
            && let Some(group) = self.group()
        {
            return group;
        }
        match self.dice.choose(self.terrain.words).filter(|_| word.is_multiple_of(4)) {
            Some(word) => Target::Any((*word).to_owned()),
            None => self.any_node(),
        }
    }

    fn group(&mut self) -> Option<Target> {
        let names: Vec<_> = self.terrain.groups.keys().collect();
        self.dice.choose(&names).map(|name| Target::Group((*name).clone()))
    }

    /// Whom a fault of processes strikes. In runs that draw a seam, half of them wait for it; of the
    /// others, half strike somewhere within a step.
    fn process(&mut self, fault: &mut Fault) -> (Target, Option<u32>) {
        let (word, target) = (self.dice.word(), self.someone());
        if let Some((seam, side)) = self.style.seam
            && word & 2 == 0
        {
            let (nth, within) = (1 + (word >> 8 & 3), self.style.patience);
            let nth = u32::try_from(nth).unwrap_or(1);
            let within = Some(Duration(within));
            fault.when = Some(When { seam: seam.to_owned(), side, nth, within });
            return (Target::All, None);
        }
        (target, u32::try_from(word >> 32 & 7).ok().filter(|_| word & 1 == 0))
    }

    fn outage(&mut self) -> Target {
        match self.dice.word() % 8 {
            0 => Target::All,
            1 => Target::Majority,
            2 => Target::Minority,
            3 => self.group().unwrap_or(Target::All),
            _ => self.any_node(),
        }
    }

    fn some_or_all(&mut self) -> Option<Target> {
        (!self.dice.word().is_multiple_of(3)).then(|| self.someone())
    }

    fn partition(&mut self) -> Partition {
        let mut partition = Partition::default();
        match self.dice.word() % 8 {
            0 | 1 => partition.isolate = Some(self.someone()),
            2 => {
                partition.from = Some(self.any_node());
                partition.to = Some(Target::All);
            }
            3 => {
                partition.from = Some(self.side());
                partition.to = Some(self.side());
            }
            4 | 5 => partition.shape = self.shape(),
            _ => {}
        }
        if partition == Partition::default() {
            let sides = 1 + self.dice.index(2).unwrap_or(0);
            partition.groups = Some((0..sides).map(|_| self.side()).collect());
        }
        partition
    }

    fn shape(&mut self) -> Option<Shape> {
        let fits = |shape: &Shape| shape.least_nodes() <= self.terrain.computers;
        let shapes: Vec<_> = Shape::ALL.iter().copied().filter(fits).collect();
        self.dice.choose(&shapes).copied()
    }

    /// Each node by a coin.
    fn side(&mut self) -> Target {
        let coin = Ratio::ppm(500_000);
        Target::Nodes((0..self.terrain.nodes).filter(|_| self.dice.chance(coin)).collect())
    }
}
