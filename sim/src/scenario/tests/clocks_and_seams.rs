//! Wrong faults, as their authors are told of them.

use super::faults;

#[test]
fn wrong_clocks_and_seams() {
    faults(&[
        (
            r#"{ "at": "4s", "clock_rate": { "target": "all", "ppm": 500001 } }"#,
            "13:59 faults[0].clock_rate.ppm: found `500001`, expected -500000 to 500000 (a clock is off by half at most)",
        ),
        (
            r#"{ "at": "4s", "clock_step": { "target": "all" } }"#,
            "13:19 faults[0].clock_step: a step that leads nowhere (give `forward` or `back`)",
        ),
        (
            r#"{ "at": "4s", "when": { "seam": "promise-send" }, "crash": { "target": "all" } }"#,
            "13:37 faults[0].when.seam: unknown seam `promise-send` of system `fake` (did you mean `promise-sent`?)",
        ),
        (
            r#"{ "at": "4s", "when": { "seam": "sync", "nth": 0 }, "crash": { "target": "all" } }"#,
            "13:52 faults[0].when.nth: found `0`, expected at least 1",
        ),
        (
            r#"{ "at": "4s", "when": { "seam": "sync" }, "crash": { "target": "all", "after_effects": 1 } }"#,
            "13:19 faults[0].when: both a seam and `after_effects` (leave out `after_effects`: the seam says where in a step)",
        ),
    ]);
}
