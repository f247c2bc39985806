//! One run: the cluster, the timeline, the faults of the plan and the clients, until the end.

mod calm;
mod disks;
mod faults;
pub(crate) mod outcome;
mod partitions;
mod targets;

use crate::campaign::{Blamed, Cancelled, Pace};
use crate::check::Check;
use crate::clock::{Clock, TrueTime};
use crate::cluster::{Cluster, Misdeed, Tamper};
use crate::dice::{Dice, Source};
use crate::outcome::{Observed, Outcome};
use crate::plan::Plan;
use crate::seen::Client;
use crate::system::{Setup, System};
use crate::tap::Tap;
use crate::timeline::{Event, Timeline};
use crate::trace::{Recorder, Tracer};
use crate::workload::{Action, Clients, Workload};
use faults::Effects;
use interregnum_core::{LocalTime, NodeId, NodeSet};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// More than this in flight at once is a flood, not a run.
const IN_FLIGHT_MAX: usize = 1 << 20;

/// Whether it is cancelled, a run asks once in so many events.
const ASKS_EVERY: u64 = 1 << 10;

/// Everything that takes part in one run.
struct Run<'r, S: System> {
    system: &'r S,
    setup: &'r Setup<'r, S>,
    plan: Plan,
    cluster: Cluster<S::Process>,
    timeline: Timeline<'r, S::Process>,
    workload: Box<dyn Workload<S::Process>>,
    client_dice: Dice,
    calls_made: Vec<u32>,
    actions: Vec<Action<S::Process>>,
    /// What each fault of the plan is doing.
    effects: Vec<Effects>,
    seed: u64,
    calm_since: Option<TrueTime>,
    /// No set of nodes was left that the calm phase could have healed into a core.
    coreless: bool,
    pace: &'r dyn Pace,
    /// Whether the workload has the word.
    clients_act: bool,
}

/// Runs `setup` with `seed`, showing every line of the trace to `recorder` if there is one, until `pace`
/// cancels it.
///
/// A panic inside a machine ends the run and becomes part of the outcome; any other goes on from here, with
/// the culprit named.
pub(crate) fn run<'r, S: System>(
    system: &'r S,
    setup: &'r Setup<'r, S>,
    seed: u64,
    recorder: Option<&'r mut dyn Recorder>,
    pace: &'r dyn Pace,
) -> Result<Outcome, Cancelled> {
    let mut run = match Run::new(system, setup, seed, recorder, pace) {
        Ok(run) => run,
        // `prepare` has deployed the same scenario before, so this cannot happen; but a foreign
        // system may not keep that promise.
        Err(mistakes) => return Ok(outcome::undeployable(seed, &mistakes)),
    };
    let played = catch_unwind(AssertUnwindSafe(|| run.play()));
    let observed = played.unwrap_or_else(|panic| Ok(run.panicked(panic)))?;
    Ok(run.outcome(observed))
}

impl<'r, S: System> Run<'r, S> {
    fn new(
        system: &'r S,
        setup: &'r Setup<'r, S>,
        seed: u64,
        recorder: Option<&'r mut dyn Recorder>,
        pace: &'r dyn Pace,
    ) -> Result<Self, Vec<crate::subject::Mistake>> {
        let scenario = setup.scenario;
        let deployment = system.deploy(setup)?;
        let workload = system.workload(setup)?;
        let nodes = scenario.cluster.nodes.saturating_add(deployment.shared_disks);
        let plan = Plan::draw(system, setup, nodes, seed);
        let clients = workload.clients();
        let clock = |node: NodeId| {
            let planned = plan.clocks.get(node.index()).cloned();
            planned.unwrap_or_else(|| (0, Clock::new(0, LocalTime(0))))
        };
        let mut cluster =
            Cluster::new(deployment, scenario.cluster.nodes, clients, plan.faults.len(), clock);
        if let Some(misdeed) = setup.mutant.and_then(|mutant| Misdeed::of(mutant.id)) {
            cluster.tamper(Tamper::new(misdeed, S::forged));
        }
        let mut tap = Tap::new(system.checks(setup), recorder.map(|to| Tracer::new(to, S::glance)));
        tap.report.excused = plan.excused(system);
        tap.ends_claims = S::ends_claims;
        let mut timeline =
            Timeline::new(seed, &cluster, clients, &scenario.network, &scenario.disks, tap);
        (timeline.class_of, timeline.seam_of) = (S::message_class, S::seam);
        Ok(Self {
            system,
            setup,
            effects: plan.faults.iter().map(|_| Effects::default()).collect(),
            plan,
            cluster,
            timeline,
            workload,
            client_dice: Dice::new(seed, Source::Workload),
            calls_made: vec![0; clients as usize],
            actions: Vec::new(),
            seed,
            calm_since: None,
            coreless: false,
            pace,
            clients_act: false,
        })
    }

