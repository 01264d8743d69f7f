//! A wallet's life over a real WebSocket, with the real engine.

#![cfg(test)]

mod replay;
mod whole;
mod world;
