//! Where successors are worked out: a cluster that is put into any state.

use super::bounds::{CLAIMS, EFFECTS, PICKS, SYSTEM};
use super::choice::Choice;
use super::director::{Director, Fallout, Nobody, Onlooker};
use super::jury::{Jury, Seat};
use super::state::{Client, Mail, State, clients_print, node_print};
use super::{ClusterModel, What, Wrong, relevance};
use crate::check::View;
use crate::clock::Clock;
use crate::cluster::{Aftermath, Branch, Cluster, UnderWay};
use crate::explore::{Purse, Step};
use crate::system::ExplorableSystem;
use interregnum_core::{Explorable, LocalTime, Machine, NodeId};
use std::sync::Arc;

/// Room for one thread to work in.
pub struct Stage<M: Machine, O = Nobody> {
    pub(super) cluster: Cluster<M>,
    /// The node that is in each place of the cluster, if any is.
    loaded: Vec<Option<Arc<Branch<M>>>>,
    pub(super) jury: Jury<M>,
    pub(super) fallout: Fallout,
    pub(super) onlooker: O,
    /// Whether time passes.
    timed: bool,
    pub(super) next: Next<M>,
}

/// The state that the last step led to, as what is different.
pub(super) struct Next<M: Machine> {
    node: usize,
    branch: Option<Arc<Branch<M>>>,
    /// All nodes, if time has passed.
    pub(super) later: Vec<Arc<Branch<M>>>,
    pub(super) mail: Vec<Arc<Mail<M>>>,
    pub(super) seats: Vec<(usize, Arc<Seat<M>>)>,
    pub(super) clients: Vec<Client>,
    pub(super) cut: u8,
    pub(super) purse: Purse,
    pub(super) print: u128,
}

impl<M: Explorable, O: Onlooker<M>> Stage<M, O> {
    pub(super) fn new<S: ExplorableSystem<Process = M>>(
        model: &ClusterModel<'_, S>,
        onlooker: O,
    ) -> Self {
        let setup = &model.setup;
        let deployment = model.system.deploy(setup).expect("the model has been checked");
        let nodes = setup.scenario.cluster.nodes;
        let clients = u32::try_from(model.script.len()).unwrap_or(u32::MAX);
        let clock = |_: NodeId| (0, Clock::standing(LocalTime(0)));
        let cluster = Cluster::new(deployment, nodes, clients, 1, clock);
        let checks = model.system.checks(setup);
        let checks = checks.into_iter().filter_map(|check| check.branching()).collect();
        let jury = Jury::new(checks, &model.properties, View::new(&cluster, onlooker.now()));
        Self {
            cluster,
            loaded: (0..nodes).map(|_| None).collect(),
            jury,
            fallout: Fallout::default(),
            onlooker,
            timed: model.bounds.time.is_some(),
            next: Next {
                node: 0,
                branch: None,
                later: Vec::new(),
                mail: Vec::new(),
                seats: Vec::new(),
                clients: Vec::new(),
                cut: 0,
                purse: Purse::EMPTY,
                print: 0,
            },
        }
    }

