//! The Synod, single-decree Paxos, written in stateright's own terms: its actors, messages, timers, storage.
//!
//! Nothing of ours is in it. What it has in common with our machine is the structure: every node is proposer,
//! acceptor and learner; a proposer goes by a ballot above all that it has promised, and a value that was
//! reported to it by the highest one; nobody but the proposer counts acceptances. A leader tells of a decision
//! when its next round begins, and, to those who accepted in its own ballot, when it is handed another request.
//! A round that is not used to lead may be used to ask others what is decided.

use stateright::actor::{
    Actor, ActorModel, ActorModelState, Id, Network, Out, model_peers, model_timeout,
};
use stateright::{Checker, Expectation, Model};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What somebody proposes: the number of a client.
pub(crate) type Value = u32;
/// What each node has decided, if anything.
pub(crate) type Outcome = Vec<Option<Value>>;

/// How much may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) nodes: usize,
    /// The first so many nodes propose, and are called by clients.
    pub(crate) proposers: usize,
    /// How often a timer fires on each of these.
    pub(crate) rounds: u8,
    /// Each has one value.
    pub(crate) clients: Value,
    /// How many times the last node crashes and starts anew.
    pub(crate) crashes: u8,
    /// Planted: proposers do not listen to what was accepted before.
    pub(crate) deaf: bool,
}

/// A round, and whose; nobody's before the first one.
type Ballot = (u8, usize);
/// A value and the ballot in which it was accepted.
type Vote = (Ballot, Value);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Msg {
    Request(Value),
    Prepare(Ballot),
    Promise(Ballot, Option<Vote>),
    Accept(Ballot, Value),
    Accepted(Ballot),
    Refuse(Ballot),
    /// What the ballot proposed is decided.
    Confirm(Ballot),
    /// What is decided?
    Ask,
    Decided(Value),
}

/// What a node does with a round that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Round {
    Lead,
    Ask,
}

#[derive(Clone, Copy, Debug)]
enum Party {
    Node(Extent),
    Client(Value, Extent),
}

