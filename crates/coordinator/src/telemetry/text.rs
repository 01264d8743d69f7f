//! A recorder that keeps numbers in memory and renders them as Prometheus text.
//!
//! It is meant for `/metrics` of a small installation. It keeps no buckets: a histogram is rendered as a summary
//! without quantiles, its count and its sum. A host that wants more passes another recorder in.
//! Format: Prometheus text exposition, version 0.0.4.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// The content type of what [`TextRecorder::render`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The recorder. Cheap to share in an `Arc`.
#[derive(Debug, Default)]
pub struct TextRecorder {
    families: Mutex<BTreeMap<String, Family>>,
}

#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: Option<Kind>,
    /// By rendered labels, `` or `{a="b"}`.
    series: BTreeMap<String, Series>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Summary,
}

#[derive(Debug, Clone)]
enum Series {
    Counter(Arc<AtomicU64>),
    Gauge(Arc<AtomicU64>),
    Summary(Arc<Summary>),
}

/// Count and sum of what a histogram was given.
#[derive(Debug, Default)]
struct Summary {
    count: AtomicU64,
    sum: AtomicU64,
}

impl HistogramFn for Summary {
    fn record(&self, value: f64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        GaugeFn::increment(&self.sum, value);
    }
}

impl TextRecorder {
    /// All series in the order of their names.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, family) in self.families().iter() {
            family.render(name, &mut text);
        }
        text
    }

    fn describe(&self, key: &KeyName, description: SharedString) {
        self.families().entry(key.as_str().to_owned()).or_default().help = description.into_owned();
    }

    /// The series of this key; a family keeps the kind that it had first.
    fn register(&self, key: &Key, kind: Kind) -> Option<Series> {
        let mut families = self.families();
        let family = families.entry(key.name().to_owned()).or_default();
        if *family.kind.get_or_insert(kind) != kind {
            return None;
        }
        let series = family.series.entry(labels(key)).or_insert_with(|| match kind {
            Kind::Counter => Series::Counter(Arc::default()),
            Kind::Gauge => Series::Gauge(Arc::default()),
            Kind::Summary => Series::Summary(Arc::default()),
        });
        Some(series.clone())
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<String, Family>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for TextRecorder {
    fn describe_counter(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, description);
    }

    fn describe_gauge(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, description);
    }

    fn describe_histogram(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, description);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        match self.register(key, Kind::Counter) {
            Some(Series::Counter(value)) => Counter::from_arc(value),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        match self.register(key, Kind::Gauge) {
            Some(Series::Gauge(value)) => Gauge::from_arc(value),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        match self.register(key, Kind::Summary) {
            Some(Series::Summary(value)) => Histogram::from_arc(value),
            _ => Histogram::noop(),
        }
    }
}

impl Family {
    fn render(&self, name: &str, text: &mut String) {
        let Some(kind) = self.kind else { return };
        if !self.help.is_empty() {
            line(text, format_args!("# HELP {name} {}", self.help.replace('\\', r"\\").replace('\n', r"\n")));
        }
        line(text, format_args!("# TYPE {name} {}", kind.name()));
        for (labels, series) in &self.series {
            match series {
                Series::Counter(value) => {
                    line(text, format_args!("{name}{labels} {}", value.load(Ordering::Relaxed)));
                }
                Series::Gauge(value) => line(text, format_args!("{name}{labels} {}", float(value))),
                Series::Summary(summary) => {
                    line(text, format_args!("{name}_sum{labels} {}", float(&summary.sum)));
                    line(
                        text,
                        format_args!("{name}_count{labels} {}", summary.count.load(Ordering::Relaxed)),
                    );
                }
            }
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
        }
    }
}

/// `metrics` keeps a gauge in an atomic as the bits of a 64-bit float.
fn float(bits: &AtomicU64) -> f64 {
    f64::from_bits(bits.load(Ordering::Relaxed))
}

fn labels(key: &Key) -> String {
    let pairs: Vec<_> = key
        .labels()
        .map(|label| {
            let value = label.value().replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            format!("{}=\"{value}\"", label.key())
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    let _ = writeln!(text, "{what}");
}

#[cfg(test)]
mod tests {
    use metrics::Level;

    use super::*;

    const META: Metadata<'static> = Metadata::new("test", Level::INFO, None);

    #[test]
    fn series_are_rendered_with_help_type_and_escaped_labels() {
        let recorder = TextRecorder::default();
        recorder.describe_counter("closed".into(), None, "Sessions closed".into());
        let key = Key::from_parts("closed", &[("why", "a \"b\"\n\\")]);
        recorder.register_counter(&key, &META).increment(3);
        recorder.register_counter(&key, &META).increment(1);
        recorder.register_gauge(&"queue".into(), &META).set(2.5);
        let took = recorder.register_histogram(&"took_seconds".into(), &META);
        took.record(0.25);
        took.record(0.5);
        assert_eq!(
            recorder.render(),
            concat!(
                "# HELP closed Sessions closed\n",
                "# TYPE closed counter\n",
                "closed{why=\"a \\\"b\\\"\\n\\\\\"} 4\n",
                "# TYPE queue gauge\n",
                "queue 2.5\n",
                "# TYPE took_seconds summary\n",
                "took_seconds_sum 0.75\n",
                "took_seconds_count 2\n",
            )
        );
    }

    #[test]
    fn a_name_keeps_its_first_kind() {
        let recorder = TextRecorder::default();
        recorder.register_counter(&"n".into(), &META).increment(1);
        recorder.register_gauge(&"n".into(), &META).set(9);
        assert_eq!(recorder.render(), "# TYPE n counter\nn 1\n");
    }
}