    /// Every process starts: the first state.
    pub(super) fn begin<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
    ) -> State<M> {
        self.fallout.combinations = 1;
        let (cluster, mut director) = self.direct::<S>();
        cluster.begin(&mut director);
        let now = self.onlooker.now();
        let nodes: Vec<_> = (0..self.loaded.len())
            .map(|index| {
                let own = |flight: &&u32| self.cluster.is_of(**flight, index);
                let asked: Vec<_> = self.fallout.flights.iter().filter(own).copied().collect();
                let step = Aftermath { now, asked: &asked, armed: &self.fallout.armed };
                Arc::new(self.cluster.take(index, None, std::iter::empty(), 0, &step))
            })
            .collect();
        let letters = std::mem::take(&mut self.fallout.letters);
        let mail = letters.into_iter().map(|letter| self.cluster.take_letter(letter));
        let mut mail: Vec<_> = mail.map(|parts| Arc::new(Mail::new(parts))).collect();
        mail.sort_by_key(|mail| mail.print);
        let (mut seats, mut print) = (Vec::new(), 0);
        self.jury.rise(View::new(&self.cluster, now), &mut seats, &mut print);
        let mut jury = self.jury.seats().to_vec();
        seats.into_iter().for_each(|(number, seat)| jury[number] = seat);
        let clients = vec![Client::default(); model.script.len()];
        let purse = model.bounds.purse();
        let mut state = State { nodes, mail, jury, clients, cut: 0, purse, print: 0 };
        if model.reductions.moot_messages {
            let State { nodes, mail, purse, .. } = &mut state;
            relevance::forget_moot(model, |index| &nodes[index], *purse, mail);
        }
        state.print = state.whole_print();
        state
    }

    /// The cluster, and who decides what happens in it.
    pub(super) fn direct<S: ExplorableSystem<Process = M>>(
        &mut self,
    ) -> (&mut Cluster<M>, Director<'_, M, O>) {
        let Self { cluster, jury, fallout, onlooker, timed, .. } = self;
        let timed = *timed;
        (cluster, Director { jury, ends_claims: S::ends_claims, fallout, onlooker, timed })
    }

    pub(super) fn step<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        choice: Choice,
        cuts: &mut [u64],
    ) -> Step<Wrong> {
        match choice.what {
            What::Pass(fast) => return self.pass(model, state, fast),
            What::Part(cut) => return self.part(model, state, cut),
            What::Heal => return self.part(model, state, 0),
            _ => {}
        }
        let Some(node) = choice.what.node(state).filter(|node| *node < state.nodes.len()) else {
            return Step::Same;
        };
        self.load(state);
        self.fallout = Fallout { combinations: 1, dice: choice.dice.into(), ..Fallout::default() };
        self.next.node = node;
        self.loaded[node] = None;
        let Some(before) = self.play(model, state, choice) else {
            return self.abandon(Step::Same);
        };
        self.conclude(model, state, choice, before, cuts)
    }

    /// Puts every node in its place that is not there yet, and seats the checks. Nothing has changed so far.
    pub(super) fn load(&mut self, state: &State<M>) {
        for (index, (loaded, node)) in self.loaded.iter_mut().zip(&state.nodes).enumerate() {
            if !loaded.as_ref().is_some_and(|loaded| Arc::ptr_eq(loaded, node)) {
                self.cluster.put(index, node);
                *loaded = Some(Arc::clone(node));
            }
            self.cluster.stand_clock(super::weather::id(index), node.clock);
        }
        self.jury.seat(&state.jury);
        self.next.clients.clone_from(&state.clients);
        self.next.purse = state.purse;
        self.next.cut = state.cut;
        self.next.seats.clear();
        self.next.branch = None;
        self.next.later.clear();
    }

    /// The step led nowhere: what it left behind is taken away.
    fn abandon(&mut self, step: Step<Wrong>) -> Step<Wrong> {
        let flights = std::mem::take(&mut self.fallout.flights);
        self.cluster.forget_flights(&flights);
        for letter in std::mem::take(&mut self.fallout.letters) {
            self.cluster.take_letter(letter);
        }
        step
    }

    /// What came of the step.
    fn conclude<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        choice: Choice,
        before: Vec<UnderWay<M>>,
        cuts: &mut [u64],
    ) -> Step<Wrong> {
        let node = self.next.node;
        if let Some(ends) = self.ends_here(model, choice, cuts) {
            return self.abandon(ends);
        }
        let flights = std::mem::take(&mut self.fallout.flights);
        let fires = matches!(choice.what, What::Fire(_));
        let fired = state.nodes[node].fired.saturating_add(u8::from(fires));
        let now = self.onlooker.now();
        let aftermath = Aftermath { now, asked: &flights, armed: &self.fallout.armed };
        let was = Some(&*state.nodes[node]);
        let branch = self.cluster.take(node, was, before.into_iter(), fired, &aftermath);
        let within = branch.machine.as_ref().is_none_or(|machine| model.system.within(machine));
        if !within {
            return self.abandon(Step::Beyond(SYSTEM));
        }
        let next = &mut self.next;
        next.print = state
            .print
            .wrapping_sub(node_print(node, state.nodes[node].print))
            .wrapping_add(node_print(node, branch.print));
        next.branch = Some(Arc::new(branch));
        self.sort_mail(model, state, choice);
        let view = View::new(&self.cluster, now);
        self.jury.rise(view, &mut self.next.seats, &mut self.next.print);
        let reductions = model.reductions;
        if (reductions.idle_deliveries && self.is_idle(state))
            || (reductions.refused_calls && self.is_refused(state))
        {
            return Step::Same;
        }
        let next = &mut self.next;
        next.print = next
            .print
            .wrapping_sub(clients_print(&state.clients))
            .wrapping_add(clients_print(&next.clients));
        if next.print == state.print && next.purse == state.purse {
            return Step::Same;
        }
        Step::To(model.key_of(next.print, next.purse))
    }

    /// Whether the step leads nowhere, or to something that must not be.
    fn ends_here<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        choice: Choice,
        cuts: &mut [u64],
    ) -> Option<Step<Wrong>> {
        if let Some(process) = self.fallout.read_a_clock {
            let what = match model.bounds.time {
                Some(_) => format!("{process} reads its wall clock, which no search has"),
                None => format!(
                    "{process} reads a clock, and time does not pass in this search: \
                     `bounds.time` lets it"
                ),
            };
            return Some(Step::Wrong(Wrong::Unfit(what)));
        }
        if self.fallout.dice > 0 {
            // Not so many combinations after all.
            return Some(Step::Same);
        }
        if choice.dice == 0 && self.fallout.combinations > u32::from(model.bounds.picks.0.max(1)) {
            cuts[PICKS] += 1;
        }
        let after = choice.crash_after.or(choice.pause_after);
        if after.is_some_and(|after| after + 1 == model.bounds.effects) {
            cuts[EFFECTS] += 1;
        }
        if self.fallout.claims_ended {
            return Some(Step::Beyond(CLAIMS));
        }
        let wrong = match self.jury.verdict(&self.cluster, self.onlooker.now()) {
            Ok(failure) => Wrong::Violated(Box::new(failure?.into_inner())),
            Err(property) => Wrong::Unknown(property),
        };
        Some(Step::Wrong(wrong))
    }

    /// Whether nothing has changed but that some messages are gone.
    fn is_idle(&self, state: &State<M>) -> bool {
        let next = &self.next;
        let same =
            next.branch.as_ref().is_some_and(|branch| branch.print == state.nodes[next.node].print);
        let known = |mail: &Arc<Mail<M>>| state.mail.iter().any(|old| Arc::ptr_eq(old, mail));
        same && next.seats.is_empty()
            && next.clients == state.clients
            && next.purse == state.purse
            && next.mail.iter().all(known)
    }

    /// Whether a call was refused, and nothing has come of it.
    fn is_refused(&self, state: &State<M>) -> bool {
        let next = &self.next;
        let same =
            next.branch.as_ref().is_some_and(|branch| branch.print == state.nodes[next.node].print);
        self.fallout.refused && same && next.mail.len() == state.mail.len()
    }

    /// What is on its way now.
    fn sort_mail<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        choice: Choice,
    ) {
        let taken = match choice.what {
            What::Deliver(index) | What::Drop(index) => Some(usize::from(index)),
            _ => None,
        };
        let next = &mut self.next;
        next.mail.clear();
        let stays = state.mail.iter().enumerate().filter(|(index, _)| Some(*index) != taken);
        next.mail.extend(stays.map(|(_, mail)| Arc::clone(mail)));
        for letter in std::mem::take(&mut self.fallout.letters) {
            next.mail.push(Arc::new(Mail::new(self.cluster.take_letter(letter))));
        }
        if model.reductions.moot_messages {
            let (node, branch) = (next.node, next.branch.as_ref());
            let at = |index: usize| match branch {
                Some(branch) if index == node => branch,
                _ => &state.nodes[index],
            };
            relevance::forget_moot(model, at, next.purse, &mut next.mail);
        }
        next.mail.sort_by_key(|mail| mail.print);
        let sum = |mail: &[Arc<Mail<M>>]| {
            mail.iter().fold(0_u128, |sum, mail| sum.wrapping_add(mail.print.0))
        };
        next.print = next.print.wrapping_sub(sum(&state.mail)).wrapping_add(sum(&next.mail));
    }

    /// The state that the last step led to.
    pub(super) fn build(&mut self, state: &State<M>) -> State<M> {
        let next = &mut self.next;
        let mut nodes = match next.later.is_empty() {
            true => state.nodes.clone(),
            false => std::mem::take(&mut next.later),
        };
        if let Some(branch) = next.branch.take() {
            nodes[next.node] = branch;
        }
        let mut jury = state.jury.clone();
        next.seats.drain(..).for_each(|(number, seat)| jury[number] = seat);
        State {
            nodes,
            mail: next.mail.clone(),
            jury,
            clients: next.clients.clone(),
            cut: next.cut,
            purse: next.purse,
            print: next.print,
        }
    }

    /// A client has made a call, or was answered.
    pub(super) fn client(&mut self, client: usize) -> Option<&mut Client> {
        self.next.clients.get_mut(client)
    }

    /// Takes some of a budget; false if there is none.
    pub(super) fn spend(&mut self, budget: super::bounds::Budget, amount: usize) -> bool {
        for _ in 0..amount {
            let Some(purse) = self.next.purse.spend(budget as usize) else { return false };
            self.next.purse = purse;
        }
        true
    }
}
