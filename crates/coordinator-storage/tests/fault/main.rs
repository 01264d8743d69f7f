//! Stores that die, lose and fail: the wrapper does what it says over each backend, and each transaction of a wallet's
//! life is there or not afterwards.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod life;