/// What survives a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Kept {
    promised: Ballot,
    accepted: Option<Vote>,
    /// How many rounds have begun.
    rounds: u8,
    lives: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Role {
    Follower,
    Preparing { promises: BTreeMap<Id, Option<Vote>>, refused: BTreeSet<Id> },
    Leading { proposed: Option<Value>, accepted: BTreeSet<Id>, refused: BTreeSet<Id> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    kept: Kept,
    role: Role,
    decided: Option<Value>,
}

impl Actor for Party {
    type Msg = Msg;
    type Timer = Round;
    type State = State;
    type Storage = Kept;
    type Random = usize;

    fn on_start(&self, id: Id, storage: &Option<Kept>, out: &mut Out<Self>) -> State {
        let mut kept = storage.unwrap_or_default();
        match self {
            Self::Node(extent) => {
                kept.lives += 1;
                if storage.is_some() || extent.crashes > 0 {
                    out.save(kept);
                }
                extent.await_round(id, &kept, out);
            }
            Self::Client(_, extent) => {
                out.choose_random("node", (0..extent.proposers).collect());
            }
        }
        State { kept, role: Role::Follower, decided: None }
    }

    fn on_random(&self, _: Id, _: &mut Cow<'_, State>, node: &usize, out: &mut Out<Self>) {
        if let Self::Client(value, _) = self {
            out.send(Id::from(*node), Msg::Request(*value));
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, round: &Round, out: &mut Out<Self>) {
        let Self::Node(extent) = self else { return };
        let mut node = Node { extent, id, state: state.to_mut(), out };
        node.state.kept.rounds += 1;
        match round {
            Round::Lead => node.lead(),
            Round::Ask => node.broadcast(Msg::Ask),
        }
        node.save();
        extent.await_round(id, &state.kept, out);
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, from: Id, msg: Msg, out: &mut Out<Self>) {
        let Self::Node(extent) = self else { return };
        let mut next = state.as_ref().clone();
        Node { extent, id, state: &mut next, out }.receive(from, msg);
        // What changes nothing is left where it is.
        if next != **state {
            *state.to_mut() = next;
        }
    }
}

/// A node in one step.
struct Node<'a> {
    extent: &'a Extent,
    id: Id,
    state: &'a mut State,
    out: &'a mut Out<Party>,
}

impl Node<'_> {
    fn receive(&mut self, from: Id, msg: Msg) {
        match msg {
            Msg::Request(value) => self.request(value),
            Msg::Prepare(ballot) if ballot > self.state.kept.promised => {
                self.promise(ballot);
                self.out.send(from, Msg::Promise(ballot, self.state.kept.accepted));
            }
            Msg::Accept(ballot, value) if ballot >= self.state.kept.promised => {
                self.promise(ballot);
                self.accept(ballot, value);
                self.out.send(from, Msg::Accepted(ballot));
            }
            Msg::Prepare(ballot) | Msg::Accept(ballot, _) => {
                self.out.send(from, Msg::Refuse(ballot));
            }
            Msg::Promise(ballot, vote) if self.is_own(ballot) => self.promised(from, vote),
            Msg::Accepted(ballot) if self.is_own(ballot) => self.accepted(from),
            Msg::Refuse(ballot) if self.is_own(ballot) => self.refused(from),
            Msg::Promise(..) | Msg::Accepted(_) | Msg::Refuse(_) => {}
            Msg::Confirm(ballot) => {
                if let Some((_, value)) = self.state.kept.accepted.filter(|vote| vote.0 == ballot) {
                    self.decide(value);
                }
            }
            Msg::Ask => {
                if let Some(value) = self.state.decided {
                    self.out.send(from, Msg::Decided(value));
                }
            }
            Msg::Decided(value) => self.decide(value),
        }
    }

    /// A round begins: a leader tells of a decision, and who follows takes over.
    fn lead(&mut self) {
        match (&self.state.role, self.state.decided) {
            (Role::Leading { .. }, Some(value)) => self.broadcast(Msg::Decided(value)),
            (Role::Follower, _) => {
                let ballot = (self.state.kept.promised.0 + 1, usize::from(self.id));
                self.promise(ballot);
                self.state.role =
                    Role::Preparing { promises: BTreeMap::new(), refused: BTreeSet::new() };
                self.broadcast(Msg::Prepare(ballot));
                let vote = self.state.kept.accepted;
                self.promised(self.id, vote);
            }
            _ => {}
        }
    }

    fn request(&mut self, value: Value) {
        let decided = self.state.decided;
        match &self.state.role {
            Role::Leading { proposed: None, .. } if decided.is_none() => self.propose(value),
            Role::Leading { .. } if decided.is_some() => {
                self.broadcast(Msg::Confirm(self.state.kept.promised));
            }
            _ => {}
        }
    }

    fn promised(&mut self, from: Id, vote: Option<Vote>) {
        let Role::Preparing { promises, refused } = &mut self.state.role else { return };
        promises.insert(from, vote);
        refused.remove(&from);
        if !self.extent.is_quorum(promises.len()) {
            return;
        }
        let reported = promises.values().flatten().max().map(|vote| vote.1);
        self.state.role =
            Role::Leading { proposed: None, accepted: BTreeSet::new(), refused: BTreeSet::new() };
        match (self.state.decided, reported.filter(|_| !self.extent.deaf)) {
            (Some(value), _) => self.broadcast(Msg::Decided(value)),
            (None, Some(value)) => self.propose(value),
            (None, None) => {}
        }
    }

    fn propose(&mut self, value: Value) {
        let ballot = self.state.kept.promised;
        if let Role::Leading { proposed, .. } = &mut self.state.role {
            *proposed = Some(value);
            self.accept(ballot, value);
            self.broadcast(Msg::Accept(ballot, value));
            self.accepted(self.id);
        }
    }

    fn accepted(&mut self, from: Id) {
        let Role::Leading { proposed: Some(value), accepted, refused } = &mut self.state.role
        else {
            return;
        };
        accepted.insert(from);
        refused.remove(&from);
        let value = *value;
        if self.extent.is_quorum(accepted.len()) {
            self.decide(value);
        }
    }

    fn refused(&mut self, from: Id) {
        let (Role::Preparing { refused, .. } | Role::Leading { refused, .. }) =
            &mut self.state.role
        else {
            return;
        };
        refused.insert(from);
        if !self.extent.is_quorum(self.extent.nodes - refused.len()) {
            self.state.role = Role::Follower;
        }
    }

    /// Whether this node proposes in the ballot.
    fn is_own(&self, ballot: Ballot) -> bool {
        self.state.role != Role::Follower && ballot == self.state.kept.promised
    }

    /// Raises the promise; who proposes in a lower ballot is done with it.
    fn promise(&mut self, ballot: Ballot) {
        if ballot > self.state.kept.promised {
            self.state.kept.promised = ballot;
            self.state.role = Role::Follower;
            self.save();
        }
    }

    fn accept(&mut self, ballot: Ballot, value: Value) {
        self.state.kept.accepted = Some((ballot, value));
        self.save();
    }

    fn decide(&mut self, value: Value) {
        self.state.decided.get_or_insert(value);
    }

    /// Where nobody crashes, what is kept is part of the state twice for nothing.
    fn save(&mut self) {
        if self.extent.crashes > 0 {
            self.out.save(self.state.kept);
        }
    }

    fn broadcast(&mut self, msg: Msg) {
        self.out.broadcast(&model_peers(self.id.into(), self.extent.nodes), &msg);
    }
}

