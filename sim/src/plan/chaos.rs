//! Drawn faults. Each seed is a swarm of its own: it draws which kinds are on, how often they strike,
//! how long they last and how strong they are, and writes all of it down.

mod disks;

use crate::dice::{DelayLaw, Dice, Source};
use crate::scenario::{
    Chaos, ChaosKind, Crash, Delay, Duration, Fault, Limits, Lossy, Partition, Pause, PowerLoss,
    Ratio, Slow, Target, What,
};
use crate::system::Tolerance;
use interregnum_core::{NodeId, NodeSet, Span};

/// At most so many faults of one kind are drawn for one run.
const FAULTS_MAX: u64 = 500;

/// Whom drawn faults may strike: nodes by number, and processes by the system's own words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whom {
    pub(super) nodes: u8,
    pub(super) words: &'static [&'static str],
    /// Those that may lose their disk for good.
    pub(super) doomed: NodeSet,
}

/// Draws the faults of one seed, ordered by time, and notes every option in `drawn`.
pub(super) fn draw(
    chaos: &Chaos,
    tolerance: &Tolerance,
    whom: Whom,
    seed: u64,
    drawn: &mut Vec<(String, String)>,
) -> Vec<Fault> {
    let mut swarm = Dice::new(seed, Source::Plan);
    let allowed = |kind: &ChaosKind| {
        chaos.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
            && (chaos.limits == Limits::Beyond || tolerance.kinds.contains(kind))
    };
    let kinds: Vec<_> = ChaosKind::ALL.iter().copied().filter(allowed).collect();
    // Each kind is on in half of the seeds; one of them is always on.
    let certain = swarm.index(kinds.len());
    let damages = kinds.iter().any(|kind| disks::damages(*kind));
    if damages && chaos.limits == Limits::Tolerated {
        // Nobody takes their place: a run must not use up its voters unseen.
        let doomed = whom.doomed;
        let what = if doomed.is_empty() { "none".to_owned() } else { doomed.to_string() };
        drawn.push(("disks that may be lost for good".to_owned(), what));
    }
    let mut faults = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let on = swarm.chance(Ratio::ppm(500_000)) || Some(index) == certain;
        if on {
            let mut dice = Dice::new(seed, Source::Chaos(*kind as u8));
            faults.extend(Storm::draw(*kind, chaos.lasts.0, whom, &mut dice, drawn));
        } else {
            drawn.push((kind.name().to_owned(), "off".to_owned()));
        }
    }
    faults.sort_by_key(|fault| fault.at);
    if chaos.limits == Limits::Tolerated
        && let Some(limit) = tolerance.nodes_at_once
    {
        thin(&mut faults, limit);
    }
    faults
}

/// How one kind strikes in one run.
struct Storm<'d> {
    kind: ChaosKind,
    whom: Whom,
    strength: Ratio,
    extra: Delay,
    dice: &'d mut Dice,
}

