//! The plan of a run: every option that was drawn, every fault with its time. A run is a function of
//! its plan and its seed.
//!
//! A drawn fault is written down in the same form as a scripted one, so that a plan could be read back
//! as a scenario.

mod atlas;
mod chaos;

use crate::clock::TrueTime;
use crate::dice::{Dice, Source};
use crate::scenario::{Fault, Limits, Scenario};
use crate::system::{Chunk, Tolerance};
use atlas::Atlas;
use interregnum_core::{NodeId, Span};

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
    /// How fast each node's clock runs, in parts per million.
    pub(crate) clock_ppm: Vec<i32>,
    /// Every option drawn, for people.
    pub(crate) drawn: Vec<(String, String)>,
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
}

impl Plan {
    /// Draws the plan of `seed`.
    pub(crate) fn draw(
        scenario: &Scenario,
        tolerance: &Tolerance,
        words: &'static [&'static str],
        nodes: u8,
        seed: u64,
    ) -> Self {
        let scripted = scenario.faults.iter().cloned().enumerate();
        let mut faults: Vec<_> =
            scripted.map(|(index, fault)| Planned { fault, script: Some(index) }).collect();
        let mut drawn = Vec::new();
        let mut atlas = Atlas::unlimited(nodes);
        if let Some(chaos) = &scenario.chaos {
            if chaos.limits == Limits::Tolerated {
                atlas = Atlas::draw(nodes, tolerance.damaged_copies, seed);
            }
            let whom = chaos::Whom { nodes, words, doomed: atlas.doomed() };
            let storm = chaos::draw(chaos, tolerance, whom, seed, &mut drawn);
            faults.extend(storm.into_iter().map(|fault| Planned { fault, script: None }));
        }
        let clock_ppm = NodeId::first(nodes)
            .map(|node| draw_rate(scenario.clocks.rate_ppm, node, seed))
            .collect();
        let calm_at = TrueTime::ZERO.after(duration(scenario));
        Self { faults, calm_at, clock_ppm, drawn, atlas }
    }
}

impl Plan {
    /// Whether a fault may damage a record of this chunk at `node`; what a scenario scripts always may.
    pub(crate) fn may_damage(&self, fault: u32, node: NodeId, chunk: Chunk) -> bool {
        let planned = self.faults.get(fault as usize);
        planned.is_some_and(|planned| planned.script.is_some()) || self.atlas.allows(node, chunk)
    }
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

/// A clock rate within the bound: at either end a third of the time each, for that is where
/// protocols err.
fn draw_rate(bound: u32, node: NodeId, seed: u64) -> i32 {
    let bound = i32::try_from(bound).unwrap_or(0);
    let mut dice = Dice::new(seed, Source::Clock(node));
    match dice.word() % 3 {
        0 => bound,
        1 => -bound,
        _ => {
            let width = Span::nanos(u64::from(bound.unsigned_abs()) * 2);
            let above = dice.between(Span::ZERO, width).as_nanos();
            i32::try_from(above).map_or(0, |above| above - bound)
        }
    }
}
