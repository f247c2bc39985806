//! A cluster as a model: the same machines, disks and checks as in a simulated run, in every order.
//!
//! **What may happen next** in a state: any message on its way arrives; a disk completes any operation; any
//! armed timer fires; a client makes its next call; and, as long as the [`Bounds`] allow it, a message arrives
//! and stays on its way, or is lost; a disk fails a sync, with any part of what it covered durable; a process
//! crashes, between steps or after any prefix of one step's effects; it is paused after such a prefix, and does the
//! rest when it goes on; a node loses power, and with it any part of what was not durable; the network falls into
//! two parts.
//!
//! **What needs no choice.** Clients' calls arrive as they are made and answers as they are given: what is
//! concurrent for them then is so in fact, and whatever a client may rely on, it relies on here. A process that
//! fell starts anew at once: to be down for a while is to be handed nothing for a while. A slow link, or a process
//! that is paused between steps, is that as well. A message to a process that never takes it in is a lost one.
//!
//! **Time** does not pass unless the bounds say so, and then beat by beat, for all nodes together; in each beat
//! each clock runs as fast or as slowly as it may. That is every behaviour of clocks that the bound on their rate
//! allows which changes rates only between beats, and takes no rate but the extremes. A timer fires as soon as its
//! node's clock has counted the least that it was armed for, or any time after: whoever is paused is late. States
//! that differ only in when they are are the same, as long as machines and checks keep [deadlines], of which they
//! can only ask how much is left. A reading of a clock, kept or sent, keeps them apart: nothing is missed, but where
//! beats are without end the search may be, too. Where no beat is given, a machine that reads a clock is refused.
//! The wall clock, which anybody may step, is in no search.
//!
//! [deadlines]: interregnum_core::Deadline
//!
//! **Identity.** A state is the sum of the fingerprints of its parts: nodes, messages, clients, checks. One
//! step changes one node, so that only what changed is folded again. The checks are part of it: what they
//! remember is what makes two histories different.
//!
//! **Symmetry** of nodes is not made use of. Numbers of nodes are no mere names: ballots are ordered by them, of
//! several nodes that are as good the last one is asked, and bounds say which nodes act and which fall. What is
//! left are nodes whose timers never fire, and that all fall or none; and to take two of these for one another,
//! their numbers would have to be changed in everything that may contain them: machine, messages, records, sets,
//! and what checks remember. To the search all of that is opaque, and a
//! place that is forgotten, or an order that depends on a number, makes it skip states in silence. That is a bad
//! bargain for a factor of two at most among three nodes with one that acts, and for nothing with two. Where a state is
//! plain data it is a good one: the textbook models have it, with a switch and a test that outcomes and verdicts
//! are the same either way (`tests/models`).

mod bounds;
mod choice;
mod director;
mod exercise;
mod follow;
mod found;
mod jury;
mod relevance;
mod stage;
mod state;
mod step;
mod weather;

pub use bounds::{Bounds, Explore, Picks, Reductions, Time};
pub use choice::{Choice, What};
pub use found::{Exploration, How, Searchable, Violated};
pub use stage::Stage;
pub use state::State;
use step::guarded;

pub use step::Wrong;

use super::{Key, Model, Purse, Step};
use crate::cluster::Branch;
use crate::outcome::Property;
use crate::subject::Mistake;
use crate::system::{ExplorableSystem, Setup};
use bounds::{BOUNDS, Budget};
use director::Nobody;
use interregnum_core::{Fingerprint, Machine, Prospect, Span};

/// Every combination of their rates is a choice.
const MOST_CLOCKS: usize = 8;

/// The cluster of a scenario, as a model.
pub struct ClusterModel<'s, S: ExplorableSystem> {
    system: &'s S,
    setup: Setup<'s, S>,
    bounds: Bounds,
    reductions: Reductions,
    /// What a slow clock counts in a beat, and what a fast one does.
    counts: [Span; 2],
    script: Vec<Vec<<S::Process as Machine>::Call>>,
    /// What each node was deployed with.
    configs: Vec<<S::Process as Machine>::Config>,
    /// What is judged.
    properties: Vec<&'static Property>,
}

