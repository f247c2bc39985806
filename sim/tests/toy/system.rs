//! A toy system that uses every corner of the simulator's interface: two kinds of process a node that
//! crash one by one, notices between them, a watchdog, spawning and killing, a shared disk that is a
//! node of the network, crashes in the middle of a step. Its machine is neither `Clone` nor `Hash`.
//!
//! An agent takes a client's number, makes it durable on the shared disk, has its worker make it durable
//! locally, and answers.

use crate::agreement::{SAME, all_alike, by_number};
use interregnum_sim::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

const AGENT: Part = Part(0);
const WORKER: Part = Part(1);
const DISK: Volume = Volume::Shared(NodeId(3));
const LOCAL: Place = Place::local(0, 0);

#[derive(Debug)]
pub(crate) enum Toy {
    Agent { job: Option<(CallId, u64)> },
    Worker { job: Option<u64>, wall: WallTime },
}

#[derive(Clone, Debug, Fold)]
pub(crate) enum Notice {
    Store(u64),
    Stored(u64),
}

impl Machine for Toy {
    /// Whether the agent answers before the worker has stored the number: the planted bug.
    type Config = bool;
    type Message = u64;
    type Timer = &'static str;
    type Record = u64;
    type Ticket = u64;
    type Call = u64;
    type Reply = u64;
    type Notice = Notice;
    type Fact = ();

    fn boot(_: &bool, image: &Image<u64>, cx: &mut Context<'_, Self>) -> Self {
        if cx.me().part == AGENT {
            cx.spawn(WORKER);
            return Self::Agent { job: None };
        }
        if image.record(LOCAL).is_some() {
            cx.probe("toy/worker-remembers");
        }
        pet(cx);
        Self::Worker { job: None, wall: cx.wall() }
    }

    fn step(&mut self, hasty: &bool, input: Input<Self>, cx: &mut Context<'_, Self>) {
        match (self, input) {
            (Self::Agent { job }, Input::Call { id, call }) => {
                *job = Some((id, call));
                cx.send(ProcessId::main(NodeId((cx.me().node.0 + 1) % 3)), call);
                share(call, cx);
            }
            (Self::Agent { job: Some((id, number)) }, Input::Disk { ticket, outcome })
                if ticket == *number && outcome == Outcome::Synced =>
            {
                cx.notify(WORKER, Notice::Store(*number));
                if *hasty {
                    cx.reply(*id, *number);
                }
            }
            (Self::Agent { job: Some((_, number)) }, Input::Timer("retry")) => {
                share(*number, cx);
            }
            (Self::Agent { job }, Input::Notice { notice: Notice::Stored(number), .. }) => {
                if let Some((id, _)) = job.take_if(|(_, wanted)| *wanted == number) {
                    cx.cancel("retry");
                    cx.reply(id, number);
                }
            }
            (Self::Agent { .. }, Input::Exited(part)) => cx.spawn(part),
            (Self::Worker { job, .. }, Input::Notice { notice: Notice::Store(number), .. }) => {
                *job = Some(number);
                cx.write(LOCAL, number);
                cx.sync(LOCAL.volume, number);
            }
            (Self::Worker { job, .. }, Input::Disk { ticket, outcome })
                if *job == Some(ticket) && outcome == Outcome::Synced =>
            {
                cx.notify(AGENT, Notice::Stored(ticket));
            }
            (Self::Worker { wall, .. }, Input::Timer("pet")) => {
                let now = cx.wall();
                if now < *wall {
                    cx.probe("toy/wall-went-back");
                }
                *wall = now;
                pet(cx);
            }
            _ => {}
        }
    }
}

fn share(number: u64, cx: &mut Context<'_, Toy>) {
    let own = Place { volume: DISK, slot: Slot(u64::from(cx.me().node.0)) };
    // What is there is of no interest, only that somebody looks.
    cx.read(own, number);
    cx.write(own, number);
    cx.sync(DISK, number);
    cx.arm("retry", Window::exactly(Span::millis(200)));
}

fn pet(cx: &mut Context<'_, Toy>) {
    cx.watchdog(Some(Span::millis(500)));
    cx.arm("pet", Window::between(Span::millis(80), Span::millis(120)));
}

static DURABLE: Property = Property::invariant(
    "T1",
    "durable before answered",
    "a number that was answered is durable on the shared disk and on the node's own",
);
static ANSWERED: Property = Property::liveness(
    "T2",
    "clients are answered",
    "some call made in the calm phase is answered",
);

