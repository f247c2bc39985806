//! A9 by what clients see and nothing else: whether some order of their operations explains the answers.
//!
//! `answers` judges A9 too, by the order of the log, which is stricter, cheaper and needs the ledger and the
//! slots that answers name. This check needs neither, so that it also judges the ledger, the reference and
//! the slots: whatever is wrong with those, clients must not be able to tell the service from one copy.
//!
//! A request is the same in every call for it and takes effect once; so says the service, which remembers
//! each client's latest. Hence all calls for one request are attempts of one operation: any of them may be
//! the one that takes effect, from its own beginning on, and what it gave is what every later answer to a
//! command or to a read through the log must repeat. Only a read of the leader's state may be answered
//! anew by each attempt; its first answer is judged, which is the one that its client heeds. A node that says
//! that it did nothing rules out that attempt; once all were ruled out, the operation begins with the next
//! one. A request that its client gave up may still take effect at any time, or never.
//!
//! Answers to earlier requests of a client that has gone on are not judged.

use super::evidence::{Layer, Term, decode};
use super::properties::A9;
use crate::check::{Branching, Check, Failure, Report, Tally, View};
use crate::clock::TrueTime;
use crate::linear::{Budget, Checker, Judged, Sequential, Shown, Ticket, Verdict, Violation};
use crate::outcome::Evidence;
use crate::seen::{Client, Kind, Kinds, Seen};
use interregnum_core::consensus::{ClientId, Operation, RequestId};
use interregnum_core::kv::{Kv, KvCommand, KvOutput, KvQuery};
use interregnum_core::paxos::{Call, ReadMode, Reply};
use interregnum_core::{CallId, Fold, Folder, Machine};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// So many attempts of one request are told apart.
const ATTEMPTS: usize = 64;

/// What the map does when it is asked one thing at a time; told anew here, so that it is not the map's
/// own code that judges the map.
#[derive(Clone, Debug, Fold)]
struct OneMap;

impl Sequential for OneMap {
    type Key = u32;
    type Op = Operation<Kv>;
    type Output = KvOutput;
    type State = Option<u64>;

    fn key(&self, op: &Operation<Kv>) -> u32 {
        match op {
            Operation::Command(
                KvCommand::Put { key, .. } | KvCommand::CompareAndSwap { key, .. },
            )
            | Operation::Query(KvQuery::Get { key }) => *key,
        }
    }

    fn initial(&self, _: &u32) -> Option<u64> {
        None
    }

    fn apply(&self, state: &Option<u64>, op: &Operation<Kv>) -> (Option<u64>, KvOutput) {
        match *op {
            Operation::Query(KvQuery::Get { .. }) => (*state, KvOutput::Value(*state)),
            Operation::Command(KvCommand::Put { value, .. }) => {
                (Some(value), KvOutput::Value(*state))
            }
            Operation::Command(KvCommand::CompareAndSwap { expected, value, .. }) => {
                if expected == *state {
                    (Some(value), KvOutput::Swapped(true))
                } else {
                    (*state, KvOutput::Swapped(false))
                }
            }
        }
    }

    fn only_reads(&self, op: &Operation<Kv>) -> bool {
        matches!(op, Operation::Query(_))
    }
}

/// The latest request of one client.
#[derive(Clone, Debug, Fold)]
struct Latest {
    client: ClientId,
    request: RequestId,
    op: Operation<Kv>,
    /// Whether every answer must be the same.
    remembered: bool,
    /// Its first call.
    first: CallId,
    /// Calls that were not refused.
    attempts: Vec<CallId>,
    /// There were more than fit.
    more_attempts: bool,
    /// The operation; `None` while every attempt was refused, and once it was answered.
    open: Option<Ticket>,
    answer: Option<KvOutput>,
}

/// Follows requests and judges answers.
#[derive(Clone, Debug, Fold)]
pub(super) struct Histories {
    tally: Tally,
    checker: Checker<OneMap>,
    latest: BTreeMap<Client, Latest>,
}

