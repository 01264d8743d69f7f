//! The DKLs23 engine behind the step API, driven from outside: honest runs, and a peer that cheats.
//!
//! One binary, so that the tests share one key: a DKG takes about a second.

#![cfg(test)]

mod derivation;
mod frames;
mod hardening_dkg;
mod hardening_refresh;
mod hardening_sign;
mod honest;
mod peer;
mod peer_generation;
mod peer_sign;
mod recorded;
mod shares;
mod support;
mod tampering;
