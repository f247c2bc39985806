//! Results in which every text is hostile, for the tests of documents.

use crate::audit::{Audit, Audited, Bug, Spared, Twin};
use crate::{Case, Kept, Record, Summary};
use interregnum_core::Fingerprint;
use interregnum_sim::audit::Catch;
use interregnum_sim::campaign::Seeds;
use interregnum_sim::outcome::{
    Evidence, FaultCount, Finding, Observed, Outcome, PropertyKind, PropertyOutcome, TraceLine,
    Violation,
};
use interregnum_sim::recording::{Neighbour, Recording};
use interregnum_sim::scenario::Scenario;
use interregnum_sim::verdict::{Judgement, Verdict, judge};
use std::collections::BTreeMap;

/// What a document must not fall for.
pub(crate) const HOSTILE: &str = "::error::x ##[error] ]]></failure>\"'& <b> `` ``` | @all %0A \u{0}\u{1}\u{1b}[31m\u{202e}\u{fffe}\r\n::error::y";

pub(crate) fn property(verdict: Finding) -> PropertyOutcome {
    PropertyOutcome {
        id: format!("Z{}", verdict as u8),
        name: format!("a name {HOSTILE}"),
        formula: HOSTILE.to_owned(),
        kind: PropertyKind::Invariant,
        verdict,
        checked: 3,
        exercised: 2,
        violated: 1,
        last_exercised_ns: None,
        took_ns: None,
        bound_ns: None,
    }
}

/// A run with one property of every finding.
pub(crate) fn outcome(seed: u64, observed: Observed, evidence: usize) -> Outcome {
    let findings = match observed {
        Observed::Held => vec![Finding::Held, Finding::NotExercised],
        _ => vec![
            Finding::Held,
            Finding::NotExercised,
            Finding::NotJudged,
            Finding::Unknown,
            Finding::InconsistentEvidence,
            Finding::Violated,
        ],
    };
    let fact = Evidence { at_ns: 5, node: Some(1), what: HOSTILE.to_owned() };
    let violation = (observed == Observed::Violated).then(|| Violation {
        invariant: format!("Z{}", Finding::Violated as u8),
        name: HOSTILE.to_owned(),
        formula: HOSTILE.to_owned(),
        what: HOSTILE.to_owned(),
        evidence: vec![fact; evidence],
        at_ns: 7,
        event: 8,
        nodes: vec![1],
        faults: vec![HOSTILE.to_owned()],
    });
    Outcome {
        seed,
        observed,
        fingerprint: Fingerprint(1),
        virtual_ns: 9,
        events: 10,
        properties: findings.into_iter().map(property).collect(),
        faults: vec![FaultCount { kind: "crash".to_owned(), offered: 3, fired: 2, bit: 1 }],
        idle_faults: Vec::new(),
        counts: BTreeMap::new(),
        drawn: Vec::new(),
        violation,
        highlights: Vec::new(),
        highlights_left_out: 0,
        highlights_gap: 0,
        latency: Default::default(),
        caveats: Vec::new(),
    }
}

/// A scenario with these runs of so many seeds.
pub(crate) fn summary(title: &str, seeds: u64, outcomes: &[Outcome]) -> Summary {
    let text = r#"{"version": 1, "title": "t", "system": "none"}"#;
    let scenario: Scenario = serde_json::from_str(text).unwrap();
    let mut case = Case::new("folder/a,b:c.json", &scenario, Fingerprint(2));
    case.title = title.to_owned();
    let mut summary = Summary::new(case.clone(), &scenario, Seeds { first: 0, count: seeds });
    for outcome in outcomes {
        let judgement = judge(&scenario, outcome);
        let replay = format!("interregnum replay it --seed {:#x}", outcome.seed);
        let record = Record { case: &case, outcome, judgement: &judgement, replay: &replay };
        summary.add(&record);
    }
    summary
}

