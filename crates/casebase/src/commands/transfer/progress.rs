//! How far each file is: a bar a file on a terminal, and nothing elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::environment::{self, LogFormat};

/// The bars of one command.
pub struct Bars(MultiProgress);

impl Bars {
    /// None yet.
    pub fn new() -> Self {
        // Standard error is hidden by itself where it is no terminal.
        let target = match environment::log_format() {
            LogFormat::Text => ProgressDrawTarget::stderr(),
            LogFormat::Json => ProgressDrawTarget::hidden(),
        };
        Self(MultiProgress::with_draw_target(target))
    }

    /// Of a file of so many bytes, or of nobody knows how many.
    pub fn add(&self, name: &str, bytes: Option<u64>) -> ProgressBar {
        let bar = match bytes {
            Some(bytes) => ProgressBar::new(bytes).with_style(style(
                "{prefix:.30} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
            )),
            None => ProgressBar::no_length()
                .with_style(style("{prefix:.30} {binary_bytes} {binary_bytes_per_sec}")),
        };
        let name = name.replace(char::is_control, " ");
        self.0.add(bar.with_prefix(name))
    }

    /// Of so many things, or of nobody knows how many.
    pub fn count(&self, name: &'static str, things: Option<u64>) -> ProgressBar {
        let bar = match things {
            Some(things) => ProgressBar::new(things)
                .with_style(style("{prefix} {wide_bar} {human_pos}/{human_len} {eta}")),
            None => ProgressBar::no_length().with_style(style("{prefix} {human_pos} {per_sec}")),
        };
        self.0.add(bar.with_prefix(name))
    }

    /// Says something above the bars.
    pub fn while_hidden<T>(&self, say: impl FnOnce() -> T) -> T {
        self.0.suspend(say)
    }
}

/// What is said next begins a line of its own.
impl Drop for Bars {
    fn drop(&mut self) {
        let _ = self.0.clear();
    }
}

/// As it is drawn; a template that is none is the usual bar.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_can_be_drawn() {
        for bar in [
            Bars::new().add("a", Some(1)),
            Bars::new().add("a\u{1b}b", None),
            Bars::new().count("cases", Some(1)),
            Bars::new().count("cases", None),
        ] {
            bar.inc(1);
            assert_eq!(bar.position(), 1);
        }
    }
}
