//! Starting programs and waiting for them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::report::say;

/// Cargo in `directory`, without the variables that the surrounding `cargo run` left behind.
pub(crate) fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(directory);
    for (name, _) in std::env::vars_os() {
        let inherited = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if inherited {
            command.env_remove(name);
        }
    }
    command
}

/// Shows the command line, runs it in full view and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    say(format_args!("$ {}", describe(command)));
    finish(command)
}

/// Like [`run`], for a test runner, which has said what failed by itself.
pub(crate) fn run_tests(command: &mut Command) -> Result<(), Error> {
    run(command).map_err(said_by_the_runner)
}

fn finish(command: &mut Command) -> Result<(), Error> {
    let text = describe(command);
    let status = command.status().map_err(|source| Error::Spawn { command: text.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: text, status }) }
}

fn said_by_the_runner(error: Error) -> Error {
    match error {
        Error::Failed { .. } => Error::TestsFailed,
        other => other,
    }
}

/// Runs quietly and returns standard output; standard error stays in view.
pub(crate) fn capture(command: &mut Command) -> Result<String, Error> {
    let text = describe(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Spawn { command: text.clone(), source })?;
    if !output.status.success() {
        return Err(Error::Failed { command: text, status: output.status });
    }
    String::from_utf8(output.stdout).map_err(|_| Error::Output(text))
}

/// The command line as one would type it, programs by their bare name.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program()).to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["test", "--locked"]);
        assert_eq!(describe(&command), "cargo test --locked");
    }

    #[test]
    fn a_failing_program_fails_the_task() {
        let mut failing = cargo(Path::new(env!("CARGO_MANIFEST_DIR")));
        let outcome = finish(failing.arg("no-such-subcommand").stderr(Stdio::null()));
        assert!(matches!(outcome, Err(Error::Failed { .. })));
        assert!(matches!(outcome.map_err(said_by_the_runner), Err(Error::TestsFailed)));
        assert!(matches!(finish(&mut Command::new("/no/such/program")), Err(Error::Spawn { .. })));
        let version = capture(cargo(Path::new(env!("CARGO_MANIFEST_DIR"))).arg("--version"));
        assert!(version.is_ok_and(|text| text.starts_with("cargo")));
    }
}
