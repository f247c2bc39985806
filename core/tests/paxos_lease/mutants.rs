//! Rules broken one at a time: random schedules must expose each of them by two holders, or the smallest schedule
//! that does, where they find it too rarely. The sound rules pass the same schedule.
//!
//! Two rules have a second line of defence: broken alone they do no harm, only together.

use crate::lab::{Fate, Lab};
use crate::random::campaign;
use crate::scripted::{A, B, C, running, take, talk};
use interregnum_core::paxos_lease::{
    AcceptorRules, Ballot, Call, ProposerRules, Rules, Sound, Tally, Terms, Timer,
};
use interregnum_core::{Cell, Deadline, LocalTime, NodeId, Span};

/// Rules that are sound but for what is given.
macro_rules! rules {
    ($name:ident, $($role:ident { $($body:tt)* })*) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        struct $name;
        $(impl $role for $name { $($body)* })*
        impl Rules for $name {}
    };
}

/// The same, and a test that the laboratory sees it.
macro_rules! broken {
    ($name:ident, $test:ident, $($role:ident { $($body:tt)* })*) => {
        rules!($name, $($role { $($body)* })*);
        #[test]
        fn $test() {
            let found = campaign(&$name, 3_000, 1_000);
            assert!(found.violation.is_some(), "a broken rule must be caught");
        }
    };
}

broken!(HoldsForTheGrant, holding_for_as_long_as_granted_is_caught,
    AcceptorRules {}
    ProposerRules { fn hold(&self, terms: &Terms) -> Span { terms.grant } });
broken!(NoQuarantine, answering_right_after_a_start_is_caught,
    AcceptorRules { fn quarantine(&self, _: &Terms) -> Span { Span::ZERO } }
    ProposerRules {});
broken!(CountsFromNow, counting_from_the_answer_is_caught,
AcceptorRules {}
ProposerRules {
    fn deadline(&self, _: Deadline, now: LocalTime, hold: Span) -> Deadline {
        Deadline::after(now, hold)
    }
});
broken!(AlwaysOpen, heeding_no_lease_is_caught,
    AcceptorRules {}
    ProposerRules { fn is_open(&self, _: Option<Ballot>, _: Option<Ballot>, _: NodeId) -> bool { true } });
broken!(ReleasesByOwner, releasing_by_owner_alone_is_caught,
    AcceptorRules {
        fn is_released(&self, recorded: Ballot, released: Ballot) -> bool {
            recorded.node == released.node
        }
    }
    ProposerRules {});
broken!(CountsAnything, counting_replies_to_what_was_abandoned_is_caught,
    AcceptorRules {}
    ProposerRules { fn counts_for(&self, _: Ballot, _: Ballot) -> bool { true } });
broken!(CountsReplies, counting_replies_instead_of_nodes_is_caught,
AcceptorRules {}
ProposerRules {
    fn is_quorum(&self, tally: Tally, members: u8) -> bool {
        tally.replies * 2 > u32::from(members)
    }
});
broken!(AcceptsAnything, accepting_below_the_promise_is_caught,
    AcceptorRules { fn may_accept(&self, _: Ballot, _: Ballot) -> bool { true } }
    ProposerRules {});
broken!(PromisesAnything, promising_below_the_promise_is_caught,
    AcceptorRules { fn may_promise(&self, _: Ballot, _: Ballot) -> bool { true } }
    ProposerRules {});
broken!(GrantsLess, granting_less_than_agreed_is_caught,
    AcceptorRules { fn grant(&self, terms: &Terms) -> Span { terms.hold() } }
    ProposerRules {});
broken!(TrustsTheTimer, trusting_the_timer_is_caught,
    AcceptorRules {}
    ProposerRules { fn in_time(&self, _: Deadline, _: LocalTime) -> bool { true } });
broken!(RenewsEarly, renewing_before_a_majority_recorded_it_is_caught,
    AcceptorRules {}
    ProposerRules { fn renews_before_quorum(&self) -> bool { true } });
broken!(TrustsTheWall, measuring_on_the_wall_clock_is_caught,
    AcceptorRules {}
    ProposerRules { fn trusts_wall_clock(&self) -> bool { true } });

rules!(ShortQuarantine,
    AcceptorRules { fn quarantine(&self, terms: &Terms) -> Span { terms.hold() - Span::nanos(1) } }
    ProposerRules {});
rules!(AnswersEarly,
    AcceptorRules { fn may_answer(&self, _: bool) -> bool { true } }
    ProposerRules {});
