//! `vqct search`.

use std::path::PathBuf;

use anyhow::{Result, bail};
use vq_study::{SearchBy, TextSearch};

use crate::input::{TokenizerArgs, load_image_at};
use crate::output::chain;

/// Endings of images, in lower case.
const IMAGES: [&str; 6] = ["jpg", "jpeg", "png", "webp", "gif", "bmp"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to look for, such as `red apple`.
    #[arg(value_name = "TEXT")]
    text: String,
    /// A folder whose images are ranked, with all folders in it.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// Compare the words of the text with the codes, or the whole text by the global alignment [default: the alignment
    /// if the tokenizer has it].
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Images that are named.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum By {
    Words,
    Alignment,
}

impl From<By> for SearchBy {
    fn from(by: By) -> Self {
        match by {
            By::Words => Self::Words,
            By::Alignment => Self::Alignment,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let loaded = args.tokenizer.load()?;
    let aligned = loaded.state.captions.as_ref().is_some_and(|head| head.global().is_some());
    let by = args.by.unwrap_or(if aligned { By::Alignment } else { By::Words });
    let search = TextSearch::new(&loaded.state, &args.text, by.into())?;
    let images = images_in(&args.folder)?;
    let (mut ranked, mut damaged) = (Vec::new(), 0);
    for image in images {
        let name = image.display().to_string();
        match load_image_at(&name, &loaded) {
            Ok(pixels) => ranked.push((search.score(&pixels)?[0], name)),
            Err(error) => {
                damaged += 1;
                eprintln!("skipped {}", chain(&error));
            }
        }
    }
    if ranked.is_empty() {
        bail!("{}: expected images that can be read, got none ({damaged} skipped)", args.folder.display());
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let words: Vec<&str> = search.words().iter().map(|word| word.text.as_str()).collect();
    if !words.is_empty() {
        print_line!("by the words {}", words.join(", "));
    }
    for (score, image) in ranked.iter().take(args.top) {
        print_line!("{score:>9.4}  {image}");
    }
    Ok(())
}

/// The images below a folder, in order of their paths.
fn images_in(folder: &std::path::Path) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        let ending = entry.path().extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        if entry.file_type().is_file() && ending.is_some_and(|ending| IMAGES.contains(&ending.as_str())) {
            images.push(entry.into_path());
        }
    }
    if images.is_empty() {
        bail!("{}: expected images ({}), got none", folder.display(), IMAGES.join(", "));
    }
    Ok(images)
}
