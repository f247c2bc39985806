//! What a step of the steady state costs, and that it does not grow. Run with
//! `cargo test --release -p interregnum-core --test paxos speed -- --ignored --nocapture`.

use core::num::NonZeroU32;
use interregnum_core::consensus::{ClientId, Consensus, LogSlot, RequestId};
use interregnum_core::kv::{Kv, KvCommand};
use interregnum_core::paxos::record::format;
use interregnum_core::paxos::{Call, Config, Paxos, Settings, Sound, Timer};
use interregnum_core::{
    CallId, Cell, Context, Effect, Host, Image, Input, LocalTime, Machine, NodeId, Outcome,
    ProcessId, WallTime,
};
use std::collections::VecDeque;

type Node = Paxos<Kv, Sound>;

#[derive(Default)]
struct Direct {
    from: Option<ProcessId>,
    queue: VecDeque<(ProcessId, Input<Node>)>,
}

impl Host<Node> for Direct {
    fn now(&mut self) -> LocalTime {
        LocalTime(0)
    }

    fn wall(&mut self) -> WallTime {
        WallTime(0)
    }

    fn pick(&mut self, _: NonZeroU32) -> u32 {
        0
    }

    fn emit(&mut self, effect: Effect<Node>) {
        let from = self.from.expect("a stepping process");
        match effect {
            Effect::Send { to, message } => {
                self.queue.push_back((to, Input::Message { from, message }));
            }
            Effect::Sync { ticket, .. } => {
                let outcome = Outcome::Synced;
                self.queue.push_back((from, Input::Disk { ticket, outcome }));
            }
            _ => {}
        }
    }
}

#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "it measures real time")]
fn steps_of_the_steady_state() {
    let settings = Settings { members: 5, ..Settings::default() };
    let mut host = Direct::default();
    let mut nodes = Vec::new();
    for me in NodeId::first(5) {
        let config = Config::new(Sound, me, settings.clone()).expect("good settings");
        let mut image = Image::default();
        for (home, record) in format(config.cluster(), me) {
            image.set(home, Cell::Intact { home, record });
        }
        host.from = Some(ProcessId::main(me));
        let mut cx = Context::new(ProcessId::main(me), &mut host);
        let machine = Node::boot(&config, &image, &mut cx);
        nodes.push((config, machine));
    }
    let mut steps = 0_u64;
    let mut drain = |host: &mut Direct, nodes: &mut Vec<(Config<Sound>, Node)>| {
        while let Some((to, input)) = host.queue.pop_front() {
            host.from = Some(to);
            let (config, machine) = &mut nodes[to.node.index()];
            machine.step(config, input, &mut Context::new(to, host));
            steps += 1;
        }
        steps
    };
    let leader = ProcessId::main(NodeId(0));
    for _ in 0..3 {
        drain(&mut host, &mut nodes);
        host.queue.push_back((leader, Input::Timer(Timer::Round)));
    }
    let before = drain(&mut host, &mut nodes);
    let start = std::time::Instant::now();
    let commands = 300_000;
    for request in 0..commands {
        let call = Call::Submit {
            client: ClientId(u32::try_from(request % 16).expect("small")),
            request: RequestId(request),
            command: KvCommand::Put { key: u32::try_from(request % 64).expect("small"), value: 1 },
        };
        host.queue.push_back((leader, Input::Call { id: CallId(request), call }));
        drain(&mut host, &mut nodes);
    }
    let (steps, spent) = (drain(&mut host, &mut nodes) - before, start.elapsed());
    assert_eq!(nodes[0].1.applied(), LogSlot(commands));
    println!("{steps} steps, {} ns each", spent.as_nanos() / u128::from(steps));
}
