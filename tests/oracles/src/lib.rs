//! Histories from elsewhere, for the linearizability checker of `interregnum-sim` to be judged by.
//!
//! The checker decides whether a run passes, so it must not be tested by its author's imagination alone.
//! `tests/recorded.rs` reads histories whose verdicts are known; `tests/agreement.rs` compares verdicts on
//! generated ones with those of three checkers that other people wrote.
//!
//! The exhaustive search has a judge as well: `tests/exhaustive` hands its models to stateright, which must find
//! as many states and the same verdicts.

pub mod map;
pub mod register;

use interregnum_sim::linear::{Budget, Checker, Sequential, Ticket, Verdict};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// One line of a history. A process has one operation at a time.
#[derive(Debug)]
pub struct Event<S: Sequential> {
    /// The process.
    pub process: u32,
    /// What happened to it.
    pub what: What<S>,
}

/// What happens to a process.
#[derive(Debug)]
pub enum What<S: Sequential> {
    /// It invokes an operation.
    Invoked(S::Op),
    /// The operation returns.
    Returned(S::Output),
    /// The operation had no effect, and never will.
    Failed,
    /// Nobody will ever know what became of the operation.
    Lost,
}

/// The verdict on a history, and the most steps that one of its events cost.
///
/// # Errors
/// When a process has two operations at a time, or one ends that it has not.
pub fn judge<S: Sequential>(
    spec: S,
    history: impl IntoIterator<Item = Event<S>>,
    budget: Budget,
) -> Result<(Verdict, u64), String> {
    let mut checker = Checker::new(spec, budget);
    let mut busy: BTreeMap<u32, Ticket> = BTreeMap::new();
    for (number, Event { process, what }) in (1..).zip(history) {
        let at = |wrong: &str| format!("event {number}: process {process} {wrong}");
        let judged = match (what, busy.entry(process)) {
            (What::Invoked(op), Entry::Vacant(free)) => {
                free.insert(checker.invoked(number, process, op));
                Ok(())
            }
            (What::Invoked(_), Entry::Occupied(_)) => return Err(at("is busy")),
            (_, Entry::Vacant(_)) => return Err(at("is idle")),
            (What::Returned(output), Entry::Occupied(busy)) => {
                checker.returned(number, busy.remove(), output)
            }
            (What::Failed, Entry::Occupied(busy)) => checker.failed(busy.remove()),
            (What::Lost, Entry::Occupied(busy)) => checker.abandoned(busy.remove()),
        };
        if judged.is_err() {
            break;
        }
    }
    // Whatever it finds is in the verdict.
    let _ = checker.finish();
    Ok((checker.verdict(), checker.most_steps()))
}
