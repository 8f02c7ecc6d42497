//! `vqct inspect`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use tch::Tensor;
use vq_pipeline::{TokenizerState, to_rgb};
use vq_study::{CodeSurvey, InspectionPage};

use crate::input::{ImageArgs, LoadedTokenizer, TokenizerArgs, stem_of};
use crate::output::{refuse_existing, write_new, write_png};
use crate::word_map::{Cell, draw};

/// Words listed in the summary.
const MOST_USED: usize = 12;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// The picture to write, of one image: each patch of the reconstruction under its words [default: NAME-words.png
    /// here, without --html].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write a page of all images: the words of each position, where each word is, the words that are used most with
    /// examples, and those that no image chose.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Words that the page shows in each image, chosen or not, such as `apple`; repeatable.
    #[arg(long = "word", value_name = "WORD", requires = "html")]
    words: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = match (&args.out, &args.html, &args.images.images[..]) {
        (Some(path), _, [_]) => Some(path.clone()),
        (None, None, [image]) => Some(PathBuf::from(format!("{}-words.png", stem_of(image)?))),
        (None, Some(_), _) => None,
        (_, _, images) => bail!("inspect: expected one image, or `--html` alone, got {} images", images.len()),
    };
    out.iter().chain(&args.html).try_for_each(|path| refuse_existing(path))?;
    let loaded = args.tokenizer.load()?;
    if let (Some(out), [image]) = (&out, &args.images.images[..]) {
        let ids = loaded.state.tokenizer.encode(&args.images.load(image, &loaded)?)?;
        let cells = cells_of(&ids, &loaded.state)?;
        print(&cells);
        let reconstruction = to_rgb(&loaded.state.tokenizer.decode(&ids)?.get(0))?;
        write_png(out, &draw(&cells, &reconstruction)?)?;
        print_line!("picture: {}", out.display());
    }
    if let Some(path) = &args.html {
        write_new(path, page(args, &loaded)?.html().as_bytes())?;
        print_line!("page: {}", path.display());
    }
    Ok(())
}

fn page(args: &Args, loaded: &LoadedTokenizer) -> Result<InspectionPage> {
    let mut survey = CodeSurvey::new(&loaded.state, &args.words)?;
    for image in &args.images.images {
        survey.update(image, &args.images.load(image, loaded)?)?;
    }
    Ok(InspectionPage::of(&survey, &format!("Images as words: {}", loaded.name))?)
}

/// The words of ids `[1, H, W, S]`, as `H` rows of `W` cells; ids stand for themselves where codes are no words.
fn cells_of(ids: &Tensor, state: &TokenizerState) -> Result<Vec<Vec<Cell>>> {
    let label = |id: i64| state.word(id).map_or_else(|| id.to_string(), |word| word.text.clone());
    let size = ids.size();
    (0..size[1])
        .map(|row| {
            (0..size[2])
                .map(|column| {
                    let ids = Vec::<i64>::try_from(ids.get(0).get(row).get(column))?;
                    Ok(Cell { labels: ids.into_iter().map(label).collect() })
                })
                .collect()
        })
        .collect()
}

fn print(cells: &[Vec<Cell>]) {
    let slots = cells.first().and_then(|row| row.first()).map_or(0, |cell| cell.labels.len());
    for slot in 0..slots {
        let mut counts = BTreeMap::new();
        for label in cells.iter().flatten().map(|cell| &cell.labels[slot]) {
            *counts.entry(label).or_insert(0_usize) += 1;
        }
        let mut ranked: Vec<_> = counts.into_iter().collect();
        ranked.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let shown: Vec<String> = ranked.iter().take(MOST_USED).map(|(word, count)| format!("{word} {count}")).collect();
        print_line!("slot {slot}, {} different: {}", ranked.len(), shown.join(", "));
    }
    for (number, row) in cells.iter().enumerate() {
        let row: Vec<String> = row.iter().map(|cell| cell.labels.join(" ")).collect();
        print_line!("row {number:>2}: {}", row.join(" | "));
    }
}
