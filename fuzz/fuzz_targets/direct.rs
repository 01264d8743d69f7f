//! The property of [`maany_fuzz::direct`] under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| maany_fuzz::direct(bytes));
