//! The progress of work on a data set.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, if that is a terminal.
pub(super) fn bar(samples: usize) -> Result<ProgressBar> {
    let bar = ProgressBar::new(samples as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} images, {per_sec}, {eta} left")?);
    Ok(bar)
}
