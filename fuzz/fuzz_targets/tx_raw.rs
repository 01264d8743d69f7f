//! The property of [`maany_fuzz::tx_raw`] under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| maany_fuzz::tx_raw(bytes));
