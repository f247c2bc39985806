//! What a choice means.

use super::bounds::Budget;
use super::choice::{Choice, What, digits};
use super::director::Onlooker;
use super::stage::Stage;
use super::{ClusterModel, State};
use crate::check;
use crate::cluster::{Interruption, Survival, Trip, UnderWay, call_id};
use crate::seen::{Client, CrashCause, Seen};
use crate::system::ExplorableSystem;
use interregnum_core::{Explorable, LocalTime, NodeId};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is wrong.
#[derive(Debug)]
pub enum Wrong {
    /// A property.
    Violated(Box<check::Wrong>),
    /// A machine, or a check, panicked; what it said.
    Panicked(String),
    /// A check could not decide this property within its budget.
    Unknown(String),
    /// The machine cannot be searched in this way, and why.
    Unfit(String),
}

/// Does something with machines and checks, which may panic.
///
/// # Errors
/// It did.
pub(super) fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, Wrong> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Wrong::Panicked(text.unwrap_or_default())
    })
}

/// The one fault there is, where one has to be named.
const PAUSE: u32 = 0;

/// What was under way at the node's disk before the step and still is; nothing if the choice leads nowhere.
type Before<M> = Option<Vec<UnderWay<M>>>;

impl<M: Explorable, O: Onlooker<M>> Stage<M, O> {
    /// Lets the choice happen in the cluster.
    pub(super) fn play<S: ExplorableSystem<Process = M>>(
        &mut self,
        model: &ClusterModel<'_, S>,
        state: &State<M>,
        choice: Choice,
    ) -> Before<M> {
        let node = choice.what.node(state)?;
        let branch = &state.nodes[node];
        self.trip(node, choice)?;
        let mut before = branch.under_way.clone();
        match choice.what {
            What::Deliver(index) => self.deliver::<S>(state, index)?,
            What::Duplicate(index) => {
                self.spend(Budget::Duplicates, 1).then_some(())?;
                self.deliver::<S>(state, index)?;
            }
            What::Drop(_) => self.spend(Budget::Drops, 1).then_some(())?,
            What::Complete(at) => {
                let operation = take_nth(&mut before, at.nth)?;
                let (cluster, mut director) = self.direct::<S>();
                cluster.complete(node, operation, &mut director);
            }
            What::FailSync(part) => {
                let operation = take_nth(&mut before, part.nth)?;
                self.fail_sync::<S>(node, operation, part.fates)?;
            }
            What::Fire(at) => {
                self.spend(Budget::Timers, 1).then_some(())?;
                let timer = usize::from(at.nth);
                branch.timers.get(timer)?;
                let (cluster, mut director) = self.direct::<S>();
                cluster.fire(node, timer, &mut director);
            }
            What::Crash(_) => {
                branch.machine.as_ref()?;
                self.spend(Budget::Crashes, 1).then_some(())?;
                let (cluster, mut director) = self.direct::<S>();
                cluster.crash(node, CrashCause::Crash, &mut director);
            }
            What::LosePower(part) => {
                before.clear();
                self.lose_power::<S>(node, part.fates)?;
            }
            What::Start(_) => {}
            What::Resume(_) => {
                let (cluster, mut director) = self.direct::<S>();
                cluster.resume(node, PAUSE, &mut director);
            }
            // No node does anything.
            What::Pass(_) | What::Part(_) | What::Heal => return None,
            What::Ask(ask) => {
                let client = usize::from(ask.client);
                let asked = usize::from(state.clients.get(client)?.asked);
                self.ask::<S>(node, client, model.script.get(client)?.get(asked)?)?;
            }
        }
        self.after::<S>(node, choice, &mut before)?;
        Some(before)
    }

    fn fail_sync<S: ExplorableSystem<Process = M>>(
        &mut self,
        node: usize,
        operation: UnderWay<M>,
        fates: u32,
    ) -> Option<()> {
        self.spend(Budget::DiskErrors, 1).then_some(())?;
        self.fallout.failing = Some(fates.into());
        let (cluster, mut director) = self.direct::<S>();
        cluster.complete(node, operation, &mut director);
        self.fallout.failing = None;
        Some(())
    }

