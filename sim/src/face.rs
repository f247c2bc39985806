//! The object-safe face of a [`System`]: reads the system's own parts of a scenario, picks the sound
//! or the planted instance, and runs it.

use crate::campaign::{Cancelled, Pace, Patient};
use crate::explore::cluster::{Exploration, How, Searchable};
use crate::outcome::{Outcome, Property};
use crate::plan;
use crate::run::run;
use crate::scenario::{Scenario, decode_settings};
use crate::subject::{Exempt, Mistake, Mutant, Prepared, Subject};
use crate::system::{ExplorableSystem, Setup, System};
use crate::trace::Recorder;
use interregnum_core::{Machine, NodeSet, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A system that has no planted bugs, as a subject.
pub fn register<S: System>(system: S) -> Box<dyn Subject> {
    Box::new(Face::<S, S> { sound: Arc::new(system), planted: None, searchable: None })
}

/// A system with planted bugs: `planted` is run where a scenario names one. Two instances, so that
/// the sound code is exactly what is run and measured.
pub fn register_with_planted<S, P>(sound: S, planted: P) -> Box<dyn Subject>
where
    S: System,
    P: System<Settings = S::Settings, Load = S::Load>,
{
    Box::new(Face { sound: Arc::new(sound), planted: Some(Arc::new(planted)), searchable: None })
}

/// The same for a system that can be searched exhaustively, too.
pub fn register_searchable<S, P>(sound: S, planted: P) -> Box<dyn Subject>
where
    S: ExplorableSystem,
    P: ExplorableSystem<Settings = S::Settings, Load = S::Load>,
{
    let searchable = Some((Searchable::new(), Searchable::new()));
    Box::new(Face { sound: Arc::new(sound), planted: Some(Arc::new(planted)), searchable })
}

struct Face<S: System, P: System> {
    sound: Arc<S>,
    planted: Option<Arc<P>>,
    searchable: Option<(Searchable<S>, Searchable<P>)>,
}

impl<S, P> Subject for Face<S, P>
where
    S: System,
    P: System<Settings = S::Settings, Load = S::Load>,
{
    fn id(&self) -> &'static str {
        S::ID
    }

    fn about(&self) -> &'static str {
        S::ABOUT
    }

    fn notation(&self) -> &'static [(&'static str, &'static str)] {
        S::NOTATION
    }

    fn settings_schema(&self) -> Schema {
        schema_of::<S::Settings>()
    }

    fn workload_schema(&self) -> Schema {
        schema_of::<S::Load>()
    }

    fn target_words(&self) -> &'static [&'static str] {
        self.sound.target_words()
    }

    fn parts(&self) -> &'static [&'static str] {
        self.sound.parts()
    }

    fn message_classes(&self) -> &'static [&'static str] {
        S::MESSAGE_CLASSES
    }

    fn seams(&self) -> &'static [&'static str] {
        S::SEAMS
    }

    fn mutants(&self) -> &'static [Mutant] {
        self.planted.as_ref().map_or(&[], |planted| planted.mutants())
    }

    fn exempt(&self) -> &'static [Exempt] {
        self.sound.exempt()
    }

    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        self.planted.as_ref()?.scenario_of(mutant)
    }

    fn exploration_of(&self, mutant: &str) -> Option<&'static str> {
        self.planted.as_ref()?.exploration_of(mutant)
    }

    fn properties(&self) -> Vec<Property> {
        self.sound.properties()
    }

    fn counters(&self) -> &'static [&'static str] {
        self.sound.counters()
    }

    fn shared_disks(&self, scenario: &Scenario) -> Option<u8> {
        // What deploys is the same cluster with a planted bug or without.
        let settings = decode_settings("settings", &scenario.settings).ok()?;
        let load = decode_settings("workload", &scenario.workload).ok()?;
        let setup = Setup { scenario, settings: &settings, load: &load, mutant: None };
        Some(self.sound.deploy(&setup).ok()?.shared_disks)
    }

    fn prepare(&self, scenario: &Scenario) -> Result<Box<dyn Prepared>, Vec<Mistake>> {
        let Some(wanted) = &scenario.mutant else {
            let searchable = self.searchable.map(|(sound, _)| sound);
            return Ready::prepare(&self.sound, scenario, None, searchable);
        };
        let known = self.mutants().iter().find(|mutant| mutant.id == wanted);
        match (known, &self.planted) {
            (Some(mutant), Some(planted)) => {
                let searchable = self.searchable.map(|(_, planted)| planted);
                Ready::prepare(planted, scenario, Some(mutant), searchable)
            }
            _ => Err(vec![Mistake::new(
                "mutant",
                format!("`{}` has no planted bug `{wanted}`", S::ID),
            )]),
        }
    }
}

fn schema_of<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

/// A scenario with the system's parts of it read.
struct Ready<S: System> {
    system: Arc<S>,
    scenario: Scenario,
    settings: S::Settings,
    load: S::Load,
    mutant: Option<&'static Mutant>,
    searchable: Option<Searchable<S>>,
}

