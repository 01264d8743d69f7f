//! Finds forbidden paths in Rust source text: `tokio`, `std::net`, `std::fs`, in any spelling that a
//! formatted file can have. Comments and literals do not count.
//!
//! It reads tokens, not syntax: a macro that pastes a path together would escape it.

/// Lines (from 1) on which a forbidden path stands, and the path.
pub(super) fn forbidden_paths(source: &str) -> Vec<(usize, String)> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "tokio" => found.push((token.line, "tokio".to_owned())),
            "std" => found.extend(below_std(&tokens, at)),
            _ => {}
        }
    }
    found
}

struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// The forbidden modules in the path or use tree that begins at the `std` token `at`.
fn below_std(tokens: &[Token<'_>], at: usize) -> Vec<(usize, String)> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let is_module = |name: &str| matches!(name, "fs" | "net");
    let line = tokens.get(at).map_or(0, |token| token.line);
    if text(at + 1) == "as" {
        return vec![(line, "std under another name".to_owned())];
    }
    if text(at + 1) != "::" {
        return Vec::new();
    }
    match text(at + 2) {
        "*" => vec![(line, "std::*".to_owned())],
        "{" => {
            let mut found = Vec::new();
            let mut depth = 1;
            let mut index = at + 3;
            while depth > 0 && index < tokens.len() {
                let begins_a_branch = depth == 1 && matches!(text(index - 1), "{" | ",");
                match text(index) {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    name if begins_a_branch && is_module(name) => {
                        found.push((
                            tokens.get(index).map_or(line, |token| token.line),
                            format!("std::{name}"),
                        ));
                    }
                    _ => {}
                }
                index += 1;
            }
            found
        }
        name if is_module(name) => vec![(line, format!("std::{name}"))],
        "os" => os_net(tokens, at, line),
        _ => Vec::new(),
    }
}

/// `std::os::unix::net` and its like.
fn os_net(tokens: &[Token<'_>], at: usize, line: usize) -> Vec<(usize, String)> {
    let path: Vec<&str> = tokens.iter().skip(at).take(7).map(|token| token.text).collect();
    match path.as_slice() {
        ["std", "::", "os", "::", system, "::", module @ ("net" | "fs")] => {
            vec![(line, format!("std::os::{system}::{module}"))]
        }
        _ => Vec::new(),
    }
}

/// Words, `::` and single characters; no white space, comments, strings or character literals.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let length = token_length(rest, first);
            let text = rest.get(..length).unwrap_or_default();
            tokens.push(Token { text: text.strip_prefix("r#").unwrap_or(text), line });
            length
        });
        let (passed, remaining) = rest.split_at(length);
        line += passed.matches('\n').count();
        rest = remaining;
    }
    tokens
}

/// The length of the white space, comment or literal that `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with(char::is_whitespace) {
        return Some(rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()));
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    for prefix in ["", "b", "c"] {
        let Some(after) = rest.strip_prefix(prefix) else { continue };
        if after.starts_with('"') {
            return Some(prefix.len() + quoted(after, '"'));
        }
        if let Some(hashes) = after.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len())
            && after.get(1 + hashes..).is_some_and(|raw| raw.starts_with('"'))
        {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = prefix.len() + 1 + hashes + 1;
            return Some(
                rest.get(body..)
                    .and_then(|raw| raw.find(&end))
                    .map_or(rest.len(), |at| body + at + end.len()),
            );
        }
    }
    if let Some(character) = rest.strip_prefix('\'') {
        let is_literal = character.starts_with('\\') || character.chars().nth(1) == Some('\'');
        return is_literal.then(|| quoted(rest, '\''));
    }
    None
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a literal between `quote`s, escapes considered.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn token_length(rest: &str, first: char) -> usize {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    if is_word(first) {
        let after = rest.strip_prefix("r#").map_or(0, |_| 2);
        let word = rest.get(after..).unwrap_or_default();
        return after + word.find(|character| !is_word(character)).unwrap_or(word.len());
    }
    if rest.starts_with("::") { 2 } else { first.len_utf8() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        forbidden_paths(source).into_iter().map(|(line, path)| format!("{line} {path}")).collect()
    }

    #[test]
    fn every_spelling_of_a_forbidden_path_is_caught() {
        for (source, expected) in [
            ("use std::fs;", "1 std::fs"),
            ("use std::net::TcpStream;", "1 std::net"),
            ("\nlet f = ::std::fs::File::open(p);", "2 std::fs"),
            ("use std::{\n    io,\n    fs::{self, File},\n};", "3 std::fs"),
            ("use std::{collections::{BTreeMap}, net};", "1 std::net"),
            ("use std :: fs :: File;", "1 std::fs"),
            ("use std::r#fs;", "1 std::fs"),
            ("use std::os::unix::net::UnixStream;", "1 std::os::unix::net"),
            ("use std as s;", "1 std under another name"),
            ("use std::*;", "1 std::*"),
            ("tokio::spawn(work())", "1 tokio"),
            ("extern crate tokio;", "1 tokio"),
        ] {
            assert_eq!(found(source), [expected], "{source}");
        }
    }

    #[test]
    fn words_that_only_look_alike_are_left_alone() {
        for source in [
            "use std::fmt; use core::net::IpAddr;",
            "use std::collections::{BTreeMap, fs};",
            "// tokio and std::fs are not for us\n/* nor /* std::net */ tokio */",
            "let text = \"std::fs \\\" tokio\"; let raw = r#\"tokio \" std::net\"#; let b = b\"tokio\";",
            "let quote = '\"'; let escaped = '\\''; let lifetime: &'static str = x; // tokio",
            "self.fs.net(); tokio_like();",
            "#[cfg(feature = \"tokio\")] mod x;",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn unfinished_text_ends_the_scan() {
        for source in ["\"open", "/* open", "r#\"open\"", "'\\", "std::{", "é'"] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }
}