impl<'s, S: ExplorableSystem> ClusterModel<'s, S> {
    /// The model of a scenario within bounds.
    ///
    /// # Errors
    /// Why it cannot be searched.
    pub fn new(
        system: &'s S,
        setup: Setup<'s, S>,
        bounds: Bounds,
        reductions: Reductions,
    ) -> Result<Self, Vec<Mistake>> {
        let unfit = |why: String| vec![Mistake::new("explore", why)];
        let deployment = system.deploy(&setup)?;
        if deployment.shared_disks > 0 {
            return Err(unfit("it has shared disks, which cannot be searched yet".to_owned()));
        }
        if deployment.processes.iter().any(|process| process.id.part.0 > 0) {
            let why = "it has nodes with several processes, which cannot be searched yet";
            return Err(unfit(why.to_owned()));
        }
        let nodes = deployment.processes.len();
        let mistakes = bounds.mistakes(nodes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let checks = system.checks(&setup);
        let properties = exercise::invariants(&checks);
        for check in checks {
            let judged: Vec<_> = check.tallies().iter().map(|tally| tally.property.id).collect();
            if check.branching().is_none() {
                return Err(unfit(format!("the check of {} cannot be copied", judged.join(", "))));
            }
        }
        let counts = match bounds.time {
            None => [Span::ZERO; 2],
            Some(time) if time.rate_ppm > 0 && nodes > MOST_CLOCKS => {
                let message = format!("of clocks that are off there are at most {MOST_CLOCKS}");
                return Err(vec![Mistake::new("explore.bounds.time.rate_ppm", message)]);
            }
            Some(time) => {
                let counts = [time.counts(false), time.counts(true)];
                let [slow, fast] = counts.map(|counts| counts.map_err(|mistake| vec![mistake]));
                let counts = [slow?, fast?];
                let most = system.tolerance(&setup).clock_rate_ppm;
                if time.rate_ppm > most {
                    let message = format!(
                        "found `{}`, expected at most {most}, which is what the system claims to survive",
                        time.rate_ppm
                    );
                    return Err(vec![Mistake::new("explore.bounds.time.rate_ppm", message)]);
                }
                counts
            }
        };
        let mut script = system.script(&setup);
        script.truncate(usize::from(bounds.clients));
        script.iter_mut().for_each(|calls| calls.truncate(usize::from(bounds.calls)));
        let configs = deployment.processes.into_iter().map(|process| process.config).collect();
        Ok(Self { system, setup, bounds, reductions, counts, script, configs, properties })
    }

    /// What the machines have decided in a state, whatever else there is to it.
    #[must_use]
    pub fn decided(&self, state: &State<S::Process>) -> Fingerprint {
        let decided = |machine: Option<_>| machine.map(|machine| self.system.decided(machine));
        Fingerprint::of(&Self::machines(state).map(decided).collect::<Vec<_>>())
    }

    /// The machine of each node in a state; none, if it is down.
    pub fn machines(state: &State<S::Process>) -> impl Iterator<Item = Option<&S::Process>> {
        state.nodes.iter().map(|node| node.machine.as_deref())
    }

    /// Whether this node's timers fire, and clients call it.
    fn is_active(&self, node: usize) -> bool {
        self.bounds.active.is_none_or(|active| node < usize::from(active))
    }

    /// Whether timers of this node may fire, as far as that node is concerned.
    fn may_fire(&self, node: usize, branch: &Branch<S::Process>) -> bool {
        self.is_active(node) && self.bounds.timers_each.is_none_or(|most| branch.fired < most)
    }

    /// Whether this node may fall, and its disk fail.
    fn is_unsteady(&self, node: usize) -> bool {
        let steady = |unsteady| self.configs.len().saturating_sub(usize::from(unsteady));
        self.bounds.unsteady.is_none_or(|unsteady| node >= steady(unsteady))
    }

    /// What may yet happen to a node.
    fn prospect(&self, node: usize, branch: &Branch<S::Process>, purse: Purse) -> Prospect {
        let left = |budget: Budget| purse.left(budget as usize) > 0;
        let falls = [Budget::Crashes, Budget::PowerLosses, Budget::DiskErrors];
        let restarts = self.is_unsteady(node) && falls.into_iter().any(left);
        Prospect { fires: self.may_fire(node, branch) && left(Budget::Timers), restarts }
    }

    fn key_of(&self, print: u128, purse: Purse) -> Key {
        if self.reductions.budgets {
            return Key { print, purse };
        }
        let amounts: [u8; Purse::BUDGETS] = std::array::from_fn(|budget| purse.left(budget));
        Key::of(print.wrapping_add(Fingerprint::of(&amounts).0))
    }
}

impl<S: ExplorableSystem> Model for ClusterModel<'_, S> {
    type State = State<S::Process>;
    type Choice = Choice;
    type Workspace = Stage<S::Process>;
    type Failure = Wrong;

    fn workspace(&self) -> Stage<S::Process> {
        Stage::new(self, Nobody)
    }

    fn initial(&self, stage: &mut Stage<S::Process>) -> State<S::Process> {
        stage.begin(self)
    }

    fn key(&self, state: &State<S::Process>) -> Key {
        self.key_of(state.print, state.purse)
    }

    fn choices(&self, state: &State<S::Process>, choices: &mut Vec<Choice>, cuts: &mut [u64]) {
        choice::all(self, state, choices, cuts);
    }

    fn step(
        &self,
        stage: &mut Stage<S::Process>,
        state: &State<S::Process>,
        choice: &Choice,
        cuts: &mut [u64],
    ) -> Step<Wrong> {
        // After a panic the stage is of no use, but nor is the search.
        guarded(|| stage.step(self, state, *choice, cuts)).unwrap_or_else(Step::Wrong)
    }

    fn build(&self, stage: &mut Stage<S::Process>, state: &State<S::Process>) -> State<S::Process> {
        stage.build(state)
    }

    fn bounds(&self) -> &'static [&'static str] {
        BOUNDS
    }

    fn properties(&self) -> Vec<&'static str> {
        self.properties.iter().map(|property| property.id).collect()
    }

    fn exercised(&self, stage: &mut Stage<S::Process>, times: &mut [u64]) {
        stage.jury.exercised.take(times);
    }

    fn weight(&self, state: &State<S::Process>) -> usize {
        state.weight()
    }
}
