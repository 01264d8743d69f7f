//! A wallet's life over a real WebSocket, with the real engine.

#![cfg(test)]

mod crashes;
mod own_network;
mod proven;
mod replay;
mod whole;
mod world;
mod writes;
