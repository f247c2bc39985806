//! A planted bug as one object of the document. What can be told from the rest is written out, for those
//! who do not want to work it out, and not read again.

use super::{Audited, Bug, Twin};
use crate::{Case, Kept};
use interregnum_sim::audit::Catch;
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Row {
    id: String,
    spec: String,
    defect: String,
    verdict: Word,
    expected: String,
    also: Vec<String>,
    by: Option<String>,
    finding: Option<Finding>,
    seeds: u64,
    deviations: Option<u64>,
    seed: Option<String>,
    fingerprint: Option<String>,
    replay: Option<String>,
    reduced: Option<String>,
    /// The scenario that plants it.
    case: Option<Case>,
    /// The run that failed.
    failed: Option<Kept>,
    twin: Option<TwinRow>,
}

/// What came of a planted bug, in one word.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    NoScenario,
    #[serde(untagged)]
    Tried(Catch),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct TwinRow {
    verdict: Verdict,
    seeds: u64,
    undecided: u64,
    interrupted: bool,
    by: Option<String>,
    replay: Option<String>,
    /// The run that failed.
    failed: Option<Kept>,
}

impl From<Audited> for Row {
    fn from(row: Audited) -> Self {
        let outcome = row.failed.as_ref().map(|kept| &kept.outcome);
        Self {
            verdict: row.catch.map_or(Word::NoScenario, Word::Tried),
            by: row.by().map(str::to_owned),
            finding: row.finding(),
            seed: outcome.map(|outcome| format!("{:#x}", outcome.seed)),
            fingerprint: outcome.map(|outcome| outcome.fingerprint.to_string()),
            id: row.bug.id,
            spec: row.bug.spec,
            defect: row.bug.defect,
            expected: row.bug.expected,
            also: row.bug.also,
            seeds: row.seeds,
            deviations: row.deviations,
            replay: row.replay,
            reduced: row.reduced,
            case: row.case,
            failed: row.failed,
            twin: row.twin.map(TwinRow::from),
        }
    }
}

impl From<Row> for Audited {
    fn from(row: Row) -> Self {
        let Row { id, spec, defect, expected, also, .. } = row;
        Self {
            bug: Bug { id, spec, defect, expected, also },
            case: row.case,
            catch: match row.verdict {
                Word::NoScenario => None,
                Word::Tried(catch) => Some(catch),
            },
            seeds: row.seeds,
            deviations: row.deviations,
            failed: row.failed,
            replay: row.replay,
            reduced: row.reduced,
            twin: row.twin.map(|twin| Twin {
                seeds: twin.seeds,
                undecided: twin.undecided,
                interrupted: twin.interrupted,
                failed: twin.failed,
            }),
        }
    }
}

impl From<Twin> for TwinRow {
    fn from(twin: Twin) -> Self {
        Self {
            verdict: twin.verdict(),
            seeds: twin.seeds,
            undecided: twin.undecided,
            interrupted: twin.interrupted,
            by: twin.failed.as_ref().map(|kept| kept.by().to_owned()),
            replay: twin.failed.as_ref().map(|kept| kept.replay.clone()),
            failed: twin.failed,
        }
    }
}
