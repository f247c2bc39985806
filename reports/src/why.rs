//! In one line: why something did not pass.

use crate::Summary;
use crate::audit::{Audited, Twin};
use crate::words::{counted, number};
use interregnum_sim::audit::Catch;
use interregnum_sim::verdict::Verdict;

/// Why a scenario did not pass: the first reason of its worst run, and how many runs there are like it.
pub(crate) fn scenario(summary: &Summary) -> String {
    if summary.runs == 0 {
        return "nothing ran".to_owned();
    }
    let verdict = summary.verdict();
    let worst = summary.kept.first().filter(|kept| {
        // That no seed showed what was looked for is judged over all of them.
        Some(kept.judgement.verdict) == verdict || summary.is_complete()
    });
    let Some(reason) = worst.and_then(|kept| kept.judgement.reasons.first()) else {
        return format!("cut short: {} were run", summary.seeds_run());
    };
    let alike = match verdict {
        Some(Verdict::Failed) if summary.failed > 0 => summary.failed,
        _ => summary.undecided(),
    };
    match summary.runs {
        1 => reason.clone(),
        runs => format!("{reason} ({} of {} not passed)", number(alike), counted(runs, "run")),
    }
}

/// Why a planted bug does not count as caught.
pub(crate) fn bug(row: &Audited) -> Option<String> {
    let Some(catch) = row.catch else {
        return Some("its system has no scenario that plants it".to_owned());
    };
    let seeds = counted(row.seeds, "seed");
    let expected = &row.bug.expected;
    match catch {
        Catch::Caught => None,
        Catch::Inconclusive => Some(format!("not known yet after {seeds}")),
        Catch::CaughtByOther => {
            let by = row.by().unwrap_or("something else");
            Some(format!("caught by {by}, and {expected} must catch it"))
        }
        Catch::Survived => Some(format!("it survived {seeds}, and {expected} must catch it")),
        Catch::NeverDeviated => Some(format!("it never made a difference in {seeds}")),
    }
}

/// Why a sound twin does not count as sound.
pub(crate) fn twin(twin: &Twin) -> Option<String> {
    if let Some(failed) = &twin.failed {
        return Some(format!(
            "without the bug {} failed all the same, under seed {:#x}",
            failed.by(),
            failed.outcome.seed
        ));
    }
    let seeds = counted(twin.seeds, "seed");
    (!twin.is_sound()).then(|| {
        let undecided = number(twin.undecided);
        let cut = if twin.interrupted { ", cut short" } else { "" };
        format!("not known: {undecided} of {seeds} undecided{cut}")
    })
}
