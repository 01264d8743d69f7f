//! Proof that the hardenings are tested: each is taken out of a copy of the sources in turn, and the
//! tests that promise it must then fail.
//!
//! A mutant that survives, does not compile or is not found in the sources is a failure. The same tests
//! must pass on the unchanged copy first, otherwise their failing would prove nothing.

mod harness;
mod table;
mod tree;

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::report::{self, say};
use crate::workspace::Workspace;

use harness::{Harness, Verdict};
use tree::Tree;

/// One hardening, what removes it, and the tests that must notice.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// What the hardening is for, in a few words.
    pub(crate) name: &'static str,
    /// What removes it. All files belong to one package.
    pub(crate) edits: &'static [Edit],
    /// Tests that must fail, as `lib path::of::test` or `<integration test> path::of::test`.
    pub(crate) red: &'static [&'static str],
}

/// A change of one file.
#[derive(Debug)]
pub(crate) struct Edit {
    /// The source file, from the root of the workspace.
    pub(crate) file: &'static str,
    /// What goes; it stands exactly once in the file.
    pub(crate) text: &'static str,
    /// What takes its place.
    pub(crate) replacement: &'static str,
}

impl Mutant {
    /// The package that the files belong to.
    fn package(&self) -> String {
        let file = self.edits.first().map_or("", |edit| edit.file);
        let folder = file.split('/').nth(1).unwrap_or_default();
        format!("maany-{folder}")
    }
}

/// Runs all mutants, or those whose name contains `only`.
pub(crate) fn run(workspace: &Workspace, only: Option<&str>, list: bool) -> Result<(), Error> {
    let chosen: Vec<&Mutant> =
        table::mutants().filter(|mutant| only.is_none_or(|only| mutant.name.contains(only))).collect();
    if chosen.is_empty() {
        return Err(Error::Findings("no mutant has such a name; `--list` shows them".into()));
    }
    if list {
        say(report::table(&listing(&chosen)));
        return Ok(());
    }
    let tree = Tree::copy(workspace)?;
    let harness = Harness::new(&tree);
    say(format_args!("{} mutants; their tests on the unchanged sources first", chosen.len()));
    harness.expect_green(&chosen)?;
    let mut rows = vec![["hardening removed", "verdict", "time"].map(String::from).to_vec()];
    let (mut caught, begin) = (0, Instant::now());
    for mutant in &chosen {
        let begin = Instant::now();
        let verdict = try_mutant(&tree, &harness, mutant)?;
        caught += usize::from(verdict.is_caught());
        let row = vec![mutant.name.to_owned(), verdict.to_string(), report::duration(begin.elapsed())];
        say(format_args!("  {}", row.join(": ")));
        rows.push(row);
    }
    say(format_args!("\n{}", report::table(&rows)));
    say(figures(caught, chosen.len(), begin.elapsed())?);
    Ok(())
}

fn try_mutant(tree: &Tree, harness: &Harness<'_>, mutant: &Mutant) -> Result<Verdict, Error> {
    let mut originals = Vec::new();
    let applied = mutant.edits.iter().try_fold(true, |applied, edit| {
        let path = tree.path(edit.file);
        let original = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
        let mutated = replace_once(&original, edit.text, edit.replacement);
        if let Some(mutated) = &mutated {
            std::fs::write(&path, mutated).map_err(Error::file(&path))?;
        }
        originals.push((path, original));
        Ok(applied && mutated.is_some())
    })?;
    let verdict = if applied { harness.verdict(mutant) } else { Ok(Verdict::NotFound) };
    for (path, original) in originals.into_iter().rev() {
        std::fs::write(&path, original).map_err(Error::file(&path))?;
    }
    verdict
}

fn replace_once(source: &str, text: &str, replacement: &str) -> Option<String> {
    (source.matches(text).count() == 1 && text != replacement).then(|| source.replacen(text, replacement, 1))
}

fn figures(caught: usize, all: usize, time: Duration) -> Result<String, Error> {
    let text = format!("{caught} of {all} mutants caught in {}", report::duration(time));
    if caught == all {
        return Ok(text);
    }
    Err(Error::Findings(format!("{text}; {} not caught", all - caught)))
}

fn listing(mutants: &[&Mutant]) -> Vec<Vec<String>> {
    let head = ["hardening", "files", "tests that must fail"].map(String::from).to_vec();
    let row = |mutant: &&Mutant| {
        let files = mutant.edits.iter().map(|edit| edit.file.strip_prefix("crates/").unwrap_or(edit.file));
        vec![mutant.name.to_owned(), files.collect::<Vec<_>>().join(", "), mutant.red.join(", ")]
    };
    std::iter::once(head).chain(mutants.iter().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_missing_or_ambiguous_makes_no_mutant() {
        assert_eq!(replace_once("a b c", "b", "x").as_deref(), Some("a x c"));
        assert_eq!(replace_once("a b b", "b", "x"), None);
        assert_eq!(replace_once("a", "b", "x"), None);
        assert_eq!(replace_once("a", "a", "a"), None, "a mutant that changes nothing");
    }

    #[test]
    fn one_survivor_fails_the_run() {
        assert!(figures(3, 3, Duration::ZERO).is_ok());
        let error = figures(2, 3, Duration::ZERO).unwrap_err().to_string();
        assert_eq!(error, "2 of 3 mutants caught in 0.0 s; 1 not caught");
    }

    #[test]
    fn the_package_follows_from_the_file() {
        let edits = &[Edit { file: "crates/mpc-core/src/backup.rs", text: "", replacement: "" }];
        assert_eq!(Mutant { name: "", edits, red: &[] }.package(), "maany-mpc-core");
    }

    #[test]
    fn every_mutant_names_tests_and_its_text_stands_once() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for mutant in table::mutants() {
            for edit in mutant.edits {
                let source = std::fs::read_to_string(root.join(edit.file)).unwrap();
                let mutated = replace_once(&source, edit.text, edit.replacement);
                assert!(mutated.is_some(), "{}: not exactly once in {}", mutant.name, edit.file);
            }
            assert!(!mutant.edits.is_empty(), "{}", mutant.name);
            assert!(!mutant.red.is_empty(), "{}", mutant.name);
            assert!(mutant.red.iter().all(|red| red.split(' ').count() == 2), "{}", mutant.name);
        }
    }
}
