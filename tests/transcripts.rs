//! What the command prints, word for word. `TRYCMD=overwrite cargo test --example toy --test transcripts` writes
//! what it prints now; the difference is for the reviewer.

#[test]
fn the_command_prints_what_it_printed() {
    trycmd::TestCases::new()
        .register_bin("interregnum", toy())
        // Neither the caller's terminal nor seeds nor pipeline have a say.
        .env("NO_COLOR", "1")
        .env("INTERREGNUM_SEED", "1")
        .env("GITHUB_STEP_SUMMARY", "")
        .env("RUST_BACKTRACE", "0")
        .case("tests/transcripts/*.trycmd");
}

/// What takes a real system, and no run: a run would name the version.
#[test]
fn the_built_in_systems_say_what_is_wrong_as_they_did() {
    trycmd::TestCases::new()
        .register_bin("interregnum", std::path::Path::new(env!("CARGO_BIN_EXE_interregnum")))
        .env("NO_COLOR", "1")
        .case("tests/transcripts/builtin/*.trycmd");
}

/// The command with the toy system: cargo builds it, as an example, before any test is run.
fn toy() -> std::path::PathBuf {
    let mut path = std::env::current_exe().expect("a test has a path");
    path.pop();
    path.pop();
    path.join("examples").join(format!("toy{}", std::env::consts::EXE_SUFFIX))
}
