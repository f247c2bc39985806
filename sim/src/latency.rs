//! How long clients waited for answers, over the time of a run, within bounds: so many stretches of time, which
//! become twice as long whenever the run outgrows them.
//!
//! It is the calls that are measured, whatever the answer. A client that is not answered asks again, and an
//! answer to any of these calls will do: a wait begins with the first of them and ends with the first answer to
//! one. So a client waits for one thing at a time; where it makes several calls at once, they are one wait. What
//! nobody answered until the end is counted apart, where it began.

use crate::clock::TrueTime;
use crate::seen::{Client, Kind, Kinds, Seen};
use interregnum_core::{CallId, Machine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// At most so many stretches are kept,
const MOST_BUCKETS: usize = 256;
/// each of them at first so long.
const FIRST_WIDTH_NS: u64 = 1_000_000;
/// So many clients are watched; further ones are not.
const MOST_CLIENTS: usize = 1_024;

/// How long clients waited, over the time of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// How long each stretch of time is; 0 if nobody was answered.
    pub bucket_ns: u64,
    /// The stretches, one after the other from the beginning of the run.
    pub buckets: Vec<Waits>,
}

/// How clients waited in one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waits {
    /// How many waits ended in it with an answer.
    pub answered: u64,
    /// How long the longest of these were.
    pub worst_ns: u64,
    /// How long all of these were together.
    pub total_ns: u64,
    /// How many further calls were made in it because an earlier one of the same client was not answered.
    pub repeated: u64,
    /// How many waits began in it that were not over at the end of the run.
    pub waiting: u64,
}

impl Waits {
    const fn add(&mut self, other: Self) {
        self.answered = self.answered.saturating_add(other.answered);
        if other.worst_ns > self.worst_ns {
            self.worst_ns = other.worst_ns;
        }
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.repeated = self.repeated.saturating_add(other.repeated);
        self.waiting = self.waiting.saturating_add(other.waiting);
    }
}

/// What the watch has to see.
pub(crate) const CALLS: Kinds = Kinds::of(&[Kind::Asked, Kind::Answered]);

/// Watches clients wait.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    latency: Latency,
    /// The first call that each client was not answered, and when it was made.
    waiting: Vec<Option<(CallId, TrueTime)>>,
}

impl Watch {
    pub(crate) fn see<M: Machine>(&mut self, now: TrueTime, seen: &Seen<'_, M>) {
        match seen {
            Seen::Asked { client, id, .. } => self.asked(now, *client, *id),
            Seen::Answered { client, id, .. } => self.answered(now, *client, *id),
            _ => {}
        }
    }

    fn asked(&mut self, now: TrueTime, client: Client, id: CallId) {
        let index = client.0 as usize;
        if index >= MOST_CLIENTS {
            return;
        }
        if index >= self.waiting.len() {
            self.waiting.resize(index + 1, None);
        }
        if self.waiting[index].is_some() {
            self.add(now, Waits { repeated: 1, ..Waits::default() });
        } else {
            self.waiting[index] = Some((id, now));
        }
    }

    fn answered(&mut self, now: TrueTime, client: Client, id: CallId) {
        let waiting = self.waiting.get_mut(client.0 as usize);
        // Calls are numbered in their order: an earlier one belongs to a wait that is over.
        let Some((_, since)) = waiting.and_then(|call| call.take_if(|(first, _)| *first <= id))
        else {
            return;
        };
        let took = now.0.saturating_sub(since.0);
        self.add(now, Waits { answered: 1, worst_ns: took, total_ns: took, ..Waits::default() });
    }

    fn add(&mut self, at: TrueTime, waits: Waits) {
        let Latency { bucket_ns, buckets } = &mut self.latency;
        *bucket_ns = (*bucket_ns).max(FIRST_WIDTH_NS);
        // Each turn doubles the width: there are at most 64.
        while at.0 / *bucket_ns >= MOST_BUCKETS as u64 {
            *bucket_ns = bucket_ns.saturating_mul(2);
            halve(buckets);
        }
        let index = usize::try_from(at.0 / *bucket_ns).unwrap_or(MOST_BUCKETS - 1);
        if index >= buckets.len() {
            buckets.resize(index + 1, Waits::default());
        }
        buckets[index].add(waits);
    }

