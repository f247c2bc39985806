//! What runs count besides what is judged.

/// What else is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) acquired: u64,
    pub(super) renewed: u64,
    pub(super) expired: u64,
    pub(super) released: u64,
    pub(super) refused: u64,
    pub(super) acted: u64,
    pub(super) amnesiac: u64,
}

/// The names of what is counted.
pub(super) const COUNTERS: &[&str] =
    &["acquired", "renewed", "expired", "released", "refused", "acted", "amnesiac"];

impl Counts {
    /// Each with its name.
    pub(super) fn named(&self) -> Vec<(&'static str, u64)> {
        let Self { acquired, renewed, expired, released, refused, acted, amnesiac } = *self;
        let counts = [acquired, renewed, expired, released, refused, acted, amnesiac];
        COUNTERS.iter().copied().zip(counts).collect()
    }
}
