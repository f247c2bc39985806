//! Dice: every source of chance has a ChaCha8 stream of its own under the run's one seed.
//!
//! Because streams are independent, leaving one source out (a fault, a client) leaves what the others
//! draw as it was. There are no floats: ratios are parts per million, distributions come from a table
//! of integers.

use crate::scenario::Ratio;
use interregnum_core::{NodeId, Span};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::num::NonZeroU64;

/// Which stream of a run's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Everything that is decided before the run starts, except faults.
    Plan,
    /// Which faults the chaos generator draws; one stream for each kind, by its number.
    Chaos(u8),
    /// How a fault that is in effect strikes, by its number in the plan.
    Fault(u32),
    /// What the calm phase draws.
    Calm,
    /// The fate and delay of messages from one endpoint to another, by their numbers.
    Link(u32, u32),
    /// What a process picks, by its number in the cluster.
    Pick(u64),
    /// When within their windows a process's timers fire, by its number in the cluster.
    Timers(u64),
    /// How long a node's disk takes, and what a power failure leaves.
    Disk(NodeId),
    /// A node's clock.
    Clock(NodeId),
    /// The clients.
    Workload,
    /// Which nodes may lose their disks.
    Atlas,
    /// Which of the copies that a node keeps of one thing may be damaged.
    Spare(NodeId),
    /// Which copies of a chunk of data may be damaged.
    Chunk(u64),
}

impl Source {
    /// The number of the stream: a tag in the top byte and the source's own numbers below.
    const fn stream(self) -> u64 {
        let (tag, number) = match self {
            Self::Plan => (1, 0),
            Self::Chaos(kind) => (2, kind as u64),
            Self::Fault(index) => (3, index as u64),
            Self::Calm => (4, 0),
            Self::Link(from, to) => (5, (from as u64 & 0xff_ffff) << 24 | (to as u64 & 0xff_ffff)),
            Self::Pick(id) => (6, id & 0xff_ffff),
            Self::Timers(id) => (7, id & 0xff_ffff),
            Self::Disk(node) => (8, node.0 as u64),
            Self::Clock(node) => (9, node.0 as u64),
            Self::Workload => (10, 0),
            Self::Atlas => (20, 0),
            Self::Spare(node) => (21, node.0 as u64),
            Self::Chunk(number) => (22, number & 0xff_ffff_ffff_ffff),
        };
        (tag << 56) | number
    }
}

/// One stream of chance.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream `source` of `seed`.
    #[must_use]
    pub fn new(seed: u64, source: Source) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(b"interregnum dice");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(source.stream());
        Self(rng)
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, every one equally likely.
    pub fn below(&mut self, bound: NonZeroU64) -> u64 {
        // Lemire's method: the high half of a product is unbiased once the low half is not among
        // the few values that would favour some results.
        let bound = bound.get();
        loop {
            let product = u128::from(self.word()) * u128::from(bound);
            let (high, low) = halves(product);
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return high;
            }
        }
    }

    /// An index into something of `len` items; `None` if it has none.
    pub fn index(&mut self, len: usize) -> Option<usize> {
        let bound = NonZeroU64::new(u64::try_from(len).ok()?)?;
        usize::try_from(self.below(bound)).ok()
    }

    /// True with the given probability; always takes one word.
    pub fn chance(&mut self, ratio: Ratio) -> bool {
        within(self.word() >> 32, ratio)
    }

    /// A span from `min` to `max`, both included; always at least `min`.
    pub fn between(&mut self, min: Span, max: Span) -> Span {
        match NonZeroU64::new((max - min).as_nanos().saturating_add(1)) {
            Some(width) if width.get() > 1 => min + Span::nanos(self.below(width)),
            _ => min,
        }
    }

    /// Puts `items` in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            if let Some(other) = self.index(last + 1) {
                items.swap(last, other);
            }
        }
    }

    /// One of `items`.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.index(items.len())?;
        items.get(index)
    }
}

