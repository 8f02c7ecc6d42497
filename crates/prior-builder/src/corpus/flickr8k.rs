//! Flickr8k's tokens.

use super::line_reader::LineFormat;

/// `image#n`, a tab, a caption.
pub(super) const FORMAT: LineFormat =
    LineFormat { expected: "`image#n<TAB>caption`", captions: |line| Some(vec![caption(line.trim_start())?.into()]) };

fn caption(line: &str) -> Option<&str> {
    let (image, caption) = line.split_once('\t')?;
    let (name, number) = image.rsplit_once('#')?;
    let caption = caption.trim_start();
    let is_numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_numbered && !name.is_empty() && !caption.is_empty()).then_some(caption)
}