struct Judge {
    /// Whether on the shared disk, and what.
    durable: BTreeSet<(bool, u64)>,
    tally: Tally,
}

impl Check<Toy> for Judge {
    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Durable, Kind::Replied])
    }

    fn observe(&mut self, seen: &Seen<'_, Toy>, view: View<'_, Toy>, report: &mut Report) {
        match seen {
            Seen::Durable { node, record, .. } => {
                self.durable.insert((*node == NodeId(3), **record));
            }
            Seen::Replied { process, reply, .. } => {
                self.tally.exercised(view.now());
                for (shared, disk) in [(true, "the shared disk"), (false, "the node's own")] {
                    if self.durable.contains(&(shared, **reply)) {
                        continue;
                    }
                    let what = format!("{reply} was answered before it was durable on {disk}");
                    let failure = Failure::new(&DURABLE, what);
                    report.fail(failure.because(view.now(), process.node, "it answered"));
                }
            }
            _ => {}
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.tally.clone()]
    }
}

pub(crate) struct ToySystem {
    pub(crate) hasty: bool,
    /// Is judged as if all numbers had to be the same.
    pub(crate) all_alike: bool,
}

impl System for ToySystem {
    type Process = Toy;
    type Settings = NoOptions;
    type Load = NoOptions;
    const ID: &'static str = "toy";
    const ABOUT: &'static str = "agents and workers over a shared disk";
    const MESSAGE_CLASSES: &'static [&'static str] = &["even", "odd"];
    const SEAMS: &'static [&'static str] = &["stored"];

    fn properties(&self) -> Vec<Property> {
        vec![DURABLE, ANSWERED, SAME]
    }

    fn deploy(&self, _: &Setup<'_, Self>) -> Result<Deployment<Toy>, Vec<Mistake>> {
        let ids =
            NodeId::first(3).flat_map(|node| [AGENT, WORKER].map(|part| ProcessId { node, part }));
        let processes = ids.map(|id| Deployed {
            id,
            config: self.hasty,
            records: Vec::new(),
            running: id.part == AGENT,
        });
        Ok(Deployment { processes: processes.collect(), shared_disks: 1 })
    }

    fn workload(&self, _: &Setup<'_, Self>) -> Result<Box<dyn Workload<Toy>>, Vec<Mistake>> {
        let mut number = 0;
        let call = move |client: Client, clients: &mut Clients<'_, Toy>| {
            number += 1;
            clients.call(client, ProcessId::main(NodeId(u8::try_from(client.0).unwrap())), number);
        };
        let (pause, patience) = (Span::millis(5), Span::millis(300));
        Ok(Box::new(ClosedLoop { clients: 3, pause, patience, call }))
    }

    fn checks(&self, setup: &Setup<'_, Self>) -> Vec<Box<dyn Check<Toy>>> {
        let judge = Judge { durable: BTreeSet::new(), tally: Tally::new(&DURABLE) };
        let answers = Answers::new(&ANSWERED, self.calm_bound(setup));
        let shown = if self.all_alike { all_alike } else { by_number };
        vec![Box::new(judge), Box::new(answers), Box::new(Agreement::new(&SAME, shown))]
    }

    fn tolerance(&self, _: &Setup<'_, Self>) -> Tolerance {
        use ChaosKind::*;
        Tolerance::of(&[Crash, PowerLoss, Pause, Partition, Loss, Delay])
    }

    fn core(&self, _: &Setup<'_, Self>, _: View<'_, Toy>) -> Core {
        Core { among: NodeSet::first(3), at_least: 1 }
    }

    fn calm_bound(&self, _: &Setup<'_, Self>) -> Span {
        Span::secs(3)
    }

    fn resolve(&self, _: &str, _: Option<&Value>, view: View<'_, Toy>) -> Vec<ProcessId> {
        view.processes().filter(|id| id.part == WORKER && view.is_up(*id)).collect()
    }

    fn message_class(message: &u64) -> &'static str {
        if message.is_multiple_of(2) { "even" } else { "odd" }
    }

    fn seam(seen: &Seen<'_, Toy>) -> Option<&'static str> {
        let stored = matches!(seen, Seen::Notified { notice: Notice::Stored(_), .. });
        stored.then_some("stored")
    }

    fn parts(&self) -> &'static [&'static str] {
        &["agent", "worker"]
    }

    fn mutants(&self) -> &'static [Mutant] {
        crate::hosts::ROWS
    }

    fn scenario_of(&self, mutant: &str) -> Option<&'static str> {
        crate::hosts::scenario_of(mutant)
    }
}