const fn halves(product: u128) -> (u64, u64) {
    #[expect(clippy::cast_possible_truncation, reason = "each half is 64 bits by construction")]
    ((product >> 64) as u64, product as u64)
}

/// Whether a 32-bit draw falls within `ratio`.
pub(crate) fn within(draw: u64, ratio: Ratio) -> bool {
    debug_assert!(draw >> 32 == 0, "a draw has 32 bits");
    draw * 1_000_000 < u64::from(ratio.as_ppm()) << 32
}

/// A delay ready for drawing: `min`, then exponential with the rest of the mean, capped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayLaw {
    min: u64,
    mean_above_min: u64,
    max: u64,
}

impl DelayLaw {
    /// The law of a delay that a scenario gives.
    #[must_use]
    pub fn new(delay: &crate::scenario::Delay) -> Self {
        let (min, mean) = (delay.min.0.as_nanos(), delay.mean.0.as_nanos());
        let max = delay.cap().as_nanos().max(min);
        Self { min, mean_above_min: mean.saturating_sub(min), max }
    }

    /// The delay that one word of chance gives.
    #[must_use]
    pub fn draw(&self, word: u64) -> Span {
        let factor = exponential(word);
        let above = (u128::from(self.mean_above_min) * u128::from(factor)) >> 16;
        let above = u64::try_from(above).unwrap_or(u64::MAX);
        Span::nanos(self.min.saturating_add(above).min(self.max))
    }
}

/// An exponentially distributed number of mean one, in 1/65536ths.
///
/// The top byte chooses a segment of the quantile function, the next 16 bits interpolate within it.
/// The last segment reaches to infinity; since the distribution has no memory, its tail is the
/// segment's start plus another draw from the bits that are left.
fn exponential(mut word: u64) -> u64 {
    let mut start = 0;
    while word >> 56 == 0xff && start < 4 * TAIL {
        start += TAIL;
        word <<= 8;
    }
    let segment = usize::from(word.to_be_bytes()[0]);
    let low = u64::from(QUANTILES[segment]);
    let high = QUANTILES.get(segment + 1).map_or(TAIL, |high| u64::from(*high));
    start + low + (((high - low) * ((word >> 40) & 0xffff)) >> 16)
}

/// ln(256) in 1/65536ths.
const TAIL: u64 = 363_409;