impl<'d> Storm<'d> {
    fn draw(
        kind: ChaosKind,
        lasts: Span,
        whom: Whom,
        dice: &'d mut Dice,
        drawn: &mut Vec<(String, String)>,
    ) -> Vec<Fault> {
        let least = Span::millis(100).max(Span::nanos(lasts.as_nanos() / FAULTS_MAX));
        let gap = log_uniform(dice, least, Span::secs(8).max(least.times(4)));
        let length = log_uniform(dice, Span::millis(5), Span::secs(4).max(least));
        let strength = Ratio::ppm(thousandths(dice, 10, 600) * 1000);
        let mean = log_uniform(dice, Span::millis(1), Span::millis(400));
        let extra = Delay { min: Duration(Span::ZERO), mean: Duration(mean), max: None };
        let strong = match kind {
            ChaosKind::Loss | ChaosKind::Duplication => format!(", ratio {strength}"),
            ChaosKind::Delay | ChaosKind::SlowDisk => format!(", {mean} more"),
            kind if disks::has_ratio(kind) => format!(", ratio {strength}"),
            _ => String::new(),
        };
        let option = format!("every {}, for {}{strong}", coarse(gap), coarse(length));
        drawn.push((kind.name().to_owned(), option));
        let mut storm = Self { kind, whom, strength, extra, dice };
        let mut faults = Vec::new();
        let mut at = storm.exponential(gap);
        while at < lasts && (faults.len() as u64) < FAULTS_MAX {
            let lasts = storm.exponential(length).max(Span::millis(1));
            faults.extend(storm.fault(at, lasts));
            at = at + storm.exponential(gap).max(Span::millis(1));
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
        match self.kind {
            ChaosKind::Crash => {
                let (target, after_effects) = (self.process(), self.seam());
                fault.crash = Some(Crash { target, after_effects });
            }
            ChaosKind::PowerLoss => {
                let (target, after_effects) = (self.outage(), self.seam());
                fault.power_loss = Some(PowerLoss { target, after_effects });
            }
            ChaosKind::Pause => {
                let (target, after_effects) = (self.process(), self.seam());
                fault.pause = Some(Pause { target, after_effects });
            }
            ChaosKind::Partition => fault.partition = Some(self.partition()),
            ChaosKind::Loss | ChaosKind::Duplication => {
                let lossy = Lossy { ratio: self.strength, target: self.some_or_all() };
                *(if self.kind == ChaosKind::Loss {
                    &mut fault.loss
                } else {
                    &mut fault.duplication
                }) = Some(lossy);
            }
            ChaosKind::Delay => {
                fault.delay = Some(Slow { extra: self.extra, target: self.some_or_all() });
            }
            _ => self.disk_fault(&mut fault)?,
        }
        Some(fault)
    }

    fn node(&mut self) -> NodeId {
        let index = self.dice.index(usize::from(self.whom.nodes)).unwrap_or(0);
        NodeId(u8::try_from(index).unwrap_or(0))
    }

    fn any_node(&mut self) -> Target {
        Target::Node { node: self.node().0, part: None }
    }

    /// A quarter of the time by a word of the system, such as its leader.
    fn process(&mut self) -> Target {
        let by_word = self.dice.word().is_multiple_of(4);
        match self.dice.choose(self.whom.words).filter(|_| by_word) {
            Some(word) => Target::Any((*word).to_owned()),
            None => self.any_node(),
        }
    }

    /// Half of the time, somewhere within a step.
    fn seam(&mut self) -> Option<u32> {
        let word = self.dice.word();
        u32::try_from(word >> 32 & 7).ok().filter(|_| word & 1 == 0)
    }

    fn outage(&mut self) -> Target {
        match self.dice.word() % 8 {
            0 => Target::All,
            1 => Target::Majority,
            2 => Target::Minority,
            _ => self.any_node(),
        }
    }

    fn some_or_all(&mut self) -> Option<Target> {
        (!self.dice.word().is_multiple_of(3)).then(|| self.any_node())
    }

    fn partition(&mut self) -> Partition {
        let mut partition = Partition::default();
        match self.dice.word() % 5 {
            0 | 1 => partition.isolate = Some(self.process()),
            2 => {
                partition.from = Some(self.any_node());
                partition.to = Some(Target::All);
            }
            3 => {
                partition.from = Some(self.side());
                partition.to = Some(self.side());
            }
            _ => {
                let sides = 1 + self.dice.index(2).unwrap_or(0);
                partition.groups = Some((0..sides).map(|_| self.side()).collect());
            }
        }
        partition
    }

    /// Each node by a coin.
    fn side(&mut self) -> Target {
        let coin = Ratio::ppm(500_000);
        Target::Nodes((0..self.whom.nodes).filter(|_| self.dice.chance(coin)).collect())
    }
}

/// Leaves out faults that would strike more nodes at once than the system tolerates.
fn thin(faults: &mut Vec<Fault>, limit: u32) {
    let mut struck: Vec<(Span, NodeSet)> = Vec::new();
    faults.retain(|fault| {
        let Some(nodes) = stops(fault) else { return true };
        let end = fault.at.0 + fault.lasts.map_or(Span::MAX, |lasts| lasts.0);
        struck.retain(|(until, _)| *until >= fault.at.0);
        let others = struck.iter().fold(NodeSet::EMPTY, |all, (_, set)| all.union(*set));
        let fits = others.union(nodes).len() <= limit;
        if fits {
            struck.push((end, nodes));
        }
        fits
    });
}

/// The nodes whose processes a fault stops or restarts; symbolic targets count as every node, because
/// nobody knows yet whom they will mean.
fn stops(fault: &Fault) -> Option<NodeSet> {
    let target = match fault.what()? {
        What::Crash(crash) => &crash.target,
        What::PowerLoss(loss) => &loss.target,
        What::Pause(pause) => &pause.target,
        What::TornWrite(torn) => &torn.target,
        What::BlankDisk(disk) => &disk.target,
        _ => return None,
    };
    Some(match target {
        Target::Node { node, .. } => [NodeId(*node)].into_iter().collect(),
        Target::Nodes(nodes) => nodes.iter().copied().map(NodeId).collect(),
        _ => NodeSet::first(NodeSet::CAPACITY),
    })
}

/// Between `min` and `max`, every order of magnitude equally likely.
fn log_uniform(dice: &mut Dice, min: Span, max: Span) -> Span {
    let mut high = min;
    let mut doublings = 0;
    while high < max && doublings < 63 {
        high = high.times(2);
        doublings += 1;
    }
    let exponent = dice.index(doublings.max(1)).unwrap_or(0);
    let low = min.times(1 << exponent);
    dice.between(low, low.times(2).min(max).max(low))
}

fn thousandths(dice: &mut Dice, min: u64, max: u64) -> u32 {
    u32::try_from(dice.between(Span::nanos(min), Span::nanos(max)).as_nanos()).unwrap_or(0)
}

/// To the millisecond, for people.
fn coarse(span: Span) -> Span {
    Span::millis((span.as_nanos() / 1_000_000).max(1))
}
