//! Writes `crates/coordinator-cosmos/src/generated/` from the .proto files of the chains' Go modules.
//!
//! Deliberately no build script: what is compiled is what is committed and reviewed. `--check` writes nothing and fails where the committed
//! files are not what the pinned sources give.

mod error;
mod modules;
mod output;
mod protos;
mod tables;
mod types;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use error::Error;
use output::Tree;

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [only] if only == "--check" => true,
        _ => return complain(&Error::Usage),
    };
    match run(check) {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "codegen: {text}");
            ExitCode::SUCCESS
        }
        Err(Error::NoSources(why)) if check => {
            let _ =
                writeln!(std::io::stdout(), "codegen: SKIPPED, the .proto sources are not at hand: {why}");
            ExitCode::SUCCESS
        }
        Err(error) => complain(&error),
    }
}

fn complain(error: &Error) -> ExitCode {
    let mut text = format!("error: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}\n  because: {cause}");
        source = cause.source();
    }
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

fn run(check: bool) -> Result<String, Error> {
    let roots = modules::fetch()?;
    let pool = protos::compile(&roots)?;
    let mut tree = Tree::new(&modules::provenance());
    tables::write(&pool, &mut tree)?;
    types::write(&pool, &mut tree)?;
    let files = tree.formatted()?;
    let target = target();
    if check { output::compare(&target, &files) } else { output::replace(&target, &files) }
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/coordinator-cosmos/src/generated")
}
