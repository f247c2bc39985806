//! The holder: acts as long as its own clock allows, gives up when asked to.
//!
//! Every step looks at the deadline before anything else. The timer only makes sure that a step comes when the
//! lease runs out, so that this is told; it may be late, and when it is early or stale it does no harm.

use super::fact::{Fact, Why};
use super::message::{Ballot, Message, Reply, Timer};
use super::proposer::{Held, Phase};
use super::rules::Rules;
use super::{Config, PaxosLease};
use crate::{CallId, Context, Deadline, LocalTime, Window};

impl<R: Rules> PaxosLease<R> {
    /// The lease was got or lengthened.
    pub(super) fn hold(
        &mut self,
        ballot: Ballot,
        until: Deadline,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        self.proposer.held = Some(Held { ballot, until });
        cx.fact(Fact::Held { ballot, until });
        cx.arm(Timer::Expiry, Window::exactly(until.left(now)));
    }

    /// Finds that the lease has run out. A renewal under way goes on: that the lease it renews has ended makes
    /// what the acceptors promised no less true.
    pub(super) fn lose_if_over(
        &mut self,
        config: &Config<R>,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        if self.holds(config, now).is_none() {
            self.lose(Why::Expired, cx);
        }
    }

    /// The lease, if there still is one, ends.
    fn lose(&mut self, why: Why, cx: &mut Context<'_, Self>) {
        if let Some(Held { ballot, .. }) = self.proposer.held.take() {
            cx.cancel(Timer::Expiry);
            cx.fact(Fact::Lost { ballot, why });
        }
    }

    /// What the timer says is checked against the deadline, not against the rule that says who is in time: a
    /// broken one would never let go. Where time is left, the timer came early.
    pub(super) fn on_expiry(&mut self, now: LocalTime, cx: &mut Context<'_, Self>) {
        let Some(held) = self.proposer.held else { return };
        if held.until.is_passed(now) {
            return self.lose(Why::Expired, cx);
        }
        cx.probe("paxos-lease/expiry-too-early");
        cx.arm(Timer::Expiry, Window::exactly(held.until.left(now)));
    }

    /// A client asks for what only the holder may do.
    pub(super) fn on_act(
        &mut self,
        config: &Config<R>,
        id: CallId,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        match self.holds(config, now) {
            Some(ballot) => cx.reply(id, Reply::Acted { ballot }),
            None => self.decline(id, now, cx),
        }
    }

    fn decline(&self, id: CallId, now: LocalTime, cx: &mut Context<'_, Self>) {
        let owner = self.acceptor.live(now).map(|ballot| ballot.node);
        cx.reply(id, Reply::NotHolder { owner });
    }

    /// A client asks that the lease be given up. That comes first; only then may anybody be told.
    ///
    /// If a renewal is under way that acceptors may have recorded, they recorded its ballot in place of the old
    /// one; so the release of that goes out as well. Neither ballot is held by then, nor ever will be: the
    /// attempt is abandoned, so that no reply revives it, and ballots are not used again. So whatever record
    /// such a release clears, and whenever it arrives, the record protects nobody, and it has replaced none that
    /// does. The next attempt has another ballot, which neither release names.
    pub(super) fn on_release_call(
        &mut self,
        config: &Config<R>,
        id: CallId,
        now: LocalTime,
        cx: &mut Context<'_, Self>,
    ) {
        let Some(ballot) = self.holds(config, now) else { return self.decline(id, now, cx) };
        self.lose(Why::Released, cx);
        let attempt = self.proposer.attempt.take();
        let renewal = attempt.filter(|a| a.phase == Phase::Accepting).map(|a| a.ballot);
        for ballot in [Some(ballot), renewal].into_iter().flatten() {
            Self::broadcast(config, Message::Release { ballot }, cx);
            self.released(config, ballot, now);
        }
        // Others come first.
        cx.arm(Timer::Attempt, config.settings().attempt);
        cx.reply(id, Reply::Released { ballot });
    }
}
