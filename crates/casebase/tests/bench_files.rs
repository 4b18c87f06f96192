//! `casebase bench files` as a program that reads its report sees it.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::process::Command;

use serde_json::Value;

#[test]
fn the_report_says_of_both_backends_with_and_without_a_network_what_was_measured_and_whether_it_holds()
 {
    let output = Command::new(env!("CARGO_BIN_EXE_casebase"))
        .args(["bench", "files", "--mib", "1", "--json"])
        .args(["--only", "at a time: download of 1 MiB"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("[2/4] rest:  1 at a time: download of 1 MiB\n")
            && said.contains("[4/4] rest:  1 at a time: download of 1 MiB, over 1 Gbit/s\n"),
        "{said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let measurements = report["measurements"].as_array().expect("a list");
    assert_eq!(measurements.len(), 4);
    for measurement in measurements {
        let number = |field: &str| measurement[field].as_f64().expect("a number");
        let spent = &measurement["processor"];
        assert!(
            ["ours", "others", "control"]
                .iter()
                .all(|who| spent[who].as_f64() >= Some(0.0)),
            "{spent}"
        );
        assert_eq!(measurement["unit"], "ms");
        assert!(number("value") > 0.0 && number("control") > 0.0);
        let target = number("control") / 0.9;
        assert!((number("target") - target).abs() < 0.01, "{measurement}");
        assert_eq!(measurement["holds"], number("value") <= number("target"));
    }
}
