use super::story::Story;
use super::{Told, neighbour};
use crate::fixture;
use interregnum_sim::outcome::{Evidence, Observed, Outcome, TraceLine};
use interregnum_sim::recording::{Neighbour, Recording};

fn line(number: u64, process: &str, kind: &str, cause: Option<u64>) -> TraceLine {
    TraceLine {
        line: number,
        event: number / 2,
        at_ns: number * 1_000,
        kind: kind.to_owned(),
        process: Some(process.to_owned()),
        what: format!("what {number}"),
        peer: None,
        cause,
        state: None,
    }
}

fn outcome(facts: &[(u64, u8, &str)]) -> Outcome {
    let mut outcome = fixture::outcome(1, Observed::Violated, 0);
    let fact = |(at_ns, node, what): &(u64, u8, &str)| Evidence {
        at_ns: *at_ns,
        node: Some(*node),
        what: (*what).to_owned(),
    };
    outcome.violation.as_mut().unwrap().evidence = facts.iter().map(fact).collect();
    outcome
}

fn recording(lines: Vec<TraceLine>) -> Recording {
    Recording { total: lines.len() as u64, lines, neighbour: None, interrupted: false }
}

/// n0 sends to n1, which writes; meanwhile n2 talks to itself for a long time.
fn chain() -> Vec<TraceLine> {
    let mut lines = vec![
        line(0, "n0", "fired", None),
        line(1, "n0", "sent", None),
        line(2, "n1", "delivered", Some(1)),
        line(3, "n1", "written", None),
        line(4, "n1", "durable", Some(3)),
        line(5, "n3", "crashed", None),
    ];
    lines.extend((6..106).map(|number| line(number, "n2", "fired", None)));
    lines.push(line(106, "n1", "disk-done", Some(4)));
    lines.push(line(107, "n1", "replied", None));
    lines
}

#[test]
fn what_led_to_a_failure_goes_from_effect_to_input_to_origin() {
    let (outcome, recording) = (outcome(&[(107_000, 1, "")]), recording(chain()));
    let story = Story::of(&outcome, &recording);
    let led: Vec<_> = story.rows.iter().filter(|row| row.led).map(|row| row.line.line).collect();
    // 5 is the crash; what n2 does has nothing to do with it.
    assert_eq!(led, [0, 1, 2, 3, 4, 5, 106, 107]);
    assert_eq!(story.lanes, ["n0", "n1", "n2", "n3"]);
}

#[test]
fn the_rows_of_an_event_have_addresses_of_their_own() {
    let (outcome, recording) = (outcome(&[]), recording(chain()));
    let story = Story::of(&outcome, &recording);
    let anchors: Vec<_> = story.rows.iter().take(5).map(|row| row.anchor.as_str()).collect();
    assert_eq!(anchors, ["e0", "e0-1", "e1", "e1-1", "e2"]);
    let mut all: Vec<_> = story.rows.iter().map(|row| &row.anchor).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), recording.lines.len());
}

#[test]
fn evidence_is_the_line_that_says_most_of_it() {
    let mut lines = chain();
    for (number, what) in [(108, "Heartbeat b7"), (109, "Accept s25 b7"), (110, "Accept s26 b7")] {
        let mut said = line(number, "n2", "sent", None);
        (said.at_ns, said.what) = (200_000, what.to_owned());
        lines.push(said);
    }
    let facts = [(200_000, 2, "s25 proposed in b7"), (5_000, 3, "fell"), (7, 1, "never was")];
    let (outcome, recording) = (outcome(&facts), recording(lines));
    let story = Story::of(&outcome, &recording);
    let marked = story.rows.iter().filter(|row| !row.evidence.is_empty());
    let marked: Vec<_> = marked.map(|row| (row.line.line, row.evidence.clone())).collect();
    assert_eq!(marked, [(5, vec![2]), (109, vec![1])]);
    let told = Told::of(&outcome, &recording, "r2-").unwrap();
    assert_eq!(told.fact(1).as_deref(), Some("#r2-e54-1"));
    assert_eq!((told.fact(3), told.event(1).as_deref()), (None, Some("#r2-e1")));
    let page = told.section(&[]).into_string();
    assert!(page.contains("id=\"r2-e54-1\" class=\"led evidence\""), "{page}");
    assert!(page.contains("class=\"beside\""));
}

