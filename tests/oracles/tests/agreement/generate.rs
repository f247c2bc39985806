//! Histories of processes that use two registers, and one edit that may make them impossible.

use crate::peers::{Op, Output, Registers};
use interregnum_sim::dice::{Dice, Source};
use interregnum_sim::linear::Sequential;

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Invoked,
    Returned(Output),
    Failed,
    Lost,
}

/// Operations with their processes, and what happened to which, in order.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) ops: Vec<(u32, Op)>,
    pub(crate) steps: Vec<(usize, Step)>,
}

/// At most so many processes are busy at a time.
const BUSY: u32 = 4;

/// A linearizable history of up to `longest` operations. A process that lost an operation is not used
/// again.
pub(crate) fn history(seed: u64, longest: usize) -> History {
    let mut dice = Dice::new(seed, Source::Plan);
    let mut history = History::default();
    let mut states = [0; 2];
    let mut busy: [Option<(usize, Option<Output>)>; BUSY as usize] = [None; BUSY as usize];
    let mut names = [0, 1, 2, 3];
    let wanted = 2 + usize::try_from(dice.word() % longest as u64).unwrap_or(0).min(longest - 2);
    while history.ops.len() < wanted || busy.iter().any(Option::is_some) {
        let slot = usize::try_from(dice.word() % u64::from(BUSY)).unwrap_or(0);
        let chance = dice.word() % 100;
        busy[slot] = match busy[slot] {
            None if history.ops.len() >= wanted => None,
            None => {
                history.ops.push((names[slot], op(dice.word())));
                history.steps.push((history.ops.len() - 1, Step::Invoked));
                Some((history.ops.len() - 1, None))
            }
            Some((number, None)) if chance < 5 => {
                history.steps.push((number, Step::Failed));
                None
            }
            Some((number, _)) if chance < 10 => {
                history.steps.push((number, Step::Lost));
                names[slot] += BUSY;
                None
            }
            Some((number, None)) => {
                let op = history.ops[number].1;
                let key = usize::from(Registers.key(&op));
                let (after, output) = Registers.apply(&states[key], &op);
                states[key] = after;
                Some((number, Some(output)))
            }
            Some((number, Some(output))) => {
                history.steps.push((number, Step::Returned(output)));
                None
            }
        };
    }
    history
}

fn op(word: u64) -> Op {
    let small = |shift: u32| u8::try_from(word >> shift & 3).unwrap_or(0);
    let key = u8::from(word >> 32 & 3 == 3);
    match word >> 40 & 7 {
        0..=2 => Op::Read(key),
        3 | 4 => Op::Write(key, small(0)),
        5 => Op::Exchange(key, small(0)),
        _ => Op::CompareAndSet(key, small(0), small(8)),
    }
}

/// Changes a result, most of the time; else two neighbouring steps change places, or an operation that
/// returned is said to have failed.
pub(crate) fn break_once(history: &mut History, seed: u64) {
    let mut dice = Dice::new(seed, Source::Calm);
    let steps = &mut history.steps;
    let results = |step: &Step| matches!(step, Step::Returned(Output::Holds(_) | Output::Set(_)));
    let results: Vec<_> = (0..steps.len()).filter(|at| results(&steps[*at].1)).collect();
    let how = dice.word() % 10;
    if let (0..=7, Some(at)) = (how, dice.choose(&results)) {
        let other = u8::try_from(1 + dice.word() % 3).unwrap_or(1);
        steps[*at].1 = match steps[*at].1 {
            Step::Returned(Output::Holds(value)) => Step::Returned(Output::Holds(value ^ other)),
            Step::Returned(Output::Set(set)) => Step::Returned(Output::Set(!set)),
            step => step,
        };
        return;
    }
    let at = usize::try_from(dice.word() % steps.len() as u64).unwrap_or(0);
    let (number, step) = steps[at];
    if how == 8 && matches!(step, Step::Returned(_)) {
        steps[at].1 = Step::Failed;
    } else if at > 0 && history.ops[steps[at - 1].0].0 != history.ops[number].0 {
        steps.swap(at - 1, at);
    }
}
