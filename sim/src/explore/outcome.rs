//! What a search found, and who looks on meanwhile.

/// How a search ended.
#[derive(Debug)]
pub enum End<F> {
    /// There is nothing left within the limits.
    Exhausted,
    /// Something that must not be.
    Wrong(F),
    /// The memory that it may use was not enough.
    OutOfMemory,
    /// Whoever watches had enough.
    Cancelled,
}

/// How often a bound ruled something out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The bound.
    pub bound: &'static str,
    /// How often.
    pub times: u64,
}

/// How often a property could have been false, over all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exercised {
    /// The property.
    pub property: &'static str,
    /// How often.
    pub times: u64,
}

/// What a search found.
#[derive(Debug)]
pub struct Explored<C, F> {
    /// How it ended.
    pub end: End<F>,
    /// How many states were visited. One that was reached again with more left of some budget counts again.
    pub states: u64,
    /// How many fingerprints they have.
    pub distinct: u64,
    /// How many choices were tried.
    pub transitions: u64,
    /// The most choices in a row that led to a state of their own.
    pub depth: u32,
    /// How many states were not gone on from because of the limit on depth.
    pub cut_by_depth: u64,
    /// How often the model's own bounds ruled something out.
    pub cuts: Vec<Cut>,
    /// How often each of the model's properties could have been false.
    pub exercised: Vec<Exercised>,
    /// If something is wrong: the choices that lead there.
    pub trace: Vec<C>,
    /// The most bytes that known and waiting states took.
    pub peak_bytes: u64,
}

impl<C, F> Explored<C, F> {
    /// Whether everything within the model's own bounds was seen: neither depth, nor memory, nor patience,
    /// nor a failure ended the search before.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.end, End::Exhausted) && self.cut_by_depth == 0
    }

    pub(super) const fn new() -> Self {
        Self {
            end: End::Exhausted,
            states: 0,
            distinct: 0,
            transitions: 0,
            depth: 0,
            cut_by_depth: 0,
            cuts: Vec::new(),
            exercised: Vec::new(),
            trace: Vec::new(),
            peak_bytes: 0,
        }
    }

    pub(super) fn count_cuts(&mut self, bounds: &[&'static str], times: &[u64]) {
        let cuts = bounds.iter().zip(times);
        self.cuts = cuts.map(|(&bound, &times)| Cut { bound, times }).collect();
    }

    pub(super) fn count_exercised(&mut self, properties: Vec<&'static str>, times: &[u64]) {
        let exercised = properties.into_iter().zip(times);
        self.exercised =
            exercised.map(|(property, &times)| Exercised { property, times }).collect();
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// States visited.
    pub states: u64,
    /// Choices tried.
    pub transitions: u64,
    /// The most choices in a row so far.
    pub depth: u32,
    /// How many states wait for their choices to be made.
    pub waiting: u64,
    /// Bytes taken.
    pub bytes: u64,
}

/// Whoever looks on.
pub trait Watch: Sync {
    /// Told from time to time how far the search has come; true if it is to stop.
    fn stops(&self, progress: Progress) -> bool;
}

/// Nobody looks on.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn stops(&self, _: Progress) -> bool {
        false
    }
}
