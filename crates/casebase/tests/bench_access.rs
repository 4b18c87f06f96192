//! `casebase bench access` as a program that reads its report sees it.

#![expect(clippy::expect_used, reason = "a failing test may panic")]

use std::process::Command;

use serde_json::Value;

#[test]
fn the_report_says_of_everybody_what_was_measured_and_whether_it_holds() {
    let earlier = tempfile::NamedTempFile::new().expect("a file");
    let report =
        r#"{"measurements": [{"name": "admin: case by id", "value": 0.001, "control": 1000}]}"#;
    std::fs::write(&earlier, report).expect("it is written");
    let output = Command::new(env!("CARGO_BIN_EXE_casebase"))
        .args(["bench", "access", "--cases", "5000", "--json"])
        .args(["--only", "case by id"])
        .arg("--since")
        .arg(earlier.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // What it is at, and no statement of those that it runs.
    for told in [
        "Loading 5000 cases",
        "[1/5] client: case by id\n",
        "[5/5] admin: ",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert!(
        !said.contains("select ") && !said.contains("WARN"),
        "{said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let measurements = report["measurements"].as_array().expect("a list");
    let names: Vec<_> = measurements.iter().map(|m| m["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            Some("client: case by id"),
            Some("staff, assigned: case by id"),
            Some("staff, departments: case by id"),
            Some("staff, all: case by id"),
            Some("admin: case by id"),
        ]
    );
    for measurement in measurements {
        let number = |field: &str| measurement[field].as_f64().expect("a number");
        assert_eq!(measurement["unit"], "ms");
        assert!(number("value") > 0.0 && number("control") > 0.0);
        let target = 1.2 * number("control") + 0.2;
        assert!((number("target") - target).abs() < 0.01, "{measurement}");
        assert_eq!(measurement["holds"], number("value") <= number("target"));
        // Where the earlier report has it, too.
        let is_compared = measurement["name"] == "admin: case by id";
        assert_eq!(measurement.get("growth").is_some(), is_compared);
        if is_compared {
            assert_eq!(measurement["growth"]["holds"], false, "{measurement}");
        }
    }
}
