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
