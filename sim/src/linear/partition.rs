//! One key: its operations, the events that wait, and the configurations.

use super::config::{Config, Frontier, Mark};
use super::search::{ConfigOf, Search, Spent, look};
use super::ticketed::Ticketed;
use super::violation::{Shown, Violation};
use super::{Budget, Sequential, Ticket};
use interregnum_core::Fold;
use std::collections::VecDeque;

/// So many operations that returned are kept to be shown with a violation.
const SHOWN_BEFORE: usize = 4;
/// So many operations that are pending are shown with a violation.
const SHOWN_CONCURRENT: usize = 8;
/// So many states are shown with a violation.
const SHOWN_STATES: usize = 4;

/// What is known of how an operation ends. Results are known earlier than they are judged, and leave
/// less to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Fold)]
pub(super) enum Fate {
    /// Nothing.
    Open,
    /// It returns what its record says.
    Returns,
    /// It has no effect.
    Fails,
    /// It never returns.
    Never,
}

/// An operation that is pending or waits to be judged.
#[derive(Clone, Debug)]
pub(super) struct Record<S: Sequential> {
    pub(super) shown: Shown<S>,
    pub(super) fate: Fate,
    pub(super) only_reads: bool,
}

/// An event that waits to be judged.
#[derive(Clone, Copy, Debug, Fold)]
pub(super) enum Event {
    Invoked(Ticket),
    Returned(Ticket),
}

/// Why a key cannot be judged any further.
#[derive(Debug)]
pub(super) enum Trouble<S: Sequential> {
    /// The budget is spent.
    Spent,
    /// Everything is known.
    Violated(Box<Violation<S>>),
}

/// One key.
#[derive(Clone, Debug)]
pub(super) struct Partition<S: Sequential> {
    pub(super) key: S::Key,
    pub(super) records: Ticketed<Record<S>>,
    pub(super) waiting: VecDeque<Event>,
    /// The operations that are pending where the waiting events begin, oldest first.
    pub(super) pending: Vec<Ticket>,
    /// Never empty.
    pub(super) configs: Vec<ConfigOf<S>>,
    pub(super) before: VecDeque<Shown<S>>,
}

impl<S: Sequential> Partition<S> {
    pub(super) fn new(key: S::Key, initial: S::State) -> Self {
        Self {
            key,
            records: Ticketed::new(),
            waiting: VecDeque::new(),
            pending: Vec::new(),
            configs: vec![Config { state: initial, marks: Vec::new() }],
            before: VecDeque::new(),
        }
    }

    /// How many operations and configurations are kept.
    pub(super) fn kept(&self) -> usize {
        self.records.len() + self.waiting.len() + self.configs.len()
    }

    pub(super) fn invoked(
        &mut self,
        ticket: Ticket,
        shown: Shown<S>,
        spec: &S,
        budget: &Budget,
    ) -> Result<(), Spent> {
        if self.records.len() >= budget.pending {
            return Err(Spent);
        }
        let only_reads = spec.only_reads(&shown.op);
        self.records.push(ticket, Record { shown, fate: Fate::Open, only_reads });
        if self.waiting.is_empty() {
            self.admit(ticket, spec);
        } else {
            self.waiting.push_back(Event::Invoked(ticket));
        }
        Ok(())
    }

    pub(super) fn returned(
        &mut self,
        ticket: Ticket,
        (at_ns, output): (u64, S::Output),
        spec: &S,
        budget: &Budget,
    ) -> Result<u64, Trouble<S>> {
        let Some(record) = self.records.get_mut(ticket) else { return Ok(0) };
        record.fate = Fate::Returns;
        record.shown.returned = Some((at_ns, output.clone()));
        if self.placed_alone(ticket, &output, spec) {
            return Ok(1);
        }
        self.waiting.push_back(Event::Returned(ticket));
        self.keep(ticket, |mark| match mark {
            Mark::Waiting(seen) => {
                seen.retain(|possible| *possible == output);
                true
            }
            Mark::Placed(result) => *result == output,
            Mark::Spent => false,
        })?;
        self.advance(spec, budget)
    }

    /// The usual case, without a search: one state is possible, nothing else is pending, and what the
    /// operation returned is what it returns there. Anything else is left to the search.
    fn placed_alone(&mut self, ticket: Ticket, output: &S::Output, spec: &S) -> bool {
        let ([config], true) = (&mut self.configs[..], self.waiting.is_empty()) else {
            return false;
        };
        let ([Mark::Waiting(seen)], [pending]) = (&config.marks[..], &self.pending[..]) else {
            return false;
        };
        let Some(record) = self.records.get(ticket).filter(|_| *pending == ticket) else {
            return false;
        };
        let (state, result) = spec.apply(&config.state, &record.shown.op);
        // Where it could also have returned this without a change, there are two ways to go on.
        if result != *output || !(seen.is_empty() || state == config.state) {
            return false;
        }
        config.state = state;
        config.marks.clear();
        self.pending.clear();
        self.judged(ticket);
        true
    }

    /// The operation is placed: only a violation would still show it.
    fn judged(&mut self, ticket: Ticket) {
        if let Some(record) = self.records.remove(ticket) {
            if self.before.len() >= SHOWN_BEFORE {
                self.before.pop_front();
            }
            self.before.push_back(record.shown);
        }
    }

    pub(super) fn failed(
        &mut self,
        ticket: Ticket,
        spec: &S,
        budget: &Budget,
    ) -> Result<u64, Trouble<S>> {
        let Some(record) = self.records.get_mut(ticket) else { return Ok(0) };
        record.fate = Fate::Fails;
        self.keep(ticket, |mark| matches!(mark, Mark::Waiting(_)))?;
        self.forget(ticket);
        self.advance(spec, budget)
    }

