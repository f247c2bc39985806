//! Results as JUnit XML, which most pipelines read.
//!
//! A scenario is a suite. It has a case for its verdict and one for each property, over all seeds: names
//! stay the same from one range of seeds to the next, and a million seeds are no million cases. What is
//! wrong stands in its case run by run, with the command lines in `system-out`.
//!
//! ```text
//! passed, held, caught           a case with nothing in it
//! failed, violated               <failure>
//! inconclusive, unknown          <error type="inconclusive">: nobody takes it for passed
//! not exercised, not judged      <skipped>
//! ```
//! What is deliberately absent: times. JUnit's are those of a clock on the wall, and these documents depend
//! on scenarios, seeds and version alone.

use crate::audit::{Audit, Audited};
use crate::json::End;
use crate::terminal::{Look, failure};
use crate::words::{self, counted, harmless};
use crate::{Kept, PropertySum, Summary, why};
use interregnum_sim::audit::Catch;
use interregnum_sim::outcome::Finding;
use interregnum_sim::verdict::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io;

/// The document on everything that a command of this version ran.
///
/// # Errors
/// Never: all of it is XML.
pub fn run(end: &End<'_>, version: &str) -> io::Result<String> {
    let mut report = Report::new("interregnum run");
    report.add_test_suites(end.summaries.iter().map(|summary| scenario(summary, version)));
    report.add_test_suites(whole(end.interrupted, end.error));
    written(&report)
}

/// The document on an audit: a suite for each system, and in it one case for
/// each planted bug and one for its sound twin.
///
/// # Errors
/// Never: all of it is XML.
pub fn audit(audit: &Audit) -> io::Result<String> {
    let mut report = Report::new("interregnum audit");
    let mut suites: Vec<TestSuite> = Vec::new();
    let mut add = |id: &str, case: TestCase| {
        let system = id.split('/').next().unwrap_or(id);
        let name = text(&format!("audit {system}"));
        let mut case = case;
        case.set_classname(name.as_str());
        let place = suites.iter().position(|suite| suite.name.as_str() == name);
        let place = place.unwrap_or_else(|| {
            let mut suite = TestSuite::new(name.as_str());
            suite.add_property(("version", audit.of.as_str()));
            suites.push(suite);
            suites.len() - 1
        });
        suites[place].add_test_case(case);
    };
    for row in &audit.rows {
        add(&row.bug.id, bug(row));
        if let Some(case) = twin(row) {
            add(&row.bug.id, case);
        }
    }
    for exempt in &audit.exempt {
        let why = format!("does not apply: {}", exempt.why);
        add(&exempt.id, TestCase::new(text(&exempt.id), skipped(&why)));
    }
    report.add_test_suites(suites);
    report.add_test_suites(whole(audit.interrupted, audit.error.as_deref()));
    written(&report)
}

fn written(report: &Report) -> io::Result<String> {
    report.to_string().map_err(io::Error::other)
}