rules!(AsksEarly,
    AcceptorRules {}
    ProposerRules { fn may_use_ballot(&self, _: bool) -> bool { true } });
rules!(AsksAfterAmnesia,
    AcceptorRules {}
    ProposerRules { fn may_propose_after_amnesia(&self) -> bool { true } });

/// A, on the slowest clock, was just granted the lease by B, which starts anew on the fastest one.
fn a_grantor_starts_anew<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = running(rules, 3);
    (lab.node(A).pace, lab.node(B).pace, lab.node(C).pace) = (9, 11, 11);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    lab.wire.clear();
    lab.crash(B);
    lab.boot(B);
    lab.sync(B, false);
    lab.pass(17);
    lab.fire(C, Timer::Attempt);
    talk(&mut lab, B, C);
    lab.violation
}

#[test]
fn a_silence_as_long_as_the_hold_is_caught() {
    assert!(a_grantor_starts_anew(&ShortQuarantine).is_some());
    assert_eq!(a_grantor_starts_anew(&Sound), None);
}

rules!(ReplacesAnything,
    AcceptorRules { fn may_replace(&self, _: Ballot, _: Ballot) -> bool { true } }
    ProposerRules {});

/// C is granted the lease by B, and gives it up; what it says to B comes twice, the second time very late. B starts
/// anew meanwhile and grants the lease to A, who has heard nothing of C and asks in a lower ballot. Then C asks B for
/// the lease again.
fn what_is_late_comes_after_a_start<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = running(rules, 3);
    lab.fire(C, Timer::Attempt);
    for (from, to) in [(C, B), (B, C)] {
        take(&mut lab, from, to).into_iter().for_each(|flight| lab.deliver(flight));
    }
    let accept = take(&mut lab, C, B);
    accept.iter().for_each(|flight| lab.deliver(*flight));
    talk(&mut lab, B, C);
    lab.call(C, Call::Release);
    let release = take(&mut lab, C, B);
    lab.wire.clear();
    lab.crash(B);
    lab.boot(B);
    lab.sync(B, false);
    lab.pass(22);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    assert!(accept.len() == 1 && release.len() == 1 && lab.node(A).holds());
    accept.into_iter().chain(release).for_each(|flight| lab.deliver(flight));
    lab.wire.clear();
    lab.fire(C, Timer::Attempt);
    talk(&mut lab, C, B);
    lab.violation
}

#[test]
fn recording_in_place_of_another_owners_lease_is_caught() {
    assert!(what_is_late_comes_after_a_start(&ReplacesAnything).is_some());
    assert_eq!(what_is_late_comes_after_a_start(&Sound), None);
}

rules!(CountsFromTheSecondQuestion,
AcceptorRules {}
ProposerRules {
    fn counted_from(&self, _: Deadline, asked_again: Deadline) -> Deadline {
        asked_again
    }
});

/// B promises C its ballot and starts anew; the promise is late, and so is what C asks for then. B grants A the lease,
/// in a lower ballot, when its silence is over, and then C.
fn a_promise_is_forgotten<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = running(rules, 3);
    lab.fire(C, Timer::Attempt);
    take(&mut lab, C, B).into_iter().for_each(|flight| lab.deliver(flight));
    let promise = take(&mut lab, B, C);
    lab.wire.clear();
    lab.crash(B);
    lab.boot(B);
    lab.sync(B, false);
    lab.pass(12);
    promise.into_iter().for_each(|flight| lab.deliver(flight));
    let accept = take(&mut lab, C, B);
    lab.wire.clear();
    lab.pass(10);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    assert!(accept.len() == 1 && lab.node(A).holds());
    accept.into_iter().for_each(|flight| lab.deliver(flight));
    talk(&mut lab, B, C);
    lab.violation
}

#[test]
fn counting_from_the_second_question_is_caught() {
    assert!(a_promise_is_forgotten(&CountsFromTheSecondQuestion).is_some());
    assert_eq!(a_promise_is_forgotten(&Sound), None);
}

/// B's first start grants the lease to A, and is forgotten.
fn the_first_start_is_forgotten<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = Lab::new(rules, 3);
    lab.ids().for_each(|id| lab.boot(id));
    lab.sync(A, false);
    lab.sync(C, false);
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, B);
    lab.wire.clear();
    lab.power_loss(B, Fate::Lost);
    lab.boot(B);
    lab.sync(B, false);
    lab.fire(C, Timer::Attempt);
    talk(&mut lab, B, C);
    lab.violation
}

