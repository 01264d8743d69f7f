//! A run told step by step: a readable timeline for people, JSON lines for machines.
//!
//! Colours appear on a terminal alone. It prints what it is given: whoever makes a fact keeps secrets out of it.

mod text;

use std::{
    fmt::Display,
    io::{self, Write},
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use maany_coordinator::device::Report;
use serde_json::{Map, Value, json};

use self::text::{key, millis, shown_bytes, shown_time, wrap};

const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Columns of a step's title, before its duration.
const TITLE: usize = 52;
/// Columns of a fact's name.
const NAME: usize = 11;
/// Columns before a fact.
const INDENT: usize = 7;
/// Columns of a fact's value, after which a line is broken at a space.
const WIDTH: usize = 104;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// People.
    Person,
    /// Machines.
    Machine,
}

/// What a step is called, and what it is for.
#[derive(Debug)]
pub(crate) struct Chapter {
    /// The word that machines know it by.
    pub(crate) name: &'static str,
    /// The line that people know it by.
    pub(crate) title: &'static str,
    /// One sentence for somebody who has never seen the project.
    pub(crate) why: &'static str,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Told<T> {
    /// What the next steps need.
    pub(crate) value: T,
    /// What its session cost; `None` where none ran, and the step's own time counts.
    pub(crate) cost: Option<Report>,
    /// What is shown.
    pub(crate) facts: Vec<Fact>,
}

impl<T> Told<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value, cost: None, facts: Vec::new() }
    }

    pub(crate) fn cost(mut self, cost: Report) -> Self {
        self.cost = Some(cost);
        self
    }

    /// Adds a fact. Words in `name` become one camelCase key for machines.
    pub(crate) fn fact(mut self, name: &'static str, value: impl Display) -> Self {
        self.facts.push(Fact { name, value: value.to_string() });
        self
    }
}

/// Something that a step brought to light. No secret.
#[derive(Debug)]
pub(crate) struct Fact {
    name: &'static str,
    value: String,
}

/// The timeline, and the sums of what was told.
#[derive(Debug)]
pub(crate) struct Timeline {
    reader: Reader,
    started: Instant,
    steps: usize,
    sent: u64,
    received: u64,
}

impl Timeline {
    pub(crate) fn begin(reader: Reader) -> Self {
        Self { reader, started: Instant::now(), steps: 0, sent: 0, received: 0 }
    }

    /// The steps told so far.
    pub(crate) const fn steps(&self) -> usize {
        self.steps
    }

    /// Text that belongs to no step. Machines do not get it.
    pub(crate) fn prose(&self, heading: &str, lines: &[&str]) -> io::Result<()> {
        if self.reader == Reader::Machine {
            return Ok(());
        }
        let mut out = anstream::stdout().lock();
        writeln!(out, "{STRONG}{heading}{STRONG:#}")?;
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        writeln!(out)
    }

    /// Tells a step that went as expected.
    pub(crate) fn tell<T>(&mut self, chapter: &Chapter, took: Duration, told: Told<T>) -> io::Result<T> {
        self.steps += 1;
        let Told { value, cost, facts } = told;
        let took = cost.map_or(took, |cost| cost.elapsed);
        if let Some(cost) = cost {
            self.sent += cost.sent;
            self.received += cost.received;
        }
        match self.reader {
            Reader::Person => self.show(chapter, took, cost, &facts)?,
            Reader::Machine => line(&step_object(self.steps, chapter, took, cost, &facts))?,
        }
        Ok(value)
    }

    /// Tells that a step did not go as expected. What was wrong is for the caller to say.
    pub(crate) fn fail(&mut self, chapter: &Chapter) -> io::Result<()> {
        self.steps += 1;
        match self.reader {
            Reader::Person => {
                let mut out = anstream::stdout().lock();
                writeln!(out, "{:>2}  {BAD}✗{BAD:#} {STRONG}{}{STRONG:#}", self.steps, chapter.title)
            }
            Reader::Machine => line(&json!({
                "event": "step", "step": self.steps, "name": chapter.name, "ok": false,
            })),
        }
    }

    /// Ends a timeline in which every step went as expected. The duration and the traffic of all steps come by
    /// themselves.
    pub(crate) fn end(&self, lines: &[&str]) -> io::Result<()> {
        let took = self.started.elapsed();
        if self.reader == Reader::Machine {
            return line(&json!({
                "event": "done", "ok": true, "steps": self.steps, "ms": millis(took),
                "sentBytes": self.sent, "receivedBytes": self.received,
            }));
        }
        let mut out = anstream::stdout().lock();
        writeln!(
            out,
            "{GOOD}✓{GOOD:#} {STRONG}{} of {} steps as expected{STRONG:#}, {}; the device sent {} and received {}.",
            self.steps,
            self.steps,
            shown_time(took),
            shown_bytes(self.sent),
            shown_bytes(self.received),
        )?;
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn show(
        &self,
        chapter: &Chapter,
        took: Duration,
        cost: Option<Report>,
        facts: &[Fact],
    ) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        write!(out, "{:>2}  {GOOD}✓{GOOD:#} {STRONG}{:<TITLE$}{STRONG:#}", self.steps, chapter.title)?;
        write!(out, " {:>8}", shown_time(took))?;
        if let Some(cost) = cost {
            let (sent, received) = (shown_bytes(cost.sent), shown_bytes(cost.received));
            write!(out, "  {sent:>9} sent {received:>9} received in {} messages", cost.frames)?;
        }
        writeln!(out)?;
        writeln!(out, "{:INDENT$}{FAINT}{}{FAINT:#}", "", chapter.why)?;
        for fact in facts {
            let mut name = fact.name;
            for part in fact.value.lines().flat_map(|line| wrap(line, WIDTH)) {
                writeln!(out, "{:INDENT$}{name:<NAME$} {part}", "")?;
                name = "";
            }
        }
        writeln!(out)
    }
}

fn step_object(
    step: usize,
    chapter: &Chapter,
    took: Duration,
    cost: Option<Report>,
    facts: &[Fact],
) -> Value {
    let mut object = json!({
        "event": "step", "step": step, "name": chapter.name, "ok": true, "ms": millis(took),
    });
    if let Some(cost) = cost {
        object["sentBytes"] = cost.sent.into();
        object["receivedBytes"] = cost.received.into();
        object["messages"] = cost.frames.into();
        object["retries"] = cost.retries.into();
    }
    let facts: Map<_, _> = facts.iter().map(|fact| (key(fact.name), fact.value.clone().into())).collect();
    object["facts"] = Value::Object(facts);
    object
}

fn line(object: &Value) -> io::Result<()> {
    writeln!(anstream::stdout().lock(), "{object}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_reads_the_same_facts_under_one_word() {
        let chapter = Chapter { name: "dkg", title: "Title", why: "Why." };
        let told = Told::new(()).fact("public key", "02ab").fact("wallet", 7);
        let object =
            step_object(3, &chapter, Duration::from_micros(1_500), Some(Report::default()), &told.facts);
        assert_eq!(object["facts"], json!({"publicKey": "02ab", "wallet": "7"}));
        assert_eq!(
            (&object["step"], &object["ms"], &object["sentBytes"]),
            (&json!(3), &json!(1.5), &json!(0))
        );
        assert_eq!(object["ok"], true);
    }

    #[test]
    fn a_step_without_a_session_claims_no_traffic() {
        let chapter = Chapter { name: "address", title: "Title", why: "Why." };
        let object = step_object(1, &chapter, Duration::ZERO, None, &[]);
        assert!(object.get("sentBytes").is_none() && object.get("messages").is_none());
    }
}
