//! Many seeds of one scenario, in parallel, handed over in the order of the seeds.
//!
//! A run never knows that others go on beside it: threads exist here and nowhere else in this
//! crate. The pool is the caller's, and so are time and patience: this module reads no clock.

use crate::outcome::{Outcome, as_hex};
use crate::subject::Prepared;
use rayon::ThreadPool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

/// How the caller stops a campaign and watches it; called from any thread of the pool.
pub trait Pace: Sync {
    /// Whether no further run may begin, and those that go on are to end. Asked often.
    fn is_cancelled(&self) -> bool;

    /// A run is over; not in the order of the seeds.
    fn finished(&self, outcome: &Outcome);
}

/// Cancels nothing and watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patient;

impl Pace for Patient {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn finished(&self, _: &Outcome) {}
}

/// A run was cancelled: as it is no function of its seed, it says nothing of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The virtual time that it had come to.
    pub at_ns: u64,
    /// How many events had been delivered.
    pub events: u64,
}

/// So many seeds from a first one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seeds {
    /// The first.
    #[serde(with = "as_hex")]
    #[schemars(with = "String")]
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Seeds {
    /// One seed.
    #[must_use]
    pub const fn one(seed: u64) -> Self {
        Self { first: seed, count: 1 }
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "seed {:#x}", self.first),
            _ => {
                let end = u128::from(self.first) + u128::from(self.count);
                write!(f, "{} seeds {:#x}..{end:#x}", self.count, self.first)
            }
        }
    }
}

/// Runs to be made.
#[derive(Clone, Copy)]
pub struct Campaign<'a> {
    /// The scenario.
    pub prepared: &'a dyn Prepared,
    /// The seeds.
    pub seeds: Seeds,
    /// Whether each seed is run twice and both outcomes compared.
    pub verify: bool,
}

/// How a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How many runs were handed over.
    pub runs: u64,
    /// Whether it was stopped before the last seed.
    pub interrupted: bool,
}

/// The simulation itself is at fault: no verdict on the system can be drawn from the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The seed that shows it.
    pub seed: u64,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {:#x}: {}", self.seed, self.what)
    }
}

impl std::error::Error for Broken {}

type Ran = Result<Option<Outcome>, Broken>;

impl Campaign<'_> {
    /// Makes the runs in `pool`, from a thread outside of it, and hands each outcome to `each` in
    /// the order of the seeds. `each` may end the campaign. No more outcomes are held than a small
    /// multiple of the pool's threads.
    ///
    /// After a cancellation, runs that were over are still handed over.
    ///
    /// # Errors
    /// A run panicked, or its repetition differed.
    ///
    /// # Panics
    /// When `each` does.
    pub fn run(
        &self,
        pool: &ThreadPool,
        pace: &dyn Pace,
        mut each: impl FnMut(Outcome) -> ControlFlow<()>,
    ) -> Result<Ended, Broken> {
        let window = 4 * pool.current_num_threads() as u64;
        let (abandoned, campaign) = (AtomicBool::new(false), *self);
        let stop = || abandoned.load(Ordering::Relaxed) || pace.is_cancelled();
        let (sender, receiver) = mpsc::channel::<(u64, Ran)>();
        pool.in_place_scope(|scope| {
            let mut early = BTreeMap::new();
            let (mut begun, mut handed, mut runs) = (0, 0, 0);
            let result = loop {
                while begun < self.seeds.count && begun - handed < window && !stop() {
                    let (sender, stop, number) = (sender.clone(), &stop, begun);
                    scope.spawn(move |_| {
                        let ran = if stop() { Ok(None) } else { campaign.one(number, pace) };
                        // The receiver is gone only when nobody waits for this run any more.
                        let _ = sender.send((number, ran));
                    });
                    begun += 1;
                }
                if handed == begun {
                    break Ok(Ended { runs, interrupted: runs < self.seeds.count });
                }
                let Some(ran) = early.remove(&handed) else {
                    let (number, ran) = receiver.recv().expect("this scope holds a sender");
                    early.insert(number, ran);
                    continue;
                };
                handed += 1;
                match ran {
                    Ok(None) => {}
                    Err(broken) => break Err(broken),
                    Ok(Some(outcome)) => {
                        runs += 1;
                        if each(outcome).is_break() {
                            let interrupted = runs < self.seeds.count;
                            break Ok(Ended { runs, interrupted });
                        }
                    }
                }
            };
            abandoned.store(true, Ordering::Relaxed);
            result
        })
    }

    fn one(&self, number: u64, pace: &dyn Pace) -> Ran {
        let seed = self.seeds.first.wrapping_add(number);
        let Some(outcome) = run_once(self.prepared, seed, pace)? else { return Ok(None) };
        if self.verify {
            let Some(again) = run_once(self.prepared, seed, pace)? else { return Ok(None) };
            if let Some(what) = difference(&outcome, &again) {
                return Err(Broken { seed, what });
            }
        }
        pace.finished(&outcome);
        Ok(Some(outcome))
    }
}

