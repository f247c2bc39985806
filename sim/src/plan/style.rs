//! How one kind of fault strikes in one run: drawn once a run, and printed.

use super::chaos::{Terrain, disks};
use crate::dice::Dice;
use crate::scenario::{Chaos, ChaosKind, Delay, Duration, Limits, Links, Only, Ratio, Side};
use crate::system::Tolerance;
use interregnum_core::Span;
use std::fmt;

/// The options of one kind.
#[derive(Debug)]
pub(super) struct Style {
    pub(super) kind: ChaosKind,
    /// The mean time from one fault to the next, and how long one lasts on average.
    pub(super) gap: Span,
    pub(super) length: Span,
    pub(super) strength: Ratio,
    pub(super) extra: Delay,
    pub(super) times: u16,
    /// The mean step of a wall clock.
    pub(super) step: Span,
    /// The most that a clock's rate is off; zero if the kind is another.
    pub(super) ppm_most: u32,
    pub(super) only: Option<Only>,
    /// The seam that some of the faults wait for, and how long.
    pub(super) seam: Option<(&'static str, Side)>,
    pub(super) patience: Span,
}

/// In a run that may leave the bounds, clocks are off by up to so much.
const WILD_PPM: u32 = 300_000;

impl Style {
    pub(super) fn draw(
        kind: ChaosKind,
        chaos: &Chaos,
        terrain: &Terrain<'_>,
        dice: &mut Dice,
    ) -> Self {
        let lasts = chaos.lasts.0;
        let least = Span::millis(100).max(Span::nanos(lasts.as_nanos() / 500));
        let rarest = Span::secs(8).min(Span::nanos(lasts.as_nanos() / 4)).max(least.times(4));
        let gap = log_uniform(dice, least, rarest);
        let length = log_uniform(dice, Span::millis(5), Span::secs(4).max(least));
        let only = draw_only(kind, terrain, dice);
        // Clients keep their connections or lose them; there, everything may be lost.
        let clients = only.as_ref().is_some_and(|only| only.links == Some(Links::Clients));
        let strongest = if clients || only.is_some() { 1000 } else { 600 };
        let strength = Ratio::ppm(thousandths(dice, 10, strongest) * 1000);
        let mean = Duration(log_uniform(dice, Span::millis(1), Span::millis(400)));
        let extra = Delay { min: Duration(Span::ZERO), mean, max: None };
        let times = log_uniform(dice, Span::nanos(2), Span::nanos(100)).as_nanos();
        let bound = terrain.tolerance.clock_rate_ppm;
        let wild = chaos.limits == Limits::Beyond && dice.chance(Ratio::ppm(500_000));
        Self {
            kind,
            gap,
            length,
            strength,
            extra,
            times: u16::try_from(times).unwrap_or(2),
            step: log_uniform(dice, Span::millis(1), Span::secs(600)),
            ppm_most: match kind {
                ChaosKind::ClockRate if wild => bound.max(WILD_PPM),
                ChaosKind::ClockRate => bound,
                _ => 0,
            },
            only,
            seam: draw_seam(kind, terrain, dice),
            patience: gap.max(Span::millis(500)),
        }
    }