    /// The process is to crash or to pause within the step, if that was chosen.
    fn trip(&mut self, node: usize, choice: Choice) -> Option<()> {
        let (after, kind, budget) = match (choice.crash_after, choice.pause_after) {
            (Some(after), _) => (after, Interruption::Crash, Budget::Crashes),
            (_, Some(after)) => (after, Interruption::Pause, Budget::Pauses),
            _ => return Some(()),
        };
        self.spend(budget, 1).then_some(())?;
        let trip = Trip { after: after.into(), kind, fault: PAUSE, at_once: false };
        self.cluster.set_trip(node, trip);
        Some(())
    }

    fn deliver<S: ExplorableSystem<Process = M>>(
        &mut self,
        state: &State<M>,
        index: u16,
    ) -> Option<()> {
        let mail = state.mail.get(usize::from(index))?;
        let (cluster, mut director) = self.direct::<S>();
        let message = (mail.id, mail.from, mail.message.clone());
        cluster.deliver_message(mail.to as usize, message, &mut director);
        Some(())
    }

    fn ask<S: ExplorableSystem<Process = M>>(
        &mut self,
        node: usize,
        client: usize,
        call: &M::Call,
    ) -> Option<()> {
        let waiting = self.client(client)?;
        (waiting.asked, waiting.waits) = (waiting.asked + 1, true);
        let client = Client(u32::try_from(client).ok()?);
        let id = call_id(client, waiting.asked.into());
        let (cluster, mut director) = self.direct::<S>();
        let to = cluster.process_at(node).id;
        let asked = Seen::Asked { client, id, to, call };
        crate::cluster::Driver::see(&mut director, cluster, &asked);
        cluster.deliver_call(node, (id, call.clone()), &mut director);
        Some(())
    }

    fn lose_power<S: ExplorableSystem<Process = M>>(
        &mut self,
        node: usize,
        fates: u32,
    ) -> Option<()> {
        let torn = digits(fates).take(20).filter(|digit| *digit == 2).count();
        let paid = self.spend(Budget::PowerLosses, 1) && self.spend(Budget::TornWrites, torn);
        paid.then_some(())?;
        let (cluster, mut director) = self.direct::<S>();
        cluster.crash(node, CrashCause::Power, &mut director);
        let mut fates = digits(fates).map(|digit| match digit {
            0 => Survival::Lost,
            1 => Survival::Kept,
            _ => Survival::Torn,
        });
        let id = NodeId(u8::try_from(node).ok()?);
        let next = &mut || fates.next().unwrap_or(Survival::Lost);
        cluster.lose_power(id, 0, LocalTime(0), next, &|_, _| true, &mut director);
        Some(())
    }

    /// Clients are answered at once, and whoever fell starts anew at once, unless it stopped by itself.
    fn after<S: ExplorableSystem<Process = M>>(
        &mut self,
        node: usize,
        choice: Choice,
        before: &mut Vec<UnderWay<M>>,
    ) -> Option<()> {
        self.answer::<S>();
        let is_down = !self.cluster.process_at(node).up;
        if choice.crash_after.is_some() && !is_down {
            // The step had fewer effects.
            return None;
        }
        if choice.pause_after.is_some() && !self.cluster.process_at(node).is_paused() {
            return None;
        }
        if is_down {
            *before = before.drain(..).map(UnderWay::unheard).collect();
        }
        let falls = matches!(choice.what, What::Crash(_) | What::LosePower(_) | What::Start(_));
        if falls || choice.crash_after.is_some() {
            let (cluster, mut director) = self.direct::<S>();
            cluster.let_up(node, 0, &mut director);
            cluster.start(node, &mut director);
        }
        Some(())
    }

    fn answer<S: ExplorableSystem<Process = M>>(&mut self) {
        let flights = std::mem::take(&mut self.fallout.flights);
        for flight in flights {
            if !self.cluster.is_answer(flight) {
                self.fallout.flights.push(flight);
                continue;
            }
            let (cluster, mut director) = self.direct::<S>();
            let answer = cluster.arrive(flight, &mut director);
            let Some(answer) = answer else { continue };
            self.fallout.refused |= S::is_refusal(&answer.reply);
            if let Some(client) = self.client(answer.client.0 as usize) {
                client.waits = false;
            }
        }
    }
}

fn take_nth<M: interregnum_core::Machine>(
    operations: &mut Vec<UnderWay<M>>,
    nth: u8,
) -> Option<UnderWay<M>> {
    let nth = usize::from(nth);
    (nth < operations.len()).then(|| operations.remove(nth))
}
