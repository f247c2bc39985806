//! Learning what is chosen, applying it in order, and catching up on what was missed.
//!
//! The leader tells with every accept and heartbeat how far everything is chosen. A follower concludes
//! from it only for slots whose entry it accepted in that very ballot, for a ballot proposes one entry per
//! slot; anything else it fetches. Chosen entries need no ballot.
//!
//! A leader that learns of another entry than the one it proposed was overtaken and has not noticed. It gives
//! up before it says more about what is chosen: those that accepted its own entry would take that one for it.

use super::message::{Ballot, Batch, Body, Reply};
use super::record::{self, Record};
use super::rules::Rules;
use super::{Config, Paxos};
use crate::consensus::{App, Applied, Entry, LogSlot, Operation};
use crate::{Context, NodeId};
use alloc::sync::Arc;

impl<A: App, R: Rules> Paxos<A, R> {
    /// The leader of `ballot` says that everything up to `upto` is chosen.
    pub(super) fn conclude(
        &mut self,
        config: &Config<R>,
        ballot: Ballot,
        upto: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        if upto <= self.applied {
            return;
        }
        let mut slot = self.applied.next();
        while slot <= upto {
            let Some(cell) = self.log.get_mut(slot) else {
                break;
            };
            if !cell.chosen {
                if cell.ballot.is_none() || !config.rules.is_covered(cell.ballot, ballot) {
                    break;
                }
                cell.chosen = true;
            }
            slot = slot.next();
        }
        self.advance(config, cx);
    }

    /// Applies whatever is chosen and next.
    pub(super) fn advance(&mut self, config: &Config<R>, cx: &mut Context<'_, Self>) {
        while let Some(slot) = self.next_to_apply(config) {
            let Some(cell) = self.log.get(slot) else {
                return;
            };
            let applied = self.replica.apply(slot, &cell.entry);
            let reply = reply_to(&cell.entry, applied);
            self.applied = slot;
            self.settle_proposal(config, slot, reply, cx);
            self.snapshot_if_due(config, cx);
        }
    }

    fn next_to_apply(&self, config: &Config<R>) -> Option<LogSlot> {
        let next = self.applied.next();
        let may = |slot| self.log.is_chosen(slot) && config.rules.may_apply(self.applied, slot);
        // Beyond a gap nothing may be applied; asking is what gives the rule its say.
        [next, next.next()].into_iter().find(|slot| may(*slot))
    }

    /// Asks `to` for everything from the first slot not applied here.
    pub(super) fn fetch(&self, config: &Config<R>, to: NodeId, cx: &mut Context<'_, Self>) {
        if to != config.me() {
            Self::send(config, to, Body::Fetch { from: self.applied.next() }, cx);
        }
    }

    /// Asks the leader for what its heartbeat showed to be missing here.
    pub(super) fn fetch_if_behind(
        &self,
        config: &Config<R>,
        from: NodeId,
        chosen_upto: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        if chosen_upto > self.applied {
            self.fetch(config, from, cx);
        }
    }

    /// Answers with entries, or with a state where the log no longer reaches back far enough.
    pub(super) fn on_fetch(
        &self,
        config: &Config<R>,
        to: NodeId,
        from: LogSlot,
        cx: &mut Context<'_, Self>,
    ) {
        if from > self.applied {
            return;
        }
        if from < self.log.start() {
            if let Some(snapshot) = &self.snapshots.latest {
                Self::send(config, to, Body::Snapshot(Arc::clone(snapshot)), cx);
            }
            return;
        }
        let batch = usize::try_from(config.settings().batch).unwrap_or(usize::MAX);
        let chosen = self.log.iter_from(from).take_while(|(slot, _)| *slot <= self.applied);
        let entries = chosen.take(batch).map(|(_, cell)| cell.entry.clone()).collect();
        let batch = Batch { first: from, entries, chosen_upto: self.applied };
        Self::send(config, to, Body::Chosen(Arc::new(batch)), cx);
    }

    /// Takes in chosen entries, and asks for the rest.
    pub(super) fn on_chosen(
        &mut self,
        config: &Config<R>,
        from: NodeId,
        batch: &Batch<A>,
        cx: &mut Context<'_, Self>,
    ) {
        let before = self.applied;
        for (at, entry) in (batch.first.0..).zip(&batch.entries) {
            if !self.learn(config, LogSlot(at), entry, cx) {
                break;
            }
        }
        self.advance(config, cx);
        if self.applied > before {
            cx.probe("paxos/caught-up-by-entries");
            self.fetch_if_behind(config, from, batch.chosen_upto, cx);
            self.lead_if_promised(config, cx);
            self.settle_open_slots(config, cx);
        }
    }

    /// Stores a chosen entry; false if it is out of reach. It may replace an acceptance: what is chosen is
    /// above any ballot.
    fn learn(
        &mut self,
        config: &Config<R>,
        slot: LogSlot,
        entry: &Entry<A>,
        cx: &mut Context<'_, Self>,
    ) -> bool {
        if slot <= self.applied {
            return true;
        }
        let Some(cell) = self.log.reach(slot, config.reach()) else {
            return false;
        };
        if cell.chosen {
            return true;
        }
        cell.chosen = true;
        cell.faulty = false;
        let own_entry = cell.entry == *entry;
        if cell.ballot.is_none() || !own_entry {
            let lane = cell.replace(Ballot::NONE, entry.clone());
            cell.owed = false;
            // Nobody counts on this record: no sync. It only spares the next life the question.
            if self.acceptor.voter && self.acceptor.settled {
                let entry = entry.clone();
                cx.write(record::entry_place(slot, lane), Record::Chosen { slot, entry });
            }
        }
        self.lead_on_if_own(config, slot, own_entry, cx);
        true
    }
}

/// What a client that asked for `entry` is answered.
pub(super) fn reply_to<A: App>(entry: &Entry<A>, applied: Applied<A::Output>) -> Option<Reply<A>> {
    let is_query = matches!(entry, Entry::Request { operation: Operation::Query(_), .. });
    match applied {
        Applied::Nothing => None,
        Applied::Forgotten => Some(Reply::Forgotten),
        Applied::Outcome { slot, output } if is_query => Some(Reply::Read { as_of: slot, output }),
        Applied::Outcome { slot, output } => Some(Reply::Applied { slot, output }),
    }
}