    /// Whether it may go beyond what a system claims to survive. Drawn damage keeps to the copies that can
    /// be spared only in runs within the limits.
    pub(super) fn exceeds(&self, limits: Limits, tolerance: &Tolerance) -> bool {
        !tolerance.kinds.contains(&self.kind)
            || self.ppm_most > tolerance.clock_rate_ppm
            || (limits == Limits::Beyond && disks::damages(self.kind))
    }
}

/// In half of the runs some of the links, or one class of messages.
fn draw_only(kind: ChaosKind, terrain: &Terrain<'_>, dice: &mut Dice) -> Option<Only> {
    let (word, class) = (dice.word(), dice.choose(terrain.classes).copied());
    match kind {
        ChaosKind::Loss | ChaosKind::Delay | ChaosKind::Hold | ChaosKind::Clog => {}
        ChaosKind::Duplication if word % 8 > 2 => {}
        _ => return None,
    }
    let only = match word % 8 {
        0 => Only { links: Some(Links::Clients), ..Only::default() },
        1 if terrain.nodes > terrain.computers => {
            Only { links: Some(Links::Disks), ..Only::default() }
        }
        3..=5 => Only { class: Some(class?.to_owned()), ..Only::default() },
        _ => return None,
    };
    Some(only)
}

/// In two thirds of the runs, a seam for the kinds that strike processes.
fn draw_seam(
    kind: ChaosKind,
    terrain: &Terrain<'_>,
    dice: &mut Dice,
) -> Option<(&'static str, Side)> {
    let (word, seam) = (dice.word(), dice.choose(&terrain.seams).copied()?);
    let processes = matches!(
        kind,
        ChaosKind::Crash | ChaosKind::PowerLoss | ChaosKind::Pause | ChaosKind::TornWrite
    );
    let side = if word & 1 == 0 { Side::Before } else { Side::After };
    (processes && !(word >> 1).is_multiple_of(3)).then_some((seam, side))
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "every {}, for {}", coarse(self.gap), coarse(self.length))?;
        match self.kind {
            ChaosKind::Loss
            | ChaosKind::Duplication
            | ChaosKind::TornWrite
            | ChaosKind::Rot
            | ChaosKind::BadSector
            | ChaosKind::DiskError
            | ChaosKind::LostWrite
            | ChaosKind::MisdirectedWrite
            | ChaosKind::StaleRead => write!(f, ", ratio {}", self.strength)?,
            ChaosKind::Delay | ChaosKind::SlowDisk => write!(f, ", {} more", self.extra.mean)?,
            ChaosKind::Hold => write!(f, ", ratio {}, {} more", self.strength, self.extra.mean)?,
            ChaosKind::Slow => write!(f, ", {} times as long", self.times)?,
            ChaosKind::ClockRate => write!(f, ", {} ppm at most", self.ppm_most)?,
            ChaosKind::ClockStep => write!(f, ", by {}", coarse(self.step))?,
            ChaosKind::Crash
            | ChaosKind::PowerLoss
            | ChaosKind::Pause
            | ChaosKind::Partition
            | ChaosKind::Clog
            | ChaosKind::FullDisk
            | ChaosKind::HungDisk
            | ChaosKind::DeadDisk
            | ChaosKind::BlankDisk => {}
        }
        if let Some(only) = &self.only {
            match (&only.class, only.links) {
                (Some(class), _) => write!(f, ", only `{class}` messages")?,
                (_, Some(Links::Clients)) => f.write_str(", only links of clients")?,
                (_, Some(Links::Disks)) => f.write_str(", only links of shared disks")?,
                _ => {}
            }
        }
        if let Some((seam, side)) = self.seam {
            let side = if side == Side::Before { "before" } else { "after" };
            write!(f, ", some {side} `{seam}`")?;
        }
        Ok(())
    }
}

/// Between `min` and `max`, every order of magnitude equally likely.
fn log_uniform(dice: &mut Dice, min: Span, max: Span) -> Span {
    let mut high = min;
    let mut doublings = 0;
    while high < max && doublings < 63 {
        high = high.times(2);
        doublings += 1;
    }
    let exponent = dice.index(doublings.max(1)).unwrap_or(0);
    let low = min.times(1 << exponent);
    dice.between(low, low.times(2).min(max).max(low))
}

fn thousandths(dice: &mut Dice, min: u64, max: u64) -> u32 {
    u32::try_from(dice.between(Span::nanos(min), Span::nanos(max)).as_nanos()).unwrap_or(0)
}

/// To the millisecond, for people.
fn coarse(span: Span) -> Span {
    Span::millis((span.as_nanos() / 1_000_000).max(1))
}