/// That nothing was found is said only of a search that came to its end.
#[test]
fn an_interrupted_search_is_told_from_one_without_a_find() {
    let mut recording = recording(chain());
    let page = |recording: &Recording| neighbour::section(recording).into_string();
    assert!(page(&recording).contains("No run nearby was found that held."));
    recording.interrupted = true;
    let said = page(&recording);
    assert!(said.contains("The search for a run nearby that held was interrupted."), "{said}");
    assert!(!said.contains("No run nearby"), "{said}");
    // Results that were stored before there was such a word.
    let mut stored = serde_json::to_value(&recording).unwrap();
    stored.as_object_mut().unwrap().remove("interrupted").unwrap();
    assert!(!serde_json::from_value::<Recording>(stored).unwrap().interrupted);
}

/// What a recording left out is said where it is missing.
#[test]
fn what_was_not_kept_is_said() {
    let numbers = [3].into_iter().chain(4_600..5_000);
    let lines = numbers.map(|n| line(n, &format!("n{}", n % 60), "fired", None)).collect();
    let (outcome, mut recording) = (outcome(&[(3_000, 3, "")]), recording(lines));
    recording.total = 5_000;
    let story = Story::of(&outcome, &recording);
    assert_eq!(story.rows.len(), 401);
    assert_eq!((story.rows[1].line.line, story.rows[1].skipped), (4_600, 4_596));
    assert!(story.lanes.len() <= 24 && story.lanes.contains(&"n3"), "{:?}", story.lanes);
    let page = Told::of(&outcome, &recording, "").unwrap().section(&[]).into_string();
    assert!(page.contains("4,596 lines in between are not shown"));
    // Those in the middle are missing as well as the first.
    assert!(
        page.contains("Of the 5,000 lines of the trace 4,599 are not part of this report"),
        "{page}"
    );
    assert!(!page.contains("every fault") && page.contains("the time line above has those"));
}

#[test]
fn a_page_on_the_longest_recording_has_a_bounded_size() {
    let lines = (0..5_000).map(|n| line(n, &format!("n{}", n % 60), "fired", None)).collect();
    let (outcome, recording) = (outcome(&[]), recording(lines));
    assert_eq!(Story::of(&outcome, &recording).rows.len(), 700);
    let page = Told::of(&outcome, &recording, "").unwrap().section(&[]).into_string();
    assert!(page.len() < 500_000, "{}", page.len());
}

/// What mentions the things that failed led to it; of many signs of one trouble one is enough.
#[test]
fn the_names_in_a_failure_and_one_sign_of_each_trouble_are_shown() {
    let mut lines = chain();
    for number in 108..120 {
        lines.push(line(number, "n4", "damaged", None));
        lines.last_mut().unwrap().event = 54;
    }
    for number in [20, 40] {
        lines[number].what = "Accepted { slot: s31 }".to_owned();
    }
    let mut outcome = outcome(&[(107_000, 1, "")]);
    outcome.violation.as_mut().unwrap().what = "n4 treats s31 as chosen".to_owned();
    let recording = recording(lines);
    let story = Story::of(&outcome, &recording);
    let led: Vec<_> = story.rows.iter().filter(|row| row.led).map(|row| row.line.line).collect();
    assert!(led.contains(&20) && led.contains(&40), "{led:?}");
    assert_eq!(led.iter().filter(|line| (108..119).contains(*line)).count(), 1, "{led:?}");
}

/// Who was down before the first line is drawn so from the top, and until it comes up.
#[test]
fn bars_show_who_was_down() {
    use interregnum_sim::outcome::{Highlight, HighlightKind};
    let mut outcome = outcome(&[]);
    let what = String::new();
    outcome.highlights =
        vec![Highlight { at_ns: 1, node: Some(1), kind: HighlightKind::Down, what }];
    let lines = vec![
        line(10, "n0", "paused", None),
        line(11, "n1", "booted", None),
        line(12, "n0", "resumed", None),
        line(13, "n0", "crashed", None),
    ];
    let recording = recording(lines);
    let page = Told::of(&outcome, &recording, "").unwrap().section(&[]).into_string();
    let bars: Vec<_> = page.split("<rect class=\"").skip(1).collect();
    let of = |class: &str| bars.iter().filter(|bar| bar.starts_with(class)).count();
    // Two in each of the two pictures; the crash lasts from the last row to the bottom.
    assert_eq!((of("isdown"), of("paused")), (4, 2), "{page}");
}

