//! `casebase bench webhooks` as a program that reads its report sees it.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::process::Command;

use serde_json::Value;

#[test]
fn the_report_says_what_was_measured_and_whether_it_holds() {
    let output = Command::new(env!("CARGO_BIN_EXE_casebase"))
        .args(["bench", "webhooks", "--json", "--only", "1"])
        .args(["--seconds", "1", "--deliveries", "1000"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("] 1 endpoint while 8 write\n"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let measurements = report["measurements"].as_array().expect("a list");
    for measurement in measurements {
        let number = |field: &str| measurement[field].as_f64().expect("a number");
        assert!(
            number("value") > 0.0 && number("control") > 0.0,
            "{measurement}"
        );
        let holds = match measurement["bound"].as_str() {
            Some("at_least") => number("value") >= number("target"),
            Some("at_most") => number("value") <= number("target"),
            other => panic!("{other:?}"),
        };
        assert_eq!(measurement["holds"], holds, "{measurement}");
    }
}
