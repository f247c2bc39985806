//! [OmniPaxos](https://crates.io/crates/omnipaxos) 0.2.4, untouched, under Interregnum's simulator:
//! what it takes to try a protocol that others wrote. It is judged by its disks and its answers.
//!
//! It holds under every fault, provided that links keep order and that its messages are fetched
//! after each step. Where they wait inside it (`lazy`) and one was lost, replicas decide differently:
//! a leader that answers a repeated `Promise` queues another `AcceptSync`, but goes on adding entries
//! to the `AcceptDecide` queued before it. The follower does not take that one, and nothing else
//! brings it those entries.

mod disk;
mod replica;

use interregnum_sim::prelude::*;
use replica::{Config, Replica, TICK};
use std::collections::BTreeMap;

static AGREEMENT: Property = Property::invariant(
    "OX1",
    "one decided log",
    "no two disks or answers ever show different commands decided at one index",
);
static PROGRESS: Property = Property::liveness(
    "OX2",
    "decisions go on",
    "some call made in the calm phase is answered, for it is decided, within the bound",
);

struct Agreement {
    /// What was decided at each index, and who was the first to show it.
    decided: BTreeMap<u64, (CallId, NodeId, TrueTime)>,
    tally: Tally,
}

impl Check<Replica> for Agreement {
    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Durable, Kind::Replied])
    }

    fn observe(&mut self, seen: &Seen<'_, Replica>, view: View<'_, Replica>, report: &mut Report) {
        let now = view.now();
        let mut compare = |index, call, node| {
            self.tally.exercised(now);
            let (known, first, since) = *self.decided.entry(index).or_insert((call, node, now));
            if known != call {
                let failure = Failure::new(&AGREEMENT, format!("two commands at index {index}"));
                let failure = failure.because(since, first, known.to_string());
                report.fail(failure.because(now, node, call.to_string()));
            }
        };
        match seen {
            Seen::Durable { node, record, .. } => {
                let decided = record.log.iter().take(record.decided.0);
                (0..).zip(decided).for_each(|(index, command)| compare(index, command.0, *node));
            }
            Seen::Replied { process, id, reply } => compare(**reply, *id, process.node),
            _ => {}
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }
}

const PATIENCE: Span = Span::millis(500);

/// How replicas are deployed.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A silent leader is given up after so many ticks of 10 to 12.5 ms; by default 12.
    election_ticks: Option<u64>,
}

/// The system, sound or not.
#[derive(Debug, Default)]
pub struct Omni {
    /// Planted: messages and answers do not wait for the disk.
    pub hasty: bool,
    /// Messages are fetched from OmniPaxos when they can be sent, not after each step.
    pub lazy: bool,
}

impl System for Omni {
    type Process = Replica;
    type Settings = Settings;
    type Load = NoOptions;
    const ID: &'static str = "omnipaxos";
    const ABOUT: &'static str = "the replicated log of the omnipaxos crate";

    fn properties(&self) -> Vec<Property> {
        vec![AGREEMENT, PROGRESS]
    }

    fn deploy(&self, setup: &Setup<'_, Self>) -> Result<Deployment<Replica>, Vec<Mistake>> {
        let nodes = setup.scenario.cluster.nodes;
        let election_ticks = setup.settings.election_ticks.unwrap_or(12);
        if nodes < 2 || election_ticks == 0 {
            return Err(vec![Mistake::new("settings", "at least two nodes and one tick")]);
        }
        let Self { hasty, lazy } = *self;
        Ok(Deployment::one_each(nodes, |_| Config { nodes, election_ticks, hasty, lazy }))
    }

    fn workload(
        &self,
        setup: &Setup<'_, Self>,
    ) -> Result<Box<dyn Workload<Replica>>, Vec<Mistake>> {
        let nodes: Vec<_> = NodeId::first(setup.scenario.cluster.nodes).collect();
        let call = move |client, clients: &mut Clients<'_, Replica>| {
            let node = *clients.dice().choose(&nodes).expect("`deploy` has seen to that");
            clients.call(client, ProcessId::main(node), ());
        };
        Ok(Box::new(ClosedLoop { clients: 4, pause: Span::millis(20), patience: PATIENCE, call }))
    }

    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Replica>>> {
        let agreement = Agreement { decided: BTreeMap::new(), tally: Tally::new(&AGREEMENT) };
        vec![Box::new(agreement), Box::new(Answers::new(&PROGRESS, self.calm_bound(setup)))]
    }

    /// Everything: sessions hide duplication and overtaking, the disk hides restarts.
    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        Tolerance { kinds: ChaosKind::ALL, nodes_at_once: None }
    }

    fn core(&self, setup: &Setup<'_, Self>) -> Core {
        Core::majority(setup.scenario.cluster.nodes)
    }

    /// Sixty elections and a client's patience.
    fn calm_bound(&self, setup: &Setup<'_, Self>) -> Span {
        TICK.times(setup.settings.election_ticks.unwrap_or(12) * 60) + PATIENCE
    }

    fn resolve(
        &self,
        _: &str,
        _: Option<&serde_json::Value>,
        view: View<'_, Replica>,
    ) -> Vec<ProcessId> {
        view.processes().filter(|id| view.machine(*id).is_some_and(Replica::leads)).collect()
    }
}