/// A file may say anything: causes that come later, lines out of order, no process.
#[test]
fn nonsense_is_drawn_all_the_same() {
    let mut lines: Vec<_> = (0..50).map(|n| fixture::line(50 - n, Some(n * 7 % 50))).collect();
    lines[3].process = None;
    lines[4].process = Some("n".to_owned());
    lines[5].line = u64::MAX;
    lines[6].at_ns = u64::MAX;
    let recording = recording(lines);
    let outcome = outcome(&[(u64::MAX, 255, fixture::HOSTILE)]);
    let page = Told::of(&outcome, &recording, "").unwrap().section(&[]).into_string();
    assert!(!page.contains("<b> `"), "escaped");
    let mut empty = self::recording(Vec::new());
    empty.total = u64::MAX;
    assert!(Told::of(&outcome, &empty, "").is_none());
}

#[test]
fn two_runs_are_set_side_by_side() {
    let same = line(1, "n0", "fired", None);
    let mut later = same.clone();
    (later.line, later.at_ns) = (2, 999);
    let neighbour = Neighbour {
        what: "without the planted bug".to_owned(),
        seed: 3,
        fingerprint: "f".to_owned(),
        differs_at: 1,
        alike: false,
        here: vec![line(0, "n0", "booted", None), line(1, "n1", "sent", None), later],
        there: vec![line(0, "n0", "booted", None), same],
        meanwhile: Vec::new(),
    };
    let mut recording = Recording { neighbour: Some(neighbour), ..recording(Vec::new()) };
    recording.total = 100;
    let page = neighbour::section(&recording).into_string();
    assert!(page.contains("Both runs go on from there") && !page.contains("failed"), "{page}");
    let rows: Vec<_> = page.split("<tr class=\"").skip(1).map(|row| &row[..4]).collect();
    assert_eq!(rows, ["same", "part", "same"], "{page}");
    assert!(page.contains("<b class=\"sign\">+</b>") && !page.contains("<b class=\"sign\">−</b>"));
}

/// A neighbour of a run with three lines.
fn neighbour_of(there: Vec<TraceLine>) -> Recording {
    let neighbour = Neighbour {
        what: "without the planted bug".to_owned(),
        seed: 3,
        fingerprint: "f".to_owned(),
        differs_at: 3,
        alike: false,
        here: (0..3).map(|n| line(n, "n0", "fired", None)).collect(),
        there,
        meanwhile: Vec::new(),
    };
    Recording { neighbour: Some(neighbour), total: 3, lines: Vec::new(), interrupted: false }
}

/// What the run that held did after this one had failed is no difference between the two.
#[test]
fn what_comes_after_the_failure_is_told_apart() {
    let there = (0..6).map(|n| line(n, "n0", "fired", None)).collect();
    let mut recording = neighbour_of(there);
    let page = neighbour::section(&recording).into_string();
    let rows: Vec<_> = page.split("<tr class=\"").skip(1).map(|row| &row[..4]).collect();
    assert_eq!(rows, ["same", "same", "same", "gap\"", "part", "othe", "othe"], "{page}");
    assert!(
        page.contains("this run had failed by then") && !page.contains("Both runs go on"),
        "{page}"
    );
    assert!(page.contains("the same up to the failure") && !page.contains("is the first in which"));
    recording.total = 10;
    let page = neighbour::section(&recording).into_string();
    assert!(!page.contains("failed") && page.contains("Both runs go on"), "{page}");
}

#[test]
fn where_no_difference_is_known_none_is_claimed() {
    let mut recording = neighbour_of(Vec::new());
    let neighbour = recording.neighbour.as_mut().unwrap();
    (neighbour.alike, neighbour.here) = (true, Vec::new());
    neighbour.differs_at = 4_000_000;
    recording.total = 9_000_000;
    let page = neighbour::section(&recording).into_string();
    assert!(page.contains("No difference was found in the first 4,000,000 lines"), "{page}");
    assert!(!page.contains("is the first in which") && !page.contains("<table"), "{page}");
}

#[test]
fn long_texts_beside_each_other_are_cut_short() {
    let mut recording = neighbour_of(vec![line(3, "n0", "sent", None)]);
    let neighbour = recording.neighbour.as_mut().unwrap();
    neighbour.there[0].what = "x".repeat(301);
    neighbour.here[0].what = "y".repeat(300);
    let page = neighbour::section(&recording).into_string();
    let cut =
        format!("<details><summary>{}…</summary>{}</details>", "x".repeat(300), "x".repeat(301));
    assert!(page.contains(&cut) && page.matches("<details>").count() == 1, "{page}");
}