/// One that passed, one that failed, one that was cut short and one that was never run.
pub(crate) fn summaries() -> Vec<Summary> {
    let held = outcome(0, Observed::Held, 0);
    let failed: Vec<_> = (0..20).map(|seed| outcome(seed, Observed::Violated, 2)).collect();
    vec![
        summary("passed", 1, std::slice::from_ref(&held)),
        summary(HOSTILE, 20, &failed),
        summary("cut short", 5, &[held]),
        summary("never run", 1, &[]),
    ]
}

/// A line of a trace in which every text is hostile.
pub(crate) fn line(number: u64, cause: Option<u64>) -> TraceLine {
    TraceLine {
        line: number,
        event: number / 2,
        at_ns: number,
        kind: ["delivered", "sent", "crashed", HOSTILE][usize::try_from(number).unwrap() % 4]
            .to_owned(),
        process: Some(format!("n{}", number % 5)),
        peer: Some(HOSTILE.to_owned()),
        what: HOSTILE.to_owned(),
        cause,
        state: Some(HOSTILE.to_owned()),
    }
}

/// A recording of so many lines, with a neighbour.
pub(crate) fn recording(lines: u64) -> Recording {
    let lines: Vec<_> = (0..lines).map(|number| line(number, number.checked_sub(3))).collect();
    let neighbour = Neighbour {
        what: HOSTILE.to_owned(),
        seed: 7,
        fingerprint: HOSTILE.to_owned(),
        differs_at: 2,
        alike: false,
        here: lines.iter().take(6).cloned().collect(),
        there: lines.iter().skip(1).take(6).cloned().collect(),
        meanwhile: lines.iter().take(3).cloned().collect(),
    };
    let total = lines.len() as u64;
    Recording { lines, total, neighbour: Some(neighbour), interrupted: false }
}

/// A failing run of a planted bug.
fn failed(seed: u64, evidence: usize, replay: &str) -> Kept {
    let judgement = Judgement { verdict: Verdict::Failed, reasons: Vec::new() };
    let outcome = outcome(seed, Observed::Violated, evidence);
    let recording = Some(recording(30));
    Kept { outcome, judgement, replay: replay.to_owned(), recording, reduction: None }
}

/// An audit with a row of every kind, an exemption and an error.
pub(crate) fn audit() -> Audit {
    const KINDS: [Catch; 5] = [
        Catch::Caught,
        Catch::Inconclusive,
        Catch::CaughtByOther,
        Catch::Survived,
        Catch::NeverDeviated,
    ];
    let case = summary("planted", 1, &[]).case;
    let bug = Bug {
        id: "z/bug".to_owned(),
        spec: "Q1".to_owned(),
        defect: HOSTILE.to_owned(),
        expected: "Z5".to_owned(),
        also: vec!["Z4".to_owned()],
    };
    let replay = "interregnum replay z/bug --seed 0x0";
    let row = |catch, twin: Option<Twin>| Audited {
        bug: bug.clone(),
        case: Some(case.clone()),
        catch,
        seeds: 3,
        deviations: Some(1),
        failed: matches!(catch, Some(Catch::Caught | Catch::CaughtByOther))
            .then(|| failed(0, 2, replay)),
        replay: Some(replay.to_owned()),
        reduced: None,
        twin,
    };
    let sound = Twin { seeds: 50, ..Twin::default() };
    let mut rows: Vec<_> =
        KINDS.into_iter().map(|catch| row(Some(catch), Some(sound.clone()))).collect();
    rows.push(row(None, None));
    let twin_failed = failed(4, 1, "interregnum replay z/bug --seed 0x4 --sound");
    rows.push(row(Some(Catch::Caught), Some(Twin { failed: Some(twin_failed), ..sound })));
    let cut = Twin { interrupted: true, ..Twin::default() };
    rows.push(row(Some(Catch::Caught), Some(cut)));
    assert_eq!(rows[0].verdict(), Verdict::Passed);
    let exempt =
        Spared { id: "z/spared".to_owned(), spec: "Q2".to_owned(), why: HOSTILE.to_owned() };
    let (of, error) = ("9.9.9".to_owned(), Some(HOSTILE.to_owned()));
    Audit { of, rows, exempt: vec![exempt], interrupted: true, error }
}
