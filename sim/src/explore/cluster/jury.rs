//! The checks along one history of many: copied when they see something.

use super::exercise::Counts;
use super::state::seat_print;
use crate::check::{Branching, Failure, Report, View};
use crate::clock::TrueTime;
use crate::cluster::Cluster;
use crate::outcome::Property;
use crate::seen::{Kind, Seen};
use interregnum_core::{Fingerprint, Folder, Machine};
use std::sync::Arc;

/// A check, and the fingerprint of what it remembers.
pub(super) struct Seat<M: Machine> {
    pub(super) check: Box<dyn Branching<M>>,
    pub(super) print: Fingerprint,
}

impl<M: Machine> std::fmt::Debug for Seat<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Seat").field(&self.print).finish()
    }
}

impl<M: Machine> Seat<M> {
    pub(super) fn new(check: Box<dyn Branching<M>>, view: View<'_, M>) -> Self {
        let print = print(&*check, view);
        Self { check, print }
    }

    /// The same as clocks show now; nothing, if that makes no difference.
    pub(super) fn later(&self, view: View<'_, M>) -> Option<Self> {
        let print = print(&*self.check, view);
        (print != self.print).then(|| Self { check: self.check.branch(), print })
    }
}

fn print<M: Machine>(check: &dyn Branching<M>, view: View<'_, M>) -> Fingerprint {
    let mut folder = Folder::new();
    Branching::fold(check, view, &mut folder);
    folder.fingerprint()
}

/// The checks while a step is taken.
pub(super) struct Jury<M: Machine> {
    seats: Vec<Arc<Seat<M>>>,
    /// Those that have seen something in this step.
    copies: Vec<Option<Box<dyn Branching<M>>>>,
    /// For each kind of thing, who wants to see it.
    audience: [Vec<u8>; Kind::ALL.len()],
    report: Report,
    /// Whether a client was answered, so that a history may be complete that was not.
    answered: bool,
    pub(super) exercised: Counts,
}

impl<M: Machine> Jury<M> {
    pub(super) fn new(
        checks: Vec<Box<dyn Branching<M>>>,
        properties: &[&'static Property],
        view: View<'_, M>,
    ) -> Self {
        let exercised = Counts::new(&checks, properties);
        let mut audience = [const { Vec::new() }; Kind::ALL.len()];
        for (number, check) in (0..=u8::MAX).zip(&checks) {
            let interest = check.interest();
            for kind in Kind::ALL.iter().filter(|kind| interest.contains(**kind)) {
                audience[*kind as usize].push(number);
            }
        }
        let copies = checks.iter().map(|_| None).collect();
        let seats = checks.into_iter().map(|check| Arc::new(Seat::new(check, view))).collect();
        Self { seats, copies, audience, report: Report::default(), answered: false, exercised }
    }

    /// Takes the checks of a state.
    pub(super) fn seat(&mut self, seats: &[Arc<Seat<M>>]) {
        self.seats.clear();
        self.seats.extend(seats.iter().cloned());
        self.copies.iter_mut().for_each(|copy| *copy = None);
        self.report = Report::default();
        self.answered = false;
    }

    pub(super) fn see(&mut self, cluster: &Cluster<M>, now: TrueTime, seen: &Seen<'_, M>) {
        self.answered |= seen.kind() == Kind::Answered;
        for number in &self.audience[seen.kind() as usize] {
            let number = usize::from(*number);
            let copy = self.copies[number].get_or_insert_with(|| self.seats[number].check.branch());
            copy.observe(seen, View::new(cluster, now), &mut self.report);
        }
    }

    /// What is wrong with the step, if anything is; and counts what it exercised.
    ///
    /// # Errors
    /// The names of what could not be decided.
    pub(super) fn verdict(
        &mut self,
        cluster: &Cluster<M>,
        now: TrueTime,
    ) -> Result<Option<Failure>, String> {
        for (number, copy) in self.copies.iter().enumerate() {
            if let Some(copy) = copy {
                self.exercised.count(number, &*self.seats[number].check, &**copy);
            }
        }
        if let Some(failure) = self.report.failure.take() {
            return Ok(Some(failure));
        }
        if !self.answered {
            return Ok(None);
        }
        for (number, copy) in self.copies.iter().enumerate() {
            let Some(copy) = copy else { continue };
            // Judged as if this were the end.
            let mut last = copy.branch();
            last.finish(View::new(cluster, now), &mut self.report);
            self.exercised.count(number, &**copy, &*last);
            if let Some(failure) = self.report.failure.take().filter(|f| !f.is_stall()) {
                return Ok(Some(failure));
            }
            let mut undecided = None;
            last.each_tally(&mut |tally| {
                undecided = undecided.or(tally.unknown.then_some(tally.property.id));
            });
            if let Some(property) = undecided {
                return Err(property.to_owned());
            }
        }
        Ok(None)
    }

    /// Those that have seen something, with what that changes in the print of the state.
    pub(super) fn rise(
        &mut self,
        view: View<'_, M>,
        changed: &mut Vec<(usize, Arc<Seat<M>>)>,
        print: &mut u128,
    ) {
        for (number, copy) in self.copies.iter_mut().enumerate() {
            let Some(copy) = copy.take() else { continue };
            let (before, after) = (&self.seats[number], Seat::new(copy, view));
            if after.print != before.print {
                *print = print
                    .wrapping_sub(seat_print(number, before.print))
                    .wrapping_add(seat_print(number, after.print));
                changed.push((number, Arc::new(after)));
            }
        }
    }

    pub(super) fn seats(&self) -> &[Arc<Seat<M>>] {
        &self.seats
    }
}
