//! The targets without libFuzzer: seeds mutated by a generator that replays from one number. It sees no coverage, and finds less in the same time.
//!
//! `seeded --seconds 60 [--seed N] [--target NAME]`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use maany_fuzz::{TARGETS, corpus};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    let Some(seconds) = number("--seconds") else {
        eprintln!("usage: seeded --seconds S [--seed N] [--target NAME]");
        return ExitCode::FAILURE;
    };
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = number("--seed").unwrap_or_else(|| clock.map_or(0, |now| now.as_secs()));
    for (name, target) in TARGETS {
        if value("--target").is_none_or(|only| only == name) {
            let inputs = run(name, target, seed, Duration::from_secs(seconds));
            println!("{name}: {inputs} inputs in {seconds} s, seed {seed}, none broke the property");
        }
    }
    ExitCode::SUCCESS
}

/// Runs one target. A panic ends the process, and the input is printed first.
fn run(name: &str, target: fn(&[u8]), seed: u64, time: Duration) -> u64 {
    let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut seeds = corpus(name);
    assert!(!seeds.is_empty(), "{name} has seeds");
    seeds.iter().for_each(|seed| target(seed));
    let (begin, mut inputs) = (Instant::now(), 0);
    while begin.elapsed() < time {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &seeds, &mut random);
        }
        let last = Last(&input);
        target(&input);
        std::mem::forget(last);
        inputs += 1;
        // What survived several mutations is a seed for more; a few stay, so that memory is bounded.
        if inputs % 1024 == 0 && seeds.len() < 4096 {
            seeds.push(input);
        }
    }
    inputs
}

/// Tells the input of a target that panics.
struct Last<'a>(&'a [u8]);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("the input: {hex}");
    }
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(7) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.byte(),
        2 => input.insert(at, random.byte()),
        3 if at < input.len() => drop(input.drain(at..(at + 1 + random.below(8)).min(input.len()))),
        // A field that nobody knows, or one too many.
        4 => {
            drop(input.splice(at..at, [random.byte(), 1 + (random.byte() & 3), random.byte(), random.byte()]))
        }
        5 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let to = (from + random.below(64)).min(other.len());
            drop(input.splice(at..at, other[from..to].iter().copied()));
        }
        _ => input.truncate(at),
    }
    input.truncate(64 * 1024);
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }
}
