//! The vault: what its transactions promise, and what it says about stores that were tampered with.

#[cfg(test)]
mod channel_key;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod import;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod once;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod reconciling;
#[cfg(test)]
mod replacement;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod shares;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tampering;