    /// What was seen; who was not answered by now waits still.
    pub(crate) fn take(&mut self) -> Latency {
        let waiting = std::mem::take(&mut self.waiting);
        for (_, since) in waiting.into_iter().flatten() {
            self.add(since, Waits { waiting: 1, ..Waits::default() });
        }
        std::mem::take(&mut self.latency)
    }
}

/// Every two stretches become one.
fn halve(buckets: &mut Vec<Waits>) {
    let half = buckets.len().div_ceil(2);
    for index in 0..half {
        let mut both = buckets[2 * index];
        if let Some(second) = buckets.get(2 * index + 1) {
            both.add(*second);
        }
        buckets[index] = both;
    }
    buckets.truncate(half);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn waits(answered: u64, worst_ns: u64, repeated: u64, waiting: u64) -> Waits {
        Waits { answered, worst_ns, total_ns: worst_ns, repeated, waiting }
    }

    #[test]
    fn waits_are_counted_where_they_end_and_those_without_an_end_where_they_began() {
        let mut watch = Watch::default();
        let (one, two) = (Client(0), Client(7));
        watch.asked(TrueTime(0), one, CallId(1));
        watch.asked(TrueTime(MS), two, CallId(2));
        watch.answered(TrueTime(3 * MS), one, CallId(1));
        watch.answered(TrueTime(3 * MS), one, CallId(1));
        watch.asked(TrueTime(4 * MS), Client(u32::MAX), CallId(4));
        let expected =
            [Waits::default(), waits(0, 0, 0, 1), Waits::default(), waits(1, 3 * MS, 0, 0)];
        assert_eq!(watch.take(), Latency { bucket_ns: MS, buckets: expected.to_vec() });
        assert_eq!(watch.take(), Latency::default());
    }

    /// Whoever asks again waits on, until any of its calls is answered; what comes later, or belongs to an
    /// earlier wait, ends nothing.
    #[test]
    fn an_answer_to_any_call_since_the_first_ends_a_wait() {
        let mut watch = Watch::default();
        let client = Client(3);
        for (at, id) in [(0, 1), (1, 2), (2, 3)] {
            watch.asked(TrueTime(at * MS), client, CallId(id));
        }
        watch.answered(TrueTime(4 * MS), client, CallId(2));
        watch.answered(TrueTime(4 * MS), client, CallId(3));
        watch.asked(TrueTime(5 * MS), client, CallId(4));
        watch.answered(TrueTime(6 * MS), client, CallId(1));
        watch.asked(TrueTime(7 * MS), client, CallId(5));
        let nothing = Waits::default();
        let expected = [
            nothing,
            waits(0, 0, 1, 0),
            waits(0, 0, 1, 0),
            nothing,
            waits(1, 4 * MS, 0, 0),
            waits(0, 0, 0, 1),
            nothing,
            waits(0, 0, 1, 0),
        ];
        assert_eq!(watch.take(), Latency { bucket_ns: MS, buckets: expected.to_vec() });
    }

    proptest! {
        /// However long the run: bounded, and nothing is lost.
        #[test]
        fn buckets_are_bounded_and_lose_nothing(steps in prop::collection::vec(0_u64..1 << 40, 1..400)) {
            let mut watch = Watch::default();
            let (mut now, mut total, mut worst) = (0_u64, 0_u64, 0);
            for (nth, step) in (0..).zip(&steps) {
                let since = now;
                watch.asked(TrueTime(now), Client(0), CallId(nth));
                now += step;
                watch.answered(TrueTime(now), Client(0), CallId(nth));
                (total, worst) = (total + now - since, worst.max(now - since));
            }
            let latency = watch.take();
            let sum = |of: fn(&Waits) -> u64| latency.buckets.iter().map(of).sum::<u64>();
            prop_assert!(latency.buckets.len() <= MOST_BUCKETS);
            prop_assert_eq!(sum(|waits| waits.answered), steps.len() as u64);
            prop_assert_eq!((sum(|waits| waits.total_ns), sum(|waits| waits.waiting)), (total, 0));
            prop_assert_eq!(latency.buckets.iter().map(|waits| waits.worst_ns).max(), Some(worst));
            prop_assert_eq!(now / latency.bucket_ns, latency.buckets.len() as u64 - 1);
        }
    }
}
