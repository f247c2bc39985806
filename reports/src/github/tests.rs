use super::*;
use crate::fixture::{self, HOSTILE};
use interregnum_sim::outcome::Observed;

fn end(summaries: &[Summary]) -> End<'_> {
    End { summaries, interrupted: true, error: Some(HOSTILE) }
}

/// Whether no line is a command to the runner, and nothing outside of a fence is a tag but ours.
fn assert_inert(text: &str) {
    let mut fence: Option<String> = None;
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line}");
        match &fence {
            Some(close) if line == close => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(line.trim_end_matches("text").to_owned())
            }
            None => {
                let ours = ["<details><summary>", "</summary>", "</details>", "<br>"];
                let rest =
                    ours.into_iter().fold(line.to_owned(), |line, tag| line.replace(tag, ""));
                assert!(!rest.contains(['<', '>']), "{line}");
            }
        }
    }
    assert_eq!(fence, None, "every fence is closed");
}

#[test]
fn nothing_in_a_summary_is_taken_for_more_than_text() {
    let summaries = fixture::summaries();
    let text = summary(&end(&summaries), HOSTILE, MOST_BYTES);
    assert_inert(&text);
    assert_inert(&audit_summary(&fixture::audit(), MOST_BYTES));
    for expected in ["| crash | 60 | 40 | 20 |", "interregnum replay it --seed 0x2\n", "20 seeds"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let place = |word: &str| text.find(word).unwrap();
    assert!(place("❌ failed | ") < place("✅ passed | "), "the worst comes first: {text}");
}

/// That a bug was caught is not all: where its twin did not hold, this is said in the same breath.
#[test]
fn a_bug_that_was_caught_beside_an_unsound_twin_is_not_just_caught() {
    let audit = fixture::audit();
    let page = crate::html::of_audit(&audit).pop().unwrap().text;
    let annotations = audit_annotations(&audit).replace("%2C", ",");
    for text in [audit_summary(&audit, MOST_BYTES), page, annotations] {
        assert!(text.contains("caught, but its sound twin failed"), "{text}");
        assert!(text.contains("caught, its sound twin is not known to hold"), "{text}");
        for lone in ["✘ caught<", "❌ caught |", "title=caught%3A"] {
            assert!(!text.contains(lone), "{lone}: {text}");
        }
    }
    let terminal = crate::terminal::audit(Look::PLAIN, &audit, false);
    assert!(terminal.contains("✘ caught, but"), "{terminal}");
}

/// A stored summary may count as many runs as it likes.
#[test]
fn counts_that_are_too_large_to_be_added_up_are_told() {
    let mut summaries = fixture::summaries();
    for summary in &mut summaries {
        for count in [
            &mut summary.runs,
            &mut summary.failed,
            &mut summary.inconclusive,
            &mut summary.silent,
            &mut summary.events,
        ] {
            *count = u64::MAX;
        }
    }
    for summary in &mut summaries[2..] {
        summary.kept = summaries_kept();
    }
    let end = end(&summaries);
    assert!(summary(&end, "1.0.0", MOST_BYTES).contains("18,446,744,073,709,551,615"));
    assert!(!annotations(&end).is_empty());
    assert!(!crate::documents::of_run(&end, "1.0.0").unwrap().is_empty());
}

/// A run of which it could not be told, so that there are reasons.
fn summaries_kept() -> Vec<crate::Kept> {
    let undecided = fixture::outcome(0, Observed::Inconclusive("too many events".to_owned()), 0);
    fixture::summary("t", 1, &[undecided]).kept
}

/// An audit that broke off did not pass, whatever its rows say.
#[test]
fn an_audit_that_broke_did_not_pass() {
    let mut audit = fixture::audit();
    audit.rows.truncate(1);
    (audit.interrupted, audit.error) = (false, None);
    let page = |audit: &Audit| crate::html::of_audit(audit).pop().unwrap().text;
    assert_eq!(audit.verdict(), Some(Verdict::Passed));
    assert!(audit_summary(&audit, MOST_BYTES).starts_with("## Interregnum audit: ✅ passed"));
    assert!(page(&audit).contains("<title>Audit: passed</title>"));
    audit.error = Some("it broke".to_owned());
    assert_eq!(audit.verdict(), Some(Verdict::Inconclusive));
    assert!(audit_summary(&audit, MOST_BYTES).starts_with("## Interregnum audit: ❌ error"));
    let page = page(&audit);
    assert!(page.contains("<title>Audit: error</title>") && page.contains("✘ error"), "{page}");
}

#[test]
fn a_summary_that_is_too_large_is_cut_between_sections_and_says_so() {
    let runs: Vec<_> = (0..3).map(|seed| fixture::outcome(seed, Observed::Violated, 100)).collect();
    let many: Vec<_> = (0..200).map(|_| fixture::summary(&"x<".repeat(500), 3, &runs)).collect();
    for room in [MOST_BYTES, 100_000, 1_000] {
        let text = summary(&end(&many), "1.0.0", room);
        assert!(text.len() <= room, "{}", text.len());
        assert!(text.contains("did not fit"), "{text}");
        assert_inert(&text);
    }
    let text = summary(&end(&many), "1.0.0", MOST_BYTES);
    assert!(text.contains("### ❌ failed") && text.len() > MOST_BYTES / 2, "{}", text.len());
}

#[test]
fn annotations_are_few_escaped_and_the_worst_come_first() {
    let summaries = fixture::summaries();
    let text = annotations(&end(&summaries));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("::error title=internal error::"), "{text}");
    let title = "::error file=folder/a%2Cb%3Ac.json,title=failed%3A %3A%3Aerror%3A%3Ax ";
    assert!(lines[1].starts_with(title), "{text}");
    assert!(lines[1].ends_with("%0Ainterregnum replay it --seed 0x0"), "{text}");
    assert!(lines[1].contains("%250A"), "a percent sign stays one: {text}");
    assert!(
        lines[2].contains("title=inconclusive%3A cut short::cut short: 1 of 5 seeds"),
        "{text}"
    );

    let failed = fixture::outcome(0, Observed::Violated, 1);
    let many: Vec<_> =
        (0..12).map(|_| fixture::summary("t", 1, std::slice::from_ref(&failed))).collect();
    let text = annotations(&end(&many));
    assert_eq!(text.lines().filter(|line| line.starts_with("::error ")).count(), 10);
    assert!(text.ends_with("\n3 more did not pass; the summary names them\n"), "{text}");
    assert_eq!(audit_annotations(&fixture::audit()).lines().count(), 8);
}