/// Runs one seed; `None` if `pace` cancelled it. A panic of the simulation becomes an error that names
/// the seed.
///
/// # Errors
/// The run panicked.
pub fn run_once(
    prepared: &dyn Prepared,
    seed: u64,
    pace: &dyn Pace,
) -> Result<Option<Outcome>, Broken> {
    let ran = catch_unwind(AssertUnwindSafe(|| prepared.run_until(seed, pace)));
    ran.map(Result::ok).map_err(|panic| Broken { seed, what: blame(&*panic) })
}

/// A panic whose culprit is known, in words.
#[derive(Debug)]
pub(crate) struct Blamed(pub(crate) String);

/// Who panicked and what was said, for a panic that ended a run. A machine's does not: that is an outcome.
#[must_use]
pub fn blame(panic: &(dyn Any + Send)) -> String {
    match panic.downcast_ref() {
        Some(Blamed(what)) => what.clone(),
        None => format!("the simulator panicked: {}", said(panic)),
    }
}

/// What a panic said.
#[must_use]
pub fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// In what two outcomes of one seed differ.
fn difference(first: &Outcome, again: &Outcome) -> Option<String> {
    if first.fingerprint != again.fingerprint {
        let (one, two) = (first.fingerprint, again.fingerprint);
        return Some(format!("two runs of one seed differ: fingerprints {one} and {two}"));
    }
    (first != again)
        .then(|| "two runs of one seed differ: one fingerprint, two outcomes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, outcome};
    use std::sync::atomic::AtomicU64;

    #[derive(Default)]
    struct Watch {
        finished: AtomicU64,
        cancelled_after: Option<u64>,
    }

    impl Pace for Watch {
        fn is_cancelled(&self) -> bool {
            self.cancelled_after.is_some_and(|n| self.finished.load(Ordering::Relaxed) >= n)
        }

        fn finished(&self, _: &Outcome) {
            self.finished.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn pool(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    fn campaign(fake: &Fake, count: u64) -> Campaign<'_> {
        Campaign { prepared: fake, seeds: Seeds { first: u64::MAX - 1, count }, verify: false }
    }

    #[test]
    fn results_come_in_the_order_of_the_seeds_at_any_number_of_threads() {
        let fake = Fake(|seed| {
            // The first seeds take longest, so that later ones overtake them.
            let work = 200_u64.saturating_sub(seed.wrapping_add(2)) * 2_000;
            std::hint::black_box((0..work).fold(0_u64, |a, b| a.wrapping_mul(31) ^ b));
            outcome(seed)
        });
        let expected: Vec<u64> = (0..200).map(|n| (u64::MAX - 1).wrapping_add(n)).collect();
        for threads in [1, 3] {
            let mut seen = Vec::new();
            let ended = campaign(&fake, 200).run(&pool(threads), &Watch::default(), |outcome| {
                seen.push(outcome.seed);
                ControlFlow::Continue(())
            });
            assert_eq!(ended, Ok(Ended { runs: 200, interrupted: false }));
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_cancelled_campaign_keeps_what_it_has() {
        let fake = Fake(outcome);
        let watch = Watch { cancelled_after: Some(5), ..Watch::default() };
        let mut seen = 0;
        let ended = campaign(&fake, u64::MAX).run(&pool(2), &watch, |_| {
            seen += 1;
            ControlFlow::Continue(())
        });
        let ended = ended.unwrap();
        assert!(ended.interrupted && ended.runs == seen && (5..=8).contains(&seen), "{ended:?}");
        let few = campaign(&fake, 100).run(&pool(2), &Watch::default(), |_| ControlFlow::Break(()));
        assert_eq!(few, Ok(Ended { runs: 1, interrupted: true }));
        let none = campaign(&fake, 0).run(&pool(1), &Watch::default(), |_| unreachable!());
        assert_eq!(none, Ok(Ended { runs: 0, interrupted: false }));
    }

    #[test]
    fn what_is_not_repeatable_or_panics_breaks_the_campaign() {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let fickle = Fake(|seed| {
            let events = CALLS.fetch_add(1, Ordering::Relaxed);
            Outcome { events, ..outcome(seed) }
        });
        let verified = Campaign { verify: true, ..campaign(&fickle, 3) };
        let broken = verified.run(&pool(1), &Watch::default(), |_| ControlFlow::Continue(()));
        assert!(broken.unwrap_err().what.contains("two outcomes"));

        let panics = Fake(|seed| if seed == 0 { panic!("oh no") } else { outcome(seed) });
        let mut seen = 0;
        let broken = campaign(&panics, 9).run(&pool(2), &Watch::default(), |_| {
            seen += 1;
            ControlFlow::Continue(())
        });
        let expected = Broken { seed: 0, what: "the simulator panicked: oh no".to_owned() };
        assert_eq!((broken, seen), (Err(expected), 2));
    }
}