/// What is wrong with the command as a whole.
fn whole(interrupted: bool, error: Option<&str>) -> Option<TestSuite> {
    let cut = interrupted.then_some(("interrupted", "not everything that was asked for was run"));
    let broken = error.map(|error| ("internal error", error));
    let mut suite = TestSuite::new("interregnum");
    for (name, what) in cut.into_iter().chain(broken) {
        let ty = if name == "interrupted" { "inconclusive" } else { name };
        let mut case = TestCase::new(name, wrong(NonSuccessKind::Error, ty, what, what));
        case.set_classname("interregnum");
        suite.add_test_case(case);
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

fn scenario(summary: &Summary, version: &str) -> TestSuite {
    let case = &summary.case;
    let path = text(&case.path);
    let mut suite = TestSuite::new(path.as_str());
    let hash = case.hash.to_string();
    let seeds = summary.seeds_run();
    for (name, value) in [
        ("title", Some(&case.title)),
        ("system", Some(&case.system)),
        ("planted bug", case.mutant.as_ref()),
        ("expected", Some(&case.expectation)),
        ("seeds", Some(&seeds)),
        ("scenario hash", Some(&hash)),
    ] {
        suite.add_properties(value.map(|value| (name.to_owned(), text(value))));
    }
    suite.add_property(("version", version));
    for mut case in std::iter::once(verdict(summary))
        .chain(summary.properties.iter().map(|sum| property(summary, sum)))
    {
        case.set_classname(path.as_str());
        suite.add_test_case(case);
    }
    suite
}

/// The case of a scenario's verdict.
fn verdict(summary: &Summary) -> TestCase {
    let kept: Vec<_> = summary.telling().collect();
    let status = match summary.verdict() {
        Some(Verdict::Passed) => TestCaseStatus::success(),
        Some(Verdict::Failed) => {
            let why = why::scenario(summary);
            wrong(NonSuccessKind::Failure, "failed", &why, &told(&kept))
        }
        Some(Verdict::Inconclusive) | None => {
            let why = why::scenario(summary);
            wrong(NonSuccessKind::Error, "inconclusive", &why, &told(&kept))
        }
    };
    with_lines(TestCase::new("verdict", status), &kept)
}

/// The case of a property of a scenario, over all its seeds.
fn property(summary: &Summary, sum: &PropertySum) -> TestCase {
    let total = &sum.total;
    let runs = counted(summary.runs, "run");
    let of = |kept: &&Kept| {
        let violation = kept.outcome.violation.as_ref();
        violation.is_some_and(|violation| violation.invariant == total.id)
    };
    let mut kept: Vec<_> = summary.kept.iter().filter(of).collect();
    let status = match total.verdict {
        Finding::Held => TestCaseStatus::success(),
        Finding::NotExercised => {
            skipped(&format!("not exercised in {runs}: the situation it speaks of never arose"))
        }
        Finding::NotJudged => {
            skipped("not judged: the faults went beyond what the system claims to survive")
        }
        Finding::Unknown => {
            let why = "the checker gave up within its budget in some run";
            wrong(NonSuccessKind::Error, "inconclusive", why, &told(&kept))
        }
        Finding::Violated | Finding::InconsistentEvidence
            if summary.expects_failure() && !kept.iter().any(|kept| is_failed(kept)) =>
        {
            kept = summary.telling().filter(of).collect();
            TestCaseStatus::success()
        }
        finding @ (Finding::Violated | Finding::InconsistentEvidence) => {
            let violation = kept.first().and_then(|kept| kept.outcome.violation.as_ref());
            let what = violation.map_or(total.formula.as_str(), |violation| &violation.what);
            let count = format!("in {} of {runs}", words::number(sum.violated_runs));
            let mut body = told(&kept);
            let more = sum.violated_runs.saturating_sub(kept.len() as u64);
            if more > 0 {
                body.push_str(&format!("\n{} not shown here\n", counted(more, "more run")));
            }
            let what = format!("{what} ({count})");
            wrong(NonSuccessKind::Failure, words::finding(finding), &what, &body)
        }
    };
    let is_sought =
        total.verdict != Finding::Held && matches!(status, TestCaseStatus::Success { .. });
    let name = format!("{} {}", total.id, total.name);
    let mut case = with_lines(TestCase::new(text(&name), status), &kept);
    if is_sought {
        let finding = words::finding(total.verdict);
        let lines = case.system_out.as_deref().unwrap_or_default();
        case.system_out = Some(format!("{finding}, as the scenario expects\n{lines}").into());
    }
    case
}

fn is_failed(kept: &Kept) -> bool {
    kept.judgement.verdict == Verdict::Failed
}

/// The case of a planted bug.
fn bug(row: &Audited) -> TestCase {
    let shown = row.failed.as_ref().map_or(String::new(), |kept| failure(Look::PLAIN, kept));
    let body = format!("{}: {}\n{shown}", row.bug.id, row.bug.defect);
    let status = match why::bug(row) {
        None => TestCaseStatus::success(),
        Some(why) if row.catch == Some(Catch::Inconclusive) => {
            wrong(NonSuccessKind::Error, "inconclusive", &why, &body)
        }
        Some(why) => wrong(NonSuccessKind::Failure, row.word(), &why, &body),
    };
    let mut case = TestCase::new(text(&row.bug.id), status);
    if let Some(replay) = &row.replay {
        case.set_system_out(text(replay) + "\n");
    }
    case
}

/// The case of a sound twin.
fn twin(row: &Audited) -> Option<TestCase> {
    let twin = row.twin.as_ref()?;
    let status = match (why::twin(twin), &twin.failed) {
        (None, _) => TestCaseStatus::success(),
        (Some(why), Some(failed)) => {
            wrong(NonSuccessKind::Failure, "twin_failed", &why, &failure(Look::PLAIN, failed))
        }
        (Some(why), None) => wrong(NonSuccessKind::Error, "inconclusive", &why, &why),
    };
    let name = format!("{} (sound twin)", row.bug.id);
    let mut case = TestCase::new(text(&name), status);
    if let Some(replay) = row.twin_replay() {
        case.set_system_out(text(replay) + "\n");
    }
    Some(case)
}

/// Runs one after the other.
fn told(kept: &[&Kept]) -> String {
    let runs: Vec<_> = kept.iter().map(|kept| failure(Look::PLAIN, kept)).collect();
    runs.join("\n")
}

fn with_lines(mut case: TestCase, kept: &[&Kept]) -> TestCase {
    if !kept.is_empty() {
        let lines: Vec<_> = kept.iter().map(|kept| text(&kept.replay) + "\n").collect();
        case.set_system_out(lines.concat());
    }
    case
}

fn wrong(kind: NonSuccessKind, ty: &str, message: &str, body: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    let lines: Vec<_> = body.lines().map(text).collect();
    status.set_type(ty).set_message(text(message)).set_description(lines.join("\n"));
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(text(why));
    status
}

/// A line of text without what XML has no way to say.
fn text(text: &str) -> String {
    let is_char = |c: char| !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(harmless).map(|c| if is_char(c) { c } else { '·' }).collect()
}

#[cfg(test)]
mod tests;
