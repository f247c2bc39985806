//! The checker against all permutations, on histories small enough for that; and its limits.

use super::{Budget, Checker, Sequential, Ticket, Verdict};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Registers that can be read, written, swapped and compared.
#[derive(Debug)]
struct Registers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Read(u8),
    Write(u8, u8),
    Exchange(u8, u8),
    CompareAndSwap(u8, u8, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Output {
    Done,
    Value(u8),
    Swapped(bool),
}

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
            | Op::CompareAndSwap(key, ..) => key,
        }
    }

    fn initial(&self, _: &u8) -> u8 {
        0
    }

    fn apply(&self, state: &u8, op: &Op) -> (u8, Output) {
        match *op {
            Op::Read(_) => (*state, Output::Value(*state)),
            Op::Write(_, value) => (value, Output::Done),
            Op::Exchange(_, value) => (value, Output::Value(*state)),
            Op::CompareAndSwap(_, from, to) if *state == from => (to, Output::Swapped(true)),
            Op::CompareAndSwap(..) => (*state, Output::Swapped(false)),
        }
    }

    fn only_reads(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Invoked,
    Returned(Output),
    Failed,
    Abandoned,
}

/// Operations by number, and what happened to which, in order.
#[derive(Clone, Debug, Default)]
struct History {
    ops: Vec<Op>,
    events: Vec<(usize, Event)>,
}

/// What processes do, drawn: which one takes a step, and which step.
fn history(longest: usize) -> impl Strategy<Value = History> {
    prop::collection::vec((0..4_usize, any::<u8>()), 1..longest).prop_map(|steps| {
        let mut history = History::default();
        let mut states = [0_u8; 2];
        let mut busy: [Option<(usize, Option<Output>)>; 4] = [None; 4];
        for (process, choice) in steps {
            busy[process] = match busy[process] {
                None => {
                    let number = history.ops.len();
                    history.ops.push(op(choice));
                    history.events.push((number, Event::Invoked));
                    Some((number, None))
                }
                Some((number, None)) if choice < 16 => {
                    history.events.push((number, Event::Failed));
                    None
                }
                Some((number, _)) if choice < 40 => {
                    history.events.push((number, Event::Abandoned));
                    None
                }
                Some((number, None)) => {
                    let op = history.ops[number];
                    let state = &mut states[usize::from(Registers.key(&op))];
                    let (after, output) = Registers.apply(state, &op);
                    *state = after;
                    Some((number, Some(output)))
                }
                Some((number, Some(output))) => {
                    history.events.push((number, Event::Returned(output)));
                    None
                }
            };
        }
        history
    })
}

fn op(choice: u8) -> Op {
    let (key, value, other) = (u8::from(choice & 7 == 7), choice >> 3 & 3, choice >> 5 & 3);
    match choice & 3 {
        0 => Op::Read(key),
        1 => Op::Write(key, value),
        2 => Op::Exchange(key, value),
        _ => Op::CompareAndSwap(key, value, other),
    }
}

/// A history with one result changed or, more rarely, two neighbouring events exchanged.
fn broken(longest: usize) -> impl Strategy<Value = History> {
    (history(longest), any::<prop::sample::Index>(), 0..5_u8).prop_map(|(mut history, at, how)| {
        let events = &mut history.events;
        let told = |event| matches!(event, Event::Returned(Output::Value(_) | Output::Swapped(_)));
        let results: Vec<_> = (0..events.len()).filter(|at| told(events[*at].1)).collect();
        if how < 4 && !results.is_empty() {
            if let Event::Returned(output) = &mut events[results[at.index(results.len())]].1 {
                *output = match *output {
                    Output::Value(value) => Output::Value(value ^ (how & 1 | 2)),
                    Output::Swapped(swapped) => Output::Swapped(!swapped),
                    Output::Done => Output::Done,
                };
            }
        } else {
            let at = at.index(events.len());
            if at > 0 && events[at - 1].0 != events[at].0 {
                events.swap(at - 1, at);
            }
        }
        history
    })
}

