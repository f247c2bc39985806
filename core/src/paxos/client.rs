//! Clients: requests become entries, answers go out once an entry is applied.
//!
//! A repeated request is answered from its session only where no lease reader could miss it; elsewhere
//! it goes through the log again and finds its session there.

use super::learner::reply_to;
use super::message::{Call, ReadMode, Reply};
use super::rules::{Progress, Rules};
use super::{Config, Paxos, Role};
use crate::consensus::{App, ClientId, Consensus, Entry, LogSlot, Operation, Refused, RequestId};
use crate::{CallId, Context, LocalTime, NodeId};

impl<A: App, R: Rules> Paxos<A, R> {
    pub(super) fn on_call(
        &mut self,
        config: &Config<R>,
        id: CallId,
        call: Call<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let (client, request, operation) = match call {
            Call::Submit { client, request, command } => {
                (client, request, Operation::Command(command))
            }
            Call::Read { client, request, query, mode } => {
                if mode == ReadMode::Lease && self.read_locally(config, id, &query, cx) {
                    return;
                }
                (client, request, Operation::Query(query))
            }
        };
        if let Err(refused) = self.take_up(config, client, request, operation, Some(id), cx) {
            let reply = match refused {
                Refused::NotLeader { hint } => Reply::NotLeader { hint },
                Refused::Overloaded => Reply::Overloaded,
            };
            cx.reply(id, reply);
        }
    }

    /// Answers from the own state, if the lease still holds after the answer is known.
    fn read_locally(
        &mut self,
        config: &Config<R>,
        id: CallId,
        query: &A::Query,
        cx: &mut Context<'_, Self>,
    ) -> bool {
        if config.settings().lease.is_none() || !matches!(self.role, Role::Leading(_)) {
            return false;
        }
        let output = self.replica.app.query(query);
        let now = cx.now();
        let may = self.is_reader_at(config, now);
        if may {
            cx.reply(id, Reply::Read { as_of: self.applied, output });
        } else {
            cx.probe("paxos/lease-read-through-log");
        }
        may
    }

    fn take_up(
        &mut self,
        config: &Config<R>,
        client: ClientId,
        request: RequestId,
        operation: Operation<A>,
        call: Option<CallId>,
        cx: &mut Context<'_, Self>,
    ) -> Result<(), Refused> {
        let Role::Leading(leading) = &self.role else {
            return Err(Refused::NotLeader { hint: self.hint(config) });
        };
        let settings = config.settings();
        let full = leading.proposals.len() as u64 >= settings.in_flight
            || leading.next().above(self.log.start()) >= config.reach();
        let entry = Entry::Request { client, request, operation };
        if let Some(outcome) = self.replica.outcome(client, request) {
            let leases = settings.lease.is_some();
            let reader = leases && self.is_reader_at(config, cx.now());
            let progress = Progress::AppliedBefore { leases, reader };
            if config.rules.may_acknowledge(progress) {
                cx.probe("paxos/repeated-request-answered");
                if let (Some(call), Some(reply)) = (call, reply_to(&entry, outcome)) {
                    cx.reply(call, reply);
                }
                return Ok(());
            }
        }
        if full {
            return Err(Refused::Overloaded);
        }
        self.propose_entry(config, entry, call, cx);
        Ok(())
    }

    /// Answers before the entry is applied, which no sound rule allows: the output is computed on a copy
    /// of the state.
    pub(super) fn acknowledge_early(
        &mut self,
        config: &Config<R>,
        progress: Progress,
        entry: &Entry<A>,
        slot: LogSlot,
        call: Option<CallId>,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(call) = call.filter(|_| config.rules.may_acknowledge(progress)) else {
            return;
        };
        let outcome = self.replica.clone().apply(slot, entry);
        if let Some(reply) = reply_to(entry, outcome) {
            cx.reply(call, reply);
        }
    }
}

impl<A: App, R: Rules> Consensus<A> for Paxos<A, R> {
    fn propose(
        &mut self,
        config: &Config<R>,
        client: ClientId,
        request: RequestId,
        operation: Operation<A>,
        cx: &mut Context<'_, Self>,
    ) -> Result<(), Refused> {
        self.take_up(config, client, request, operation, None, cx)
    }

    fn leader_hint(&self, config: &Config<R>) -> Option<NodeId> {
        self.hint(config)
    }

    fn is_leader_at(&self, config: &Config<R>, now: LocalTime) -> bool {
        self.is_reader_at(config, now)
    }

    fn applied(&self) -> LogSlot {
        self.applied
    }

    fn app(&self) -> &A {
        &self.replica.app
    }
}
