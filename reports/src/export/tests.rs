use super::chrome::chrome;
use super::shiviz::shiviz;
use crate::fixture::{HOSTILE, line, outcome};
use interregnum_sim::outcome::Observed;

/// Whatever is said in a trace, both stay what they are: one is JSON, the other has one line for each event.
#[test]
fn hostile_words_stay_words() {
    let mut lines: Vec<_> = (0..20).map(|n| line(n, n.checked_sub(3))).collect();
    lines[7].process = Some(HOSTILE.to_owned());
    lines[8].process = Some("n1/p4294967296".to_owned());
    lines[9].at_ns = u64::MAX;
    let outcome = outcome(1, Observed::Violated, 1);
    let text = chrome(&lines, &outcome);
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(parsed["traceEvents"].as_array().unwrap().len() > 20);
    assert!(!text.contains('\u{1b}') && text.contains("18446744073709551.615"));

    let log = shiviz(&lines);
    assert_eq!(log.lines().count(), 22, "{log}");
    for line in log.lines().skip(2) {
        assert_eq!(line.matches(" \"").count(), 1, "{line}");
        assert!(!line.split(' ').next().unwrap().is_empty() && line.ends_with('}'));
    }
}

/// A message that was sent before the recording begins has no arrow, and breaks nothing.
#[test]
fn what_came_before_is_unknown() {
    let lines: Vec<_> = (100..104).map(|n| line(n, Some(n - 60))).collect();
    let text = chrome(&lines, &outcome(1, Observed::Held, 0));
    assert!(!text.contains("\"ph\":\"s\"") && text.matches("\"ph\":\"X\"").count() == 4);
    assert!(shiviz(&lines).lines().skip(2).all(|line| line.contains(":1}")));
}
