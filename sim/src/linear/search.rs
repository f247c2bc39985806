//! The search: all ways to place an operation that has returned.

use super::Sequential;
use super::config::{Config, Frontier, Mark};
use super::partition::{Fate, Record};
use std::collections::VecDeque;

pub(super) type ConfigOf<S> = Config<<S as Sequential>::State, <S as Sequential>::Output>;
pub(super) type FrontierOf<S> = Frontier<<S as Sequential>::State, <S as Sequential>::Output>;

/// The budget is spent.
#[derive(Debug)]
pub(super) struct Spent;

/// The operations that are pending, oldest first, and what may still be spent on them.
pub(super) struct Search<'a, S: Sequential> {
    pub(super) spec: &'a S,
    pub(super) pending: &'a [&'a Record<S>],
    pub(super) limit: u64,
    pub(super) steps: u64,
}

impl<S: Sequential> Search<'_, S> {
    /// All that `from` can have become by the time that pending operation number `last` returned
    /// `output`, without the operation's mark. Others are placed before it only where it needs them.
    pub(super) fn place(
        &mut self,
        from: Vec<ConfigOf<S>>,
        last: usize,
        output: &S::Output,
    ) -> Result<Vec<ConfigOf<S>>, Spent> {
        let mut reached = FrontierOf::<S>::new();
        let mut placed = FrontierOf::<S>::new();
        let mut queue = VecDeque::new();
        for config in from {
            reached.add(config.clone());
            queue.push_back((config, false));
        }
        while let Some((config, known)) = queue.pop_front() {
            let silent = matches!(&config.marks[last],
                Mark::Waiting(seen) if seen.binary_search(output).is_ok());
            // Where it already could have returned this without what was placed since, placing it is
            // nothing new.
            if silent && !known {
                placed.add(without(config.clone(), last));
            }
            if self.try_last(&config, last, output, &mut placed) {
                continue;
            }
            for number in 0..self.pending.len() {
                if number != last
                    && let Some(next) = self.with_placed(&config, number)
                    && reached.add(next.clone())
                {
                    queue.push_back((next, silent));
                }
            }
            if self.steps + reached.steps + placed.steps > self.limit {
                return Err(Spent);
            }
        }
        self.steps += reached.steps + placed.steps;
        Ok(placed.into_configs())
    }

    /// Places the operation itself where that changes the state. Returns whether there is no need to go
    /// on, since nothing that could be placed before it changes how it can be placed.
    fn try_last(
        &mut self,
        config: &ConfigOf<S>,
        last: usize,
        output: &S::Output,
        placed: &mut FrontierOf<S>,
    ) -> bool {
        match &config.marks[last] {
            Mark::Placed(result) => {
                if result == output {
                    placed.add(without(config.clone(), last));
                }
                true
            }
            Mark::Waiting(seen) if self.pending[last].only_reads => {
                seen.binary_search(output).is_ok()
            }
            Mark::Waiting(_) => {
                if let Some(next) = self.with_placed(config, last)
                    && next.marks[last] == Mark::Placed(output.clone())
                {
                    placed.add(without(next, last));
                }
                false
            }
            Mark::Spent => true,
        }
    }

    /// The configuration with one more operation placed; `None` if that is impossible or changes nothing.
    fn with_placed(&mut self, config: &ConfigOf<S>, number: usize) -> Option<ConfigOf<S>> {
        let record = self.pending[number];
        if record.only_reads
            || !matches!(config.marks[number], Mark::Waiting(_))
            || self.is_twin_of_earlier(config, number)
        {
            return None;
        }
        self.steps += 1;
        let (state, output) = self.spec.apply(&config.state, &record.shown.op);
        if state == config.state {
            return None;
        }
        let mark = match &record.fate {
            Fate::Fails => return None,
            Fate::Returns if record.shown.returned.as_ref().is_some_and(|(_, r)| *r != output) => {
                return None;
            }
            Fate::Never => Mark::Spent,
            Fate::Returns | Fate::Open => Mark::Placed(output),
        };
        let mut next = Config { state, marks: config.marks.clone() };
        next.marks[number] = mark;
        self.look_around(&mut next);
        Some(next)
    }

    /// Of equal operations that never return, the oldest is placed first.
    fn is_twin_of_earlier(&self, config: &ConfigOf<S>, number: usize) -> bool {
        let record = self.pending[number];
        matches!(record.fate, Fate::Never)
            && self.pending[..number].iter().zip(&config.marks).any(|(other, mark)| {
                matches!(other.fate, Fate::Never)
                    && matches!(mark, Mark::Waiting(_))
                    && other.shown.op == record.shown.op
            })
    }

    /// Notes, for every operation that is not placed, what it could return in this state.
    fn look_around(&mut self, config: &mut ConfigOf<S>) {
        for (mark, record) in config.marks.iter_mut().zip(self.pending) {
            if matches!(mark, Mark::Waiting(_)) {
                self.steps += 1;
                look(self.spec, &config.state, record, mark);
            }
        }
    }
}

/// Notes what the operation could return in `state` if it changes nothing there.
pub(super) fn look<S: Sequential>(
    spec: &S,
    state: &S::State,
    record: &Record<S>,
    mark: &mut Mark<S::Output>,
) {
    if matches!(record.fate, Fate::Never | Fate::Fails) {
        return;
    }
    let (after, output) = spec.apply(state, &record.shown.op);
    let possible = record.shown.returned.as_ref().is_none_or(|(_, known)| *known == output);
    if possible && after == *state {
        mark.see(output);
    }
}

fn without<T, O>(mut config: Config<T, O>, number: usize) -> Config<T, O> {
    config.marks.remove(number);
    config
}
