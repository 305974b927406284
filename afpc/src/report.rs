//! What a person sees: diagnostics on standard error, coloured on a terminal, and progress.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use afp_ir::diag::Diagnostic;
use afp_ptq::search::Stage;
use anstream::stderr;
use clap::builder::styling::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// The diagnostic in colours: its kind and code, the arrow before its place, the labels of its details.
fn coloured(diagnostic: &Diagnostic) -> String {
    let text = diagnostic.to_string();
    let first = if diagnostic.is_error() { RED } else { YELLOW };
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let label = match line.split_once(": ") {
            Some((label, _)) if index == 0 => Some((first, label)),
            Some((label, _)) if line.starts_with("   = ") => Some((BLUE, label)),
            _ => line.starts_with("  -->").then_some((BLUE, "  -->")),
        };
        lines.push(match label {
            Some((style, label)) => format!("{style}{label}{style:#}{}", &line[label.len()..]),
            None => line.to_owned(),
        });
    }
    lines.join("\n")
}

/// Prints diagnostics to standard error; colours are left out where that is no terminal.
pub fn diagnostics(list: &[Diagnostic]) {
    let mut out = stderr().lock();
    for diagnostic in list {
        // There is nobody left to tell if standard error is gone.
        let _ = writeln!(out, "{}", coloured(diagnostic));
    }
}

/// A progress bar for `total` steps of something that takes a while. It draws nothing in the first
/// second, and nothing at all where standard error is no terminal.
pub fn progress(what: &'static str, total: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template("{prefix:>12} [{bar:30}] {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    bar.set_style(style);
    bar.set_prefix(what);
    bar
}

/// Counts steps as done, and shows the bar once the work has taken a second.
pub fn advance(bar: &ProgressBar, steps: usize) {
    if bar.is_hidden() && bar.elapsed() > Duration::from_secs(1) {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar.inc(steps as u64);
}

/// The stages of a search, one bar after the other.
#[derive(Default)]
pub struct Stages(Mutex<Option<ProgressBar>>);

impl Stages {
    /// Shows what happens.
    pub fn show(&self, stage: Stage) {
        let mut bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (what, count) = match stage {
            Stage::Rounding(count) => ("rounding", count),
            Stage::Survey(count) => ("surveying", count),
            Stage::Refinement(count) => ("refining", count),
            Stage::Step => {
                if let Some(bar) = &*bar {
                    advance(bar, 1);
                }
                return;
            }
        };
        if let Some(last) = bar.replace(progress(what, count)) {
            last.finish_and_clear();
        }
    }

    /// Takes the last bar away.
    pub fn finish(&self) {
        if let Some(last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            last.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_word() {
        let error =
            Diagnostic::error("AFP0101", "a: b").in_file("x: y").expected("c: d").found("e").help("f");
        let styled = coloured(&error);
        assert!(styled.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), error.to_string());
    }
}