fn check(history: &History, budget: Budget) -> Verdict {
    let mut checker = Checker::new(Registers, budget);
    let mut tickets: Vec<Option<Ticket>> = vec![None; history.ops.len()];
    for (at_ns, (number, event)) in (0..).zip(&history.events) {
        let ticket = tickets[*number];
        let judged = match (event, ticket) {
            (Event::Invoked, _) => {
                tickets[*number] = Some(checker.invoked(at_ns, 0, history.ops[*number]));
                Ok(())
            }
            (Event::Returned(output), Some(ticket)) => checker.returned(at_ns, ticket, *output),
            (Event::Failed, Some(ticket)) => checker.failed(ticket),
            (Event::Abandoned, Some(ticket)) => checker.abandoned(ticket),
            (_, None) => panic!("no operation {number} was invoked"),
        };
        if judged.is_err() {
            break;
        }
    }
    let _ = checker.finish();
    checker.verdict()
}

/// An operation with its interval, as positions in the history.
struct Placed {
    op: Op,
    invoked: usize,
    /// When it returned and what; `None` if it never did.
    returned: Option<(usize, Output)>,
}

/// Whether some order of the operations explains the history: tries all.
fn by_permutation(history: &History) -> bool {
    let of = |wanted: usize, what: fn(Event) -> bool| {
        history.events.iter().position(|(number, event)| *number == wanted && what(*event))
    };
    let mut ops = Vec::new();
    for (number, op) in history.ops.iter().enumerate() {
        if of(number, |event| event == Event::Failed).is_some() {
            continue;
        }
        let invoked = of(number, |event| event == Event::Invoked).unwrap();
        let returned = of(number, |event| matches!(event, Event::Returned(_)));
        let returned = returned.map(|at| match history.events[at].1 {
            Event::Returned(output) => (at, output),
            _ => unreachable!(),
        });
        ops.push(Placed { op: *op, invoked, returned });
    }
    explains(&mut ops, [0; 2])
}

fn explains(left: &mut Vec<Placed>, states: [u8; 2]) -> bool {
    let deadline = left.iter().filter_map(|op| Some(op.returned?.0)).min();
    let Some(deadline) = deadline else { return true };
    for index in 0..left.len() {
        if left[index].invoked > deadline {
            continue;
        }
        let next = left.remove(index);
        let key = usize::from(Registers.key(&next.op));
        let (after, output) = Registers.apply(&states[key], &next.op);
        let mut states = states;
        states[key] = after;
        let fits = next.returned.is_none_or(|(_, returned)| returned == output);
        let found = fits && explains(left, states);
        left.insert(index, next);
        if found {
            return true;
        }
    }
    false
}

/// At once, with a little patience, and only when every result is known.
const BUDGETS: [Budget; 3] = [
    Budget { steps: u64::MAX, pending: usize::MAX, speculation: usize::MAX, lookahead: 0 },
    Budget { steps: u64::MAX, pending: usize::MAX, speculation: 1, lookahead: 4 },
    Budget { steps: u64::MAX, pending: usize::MAX, speculation: 0, lookahead: usize::MAX },
];

fn agree(history: &History) -> Result<(), TestCaseError> {
    let expected =
        if by_permutation(history) { Verdict::Linearizable } else { Verdict::NotLinearizable };
    for budget in BUDGETS {
        prop_assert_eq!(check(history, budget), expected, "{:?}", budget);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_a_register_did_is_linearizable(history in history(60)) {
        for budget in BUDGETS {
            prop_assert_eq!(check(&history, budget), Verdict::Linearizable, "{:?}", budget);
        }
    }

    #[test]
    fn it_agrees_with_all_permutations(history in prop_oneof![history(32), broken(32)]) {
        agree(&history)?;
    }

    #[test]
    fn a_small_budget_is_unknown_or_right(history in broken(40), steps in 0..60_u64) {
        let whole = check(&history, BUDGETS[0]);
        let part = check(&history, Budget { steps, ..Budget::default() });
        prop_assert!(part == whole || part == Verdict::Unknown, "{:?} is {:?}", whole, part);
    }
}

#[test]
fn both_verdicts_are_put_to_the_test() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<_> =
        (0..1000).map(|_| broken(32).new_tree(&mut runner).unwrap().current()).collect();
    let wrong = cases.iter().filter(|history| !by_permutation(history)).count();
    assert!((200..800).contains(&wrong), "{wrong} of 1000 broken histories are not linearizable");
}

fn checker() -> Checker<Registers> {
    Checker::new(Registers, Budget::default())
}