/// -ln(1 - i/256) in 1/65536ths.
const QUANTILES: [u32; 256] = [
    0, 257, 514, 773, 1_032, 1_293, 1_554, 1_817, 2_081, 2_345, 2_611, 2_878, 3_146, 3_415, 3_686,
    3_957, 4_230, 4_503, 4_778, 5_054, 5_331, 5_609, 5_889, 6_169, 6_451, 6_734, 7_019, 7_304,
    7_591, 7_879, 8_169, 8_459, 8_751, 9_044, 9_339, 9_635, 9_932, 10_231, 10_530, 10_832, 11_135,
    11_439, 11_744, 12_051, 12_360, 12_669, 12_981, 13_294, 13_608, 13_924, 14_241, 14_560, 14_880,
    15_202, 15_526, 15_851, 16_178, 16_507, 16_837, 17_169, 17_502, 17_837, 18_174, 18_513, 18_854,
    19_196, 19_540, 19_886, 20_233, 20_583, 20_934, 21_288, 21_643, 22_000, 22_359, 22_720, 23_083,
    23_448, 23_815, 24_185, 24_556, 24_929, 25_305, 25_683, 26_063, 26_445, 26_829, 27_216, 27_605,
    27_996, 28_390, 28_786, 29_184, 29_585, 29_988, 30_394, 30_802, 31_213, 31_627, 32_043, 32_461,
    32_883, 33_307, 33_734, 34_164, 34_596, 35_032, 35_470, 35_911, 36_356, 36_803, 37_254, 37_707,
    38_164, 38_624, 39_087, 39_553, 40_023, 40_496, 40_973, 41_453, 41_937, 42_424, 42_915, 43_409,
    43_908, 44_410, 44_916, 45_426, 45_940, 46_458, 46_980, 47_507, 48_037, 48_572, 49_112, 49_656,
    50_204, 50_757, 51_315, 51_877, 52_445, 53_017, 53_595, 54_177, 54_765, 55_358, 55_957, 56_561,
    57_170, 57_786, 58_407, 59_034, 59_667, 60_307, 60_952, 61_604, 62_263, 62_928, 63_600, 64_280,
    64_966, 65_659, 66_360, 67_069, 67_785, 68_509, 69_241, 69_982, 70_731, 71_489, 72_255, 73_031,
    73_816, 74_610, 75_414, 76_228, 77_053, 77_887, 78_733, 79_590, 80_458, 81_338, 82_229, 83_133,
    84_050, 84_979, 85_922, 86_879, 87_850, 88_836, 89_836, 90_852, 91_884, 92_933, 93_999, 95_082,
    96_183, 97_304, 98_443, 99_603, 100_784, 101_987, 103_212, 104_460, 105_733, 107_030, 108_354,
    109_706, 111_085, 112_495, 113_935, 115_408, 116_915, 118_457, 120_036, 121_654, 123_314,
    125_016, 126_764, 128_559, 130_405, 132_305, 134_262, 136_278, 138_359, 140_508, 142_730,
    145_029, 147_413, 149_886, 152_457, 155_132, 157_921, 160_834, 163_883, 167_080, 170_442,
    173_985, 177_731, 181_704, 185_934, 190_455, 195_312, 200_558, 206_260, 212_507, 219_411,
    227_130, 235_882, 245_984, 257_933, 272_557, 291_410, 317_983, 363_409,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Delay, Duration};

    #[test]
    fn the_exponential_has_mean_one_and_is_ordered() {
        let steps = 1_u64 << 16;
        let sum: u64 = (0..steps).map(|i| exponential(i << 48 | 0x8000_8000_8000)).sum();
        let mean = sum / steps;
        assert!((65_000..66_100).contains(&mean), "{mean}");
        assert!((1..steps).all(|i| exponential((i - 1) << 48) <= exponential(i << 48)));
    }

    #[test]
    fn a_delay_stays_within_its_bounds() {
        let of = |ms| Duration(Span::millis(ms));
        let law = DelayLaw::new(&Delay { min: of(1), mean: of(4), max: Some(of(9)) });
        assert_eq!(law.draw(0), Span::millis(1));
        assert_eq!(law.draw(u64::MAX), Span::millis(9));
    }

    #[test]
    fn streams_are_independent_and_repeatable() {
        let words = |source| {
            let mut dice = Dice::new(7, source);
            [dice.word(), dice.word()]
        };
        assert_eq!(words(Source::Link(1, 2)), words(Source::Link(1, 2)));
        assert_ne!(words(Source::Link(1, 2)), words(Source::Link(2, 1)));
        assert_ne!(words(Source::Plan), words(Source::Calm));
    }

    /// A stored seed is worthless if the stream behind it changes.
    #[test]
    fn golden_draws() {
        let mut dice = Dice::new(0x5eed, Source::Workload);
        let draws = [dice.word(), dice.below(NonZeroU64::MIN), dice.word()];
        assert_eq!(draws, [16_798_608_202_861_088_555, 0, 8_013_763_338_946_158_093]);
    }

    #[test]
    fn chance_is_exact_at_both_ends() {
        let mut dice = Dice::new(1, Source::Plan);
        assert!((0..1000).all(|_| dice.chance(Ratio::ONE)));
        assert!((0..1000).all(|_| !dice.chance(Ratio::default())));
        let hits = (0..100_000).filter(|_| dice.chance(Ratio::ppm(10_000))).count();
        assert!((850..1150).contains(&hits), "{hits}");
    }
}
