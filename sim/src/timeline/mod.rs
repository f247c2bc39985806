//! The sampled timeline: virtual time, and every choice drawn from the run's seed.

mod ailing;
mod alarms;
mod queue;
mod trouble;

use crate::check::View;
use crate::clock::{Clock, TrueTime};
use crate::cluster::{Cargo, Cluster, Driver, Endpoint, Fate, Operation, Stall, Turn};
use crate::dice::{DelayLaw, Dice, Source, within};
use crate::scenario::{Disks, Network, Ratio};
use crate::seen::{Client, DropCause, Seen};
use crate::tap::Tap;
use alarms::{Alarm, Ring};
use interregnum_core::{Machine, NodeId, Span, Window};
use std::num::{NonZeroU32, NonZeroU64};

pub(crate) use ailing::{Ailment, Illness};
pub(crate) use queue::Event;
use queue::Queue;
pub(crate) use trouble::{Disturbance, Trouble, Whom};

/// Virtual time, the queue and the dice.
pub(crate) struct Timeline<'r, M: Machine> {
    seed: u64,
    now: TrueTime,
    queue: Queue,
    pub(crate) tap: Tap<'r, M>,
    delay: DelayLaw,
    loss: Ratio,
    duplicate: Ratio,
    sync: DelayLaw,
    pub(crate) disturbances: Vec<Disturbance>,
    pub(crate) ailments: Vec<Ailment>,
    /// For each ordered pair of endpoints that have talked, one more than the number of its dice.
    links: Vec<u32>,
    link_dice: Vec<Dice>,
    endpoints: usize,
    pick_dice: Vec<Option<Dice>>,
    timer_dice: Vec<Option<Dice>>,
    disk_dice: Vec<Option<Dice>>,
    timers: Vec<Vec<Alarm>>,
    /// What the system says of its messages, and of what happens.
    pub(crate) class_of: fn(&M::Message) -> &'static str,
    pub(crate) seam_of: fn(&Seen<'_, M>) -> Option<&'static str>,
    wakes: Vec<Alarm>,
}

impl<'r, M: Machine> Timeline<'r, M> {
    pub(crate) fn new(
        seed: u64,
        cluster: &Cluster<M>,
        clients: u32,
        network: &Network,
        disks: &Disks,
        tap: Tap<'r, M>,
    ) -> Self {
        let endpoints = cluster.endpoints();
        let processes = cluster.processes().count();
        Self {
            seed,
            now: TrueTime::ZERO,
            queue: Queue::new(),
            tap,
            delay: DelayLaw::new(&network.delay),
            loss: network.loss,
            duplicate: network.duplicate,
            sync: DelayLaw::new(&disks.sync),
            disturbances: Vec::new(),
            ailments: Vec::new(),
            links: vec![0; endpoints * endpoints],
            link_dice: Vec::new(),
            endpoints,
            pick_dice: vec![None; processes],
            timer_dice: vec![None; processes],
            disk_dice: vec![None; cluster.node_count()],
            timers: vec![Vec::new(); processes],
            class_of: |_| "",
            seam_of: |_| None,
            wakes: vec![Alarm::default(); clients as usize],
        }
    }

    pub(crate) const fn time(&self) -> TrueTime {
        self.now
    }

    pub(crate) fn schedule(&mut self, at: TrueTime, event: Event) {
        self.queue.push(at, event);
    }

    /// Moves time to the next event and returns it.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let (at, event) = self.queue.pop()?;
        debug_assert!(at >= self.now, "time runs forward");
        self.now = at;
        Some(event)
    }

    /// Whether the timer whose entry came up is due.
    pub(crate) fn is_due(&mut self, process: u16, timer: u16) -> bool {
        let ring = self.timers[usize::from(process)][usize::from(timer)].ring(self.now);
        self.rings(ring, Event::Timer { process, timer })
    }

    /// Whether the client's alarm, whose entry came up, is due.
    pub(crate) fn wakes(&mut self, client: u32) -> bool {
        let ring = self.wakes[client as usize].ring(self.now);
        self.rings(ring, Event::Wake { client })
    }

    fn rings(&mut self, ring: Ring, event: Event) -> bool {
        if let Ring::Later(due) = ring {
            self.schedule(due, event);
        }
        ring == Ring::Now
    }

    pub(crate) fn set_wake(&mut self, client: Client, after: Span) {
        let due = self.now.after(after);
        if let Some(alarm) = self.wakes.get_mut(client.0 as usize)
            && alarm.set(due)
        {
            self.schedule(due, Event::Wake { client: client.0 });
        }
    }

    /// From now on nothing is lost, repeated or held up on purpose.
    pub(crate) fn calm(&mut self) {
        self.disturbances.clear();
        self.loss = Ratio::default();
        self.duplicate = Ratio::default();
    }

    fn link(&mut self, from: u32, to: u32) -> &mut Dice {
        let entry = &mut self.links[from as usize * self.endpoints + to as usize];
        if *entry == 0 {
            self.link_dice.push(Dice::new(self.seed, Source::Link(from, to)));
            *entry = u32::try_from(self.link_dice.len()).unwrap_or(u32::MAX);
        }
        &mut self.link_dice[*entry as usize - 1]
    }

    #[cold]
    fn disturb(
        &mut self,
        cluster: &mut Cluster<M>,
        (from, to, cargo): (Endpoint, Endpoint, Cargo<'_, M>),
        mut fate: Fate,
    ) -> Fate {
        let repeats = matches!(cargo, Cargo::Message(_)).then_some(&self.delay);
        let Fate::Arrives { after: alone, .. } = fate else { return fate };
        for trouble in &mut self.disturbances {
            if trouble.whom.contains(from, to, cargo, self.class_of)
                && trouble.strike(&mut fate, alone, self.now, repeats)
            {
                cluster.bite(trouble.fault);
            }
        }
        fate
    }
}