impl Extent {
    const fn is_quorum(&self, nodes: usize) -> bool {
        nodes * 2 > self.nodes
    }

    /// Another round begins at any time, if one is left.
    fn await_round(&self, id: Id, kept: &Kept, out: &mut Out<Party>) {
        if usize::from(id) < self.proposers && kept.rounds < self.rounds {
            out.set_timer(Round::Lead, model_timeout());
            out.set_timer(Round::Ask, model_timeout());
        } else {
            // Which of the two it was, the other one is over as well.
            out.cancel_timer(Round::Lead);
            out.cancel_timer(Round::Ask);
        }
    }

    /// Whether this node is there, and what it has decided.
    fn outcome(&self, state: &ActorModelState<Party>) -> Outcome {
        let nodes = state.actor_states.iter().zip(&state.crashed).take(self.nodes);
        nodes.map(|(node, crashed)| node.decided.filter(|_| !crashed)).collect()
    }

    /// Whether there were no more crashes than there may be, and none but of the last node.
    fn is_within(&self, state: &ActorModelState<Party>) -> bool {
        let last = self.nodes - 1;
        let down = (0..).zip(&state.crashed).filter(|(_, crashed)| **crashed);
        let fallen = state.actor_states[last].kept.lives - 1 + u8::from(state.crashed[last]);
        down.into_iter().all(|(actor, _)| actor == last) && fallen <= self.crashes
    }
}

/// What a search is told, and what it tells.
#[derive(Clone)]
struct Told {
    extent: Extent,
    outcomes: Arc<Mutex<BTreeSet<Outcome>>>,
}

/// Has stateright search the Synod; every outcome that can be reached, those on the way included, and in how
/// many states.
pub(crate) fn search(extent: Extent) -> (BTreeSet<Outcome>, usize) {
    let outcomes = Arc::default();
    let told = Told { extent, outcomes: Arc::clone(&outcomes) };
    let clients = (0..extent.clients).map(|value| Party::Client(value, extent));
    let checker = ActorModel::<Party, Told>::new(told, ())
        .actors((0..extent.nodes).map(|_| Party::Node(extent)))
        .actors(clients)
        .init_network(Network::new_unordered_nonduplicating([]))
        .max_crashes(usize::from(extent.crashes))
        .within_boundary(|told, state| told.extent.is_within(state))
        .property(Expectation::Always, "its outcome is noted", |model, state| {
            let outcome = model.cfg.extent.outcome(state);
            model.cfg.outcomes.lock().expect("no panic").insert(outcome);
            true
        })
        .checker()
        .threads(1)
        .spawn_dfs()
        .join();
    assert!(checker.is_done());
    let states = checker.unique_state_count();
    drop(checker);
    let outcomes = outcomes.lock().expect("no panic").clone();
    (outcomes, states)
}
