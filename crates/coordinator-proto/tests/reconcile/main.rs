//! The rules of reconciliation: each by itself, and over every state of a small world. What they do in a whole commit with
//! crashes, cuts and lost writes at every point is shown by `cargo xtask model`.

mod rules;
mod world;
