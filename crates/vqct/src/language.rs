//! `vqct language`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use codebook_prior::PriorGraph;
use prior_builder::{Corpus, CorpusFormat, EmbeddingTable, EmbeddingTableConfig, Strictness, TextEmbedder};
use tch::Tensor;
use vlt_caption::{Language, LanguageAbout, SpecialNames, TokenSelection};
use vq_data::{EmojiSet, ImageSource};
use vq_file::write_atomically;
use vq_scenes::{EmojiScenes, SceneConfig};

use crate::output::{refuse_existing, write_new};

/// Scenes whose captions are read, which is more than enough to meet every word.
const SCENES: usize = 50_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A language model in Hugging Face's layout: config.json, tokenizer.json, model.safetensors.
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    /// The name of the model; the same as in a prior of this model.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Which tokens begin and end a text.
    #[arg(long, value_enum, default_value = "bert")]
    special: Special,
    /// Keep the tokens of these captions, such as `lines=captions.txt`, `coco=captions_train2017.json` or
    /// `flickr8k=Flickr8k.token.txt`; repeatable.
    #[arg(long, value_name = "FORMAT=PATH")]
    captions: Vec<String>,
    /// Keep the tokens of the embedded emoji's captions and of scenes.
    #[arg(long)]
    embedded: bool,
    /// Keep the tokens of a prior's words: `embedded`, or a file.
    #[arg(long, value_name = "PRIOR")]
    words: Option<String>,
    /// Keep all tokens of the model.
    #[arg(long, conflicts_with_all = ["captions", "embedded", "words"])]
    full: bool,
    /// The language to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it is there, in one move.
    #[arg(long)]
    replace: bool,
}

/// Families of models, by their special tokens.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Special {
    /// `[CLS]`, `[SEP]`, `[PAD]`, `[UNK]`.
    Bert,
    /// `<|startoftext|>`, `<|endoftext|>`.
    Clip,
    /// `<|endoftext|>`.
    Gpt2,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.replace {
        refuse_existing(&args.out)?;
    }
    let texts = texts(args)?;
    ensure!(
        args.full || !texts.is_empty(),
        "expected --captions, --embedded, --words or --full to select the tokens that are kept, got none of them"
    );
    let file = args.model.join("tokenizer.json");
    let tokenizer = std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    let table = EmbeddingTable::open(&args.model, &args.name, EmbeddingTableConfig::default())?;
    let description = table.description();
    let about = LanguageAbout {
        model: args.name.clone(),
        special: match args.special {
            Special::Bert => SpecialNames::bert(),
            Special::Clip => SpecialNames::clip(),
            Special::Gpt2 => SpecialNames::gpt2(),
        },
        sources: description.sources.into_iter().map(|source| (source.file, source.sha256)).collect(),
    };
    let extent = if args.full { TokenSelection::Full } else { TokenSelection::Captions(&texts) };
    let width = description.embedding_dim as i64;
    let language = Language::new(about, tokenizer, extent, |ids| {
        let tokens = ids.iter().map(|&id| u32::try_from(id)).collect::<Result<Vec<_>, _>>()?;
        anyhow::Ok(Tensor::from_slice(&table.rows(&tokens)?).view([-1, width]))
    })?;
    let bytes = language.to_bytes()?;
    match args.replace {
        true => write_atomically(&args.out, |file| file.write_all(&bytes))?,
        false => write_new(&args.out, &bytes)?,
    }
    let tokens = language.vocabulary().map().size();
    print_line!("{}: {tokens} tokens of {}, width {width}, {} KiB", args.out.display(), args.name, bytes.len() / 1024);
    Ok(())
}

/// All texts whose tokens are kept, each once.
fn texts(args: &Args) -> Result<Vec<String>> {
    let mut texts = BTreeSet::new();
    for given in &args.captions {
        let (format, path) = given.split_once('=').with_context(|| format!("expected FORMAT=PATH, got `{given}`"))?;
        read(format, path.as_ref(), &mut texts)?;
    }
    if args.embedded {
        let emoji = EmojiSet::embedded()?;
        let scenes = EmojiScenes::new(SceneConfig { length: SCENES, ..SceneConfig::new(32) })?;
        for source in [&emoji as &dyn ImageSource, &scenes] {
            for index in 0..source.len() {
                texts.extend(source.captions(index)?);
            }
        }
    }
    if let Some(prior) = &args.words {
        let prior = match prior.as_str() {
            "embedded" => PriorGraph::embedded()?,
            path => PriorGraph::open(path.as_ref())?,
        };
        texts.extend(prior.words().iter().map(|word| word.text.clone()));
    }
    Ok(texts.into_iter().collect())
}

fn read(format: &str, path: &Path, texts: &mut BTreeSet<String>) -> Result<()> {
    let formats: BTreeMap<&str, CorpusFormat> = BTreeMap::from([
        ("lines", CorpusFormat::Lines),
        ("flickr8k", CorpusFormat::Flickr8k),
        ("coco", CorpusFormat::Coco),
        ("folder", CorpusFormat::Folder),
    ]);
    let known = || formats.keys().copied().collect::<Vec<_>>().join(", ");
    let format = *formats.get(format).with_context(|| format!("expected a format of {}, got `{format}`", known()))?;
    let corpus = Corpus { format, path: path.to_path_buf(), work: path.display().to_string() };
    corpus.read(Strictness::Fail, &mut |captions| {
        texts.extend(captions.iter().map(|caption| caption.text.clone()));
        Ok(())
    })?;
    Ok(())
}
