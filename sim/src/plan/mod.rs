//! The plan of a run: every option that was drawn, every fault with its time. A run is a function of
//! its plan and its seed.
//!
//! A drawn fault is written down in the same form as a scripted one, so that a plan can be read back as
//! a scenario: see `explicit`.

mod atlas;
mod chaos;
mod limits;
mod style;

use crate::clock::{Clock, ClockChange, TrueTime};
use crate::dice::{Dice, Source};
use crate::outcome::Property;
use crate::scenario::{ChaosKind, Clocks, Duration, Fault, Limits, SYNC, Scenario, Target};
use crate::system::{Chunk, Setup, System};
use atlas::Atlas;
use chaos::disks;
use interregnum_core::{LocalTime, NodeId, NodeSet, Span};

/// How long a run lasts at least before the calm phase, unless the scenario says otherwise.
const SHORTEST: Span = Span::secs(5);
/// How long a run goes on after its last scripted fault, unless the scenario says otherwise.
const AFTERMATH: Span = Span::secs(2);

/// What a run will do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The faults, by number.
    pub(crate) faults: Vec<Planned>,
    /// When the faults are over.
    pub(crate) calm_at: TrueTime,
    /// How each node's clocks start.
    pub(crate) clocks: Vec<(i32, Clock)>,
    /// Every option drawn, for people.
    pub(crate) drawn: Vec<(String, String)>,
    /// The kinds of faults, drawn or declared, that go beyond what the system claims to survive.
    pub(crate) excess: Vec<ChaosKind>,
    /// Which records drawn faults may damage.
    atlas: Atlas,
}

/// A fault of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// What it is.
    pub(crate) fault: Fault,
    /// Its number in the scenario file, if it is scripted.
    pub(crate) script: Option<usize>,
    /// The number of its dice.
    pub(crate) dice: u32,
}

impl Plan {
    /// Draws the plan of `seed` for a cluster of so many nodes and shared disks.
    pub(crate) fn draw<S: System>(system: &S, setup: &Setup<'_, S>, nodes: u8, seed: u64) -> Self {
        let scenario = setup.scenario;
        let scripted = scenario.faults.iter().cloned().enumerate();
        let mut faults: Vec<_> =
            scripted.map(|(index, fault)| Planned::listed(index, fault)).collect();
        let mut drawn = chaos::Drawn::default();
        let tolerance = system.tolerance(setup);
        let atlas = Atlas::draw(nodes, tolerance.damaged_copies, seed);
        if let Some(chaos) = &scenario.chaos {
            let anyone = chaos.limits == Limits::Beyond;
            let terrain = chaos::Terrain {
                nodes,
                computers: scenario.cluster.nodes,
                groups: &scenario.cluster.groups,
                words: system.target_words(),
                classes: S::MESSAGE_CLASSES,
                seams: [SYNC].into_iter().chain(S::SEAMS.iter().copied()).collect(),
                doomed: if anyone { NodeSet::first(nodes) } else { atlas.doomed() },
                tolerance,
            };
            drawn = chaos::draw(chaos, &terrain, seed);
            let storm = std::mem::take(&mut drawn.faults).into_iter();
            let storm = storm.zip(number(faults.len())..);
            faults.extend(storm.map(|(fault, dice)| {
                let limits = disks::damages_records(&fault).then_some(chaos.limits);
                Planned { fault: Fault { limits, ..fault }, script: None, dice }
            }));
        }
        let chaos::Drawn { options: drawn, mut excess, .. } = drawn;
        excess.extend(&scenario.beyond);
        excess.sort_unstable();
        excess.dedup();
        let clocks =
            NodeId::first(nodes).map(|node| draw_clock(&scenario.clocks, node, seed)).collect();
        let calm_at = TrueTime::ZERO.after(duration(scenario));
        Self { faults, calm_at, clocks, drawn, excess, atlas }
    }
}

impl Plan {
    /// Whether a fault may damage a record of this chunk at `node`.
    pub(crate) fn may_damage(&self, fault: u32, node: NodeId, chunk: Chunk) -> bool {
        let planned = self.faults.get(fault as usize);
        let limits = planned.and_then(|planned| planned.fault.limits);
        limits != Some(Limits::Tolerated) || self.atlas.allows(node, chunk)
    }
}

