//! What a process needs, as Linux counts it.

use anyhow::Context;

/// Resident memory in MiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Now.
    pub now: f64,
    /// The most since [`forget_peak`].
    pub peak: f64,
}

/// Of the process with this id.
pub fn of(process: u32) -> anyhow::Result<Memory> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path)
        .with_context(|| format!("{path} can't be read: memory is measured on Linux only"))?;
    let mib = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0)
            .with_context(|| format!("{path} does not say {field}"))
    };
    Ok(Memory {
        now: mib("VmRSS:")?,
        peak: mib("VmHWM:")?,
    })
}

/// The peak counts from now on (proc(5), `clear_refs`).
pub fn forget_peak(process: u32) -> anyhow::Result<()> {
    let path = format!("/proc/{process}/clear_refs");
    std::fs::write(&path, "5").with_context(|| format!("{path} can't be written"))
}
