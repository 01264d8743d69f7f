//! The stores on a real disk: permissions, locks, damage, full disks, killed processes, and no secret in any file.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod full;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod process;
