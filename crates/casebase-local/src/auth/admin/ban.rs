//! `ban_duration`: Go's notation for durations (`24h`, `1h30m`, `1.5h`), or `none` to lift a ban.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::error::AuthError;

/// When the ban ends; none lifts it.
pub(super) fn banned_until(duration: &str) -> Result<Option<DateTime<Utc>>, AuthError> {
    if duration == "none" {
        return Ok(None);
    }
    let seconds = seconds(duration).ok_or_else(|| {
        let message =
            format!("invalid format for ban duration: time: invalid duration {duration:?}");
        AuthError::invalid(message)
    })?;
    if seconds == 0.0 {
        return Ok(None);
    }
    let until = TimeDelta::try_milliseconds((seconds * 1000.0) as i64)
        .and_then(|duration| Utc::now().checked_add_signed(duration));
    Ok(until.or(Some(DateTime::<Utc>::MAX_UTC)))
}

fn seconds(duration: &str) -> Option<f64> {
    let (sign, mut rest) = match duration.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, duration.strip_prefix('+').unwrap_or(duration)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        total += number.parse::<f64>().ok()? * unit_seconds(unit)?;
        rest = tail;
    }
    Some(sign * total)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(seconds("24h"), Some(86_400.0));
        assert_eq!(seconds("1h30m"), Some(5_400.0));
        assert_eq!(seconds("1.5h"), Some(5_400.0));
        assert_eq!(seconds("-90s"), Some(-90.0));
        for malformed in ["", "24", "h", "1 h", "1d", "1.2.3h", "-"] {
            assert_eq!(seconds(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn none_and_nothing_lift_a_ban_and_ages_do_not_overflow() {
        assert!(matches!(banned_until("none"), Ok(None)));
        assert!(matches!(banned_until("0s"), Ok(None)));
        assert!(matches!(banned_until("99999999999999999h"), Ok(Some(_))));
    }
}
