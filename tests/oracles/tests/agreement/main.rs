//! Generated histories, a third of them broken by one edit: three checkers that other people wrote must
//! agree with ours on each.
//!
//! A history is made by processes that use two registers, which take effect between invocation and return.
//! The others are told of both registers as one object, so that ours must also be right to judge them apart.

mod generate;
mod peers;

use generate::{History, Step};
use interregnum_oracles::{Event, What, judge};
use interregnum_sim::linear::{Budget, Verdict};
use std::time::{Duration, Instant};

/// So many histories are generated.
const HISTORIES: u64 = 10_000;
/// `stateright`'s tester forgets nothing that it tried in vain, so it gets histories of at most so many
/// operations; they are a half of all.
const SMALL: usize = 8;

/// At once, with the patience that is usual, and only when every result is known.
const BUDGETS: [Budget; 3] = [
    Budget { steps: u64::MAX, pending: 4096, speculation: usize::MAX, lookahead: 0 },
    Budget { steps: 1 << 20, pending: 4096, speculation: 3, lookahead: 1024 },
    Budget { steps: u64::MAX, pending: 4096, speculation: 0, lookahead: usize::MAX },
];

#[derive(Default)]
struct Score {
    histories: u64,
    broken: u64,
    not_linearizable: u64,
    small: u64,
    times: [Duration; 4],
}

#[test]
fn every_checker_agrees() {
    let mut score = Score::default();
    for seed in 0..HISTORIES {
        let longest = if seed % 2 == 0 { SMALL } else { 40 };
        let mut history = generate::history(seed, longest);
        if seed % 3 == 0 {
            generate::break_once(&mut history, seed);
            score.broken += 1;
        }
        compare(seed, &history, &mut score);
    }
    let Score { histories, broken, not_linearizable, small, times } = score;
    let [ours, porcupine, todc, stateright] = times.map(|time| time.as_secs_f32());
    println!(
        "{histories} histories, {broken} of them broken, {not_linearizable} not linearizable: ours \
         (three budgets, {ours:.2} s), porcupine-rs ({porcupine:.2} s) and todc-utils ({todc:.2} s) \
         agree on all, stateright ({stateright:.2} s) on the {small} of at most {SMALL} operations"
    );
    assert!(not_linearizable * 5 > histories, "few are broken: {not_linearizable} of {histories}");
    assert!((histories - not_linearizable) * 5 > histories * 3, "few are not");
}

/// Asks everybody for the verdict on one history.
fn compare(seed: u64, history: &History, score: &mut Score) {
    let mut timed = |who: usize, ask: &mut dyn FnMut() -> bool| {
        let began = Instant::now();
        let answer = ask();
        score.times[who] += began.elapsed();
        answer
    };
    let expected = timed(1, &mut || peers::porcupine(history));
    for budget in BUDGETS {
        let ours = timed(0, &mut || ours(history, budget));
        assert_eq!(ours, expected, "ours and porcupine-rs differ on {seed}: {history:?}");
    }
    let todc = timed(2, &mut || peers::todc(history));
    assert_eq!(todc, expected, "todc-utils and porcupine-rs differ on {seed}: {history:?}");
    if history.ops.len() <= SMALL {
        let stateright = timed(3, &mut || peers::stateright(history));
        assert_eq!(
            stateright, expected,
            "stateright and porcupine-rs differ on {seed}: {history:?}"
        );
        score.small += 1;
    }
    score.histories += 1;
    score.not_linearizable += u64::from(!expected);
}

/// Whether ours calls it linearizable.
fn ours(history: &History, budget: Budget) -> bool {
    let events = history.steps.iter().map(|(number, step)| Event {
        process: history.ops[*number].0,
        what: match step {
            Step::Invoked => What::Invoked(history.ops[*number].1),
            Step::Returned(output) => What::Returned(*output),
            Step::Failed => What::Failed,
            Step::Lost => What::Lost,
        },
    });
    match judge(peers::Registers, events, budget) {
        Ok((Verdict::Linearizable, _)) => true,
        Ok((Verdict::NotLinearizable, _)) => false,
        other => panic!("{other:?} about {history:?}"),
    }
}
