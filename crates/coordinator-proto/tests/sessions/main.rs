//! The session machines of server and device, against each other, under a virtual clock: with a scripted engine and store, over a wire that
//! loses, delays, repeats, swaps and forges frames, and sides that vanish at any point.

mod aborts;
mod admission;
mod backup;
mod deadlines;
mod engine;
mod errors;
mod faults;
mod order;
mod pair;
mod plan;
mod props;
mod proven;
mod proven_faults;
mod reconciling;
mod side;
mod store;
mod trace;
mod turn;
mod wire;
