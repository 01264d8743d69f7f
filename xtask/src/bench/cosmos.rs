//! The bench of the sign docs: criterion measures, the figures to reach are compared here.

use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::process::{self, cargo};
use crate::report::{self, say};
use crate::workspace::Workspace;

/// Each sign doc and the most that decode, render and digest may take, in microseconds.
const TO_REACH: [(&str, f64); 2] = [("msg-send", 25.0), ("exec-of-100", 1000.0)];

pub(super) fn run(workspace: &Workspace) -> Result<(), Error> {
    let mut bench = cargo(&workspace.root);
    bench.args(["bench", "--locked", "-p", "maany-coordinator-cosmos", "--bench", "decode"]);
    process::run(&mut bench)?;
    let head = ["sign doc", "decode+render+digest", "to reach", "cosmrs alone"].map(str::to_owned).to_vec();
    let (mut rows, mut missed) = (vec![head], Vec::new());
    for (name, to_reach) in TO_REACH {
        let criterion = workspace.target.join("criterion").join(name);
        let (ours, cosmrs) = (mean(&criterion.join("ours"))?, mean(&criterion.join("cosmrs"))?);
        let cells = [ours, to_reach, cosmrs].map(|microseconds| format!("{microseconds:.1} us"));
        rows.push([name.to_owned()].into_iter().chain(cells).collect());
        if ours > to_reach {
            missed.push(name);
        }
    }
    say(format_args!("\n{}", report::table(&rows)));
    if missed.is_empty() { Ok(()) } else { Err(Error::Findings(format!("missed: {}", missed.join(", ")))) }
}

/// The mean of the last run, in microseconds.
fn mean(folder: &Path) -> Result<f64, Error> {
    let path = folder.join("new/estimates.json");
    let text = std::fs::read(&path).map_err(Error::file(&path))?;
    let estimates: Value =
        serde_json::from_slice(&text).map_err(|_| Error::Output(path.display().to_string()))?;
    let mean = estimates.pointer("/mean/point_estimate").and_then(Value::as_f64);
    mean.map(|nanoseconds| nanoseconds / 1000.0).ok_or_else(|| Error::Output(path.display().to_string()))
}