#[test]
fn answering_before_the_start_is_durable_is_caught() {
    assert!(the_first_start_is_forgotten(&AnswersEarly).is_some());
    assert_eq!(the_first_start_is_forgotten(&Sound), None);
}

/// A starts twice and takes both for its first start; what was answered in the former one is heard in the latter,
/// long after the records have run out and B was granted the lease.
fn a_start_is_counted_twice<R: Rules>(rules: &R, is_durable: bool) -> Option<String> {
    let mut lab = Lab::new(rules, 3);
    for id in [A, B, C] {
        lab.boot(id);
        if id != A || is_durable {
            lab.sync(id, false);
        }
    }
    let exchange = |lab: &mut Lab<R>| {
        for flight in [take(lab, A, B), take(lab, A, C)].concat() {
            lab.deliver(flight);
        }
        [take(lab, B, A), take(lab, C, A)].concat()
    };
    lab.fire(A, Timer::Attempt);
    let promises = exchange(&mut lab);
    promises.iter().for_each(|flight| lab.deliver(*flight));
    let accepted = exchange(&mut lab);
    lab.power_loss(A, Fate::Lost);
    if is_durable {
        lab.node(A).durable.values_mut().for_each(|cell| *cell = Cell::Damaged);
    }
    lab.pass(22);
    lab.fire(B, Timer::Attempt);
    talk(&mut lab, B, C);
    lab.boot(A);
    if is_durable {
        lab.sync(A, false);
    }
    lab.fire(A, Timer::Attempt);
    promises.into_iter().chain(accepted).for_each(|flight| lab.deliver(flight));
    lab.violation
}

#[test]
fn asking_before_the_start_is_durable_is_caught() {
    assert!(a_start_is_counted_twice(&AsksEarly, false).is_some());
    assert_eq!(a_start_is_counted_twice(&Sound, false), None);
}

#[test]
fn asking_without_a_count_is_caught() {
    assert!(a_start_is_counted_twice(&AsksAfterAmnesia, true).is_some());
    assert_eq!(a_start_is_counted_twice(&Sound, true), None);
}

rules!(OpenByName,
AcceptorRules {}
ProposerRules {
    fn is_open(&self, live: Option<Ballot>, _: Option<Ballot>, me: NodeId) -> bool {
        live.is_none_or(|live| live.node == me)
    }
});
rules!(AcceptsWithoutPromise,
    AcceptorRules { fn promised_by_accepting(&self, promised: Ballot, _: Ballot) -> Ballot { promised } }
    ProposerRules {});
rules!(BothLines,
AcceptorRules { fn promised_by_accepting(&self, promised: Ballot, _: Ballot) -> Ballot { promised } }
ProposerRules {
    fn is_open(&self, live: Option<Ballot>, _: Option<Ballot>, me: NodeId) -> bool {
        live.is_none_or(|live| live.node == me)
    }
});

/// A is promised a ballot by itself and by C, and its question to C is late. Meanwhile A promises B a higher one, which
/// C records. Then C is asked to record the old one in its place, and A asks anew.
fn an_old_question_hides_a_lease<R: Rules>(rules: &R) -> Option<String> {
    let mut lab = running(rules, 3);
    let send = |lab: &mut Lab<R>, from, to| {
        take(lab, from, to).into_iter().for_each(|flight| lab.deliver(flight));
    };
    lab.fire(A, Timer::Attempt);
    send(&mut lab, A, C);
    send(&mut lab, C, A);
    let late = take(&mut lab, A, C);
    lab.wire.clear();
    lab.pass(22);
    lab.fire(B, Timer::Attempt);
    lab.wire.retain(|flight| flight.to == A);
    send(&mut lab, B, A);
    send(&mut lab, A, B);
    talk(&mut lab, B, C);
    late.into_iter().for_each(|flight| lab.deliver(flight));
    lab.wire.clear();
    lab.fire(A, Timer::Attempt);
    talk(&mut lab, A, C);
    lab.violation
}

/// An acceptance below a recorded lease hides it behind the record of another node, which must not take that for
/// its own: each rule makes up for the other.
#[test]
fn two_lines_of_defence_do_not_fall_alone() {
    assert_eq!(campaign(&OpenByName, 300, 1_000).violation, None);
    assert_eq!(campaign(&AcceptsWithoutPromise, 300, 1_000).violation, None);
    assert_eq!(an_old_question_hides_a_lease(&OpenByName), None);
    assert_eq!(an_old_question_hides_a_lease(&AcceptsWithoutPromise), None);
    assert!(an_old_question_hides_a_lease(&BothLines).is_some());
}