impl Plan {
    /// The properties that need not hold under what was drawn.
    pub(crate) fn excused<S: System>(&self, system: &S) -> Vec<&'static str> {
        if self.excess.is_empty() {
            return Vec::new();
        }
        let properties = system.properties();
        let must_not = |property: &Property| !system.holds_beyond(property, &self.excess);
        properties
            .iter()
            .filter(|property| must_not(property))
            .map(|property| property.id)
            .collect()
    }

    /// `scenario` with every fault of this plan in its list and nothing left to draw but dice: with the
    /// seed of the plan, the same run. Each fault names its dice, so that others can be left out.
    pub(crate) fn explicit(&self, scenario: &Scenario) -> Scenario {
        let faults = self.faults.iter().filter(|planned| planned.begins_before(self.calm_at));
        let faults =
            faults.map(|planned| Fault { dice: Some(planned.dice), ..planned.fault.clone() });
        Scenario {
            duration: Some(Duration(duration(scenario))),
            faults: faults.filter_map(writable).collect(),
            chaos: None,
            beyond: self.excess.clone(),
            ..scenario.clone()
        }
    }
}

impl Planned {
    /// A fault of the file. One that names its dice was drawn once: it owes no difference, as if it
    /// were drawn again.
    fn listed(index: usize, fault: Fault) -> Self {
        let script = fault.dice.is_none().then_some(index);
        Self { script, dice: fault.dice.unwrap_or_else(|| number(index)), fault }
    }

    fn begins_before(&self, calm_at: TrueTime) -> bool {
        TrueTime::ZERO.after(self.fault.at.0) < calm_at
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The fault as a file may say it. A side that was drawn empty cuts nothing: such a group is left out,
/// and so is a fault that consists of nothing else.
fn writable(mut fault: Fault) -> Option<Fault> {
    let is_empty = |target: &Target| matches!(target, Target::Nodes(nodes) if nodes.is_empty());
    if let Some(partition) = &mut fault.partition {
        if let Some(groups) = &mut partition.groups {
            groups.retain(|group| !is_empty(group));
            if groups.is_empty() {
                return None;
            }
        }
        if [&partition.from, &partition.to].into_iter().flatten().any(is_empty) {
            return None;
        }
    }
    Some(fault)
}

/// How long the run lasts before the calm phase.
pub(crate) fn duration(scenario: &Scenario) -> Span {
    if let Some(duration) = scenario.duration {
        return duration.0;
    }
    let end_of = |fault: &Fault| fault.at.0 + fault.lasts.map_or(Span::ZERO, |lasts| lasts.0);
    let scripted = scenario.faults.iter().map(end_of).max().map(|end| end + AFTERMATH);
    let chaos = scenario.chaos.as_ref().map(|chaos| chaos.lasts.0);
    [scripted, chaos].into_iter().flatten().max().unwrap_or(SHORTEST).max(SHORTEST)
}

/// How a node's clocks start: the rate in parts per million, and the clocks themselves. They begin at
/// different readings, so that nobody gets away with comparing them.
fn draw_clock(clocks: &Clocks, node: NodeId, seed: u64) -> (i32, Clock) {
    let mut dice = Dice::new(seed, Source::Clock(node));
    let ppm = draw_rate(clocks.rate_ppm, &mut dice);
    let mut clock = Clock::new(ppm, LocalTime(dice.word() >> 16));
    let offset = draw_within(clocks.wall_offset.0.as_nanos(), &mut dice);
    clock.change(TrueTime::ZERO, ClockChange::Step(offset));
    (ppm, clock)
}

/// A clock rate within the bound: at either end a third of the time each, for that is where
/// protocols err.
fn draw_rate(bound: u32, dice: &mut Dice) -> i32 {
    let bound = i32::try_from(bound).unwrap_or(0);
    match dice.word() % 3 {
        0 => bound,
        1 => -bound,
        _ => i32::try_from(draw_within(u64::from(bound.unsigned_abs()), dice)).unwrap_or(0),
    }
}

/// Anything from `-bound` to `bound`.
fn draw_within(bound: u64, dice: &mut Dice) -> i64 {
    let above = dice.between(Span::ZERO, Span::nanos(bound).times(2)).as_nanos();
    let signed = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
    signed(above).saturating_sub(signed(bound))
}