    fn play(&mut self) -> Result<Observed, Cancelled> {
        for (number, planned) in (0..=u32::MAX).zip(&self.plan.faults) {
            let begins = TrueTime::ZERO.after(planned.fault.at.0);
            if begins < self.plan.calm_at {
                self.timeline.schedule(begins, Event::FaultBegins(number));
            }
        }
        self.timeline.schedule(self.plan.calm_at, Event::Calm);
        self.cluster.begin(&mut self.timeline);
        self.with_clients(|workload, clients| workload.begin(clients));
        let mut budget = self.setup.scenario.max_events;
        while let Some(event) = self.timeline.next() {
            if self.timeline.tap.failure.is_some() {
                break;
            }
            if budget == 0 {
                return Ok(Observed::Inconclusive(self.exhausted()));
            }
            if budget.is_multiple_of(ASKS_EVERY) && self.pace.is_cancelled() {
                let (at_ns, events) = (self.timeline.time().0, self.timeline.tap.events());
                return Err(Cancelled { at_ns, events });
            }
            budget -= 1;
            if self.cluster.in_flight() > IN_FLIGHT_MAX {
                return Ok(Observed::Inconclusive(self.flooded()));
            }
            if event == Event::End || self.is_settled() {
                break;
            }
            self.happen(event);
            while let Some(reached) = self.cluster.next_reached() {
                self.reach_seam(reached);
            }
            while let Some((fault, node)) = self.cluster.next_blackout() {
                self.black_out(fault, node);
            }
        }
        if self.timeline.tap.failure.is_none() {
            let now = self.timeline.time();
            self.timeline.tap.finish(&self.cluster, now);
        }
        Ok(match &self.timeline.tap.failure {
            None => Observed::Held,
            Some((failure, _)) if failure.is_stall() => Observed::Stalled,
            Some(_) => Observed::Violated,
        })
    }

    /// What a panic in the middle of the run says of the system: something if it was a machine's. A check
    /// that panicked has judged nothing, and neither has one whose clients did.
    fn panicked(&self, panic: Box<dyn Any + Send>) -> Observed {
        let said = outcome::said(&*panic);
        if let Some(judged) = self.timeline.tap.judged() {
            resume_unwind(Box::new(Blamed(format!("the check of {judged} panicked: {said}"))));
        }
        if self.clients_act {
            resume_unwind(Box::new(Blamed(format!("the workload panicked: {said}"))));
        }
        match self.cluster.stepping() {
            Some(process) => Observed::Panicked(format!("{process}: {said}")),
            None => resume_unwind(panic),
        }
    }

    fn exhausted(&self) -> String {
        let budget = self.setup.scenario.max_events;
        let now = self.timeline.time();
        let delivered = self.timeline.tap.events();
        format!(
            "the budget of {budget} events was spent at {now}, {delivered} of them delivered: raise \
             `max_events`, or make less happen"
        )
    }

    fn flooded(&self) -> String {
        let now = self.timeline.time();
        format!("more than {IN_FLIGHT_MAX} messages in flight at {now}: a flood")
    }

    /// Whether the calm phase has shown everything that it is there for.
    fn is_settled(&self) -> bool {
        self.calm_since.is_some_and(|since| since < self.timeline.time())
            && (self.timeline.tap.claims_ended.is_some()
                || self.timeline.tap.checks.iter().all(|check| Check::settled(&**check)))
    }

    #[inline(always)]
    fn happen(&mut self, event: Event) {
        match event {
            Event::Letter(letter) => self.cluster.receive(letter, &mut self.timeline),
            Event::Arrival(flight) => {
                if let Some(answer) = self.cluster.arrive(flight, &mut self.timeline) {
                    self.with_clients(|workload, clients| {
                        workload.on_answer(answer.client, answer.id, &answer.reply, clients);
                    });
                }
            }
            Event::Timer { process, timer } => {
                if self.timeline.is_due(process, timer) {
                    let (process, timer) = (usize::from(process), usize::from(timer));
                    self.cluster.fire(process, timer, &mut self.timeline);
                }
            }
            Event::Watchdog { node, generation } => {
                self.cluster.watchdog(node, generation, &mut self.timeline);
            }
            Event::Wake { client } => {
                if self.timeline.wakes(client) {
                    self.with_clients(|workload, clients| {
                        workload.on_wake(Client(client), clients)
                    });
                }
            }
            Event::FaultBegins(fault) => self.begin_fault(fault),
            Event::FaultEnds(fault) => self.end_fault(fault),
            Event::Calm => self.calm(),
            Event::End => {}
        }
    }

    /// Lets the workload act, and carries out what it asks for.
    fn with_clients(
        &mut self,
        act: impl FnOnce(&mut dyn Workload<S::Process>, &mut Clients<'_, S::Process>),
    ) {
        let mut clients = Clients {
            now: self.timeline.time(),
            dice: &mut self.client_dice,
            calls_made: &mut self.calls_made,
            actions: &mut self.actions,
        };
        self.clients_act = true;
        act(&mut *self.workload, &mut clients);
        self.clients_act = false;
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.drain(..) {
            match action {
                Action::Call { client, id, to, call } => {
                    self.cluster.ask(client, id, to, call, &mut self.timeline);
                }
                Action::Wake { client, after } => self.timeline.set_wake(client, after),
            }
        }
        self.actions = actions;
    }

    fn computers(&self) -> NodeSet {
        self.cluster.computers()
    }
}