    pub(super) fn abandoned(
        &mut self,
        ticket: Ticket,
        spec: &S,
        budget: &Budget,
    ) -> Result<u64, Trouble<S>> {
        let Some(record) = self.records.get_mut(ticket) else { return Ok(0) };
        if record.only_reads {
            // Nobody will ever know what it read.
            record.fate = Fate::Fails;
            self.forget(ticket);
        } else {
            record.fate = Fate::Never;
            self.keep(ticket, |mark| {
                match mark {
                    Mark::Waiting(seen) => seen.clear(),
                    Mark::Placed(_) | Mark::Spent => *mark = Mark::Spent,
                }
                true
            })?;
        }
        self.advance(spec, budget)
    }

    pub(super) fn finish(&mut self, spec: &S, budget: &Budget) -> Result<u64, Trouble<S>> {
        self.advance(spec, &Budget { speculation: usize::MAX, ..*budget })
    }

    /// Keeps the configurations in which an operation's mark can be brought in line with what became
    /// known of it.
    fn keep(
        &mut self,
        ticket: Ticket,
        mut in_line: impl FnMut(&mut Mark<S::Output>) -> bool,
    ) -> Result<(), Trouble<S>> {
        let Some(number) = self.pending.iter().position(|other| *other == ticket) else {
            return Ok(());
        };
        let before: Vec<_> = self.states();
        let configs = std::mem::take(&mut self.configs).into_iter().filter_map(|mut config| {
            config.marks.get_mut(number).is_some_and(&mut in_line).then_some(config)
        });
        self.configs = Frontier::of(configs).into_configs();
        if self.configs.is_empty() { Err(self.violation(ticket, before)) } else { Ok(()) }
    }

    /// The operation has no effect: nothing more is to be known of it.
    fn forget(&mut self, ticket: Ticket) {
        self.records.remove(ticket);
        self.waiting.retain(|event| !matches!(event, Event::Invoked(other) if *other == ticket));
        if let Some(number) = self.pending.iter().position(|other| *other == ticket) {
            self.pending.remove(number);
            let configs = std::mem::take(&mut self.configs).into_iter().map(|mut config| {
                config.marks.remove(number);
                config
            });
            self.configs = Frontier::of(configs).into_configs();
        }
    }

    /// Judges the waiting events, as far as that should be done now. Returns the most steps of one.
    fn advance(&mut self, spec: &S, budget: &Budget) -> Result<u64, Trouble<S>> {
        let mut most = 0;
        while let Some(event) = self.waiting.front() {
            match *event {
                Event::Invoked(ticket) => self.admit(ticket, spec),
                Event::Returned(_) if self.should_wait(budget) => break,
                Event::Returned(ticket) => {
                    most = most.max(self.place(ticket, spec, budget.steps)?)
                }
            }
            self.waiting.pop_front();
        }
        Ok(most)
    }

    /// Whether results that are still unknown would make the search much shorter.
    fn should_wait(&self, budget: &Budget) -> bool {
        if self.pending.len() <= budget.speculation || self.waiting.len() > budget.lookahead {
            return false;
        }
        let records = self.pending.iter().filter_map(|ticket| self.records.get(*ticket));
        let open = records.filter(|record| record.fate == Fate::Open && !record.only_reads);
        open.count() > budget.speculation
    }

    fn admit(&mut self, ticket: Ticket, spec: &S) {
        let Some(record) = self.records.get(ticket) else { return };
        self.pending.push(ticket);
        for config in &mut self.configs {
            let mut mark = Mark::Waiting(Vec::new());
            look(spec, &config.state, record, &mut mark);
            config.marks.push(mark);
        }
    }

    fn place(&mut self, ticket: Ticket, spec: &S, limit: u64) -> Result<u64, Trouble<S>> {
        let number = self.pending.iter().position(|other| *other == ticket);
        let output = self.records.get(ticket).and_then(|record| record.shown.returned.clone());
        let (Some(number), Some((_, output))) = (number, output) else { return Ok(0) };
        let before = self.states();
        let configs = std::mem::take(&mut self.configs);
        let pending: Vec<_> =
            self.pending.iter().filter_map(|ticket| self.records.get(*ticket)).collect();
        let mut search = Search { spec, pending: &pending, limit, steps: 0 };
        self.configs = search.place(configs, number, &output).map_err(|Spent| Trouble::Spent)?;
        let steps = search.steps;
        if self.configs.is_empty() {
            return Err(self.violation(ticket, before));
        }
        self.pending.remove(number);
        self.judged(ticket);
        Ok(steps)
    }

    /// The states that the key may be in: a few of them.
    fn states(&self) -> Vec<S::State> {
        let mut states: Vec<_> = self.configs.iter().map(|config| config.state.clone()).collect();
        states.dedup();
        states.truncate(SHOWN_STATES);
        states
    }

    fn violation(&self, ticket: Ticket, states: Vec<S::State>) -> Trouble<S> {
        let others = self.pending.iter().filter(|other| **other != ticket);
        let others = others.filter_map(|other| self.records.get(*other));
        let concurrent = others.take(SHOWN_CONCURRENT).map(|record| record.shown.clone()).collect();
        let before = self.before.iter().cloned().collect();
        let Some(record) = self.records.get(ticket) else { return Trouble::Spent };
        let (key, operation) = (self.key.clone(), record.shown.clone());
        Trouble::Violated(Box::new(Violation { key, operation, states, before, concurrent }))
    }
}
