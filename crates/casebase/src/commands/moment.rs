//! Times as people type them.

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};

/// A time, as the API takes it (RFC 3339): one with its offset, or a day or a time of the terminal's zone.
pub fn moment(text: &str) -> Result<String, String> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
    let time = here(text).ok_or_else(|| {
        "it takes a day (2026-11-28), a time of your zone (2026-11-28 09:30), or one with its offset \
         (2026-11-28T09:30:00Z)"
            .to_owned()
    })?;
    // Of an hour that comes twice, the first.
    match time.and_local_timezone(Local).earliest() {
        Some(time) => Ok(time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => {
            Err("there is no such time in your zone: its clocks are put forward over it".into())
        }
    }
}

fn here(text: &str) -> Option<NaiveDateTime> {
    let formats = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
    ];
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let midnight = day.map(|day| day.and_time(NaiveTime::MIN));
    midnight.or_else(|| {
        formats
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_here_and_an_offset_stays() {
        assert_eq!(
            moment("2026-11-28T09:30:00+02:00"),
            Ok("2026-11-28T09:30:00+02:00".into())
        );
        for (text, begins) in [
            ("2026-11-28", "2026-11-28T00:00:00"),
            (" 2026-11-28 09:30 ", "2026-11-28T09:30:00"),
            ("2026-11-28T09:30:05", "2026-11-28T09:30:05"),
        ] {
            let read = moment(text).unwrap_or_default();
            assert!(read.starts_with(begins), "{text}: {read}");
            assert!(DateTime::parse_from_rfc3339(&read).is_ok(), "{read}");
        }
        for none in [
            "tomorrow",
            "28.11.2026",
            "2026-02-30",
            "",
            "2026-11-28 25:00",
        ] {
            assert!(
                moment(none).is_err_and(|said| said.contains("2026-11-28")),
                "{none}"
            );
        }
    }
}