impl<M: Machine> Driver<M> for Timeline<'_, M> {
    fn now(&self) -> TrueTime {
        self.now
    }

    #[inline(always)]
    fn see(&mut self, cluster: &Cluster<M>, seen: &Seen<'_, M>) {
        self.tap.see(cluster, self.now, seen);
    }

    fn pick(&mut self, process: usize, bound: NonZeroU32) -> u32 {
        let seed = self.seed;
        let id = u64::try_from(process).unwrap_or(u64::MAX);
        let dice = self.pick_dice[process].get_or_insert_with(|| Dice::new(seed, Source::Pick(id)));
        u32::try_from(dice.below(NonZeroU64::from(bound))).unwrap_or(0)
    }

    fn fate(
        &mut self,
        cluster: &mut Cluster<M>,
        from: Endpoint,
        to: Endpoint,
        cargo: Cargo<'_, M>,
    ) -> Fate {
        let (loss, duplicate, law) = (self.loss, self.duplicate, self.delay);
        // Two words a message, so that a fault that comes or goes leaves later draws in place.
        let dice = self.link(from.number, to.number);
        let (chance, delay) = (dice.word(), dice.word());
        let after = law.draw(delay);
        let fate = if within(chance >> 32, loss) {
            Fate::Lost(DropCause::Loss)
        } else {
            let again = within(chance & 0xffff_ffff, duplicate)
                .then(|| after + law.draw(delay.rotate_left(32) ^ chance));
            Fate::Arrives { after, again }
        };
        if self.disturbances.is_empty() {
            return fate;
        }
        self.disturb(cluster, (from, to, cargo), fate)
    }

    fn sync_time(&mut self, node: NodeId) -> Span {
        let seed = self.seed;
        let dice =
            self.disk_dice[node.index()].get_or_insert_with(|| Dice::new(seed, Source::Disk(node)));
        let takes = self.sync.draw(dice.word());
        let slowed = self.disturbances.iter().map(|trouble| trouble.slowed(node, takes, self.now));
        slowed.max().unwrap_or(takes)
    }

    #[inline]
    fn disks_ail(&self) -> bool {
        !self.ailments.is_empty()
    }

    fn disk_turn(
        &mut self,
        cluster: &mut Cluster<M>,
        disk: NodeId,
        from: NodeId,
        operation: Operation,
    ) -> Turn {
        self.ail(cluster, disk, from, operation)
    }

    fn disk_stall(&mut self, cluster: &mut Cluster<M>, disk: NodeId, from: NodeId) -> Stall {
        self.hold_up(cluster, disk, from)
    }

    fn post(&mut self, letter: u32, after: Span) {
        self.schedule(self.now.after(after), Event::Letter(letter));
    }

    fn launch(&mut self, flight: u32, after: Span) {
        self.schedule(self.now.after(after), Event::Arrival(flight));
    }

    fn arm(&mut self, process: usize, timer: usize, window: Window) {
        let seed = self.seed;
        let id = u64::try_from(process).unwrap_or(u64::MAX);
        let dice =
            self.timer_dice[process].get_or_insert_with(|| Dice::new(seed, Source::Timers(id)));
        let due = self.now.after(dice.between(window.min, window.max));
        let alarms = &mut self.timers[process];
        if alarms.len() <= timer {
            alarms.resize(timer + 1, Alarm::default());
        }
        if alarms[timer].set(due) {
            let number = |index| u16::try_from(index).unwrap_or(u16::MAX);
            let event = Event::Timer { process: number(process), timer: number(timer) };
            self.schedule(due, event);
        }
    }

    fn retime(&mut self, process: usize, old: &Clock, new: &Clock) -> bool {
        let (now, number) = (self.now, |index| u16::try_from(index).unwrap_or(u16::MAX));
        let mut entries = Vec::new();
        let mut any = false;
        for (timer, alarm) in self.timers[process].iter_mut().enumerate() {
            let Some(due) = alarm.due() else { continue };
            any = true;
            let due = now.after(new.instead_of(old, now, due));
            if alarm.set(due) {
                let event = Event::Timer { process: number(process), timer: number(timer) };
                entries.push((due, event));
            }
        }
        entries.into_iter().for_each(|(due, event)| self.schedule(due, event));
        any
    }

    fn seam(&self, seen: &Seen<'_, M>) -> Option<&'static str> {
        (self.seam_of)(seen)
    }

    fn disarm(&mut self, process: usize, timer: usize) {
        if let Some(alarm) = self.timers[process].get_mut(timer) {
            alarm.clear();
        }
    }

    fn watch(&mut self, node: NodeId, generation: u16, after: Span) {
        self.schedule(self.now.after(after), Event::Watchdog { node, generation });
    }
}

impl<M: Machine> Timeline<'_, M> {
    /// A look at the cluster at this moment.
    pub(crate) const fn view<'c>(&self, cluster: &'c Cluster<M>) -> View<'c, M> {
        View::new(cluster, self.now)
    }
}
