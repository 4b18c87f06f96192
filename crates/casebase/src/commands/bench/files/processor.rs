//! What processors spend, as Linux counts it.

use std::collections::HashMap;

use anyhow::Context;

/// Processor time so far, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// By the service.
    pub service: f64,
    /// By everybody else who takes part: this process, which is the client and Storage, and the database.
    pub others: f64,
}

/// A process as `/proc/…/stat` has it (proc(5)).
struct Process {
    parent: u32,
    /// Its own and that of its children that ended.
    ticks: u64,
}

impl Spent {
    /// By this process and all below it, one of which is the service.
    pub fn now(service: u32) -> anyhow::Result<Self> {
        let all = processes().context("processor time is measured on Linux only")?;
        let below = |mut id: u32| {
            while id != std::process::id() {
                match all.get(&id) {
                    Some(process) => id = process.parent,
                    None => return false,
                }
            }
            true
        };
        let ticks: u64 = all
            .iter()
            .filter(|(id, _)| **id != service && below(**id))
            .map(|(_, process)| process.ticks)
            .sum();
        let of_service = all.get(&service).context("the service's process")?.ticks;
        // USER_HZ is 100 on every platform that is built for.
        let seconds = |ticks: u64| ticks as f64 / 100.0;
        Ok(Self {
            service: seconds(of_service),
            others: seconds(ticks),
        })
    }

    pub fn since(self, before: Self) -> Self {
        Self {
            service: self.service - before.service,
            others: self.others - before.others,
        }
    }
}

fn processes() -> std::io::Result<HashMap<u32, Process>> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // One that ended meanwhile is nobody's.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        all.extend(Process::read(&stat).map(|process| (id, process)));
    }
    Ok(all)
}

impl Process {
    fn read(stat: &str) -> Option<Self> {
        // A name in brackets is in front, and may have anything in it.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            ticks: (11..15).map(number).sum::<Option<u64>>()?,
        })
    }
}
