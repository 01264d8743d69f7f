//! How much memory a process holds, as Linux tells it in `/proc`.

use crate::Failure;

/// Resident bytes of this process.
///
/// # Errors
/// Where `/proc` does not tell.
pub fn of_self() -> Result<u64, Failure> {
    read("/proc/self/status")
}

/// Resident bytes of the process with this id.
///
/// # Errors
/// Where there is no such process, or `/proc` does not tell.
pub fn of(process: u32) -> Result<u64, Failure> {
    read(&format!("/proc/{process}/status"))
}

fn read(path: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(path)?;
    parse(&status).ok_or_else(|| format!("{path} has no VmRSS").into())
}

/// The `VmRSS` line, `VmRSS:     1234 kB`, in bytes (proc(5)).
fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_in_bytes() {
        assert_eq!(parse("VmPeak:\t  9 kB\nVmRSS:\t    12 kB\n"), Some(12 * 1024));
        assert_eq!(parse("VmPeak:\t  9 kB\n"), None);
        assert_eq!(parse("VmRSS:\t    12 MB\n"), None);
    }

    #[test]
    fn this_process_holds_something() {
        assert!(of_self().unwrap() > 1024 * 1024);
        assert_eq!(of(std::process::id()).unwrap() >> 26, of_self().unwrap() >> 26);
        assert!(of(u32::MAX).is_err());
    }
}
