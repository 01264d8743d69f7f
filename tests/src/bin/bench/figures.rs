//! Figures, what each has to reach, and how they are shown.

use std::path::Path;

use maany_tests::Failure;
use maany_tests::report::{say, table};
use maany_tests::stats::{median, percentile};
use serde::Serialize;

/// What a figure has to reach.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bound {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl Bound {
    fn is_kept(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<bool>,
    /// The 95th percentile, where the value is a median.
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<f64>,
    samples: usize,
    note: &'static str,
}

/// The figures of one run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    quick: bool,
    cores: usize,
    /// The machine's load before the run.
    load_before: Option<f64>,
    figures: Vec<Figure>,
}

/// A figure's name, unit, and what it is.
pub(crate) type Label = (&'static str, &'static str, &'static str);

impl Figures {
    pub(crate) fn new(quick: bool, cores: usize, load_before: Option<f64>) -> Self {
        Self { quick, cores, load_before, figures: Vec::new() }
    }

    /// Whether something else was using this machine when the run began.
    pub(crate) fn is_busy(&self) -> bool {
        self.load_before.is_some_and(|load| load > self.cores as f64 / 2.0)
    }

    /// The median of samples.
    pub(crate) fn median(&mut self, label: Label, samples: &[f64]) {
        self.add(label, median(samples), Some(percentile(samples, 95)), samples.len(), None);
    }

    /// The median of samples, which has to keep a bound.
    pub(crate) fn bounded_median(&mut self, label: Label, samples: &[f64], bound: Bound) {
        self.add(label, median(samples), Some(percentile(samples, 95)), samples.len(), Some(bound));
    }

    /// One value, measured over `samples` of something.
    pub(crate) fn value(&mut self, label: Label, value: f64, samples: usize) {
        self.add(label, value, None, samples, None);
    }

    /// One value, which has to keep a bound.
    pub(crate) fn bounded_value(&mut self, label: Label, value: f64, samples: usize, bound: Bound) {
        self.add(label, value, None, samples, Some(bound));
    }

    fn add(&mut self, label: Label, value: f64, p95: Option<f64>, samples: usize, bound: Option<Bound>) {
        let (name, unit, note) = label;
        let reached = bound.map(|bound| bound.is_kept(value));
        let figure = Figure { name, value, unit, bound, reached, p95, samples, note };
        say(figure.row().join("  "));
        self.figures.push(figure);
    }

    /// All figures, for people.
    pub(crate) fn table(&self) -> String {
        let head = ["figure", "value", "p95", "to reach", "", "samples", "what it is"].map(str::to_owned);
        let rows: Vec<Vec<String>> =
            std::iter::once(head.to_vec()).chain(self.figures.iter().map(Figure::row)).collect();
        table(&rows)
    }

    /// The names of what was not reached.
    pub(crate) fn missed(&self) -> impl Iterator<Item = &'static str> {
        self.figures.iter().filter(|figure| figure.reached == Some(false)).map(|figure| figure.name)
    }

    /// Writes all figures as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

impl Figure {
    fn row(&self) -> Vec<String> {
        let bound = match self.bound {
            Some(Bound::AtMost(bound)) => format!("<= {bound}"),
            Some(Bound::AtLeast(bound)) => format!(">= {bound}"),
            None => String::new(),
        };
        let verdict = match self.reached {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "",
        };
        vec![
            self.name.to_owned(),
            format!("{:.2} {}", self.value, self.unit),
            self.p95.map(|p95| format!("{p95:.2}")).unwrap_or_default(),
            bound,
            verdict.to_owned(),
            self.samples.to_string(),
            self.note.to_owned(),
        ]
    }
}
