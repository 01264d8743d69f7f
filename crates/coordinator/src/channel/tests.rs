//! The channel's two ends against each other: over memory with the runtime's own clock, and over real WebSockets.

mod conformance;
mod cutting;
mod house;
mod interleavings;
mod refusing;
mod resuming;
mod sockets;
mod stopping;