impl Histories {
    pub(super) const fn new(budget: Budget) -> Self {
        let checker = Checker::new(OneMap, budget);
        Self { tally: Tally::new(&A9), checker, latest: BTreeMap::new() }
    }

    /// A client makes a call.
    pub(super) fn asked(
        &mut self,
        now: TrueTime,
        by: Client,
        id: CallId,
        call: &Call<Kv>,
    ) -> Option<Failure> {
        let (client, request, op, remembered) = match call {
            Call::Submit { client, request, command } => {
                (*client, *request, Operation::Command(*command), true)
            }
            Call::Read { client, request, query, mode } => {
                (*client, *request, Operation::Query(*query), *mode == ReadMode::Log)
            }
        };
        let mut judged = Ok(());
        let same = |latest: &&mut Latest| {
            (latest.client, latest.request, &latest.op) == (client, request, &op)
        };
        if let Some(latest) = self.latest.get_mut(&by).filter(same) {
            if latest.open.is_none() && latest.answer.is_none() {
                latest.open = Some(self.checker.invoked(now.0, by.0, latest.op.clone()));
            }
            latest.called(id);
        } else {
            let open = Some(self.checker.invoked(now.0, by.0, op.clone()));
            // The room of the request before is used again.
            let before = self.latest.get_mut(&by);
            let mut attempts =
                before.map_or_else(Vec::new, |latest| std::mem::take(&mut latest.attempts));
            attempts.clear();
            attempts.push(id);
            let first = id;
            let (more_attempts, answer) = (false, None);
            let next = Latest {
                client,
                request,
                op,
                remembered,
                first,
                attempts,
                more_attempts,
                open,
                answer,
            };
            let given_up = self.latest.insert(by, next).and_then(|latest| latest.open);
            if let Some(ticket) = given_up {
                judged = self.checker.abandoned(ticket);
            }
        }
        self.failure(judged)
    }

    /// An answer reaches its client.
    pub(super) fn answered(
        &mut self,
        now: TrueTime,
        by: Client,
        id: CallId,
        reply: &Reply<Kv>,
    ) -> Option<Failure> {
        let latest = self.latest.get_mut(&by).filter(|latest| latest.first <= id)?;
        let judged = match reply {
            Reply::Applied { output, .. } | Reply::Read { output, .. } => {
                self.tally.exercised(now);
                if let Some(ticket) = latest.open.take() {
                    latest.answer = Some(*output);
                    self.checker.returned(now.0, ticket, *output)
                } else if let Some(what) = latest.contradiction(by, *output) {
                    return Some(self.violated(what, Vec::new()));
                } else {
                    Ok(())
                }
            }
            Reply::NotLeader { .. } | Reply::Overloaded => {
                let refused = latest.refused(id);
                refused.map_or(Ok(()), |ticket| self.checker.failed(ticket))
            }
            // Nothing is known of it, or no more than that it was not the latest.
            Reply::Unknown { .. } | Reply::Forgotten => return None,
        };
        self.failure(judged)
    }

    /// The run is over.
    pub(super) fn finish(&mut self) -> Option<Failure> {
        let judged = self.checker.finish();
        self.failure(judged)
    }

    pub(super) fn tally(&self) -> Tally {
        let unknown = self.checker.verdict() == Verdict::Unknown;
        Tally { unknown, ..self.tally.clone() }
    }

    /// How much is kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.checker.kept() + self.latest.values().map(|l| 1 + l.attempts.len()).sum::<usize>()
    }

    fn failure(&mut self, judged: Judged<OneMap>) -> Option<Failure> {
        let violation = judged.err()?;
        let what = explained(&violation);
        let Violation { operation, before, concurrent, .. } = *violation;
        let shown = before.into_iter().chain(concurrent).chain([operation]);
        Some(self.violated(what, shown.flat_map(facts).collect()))
    }

    fn violated(&mut self, what: String, mut evidence: Vec<Evidence>) -> Failure {
        self.tally.violated += 1;
        evidence.sort_by_key(|fact| fact.at_ns);
        let mut failure = Failure::new(&A9, what);
        failure.evidence = evidence;
        failure
    }
}

