//! The rules of reconciliation: each by itself, over every state of a small world, and in a model of the whole commit
//! with crashes, cuts and lost writes at every point.

mod model;
mod rules;
mod world;
