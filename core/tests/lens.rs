//! Two layers in one process: what an inner layer does comes out wrapped, on its own volume, in order.

use interregnum_core::{
    CallId, Context, Effect, Embed, Fold, Host, Image, Input, LocalTime, Machine, Never, NodeId,
    Part, Place, ProcessId, Slot, Span, Volume, WallTime, Window,
};
use std::num::NonZeroU32;

/// The inner layer: counts, and does one of everything for each notice.
#[derive(Debug, Default)]
struct Counter(u64);

impl Machine for Counter {
    type Config = ();
    type Message = u64;
    type Timer = u64;
    type Record = u64;
    type Ticket = u64;
    type Call = Never;
    type Reply = u64;
    type Notice = u64;
    type Fact = u64;

    fn boot((): &(), _: &Image<u64>, _: &mut Context<'_, Self>) -> Self {
        Self::default()
    }

    fn step(&mut self, (): &(), input: Input<Self>, cx: &mut Context<'_, Self>) {
        let Input::Notice { notice, .. } = input else { return };
        self.0 += notice;
        let (count, place) = (self.0, Place::local(0, 7));
        cx.send(ProcessId::main(NodeId(1)), count);
        cx.arm(count, Window::exactly(Span::millis(count)));
        cx.cancel(count);
        cx.read(place, count);
        cx.write_run(place, [count, count + 1]);
        cx.erase(place.volume, Slot(1)..Slot(3));
        cx.sync(place.volume, count);
        cx.reply(CallId(9), count);
        cx.notify(cx.me().part, count);
        cx.spawn(Part(2));
        cx.kill(Part(3));
        cx.watchdog(None);
        let sum = cx.now().0 + u64::from(cx.pick(NonZeroU32::MIN));
        cx.fact(sum);
        cx.probe("lens/inner");
        cx.halt("done");
    }
}

/// Everything the inner layer says, marked as the lower layer's.
#[derive(Clone, Debug, PartialEq, Fold)]
enum Outer {
    Lower(u64),
}

#[derive(Debug, Default)]
struct Stack {
    lower: Counter,
}

impl Machine for Stack {
    type Config = ();
    type Message = Outer;
    type Timer = Outer;
    type Record = Outer;
    type Ticket = Outer;
    type Call = Never;
    type Reply = Outer;
    type Notice = Outer;
    type Fact = Outer;

    fn boot((): &(), _: &Image<Outer>, _: &mut Context<'_, Self>) -> Self {
        Self::default()
    }

    fn step(&mut self, (): &(), input: Input<Self>, cx: &mut Context<'_, Self>) {
        let Input::Notice { from, notice: Outer::Lower(notice) } = input else { return };
        let input = Input::Notice { from, notice };
        cx.layer(|cx| self.lower.step(&(), input, cx));
    }
}

impl Embed<Counter> for Stack {
    fn message(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn timer(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn record(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn ticket(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn reply(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn notice(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn fact(inner: u64) -> Outer {
        Outer::Lower(inner)
    }

    fn volume(inner: Volume) -> Volume {
        match inner {
            Volume::Local(volume) => Volume::Local(volume + 1),
            shared @ Volume::Shared(_) => shared,
        }
    }
}

#[derive(Default)]
struct Recorder(Vec<String>);

impl Host<Stack> for Recorder {
    fn now(&mut self) -> LocalTime {
        LocalTime(40)
    }

    fn wall(&mut self) -> WallTime {
        WallTime(0)
    }

    fn pick(&mut self, bound: NonZeroU32) -> u32 {
        bound.get() - 1
    }

    fn emit(&mut self, effect: Effect<Stack>) {
        self.0.push(format!("{effect:?}"));
    }
}

#[test]
fn every_effect_of_a_layer_passes_through_the_lens() {
    let mut host = Recorder::default();
    let mut stack = Stack::default();
    let me = ProcessId::main(NodeId(0));
    let input = Input::Notice { from: Part::MAIN, notice: Outer::Lower(5) };
    stack.step(&(), input, &mut Context::new(me, &mut host));
    assert_eq!(stack.lower.0, 5);
    let expected = [
        "Send { to: n1, message: Lower(5) }",
        "Arm { timer: Lower(5), window: Window { min: 5ms, max: 5ms } }",
        "Cancel(Lower(5))",
        "Read { at: vol1#7, ticket: Lower(5) }",
        "Write { at: vol1#7, records: Many([Lower(5), Lower(6)]) }",
        "Erase { volume: vol1, slots: #1..#3 }",
        "Sync { volume: vol1, ticket: Lower(5) }",
        "Reply { call: call-0.9, reply: Lower(5) }",
        "Notify { to: p0, notice: Lower(5) }",
        "Spawn(p2)",
        "Kill(p3)",
        "Watchdog(None)",
        "Fact(Lower(40))",
        "Probe(\"lens/inner\")",
        "Halt(\"done\")",
    ];
    assert_eq!(host.0, expected);
}