impl<S: System> Ready<S> {
    /// Reads and checks everything that does not depend on the seed.
    fn prepare(
        system: &Arc<S>,
        scenario: &Scenario,
        mutant: Option<&'static Mutant>,
        searchable: Option<Searchable<S>>,
    ) -> Result<Box<dyn Prepared>, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let settings = read("settings", &scenario.settings, &mut mistakes);
        let load = read("workload", &scenario.workload, &mut mistakes);
        let (Some(settings), Some(load)) = (settings, load) else { return Err(mistakes) };
        let ready = Self {
            system: Arc::clone(system),
            scenario: scenario.clone(),
            settings,
            load,
            mutant,
            searchable,
        };
        let setup = ready.setup();
        match system.deploy(&setup) {
            Err(found) => mistakes.extend(found),
            Ok(deployment) => {
                let disks = deployment.shared_disks;
                let total = u32::from(scenario.cluster.nodes) + u32::from(disks);
                if total > u32::from(NodeSet::CAPACITY) {
                    let room = NodeSet::CAPACITY - disks.min(NodeSet::CAPACITY);
                    let found = scenario.cluster.nodes;
                    let message = format!("found `{found}`, expected at most {room} nodes");
                    let help = format!("there are {disks} shared disks besides");
                    mistakes.push(Mistake::new("cluster.nodes", message).with_help(help));
                }
            }
        }
        match system.workload(&setup) {
            Err(found) => mistakes.extend(found),
            Ok(workload) if workload.clients() > CLIENTS_MAX => {
                let found = workload.clients();
                let message = format!("found `{found}`, expected at most {CLIENTS_MAX} clients");
                mistakes.push(Mistake::new("workload.clients", message));
            }
            Ok(_) => {}
        }
        if scenario.choices.is_some() && searchable.is_none() {
            let message = format!("the system `{}` cannot follow choices", S::ID);
            mistakes.push(Mistake::new("choices", message));
        }
        if let (Some(explore), Some(searchable)) = (&scenario.explore, searchable)
            && mistakes.is_empty()
        {
            mistakes = (searchable.check)(system, ready.setup(), explore);
        }
        if mistakes.is_empty() {
            ready.check_times(&mut mistakes);
        }
        if mistakes.is_empty() { Ok(Box::new(ready)) } else { Err(mistakes) }
    }

    fn setup(&self) -> Setup<'_, S> {
        Setup {
            scenario: &self.scenario,
            settings: &self.settings,
            load: &self.load,
            mutant: self.mutant,
        }
    }

    /// The run that follows the scenario's history, if it has one.
    fn follow(&self, seed: u64, recorder: Option<&mut dyn Recorder>) -> Option<Outcome> {
        let (choices, searchable) = (self.scenario.choices.as_ref()?, self.searchable?);
        Some((searchable.follow)(&self.system, &self.setup(), choices, seed, recorder))
    }

    fn check_times(&self, mistakes: &mut Vec<Mistake>) {
        let ends = plan::duration(&self.scenario);
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            if fault.at.0 >= ends {
                let message = format!(
                    "the fault begins at {}, the calm phase, which ends it, at {ends}",
                    fault.at
                );
                let help = "start it earlier, or give a longer `duration`";
                mistakes.push(Mistake::new(format!("faults[{index}].at"), message).with_help(help));
            }
        }
        let bound = self.system.calm_bound(&self.setup());
        if let Some(within) = self.scenario.calm.within
            && within.0 < bound
        {
            let message = format!("found {within}, expected at least the computed bound, {bound}");
            let help = "leave it out, or make it longer";
            mistakes.push(Mistake::new("calm.within", message).with_help(help));
        }
        // Where time itself ends, whoever waits for something would wait in vain.
        let calm = self.scenario.calm.within.map_or(bound, |within| within.0.max(bound));
        if ends.as_nanos().checked_add(calm.as_nanos()).is_none_or(|end| end > LATEST.as_nanos()) {
            let message = format!(
                "the run would last longer than 400 years: {ends} of faults, then up to {calm} to recover"
            );
            let help = "make `duration`, `calm.within` or the longest delay shorter";
            mistakes.push(Mistake::new("duration", message).with_help(help));
        }
    }
}

/// No run lasts longer; virtual time ends after 584 years.
const LATEST: Span = Span::secs(400 * 366 * 24 * 3600);

/// More clients than this are a load test, not a scenario.
const CLIENTS_MAX: u32 = 1000;

impl<S: System> Prepared for Ready<S>
where
    S::Process: Machine,
{
    fn run(&self, seed: u64) -> Outcome {
        self.run_until(seed, &Patient).expect("nobody cancels it")
    }

    fn trace(&self, seed: u64, sink: &mut dyn Recorder) -> Outcome {
        self.trace_until(seed, sink, &Patient).expect("nobody cancels it")
    }

    fn run_until(&self, seed: u64, pace: &dyn Pace) -> Result<Outcome, Cancelled> {
        if let Some(outcome) = self.follow(seed, None) {
            return Ok(outcome);
        }
        run(&*self.system, &self.setup(), seed, None, pace)
    }

    fn trace_until(
        &self,
        seed: u64,
        sink: &mut dyn Recorder,
        pace: &dyn Pace,
    ) -> Result<Outcome, Cancelled> {
        if self.scenario.choices.is_some()
            && let Some(outcome) = self.follow(seed, Some(sink))
        {
            return Ok(outcome);
        }
        run(&*self.system, &self.setup(), seed, Some(sink), pace)
    }

    fn explore(&self, how: How<'_>) -> Result<Exploration, String> {
        match &self.searchable {
            Some(searchable) => (searchable.explore)(&self.system, self.setup(), how),
            None => Err(format!("the system `{}` cannot be searched", S::ID)),
        }
    }

    fn explicit(&self, seed: u64) -> Option<Scenario> {
        // What follows a history has no faults to leave out.
        if self.scenario.choices.is_some() {
            return None;
        }
        let deployment = self.system.deploy(&self.setup()).ok()?;
        let nodes = self.scenario.cluster.nodes.saturating_add(deployment.shared_disks);
        let plan = plan::Plan::draw(&*self.system, &self.setup(), nodes, seed);
        Some(plan.explicit(&self.scenario))
    }
}

fn read<T: DeserializeOwned>(
    field: &str,
    value: &Map<String, Value>,
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    decode_settings(field, value).map_err(|found| mistakes.extend(found)).ok()
}