impl Latest {
    fn called(&mut self, id: CallId) {
        if self.attempts.len() < ATTEMPTS {
            self.attempts.push(id);
        } else {
            self.more_attempts = true;
        }
    }

    /// An attempt did nothing. Returns the operation, if no other attempt can have done anything.
    fn refused(&mut self, id: CallId) -> Option<Ticket> {
        self.attempts.retain(|attempt| *attempt != id);
        if self.attempts.is_empty() && !self.more_attempts { self.open.take() } else { None }
    }

    /// What is wrong with an answer although nothing is open.
    fn contradiction(&self, by: Client, output: KvOutput) -> Option<String> {
        let (by, op) = (by.0, &self.op);
        match self.answer {
            None => {
                Some(format!("client {by} is answered {output:?} to {op:?}, which was refused"))
            }
            Some(first) if self.remembered && first != output => {
                Some(format!("client {by} is answered {output:?} to {op:?}, after {first:?}"))
            }
            Some(_) => None,
        }
    }
}

fn explained(violation: &Violation<OneMap>) -> String {
    let held: Vec<_> = violation.states.iter().map(|state| format!("{state:?}")).collect();
    format!("{violation}; the key held {}", held.join(" or "))
}

/// What a client saw of an operation.
fn facts(shown: Shown<OneMap>) -> Vec<Evidence> {
    let Shown { by, op, invoked_at_ns, returned } = shown;
    let fact = |at_ns, what| Evidence { at_ns, node: None, what };
    let mut facts = vec![fact(invoked_at_ns, format!("client {by} asks for {op:?}"))];
    if let Some((at_ns, output)) = returned {
        facts.push(fact(at_ns, format!("client {by} is answered {output:?} to {op:?}")));
    }
    facts
}

/// The check of the Paxos layer `L` of machines `M`.
pub struct Linear<M: Machine, L: Layer<M>> {
    histories: Histories,
    layer: PhantomData<fn() -> (M, L)>,
}

impl<M: Machine, L: Layer<M, App = Kv>> Linear<M, L> {
    /// A check that may spend so much.
    #[must_use]
    pub const fn new(budget: Budget) -> Self {
        Self { histories: Histories::new(budget), layer: PhantomData }
    }
}

impl<M: Machine, L: Layer<M>> fmt::Debug for Linear<M, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.histories.fmt(f)
    }
}

impl<M: Machine, L: Layer<M>> Clone for Linear<M, L> {
    fn clone(&self) -> Self {
        Self { histories: self.histories.clone(), layer: PhantomData }
    }
}

impl<M: Machine, L: Layer<M>> Fold for Linear<M, L> {
    fn fold(&self, into: &mut Folder) {
        self.histories.fold(into);
    }
}

impl<M: Machine, L: Layer<M, App = Kv>> Check<M> for Linear<M, L> {
    fn branching(self: Box<Self>) -> Option<Box<dyn Branching<M>>> {
        Some(self)
    }

    fn interest(&self) -> Kinds {
        Kinds::of(&[Kind::Asked, Kind::Answered])
    }

    fn observe(&mut self, seen: &Seen<'_, M>, view: View<'_, M>, report: &mut Report) {
        let failure = match decode::<M, L>(seen) {
            Some(Term::Asked { client, id, call }) => {
                self.histories.asked(view.now(), client, id, call)
            }
            Some(Term::Answered { client, id, reply }) => {
                self.histories.answered(view.now(), client, id, reply)
            }
            _ => None,
        };
        if let Some(failure) = failure {
            report.fail(failure);
        }
    }

    fn finish(&mut self, _: View<'_, M>, report: &mut Report) {
        if let Some(failure) = self.histories.finish() {
            report.fail(failure);
        }
    }

    fn tallies(&self) -> Vec<Tally> {
        vec![self.histories.tally()]
    }

    fn each_tally(&self, see: &mut dyn FnMut(&Tally)) {
        see(&self.histories.tally());
    }
}