#[test]
fn a_violation_names_the_operation_and_what_surrounds_it() {
    let mut checker = checker();
    let write = checker.invoked(10, 1, Op::Write(0, 7));
    checker.returned(20, write, Output::Done).unwrap();
    let elsewhere = checker.invoked(25, 4, Op::Write(1, 1));
    checker.returned(26, elsewhere, Output::Done).unwrap();
    let _pending = checker.invoked(30, 2, Op::CompareAndSwap(0, 7, 8));
    let read = checker.invoked(40, 3, Op::Read(0));
    let violation = checker.returned(50, read, Output::Value(0)).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "no order of the operations on 0 allows that client 3: Read(0) gave Value(0)"
    );
    assert_eq!(violation.states, [7]);
    let shown = |shown: &[super::Shown<Registers>]| -> Vec<String> {
        shown.iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown(&violation.before), ["client 1: Write(0, 7) gave Done"]);
    assert_eq!(shown(&violation.concurrent), ["client 2: CompareAndSwap(0, 7, 8) is pending"]);
    assert_eq!(checker.verdict(), Verdict::NotLinearizable);
}

#[test]
fn what_failed_must_not_be_seen_and_what_never_returned_may() {
    for fails in [false, true] {
        let mut checker = checker();
        let write = checker.invoked(0, 1, Op::Write(0, 7));
        let read = checker.invoked(1, 2, Op::Read(0));
        checker.returned(2, read, Output::Value(7)).unwrap();
        let judged = if fails { checker.failed(write) } else { checker.abandoned(write) };
        assert_eq!(judged.is_err(), fails);
        assert_eq!(checker.verdict() == Verdict::NotLinearizable, fails);
    }
}

#[test]
fn a_spent_budget_is_unknown_for_good_and_for_this_key_only() {
    let mut checker = Checker::new(Registers, Budget { pending: 1, ..Budget::default() });
    let first = checker.invoked(0, 1, Op::Write(0, 1));
    let second = checker.invoked(0, 2, Op::Write(0, 2));
    checker.returned(1, first, Output::Done).unwrap();
    checker.returned(1, second, Output::Done).unwrap();
    let impossible = checker.invoked(2, 1, Op::Read(0));
    checker.returned(3, impossible, Output::Value(9)).unwrap();
    assert_eq!((checker.verdict(), checker.kept()), (Verdict::Unknown, 0));
    let wrong = checker.invoked(4, 1, Op::Read(1));
    checker.returned(5, wrong, Output::Value(9)).unwrap_err();
    assert_eq!(checker.verdict(), Verdict::NotLinearizable);
}

#[test]
fn what_is_kept_does_not_grow() {
    let mut checker = checker();
    let mut value = 0;
    for turn in 0..10_000_u64 {
        let next = u8::try_from(turn % 251).unwrap();
        let write = checker.invoked(turn, 1, Op::Write(0, next));
        let read = checker.invoked(turn, 2, Op::Read(0));
        let result = if turn % 3 == 0 { value } else { next };
        checker.returned(turn, read, Output::Value(result)).unwrap();
        checker.returned(turn, write, Output::Done).unwrap();
        value = next;
        assert!(checker.kept() <= 1, "{} are kept after {turn} turns", checker.kept());
    }
    assert_eq!(checker.verdict(), Verdict::Linearizable);
}

#[test]
fn many_at_once_are_within_the_budget() {
    let mut checker = checker();
    let all: Vec<_> = (1..=120_u8)
        .map(|value| checker.invoked(0, u32::from(value), Op::Exchange(0, value)))
        .collect();
    // They took effect in the order of invocation, and return in the opposite one.
    for (before, ticket) in (0..120_u8).zip(all).rev() {
        checker.returned(1, ticket, Output::Value(before)).unwrap();
    }
    checker.finish().unwrap();
    assert_eq!(checker.verdict(), Verdict::Linearizable);
}

#[test]
fn those_that_never_return_are_within_the_budget() {
    let mut checker = checker();
    for turn in 0..40_u64 {
        let lost = checker.invoked(turn, 1, Op::Write(0, u8::try_from(turn % 5).unwrap()));
        checker.abandoned(lost).unwrap();
        let swap = checker.invoked(turn, 1, Op::CompareAndSwap(0, 1, 2));
        checker.abandoned(swap).unwrap();
        let read = checker.invoked(turn, 2, Op::Read(0));
        checker.returned(turn, read, Output::Value(u8::try_from(turn / 2 % 3).unwrap())).unwrap();
    }
    assert_eq!(checker.verdict(), Verdict::Linearizable);
}
