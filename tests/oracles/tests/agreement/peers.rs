//! Two registers, told to each checker in its own words.

use crate::generate::{History, Step};
use interregnum_sim::linear::Sequential;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History as TodcHistory};
use todc_utils::specifications::Specification;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Read(u8),
    Write(u8, u8),
    Exchange(u8, u8),
    CompareAndSet(u8, u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Output {
    Written,
    Holds(u8),
    Set(bool),
}

/// Two registers.
#[derive(Clone, Debug)]
pub(crate) struct Registers;

impl Sequential for Registers {
    type Key = u8;
    type Op = Op;
    type Output = Output;
    type State = u8;

    fn key(&self, op: &Op) -> u8 {
        match *op {
            Op::Read(key)
            | Op::Write(key, _)
            | Op::Exchange(key, _)
            | Op::CompareAndSet(key, ..) => key,
        }
    }

    fn initial(&self, _: &u8) -> u8 {
        0
    }

    fn apply(&self, state: &u8, op: &Op) -> (u8, Output) {
        match *op {
            Op::Read(_) => (*state, Output::Holds(*state)),
            Op::Write(_, value) => (value, Output::Written),
            Op::Exchange(_, value) => (value, Output::Holds(*state)),
            Op::CompareAndSet(_, from, to) if *state == from => (to, Output::Set(true)),
            Op::CompareAndSet(..) => (*state, Output::Set(false)),
        }
    }

    fn only_reads(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_))
    }
}

/// Both registers as one object. The result is `None` where nobody knows it.
fn step(state: [u8; 2], op: Op, result: Option<Output>) -> Option<[u8; 2]> {
    let key = usize::from(Registers.key(&op));
    let (after, output) = Registers.apply(&state[key], &op);
    let mut next = state;
    next[key] = after;
    result.is_none_or(|result| result == output).then_some(next)
}

/// An operation, when it was invoked, and when it returned what, if it did.
type Interval = (usize, Op, usize, Option<(usize, Output)>);

/// The operations that did not fail.
fn intervals(history: &History) -> Vec<Interval> {
    let mut found = Vec::new();
    for (number, (_, op)) in history.ops.iter().enumerate() {
        let mut steps = (0..).zip(&history.steps).filter(|(_, (of, _))| *of == number);
        let Some((invoked, _)) = steps.next() else { continue };
        match steps.next() {
            Some((_, (_, Step::Failed))) => {}
            Some((at, (_, Step::Returned(output)))) => {
                found.push((number, *op, invoked, Some((at, *output))));
            }
            _ => found.push((number, *op, invoked, None)),
        }
    }
    found
}

#[derive(Clone, Debug)]
struct Porcupine;

impl porcupine_rs::Model for Porcupine {
    type State = [u8; 2];
    type Op = (Op, Option<Output>);
    type Metadata = ();

    fn init() -> [u8; 2] {
        [0; 2]
    }

    fn step(state: &[u8; 2], (op, result): &(Op, Option<Output>)) -> (bool, [u8; 2]) {
        step(*state, *op, *result).map_or((false, *state), |next| (true, next))
    }
}

/// What `porcupine-rs` says. An operation that never returns ends after all others, so that it can take
/// its place where nobody sees it.
pub(crate) fn porcupine(history: &History) -> bool {
    let time = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let operations =
        intervals(history).into_iter().map(|(_, op, invoked, returned)| porcupine_rs::Operation::<
            Porcupine,
        > {
            client_id: None,
            call_time: time(invoked),
            return_time: returned.map_or(i64::MAX, |(at, _)| time(at)),
            op: (op, returned.map(|(_, output)| output)),
            metadata: None,
        });
    porcupine_rs::check_operations(&operations.collect::<Vec<_>>())
}

struct Todc;

impl Specification for Todc {
    type State = [u8; 2];
    type Operation = (Op, Option<Output>);

    fn init() -> [u8; 2] {
        [0; 2]
    }

    fn apply((op, result): &(Op, Option<Output>), state: &[u8; 2]) -> (bool, [u8; 2]) {
        step(*state, *op, *result).map_or((false, *state), |next| (true, next))
    }
}

/// What `todc-utils` says. It wants a response to every call, so what never returned does at the end.
pub(crate) fn todc(history: &History) -> bool {
    let mut actions = Vec::new();
    for (number, op, invoked, returned) in intervals(history) {
        let result = returned.map(|(_, output)| output);
        let end = returned.map_or(history.steps.len(), |(at, _)| at);
        actions.push((invoked, (number, Action::Call((op, None)))));
        actions.push((end, (number, Action::Response((op, result)))));
    }
    actions.sort_by_key(|(at, _)| *at);
    // It cannot be asked about nothing.
    let actions: Vec<_> = actions.into_iter().map(|(_, action)| action).collect();
    actions.is_empty() || WGLChecker::<Todc>::is_linearizable(TodcHistory::from_actions(actions))
}

#[derive(Clone, Debug)]
struct Stateright([u8; 2]);

impl SequentialSpec for Stateright {
    type Op = Op;
    type Ret = Output;

    fn invoke(&mut self, op: &Op) -> Output {
        let state = &mut self.0[usize::from(Registers.key(op))];
        let (after, output) = Registers.apply(state, op);
        *state = after;
        output
    }
}

/// What `stateright` says. Every operation is a thread's only one, which is what it comes to.
pub(crate) fn stateright(history: &History) -> bool {
    let mut events = Vec::new();
    for (number, op, invoked, returned) in intervals(history) {
        events.push((invoked, number, op, None));
        events.extend(returned.map(|(at, output)| (at, number, op, Some(output))));
    }
    events.sort_by_key(|(at, ..)| *at);
    let mut tester = LinearizabilityTester::new(Stateright([0; 2]));
    for (_, number, op, output) in events {
        let told = match output {
            None => tester.on_invoke(number, op).map(|_| ()),
            Some(output) => tester.on_return(number, output).map(|_| ()),
        };
        assert_eq!(told, Ok(()));
    }
    tester.is_consistent()
}
