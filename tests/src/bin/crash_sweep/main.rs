//! Every durable write and every message of every verb, each with a machine that dies there, a line that is cut, and a last
//! write that is lost: the wallet still signs, and nothing is signed twice.
//!
//! Real engine, real stores (redb and files), real server and device over loopback; a case ends a machine's threads where a
//! deployment would lose its process, and boots another one on what is on the disk. Prints its figures last; exits with 1
//! where a promise was broken, or too few cases ran. `cargo xtask crash-sweep` builds and runs it.

mod calls;
mod case;
mod figures;
mod plan;
mod process;
mod promises;
mod sequences;
mod splitter;
mod stores;
mod sweep;
mod template;
mod trace;
mod trouble;
mod user;
mod verb;
mod wire;
mod world;
mod writes;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use maany_tests::Failure;
use maany_tests::report::say;

use figures::{FEWEST, Figures};
use plan::{MOST_THAT_MAKE_SHARES, Plan};
use stores::Stores;
use template::Template;
use world::House;

/// Kill, cut and lose at every place of every verb.
#[derive(Parser)]
struct Options {
    /// Only the case of this name.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Only the cases whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Name the cases and run none.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            say(format_args!("the sweep could not be run: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, Failure> {
    let begin = Instant::now();
    let house = House::build()?;
    let templates = Stores::ALL
        .iter()
        .map(|stores| Template::make(*stores, &house.pool))
        .collect::<Result<Vec<_>, _>>()?;
    let first = templates.first().ok_or("there are no disks")?;
    let mut plan = Plan::make(&house, first)?;
    let making_shares = plan.making_shares();
    let is_whole = options.case.is_none() && options.only.is_none();
    plan.cases.retain(|case| {
        let name = case.to_string();
        options.case.as_ref().is_none_or(|only| *only == name)
            && options.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    });
    if options.list {
        plan.cases.iter().for_each(say);
        return Ok(true);
    }
    if plan.cases.is_empty() {
        return Err("no case has that name".into());
    }
    let outcomes = sweep::run(&plan.cases, &templates)?;
    let figures = Figures::of(&outcomes);
    let writes = writes::judge(&plan.writes);
    figures.say(begin.elapsed());
    if is_whole && !figures.is_whole() {
        say(format_args!("fewer than {FEWEST} cases"));
    }
    if making_shares > MOST_THAT_MAKE_SHARES {
        say(format_args!("more than {MOST_THAT_MAKE_SHARES} cases make shares"));
    }
    Ok(figures.is_clean()
        && writes
        && (!is_whole || figures.is_whole())
        && making_shares <= MOST_THAT_MAKE_SHARES)
}
