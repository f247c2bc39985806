//! The example `paxos` of stateright 0.31.0 without its command line: a copy, so that what is measured is its own
//! model. Copyright (c) 2018 Jonathan Nadal and contributors, under the terms of `LICENSE-stateright`; its long
//! comments on the algorithm were left out, and three of the branches of `on_msg` are functions here.

use stateright::Expectation;
use stateright::actor::register::{RegisterActor, RegisterMsg, RegisterMsg::*};
use stateright::actor::{Actor, ActorModel, Id, Network, Out, majority, model_peers};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;
use stateright::util::{HashableHashMap, HashableHashSet};
use std::borrow::Cow;

type Round = u32;
type Ballot = (Round, Id);
type Proposal = (RequestId, Id, Value);
type RequestId = u64;
pub(crate) type Value = char;

/// What servers tell each other.
#[derive(Clone, Debug, Eq, Hash, PartialEq, PartialOrd, Ord)]
pub(crate) enum PaxosMsg {
    Prepare { ballot: Ballot },
    Prepared { ballot: Ballot, last_accepted: Option<(Ballot, Proposal)> },

    Accept { ballot: Ballot, proposal: Proposal },
    Accepted { ballot: Ballot },

    Decided { ballot: Ballot, proposal: Proposal },
}
use PaxosMsg::*;

/// What a server remembers.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct PaxosState {
    // shared state
    ballot: Ballot,

    // leader state
    proposal: Option<Proposal>,
    prepares: HashableHashMap<Id, Option<(Ballot, Proposal)>>,
    accepts: HashableHashSet<Id>,

    // acceptor state
    accepted: Option<(Ballot, Proposal)>,
    is_decided: bool,
}

/// A server.
#[derive(Clone)]
pub(crate) struct PaxosActor {
    peer_ids: Vec<Id>,
}

impl Actor for PaxosActor {
    type Msg = RegisterMsg<RequestId, Value, PaxosMsg>;
    type State = PaxosState;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn name(&self) -> String {
        "Paxos Server".to_owned()
    }

    fn on_start(
        &self,
        _id: Id,
        _storage: &Option<Self::Storage>,
        _o: &mut Out<Self>,
    ) -> Self::State {
        PaxosState {
            // shared state
            ballot: (0, Id::from(0)),

            // leader state
            proposal: None,
            prepares: Default::default(),
            accepts: Default::default(),

            // acceptor state
            accepted: None,
            is_decided: false,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        src: Id,
        msg: Self::Msg,
        o: &mut Out<Self>,
    ) {
        if state.is_decided {
            if let Get(request_id) = msg {
                let (_b, (_req_id, _src, value)) =
                    state.accepted.expect("decided but lacks accepted state");
                o.send(src, GetOk(request_id, value));
            };
            return;
        }

        match msg {
            Put(request_id, value) if state.proposal.is_none() => {
                let state = state.to_mut();
                state.proposal = Some((request_id, src, value));
                self.prepare(id, state, o);
            }
            Internal(Prepare { ballot }) if state.ballot < ballot => {
                state.to_mut().ballot = ballot;
                o.send(src, Internal(Prepared { ballot, last_accepted: state.accepted }));
            }
            Internal(Prepared { ballot, last_accepted }) if ballot == state.ballot => {
                let state = state.to_mut();
                state.prepares.insert(src, last_accepted);
                if state.prepares.len() == majority(self.peer_ids.len() + 1) {
                    self.lead(id, state, o);
                }
            }
            Internal(Accept { ballot, proposal }) if state.ballot <= ballot => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                o.send(src, Internal(Accepted { ballot }));
            }
            Internal(Accepted { ballot }) if ballot == state.ballot => {
                let state = state.to_mut();
                state.accepts.insert(src);
                if state.accepts.len() == majority(self.peer_ids.len() + 1) {
                    self.decide(state, o);
                }
            }
            Internal(Decided { ballot, proposal }) => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                state.is_decided = true;
            }
            _ => {}
        }
    }
}

impl PaxosActor {
    fn prepare(&self, id: Id, state: &mut PaxosState, o: &mut Out<Self>) {
        state.prepares = Default::default();
        state.accepts = Default::default();
        // Simulate `Prepare` self-send.
        state.ballot = (state.ballot.0 + 1, id);
        // Simulate `Prepared` self-send.
        state.prepares.insert(id, state.accepted);
        o.broadcast(&self.peer_ids, &Internal(Prepare { ballot: state.ballot }));
    }

    fn lead(&self, id: Id, state: &mut PaxosState, o: &mut Out<Self>) {
        let ballot = state.ballot;
        let proposal = state
            .prepares
            .values()
            .max()
            .unwrap()
            .map(|(_b, p)| p)
            .unwrap_or_else(|| state.proposal.expect("proposal expected"));
        state.proposal = Some(proposal);
        // Simulate `Accept` self-send.
        state.accepted = Some((ballot, proposal));
        // Simulate `Accepted` self-send.
        state.accepts.insert(id);
        o.broadcast(&self.peer_ids, &Internal(Accept { ballot, proposal }));
    }

    fn decide(&self, state: &mut PaxosState, o: &mut Out<Self>) {
        state.is_decided = true;
        let proposal = state.proposal.expect("proposal expected");
        o.broadcast(&self.peer_ids, &Internal(Decided { ballot: state.ballot, proposal }));
        let (request_id, requester_id, _) = proposal;
        o.send(requester_id, PutOk(request_id));
    }
}

/// What is checked: servers, clients, and what they saw.
pub(crate) type Checked =
    ActorModel<RegisterActor<PaxosActor>, (), LinearizabilityTester<Id, Register<Value>>>;

/// The example with three servers and so many clients, on a network that loses and duplicates nothing.
pub(crate) fn model(client_count: usize) -> Checked {
    let server_count = 3;
    ActorModel::new((), LinearizabilityTester::new(Register(Value::default())))
        .actors(
            (0..server_count).map(|i| {
                RegisterActor::Server(PaxosActor { peer_ids: model_peers(i, server_count) })
            }),
        )
        .actors((0..client_count).map(|_| RegisterActor::Client { put_count: 1, server_count }))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "linearizable", |_, state| {
            state.history.serialized_history().is_some()
        })
        .property(Expectation::Sometimes, "value chosen", |_, state| {
            state.network.iter_deliverable().any(|env| {
                matches!(env.msg, RegisterMsg::GetOk(_req_id, value) if *value != Value::default())
            })
        })
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations)
}
