use super::Memory;
use super::chrome::{ChromeTrace, chrome};
use super::shiviz::{ShivizLog, shiviz};
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

/// A run that was cut short has no outcome, and its trace is a document all the same.
#[test]
fn a_trace_ends_without_an_outcome() {
    for lines in [0, 3] {
        let (mut text, mut trace) = (Vec::new(), ChromeTrace::default());
        trace.begin(&mut text).unwrap();
        for number in 0..lines {
            trace.line(&mut text, &line(number, None)).unwrap();
        }
        trace.close(&mut text).unwrap();
        let parsed: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(parsed["traceEvents"].as_array().unwrap().is_empty(), lines == 0);
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

/// What is remembered is bounded by its size, not by the number of lines alone: the oldest goes first.
#[test]
fn what_is_large_is_remembered_for_fewer_lines() {
    let mut memory = Memory { most_bytes: 100, ..Memory::default() };
    for line in 0..10 {
        memory.put(line, line, 30);
    }
    let known = |memory: &Memory<u64>| (0..20).filter(|line| memory.get(*line).is_some()).collect();
    let lines: Vec<u64> = known(&memory);
    assert_eq!((lines, memory.bytes), (vec![7, 8, 9], 90));
    memory.put(9, 9, 10);
    memory.put(10, 10, 1_000);
    let lines: Vec<u64> = known(&memory);
    assert_eq!((lines, memory.bytes), (vec![10], 1_000));
    memory.put(11, 11, 0);
    assert_eq!(memory.get(11), Some(&11));
}

/// The clocks of a thousand hosts are as large as they are said to be.
#[test]
fn clocks_are_counted_by_their_size() {
    let mut log = ShivizLog::default();
    for number in 0..1_000 {
        let mut line = line(number, number.checked_sub(1));
        (line.kind, line.process) = ("sent".to_owned(), Some(format!("client-{number}")));
        log.line(&mut std::io::sink(), &line).unwrap();
    }
    assert_eq!(log.remembered(), (1..=1_000).sum::<usize>() * 4);
}
