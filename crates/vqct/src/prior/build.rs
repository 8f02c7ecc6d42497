//! `vqct prior build`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use codebook_prior::{
    CaptionRecipe, Lemmas, LexiconOptions, Prompts, Refinement, SentencePooling, SubwordPooling, Tagger, WordContext,
    WordNetTagger,
};
use indicatif::{ProgressBar, ProgressStyle};
use prior_builder::{
    BuildInputs, CaptionPrior, Corpus, CorpusFormat, CorpusReport, EmbeddingTable, EmbeddingTableConfig, Lexicon,
    LexiconBuilder, ReadCorpus, RefiningEmbedder, StatisticalTagger, Strictness, TextEmbedder, TextEncoder,
    TextEncoderConfig, WordDecision, WordNet,
};
use serde::Deserialize;
use vq_experiment::load_config;

use crate::input::with_notes;
use crate::output::{refuse_existing, write_new};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to build from: see `configs/priors/captions.toml`.
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Override a key, e.g. `recipe.most_nouns=1000`; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The prior to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the prior if it is there, in one move.
    #[arg(long)]
    replace: bool,
    /// Write each word with its part of speech, count, verdict and reason, tabs between.
    #[arg(long, value_name = "FILE.tsv")]
    report: Option<PathBuf>,
}

/// What a prior is built from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildConfig {
    /// In the order in which they are read.
    corpora: Vec<CorpusConfig>,
    #[serde(default)]
    tagger: TaggerChoice,
    #[serde(default)]
    strictness: Strictness,
    /// WordNet's folder, for filters by lexicographer file.
    wordnet: Option<PathBuf>,
    model: ModelConfig,
    #[serde(default)]
    recipe: CaptionRecipe,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorpusConfig {
    format: CorpusFormat,
    path: PathBuf,
    /// What the provenance calls it.
    work: String,
    /// How often each caption counts.
    #[serde(default = "once")]
    times: u64,
    /// Whether what the captions name can be seen: such words are kept without a question.
    #[serde(default)]
    trusted: bool,
}

fn once() -> u64 {
    1
}

/// What decides which part of speech a word has.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TaggerChoice {
    /// WordNet's counts and a grammar: the faster, and the better on captions.
    #[default]
    Wordnet,
    /// The same with a trained model: better with adjectives in other texts.
    Statistical,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelConfig {
    /// A folder in Hugging Face's layout.
    folder: PathBuf,
    /// What the provenance calls it.
    name: String,
    method: Method,
    #[serde(default)]
    refinement: Refinement,
}

/// How a word gets its vector.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Method {
    /// Rows of the input embedding.
    Table {
        #[serde(default)]
        pooling: SubwordPooling,
        #[serde(default)]
        place: WordContext,
    },
    /// Prompts through the text encoder.
    Encoder {
        #[serde(default)]
        prompts: Prompts,
        /// What suits the model, where none is named.
        pooling: Option<SentencePooling>,
    },
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.replace {
        refuse_existing(&args.out)?;
    }
    args.report.iter().try_for_each(|path| refuse_existing(path))?;
    let config: BuildConfig = with_notes(load_config(&args.config, &args.overrides)?);
    let embedder = open_model(&config.model)?;
    let wordnet = config.wordnet.as_deref().map(WordNet::open).transpose()?;
    let tagger = open_tagger(config.tagger)?;
    let read = read_captions(&config, tagger.as_ref())?;
    let refining = RefiningEmbedder { embedder: embedder.as_ref(), refinement: config.model.refinement };
    let start = Instant::now();
    let inputs = BuildInputs {
        lexicon: &read.lexicon,
        tagger: tagger.name(),
        trusted: read.trusted.as_ref(),
        corpora: &read.corpora,
        wordnet: wordnet.as_ref(),
        filter_embedder: embedder.as_ref(),
        embedder: &refining,
    };
    let CaptionPrior { prior, decisions } = inputs.build(&config.recipe)?;
    let seconds = start.elapsed().as_secs_f64();
    print_line!("{} words filtered, {} embedded in {seconds:.1} s", decisions.len(), prior.len());
    prior.save(&args.out)?;
    if let Some(path) = &args.report {
        write_new(path, table(&decisions).as_bytes())?;
        print_line!("words and reasons: {}", path.display());
    }
    print_line!(
        "{}: {} adjectives, {} nouns, {} edges, dimension {}",
        args.out.display(),
        prior.adjectives().len(),
        prior.nouns().len(),
        prior.edges().len(),
        prior.embedding_dim()
    );
    Ok(())
}

fn open_model(config: &ModelConfig) -> Result<Box<dyn TextEmbedder>> {
    let ModelConfig { folder, name, method, .. } = config;
    Ok(match method {
        Method::Table { pooling, place } => {
            Box::new(EmbeddingTable::open(folder, name, EmbeddingTableConfig { pooling: *pooling, context: *place })?)
        }
        Method::Encoder { prompts, pooling } => {
            let config = TextEncoderConfig { prompts: prompts.clone(), pooling: *pooling, ..Default::default() };
            Box::new(TextEncoder::open(folder, name, config)?)
        }
    })
}

fn open_tagger(choice: TaggerChoice) -> Result<Box<dyn Tagger>> {
    let lemmas = Lemmas::embedded()?;
    Ok(match choice {
        TaggerChoice::Statistical => Box::new(StatisticalTagger::new(lemmas)?),
        TaggerChoice::Wordnet => Box::new(WordNetTagger::new(lemmas)?),
    })
}

/// What was read of all corpora.
struct Read {
    lexicon: Lexicon,
    /// Of the trusted corpora alone.
    trusted: Option<Lexicon>,
    corpora: Vec<ReadCorpus>,
}

fn read_captions(config: &BuildConfig, tagger: &dyn Tagger) -> Result<Read> {
    let lemmas = Lemmas::embedded()?;
    let options: LexiconOptions = config.recipe.lexicon;
    let mut builder = LexiconBuilder::new(tagger, &lemmas, options);
    let mut trusting = LexiconBuilder::new(tagger, &lemmas, options);
    let mut corpora = Vec::new();
    for CorpusConfig { format, path, work, times, trusted } in &config.corpora {
        ensure!(*times > 0, "`corpora.times` of {work}: expected at least 1, got 0");
        let corpus = Corpus { format: *format, path: path.clone(), work: work.clone() };
        let bar = ProgressBar::new_spinner().with_message(work.clone()).with_style(
            ProgressStyle::with_template("{spinner} {msg}: {human_pos} captions, {per_sec}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(100));
        let start = Instant::now();
        let report = corpus.read(config.strictness, &mut |captions| {
            builder.add_times(captions, *times);
            if *trusted {
                trusting.add(captions);
            }
            bar.inc(captions.len() as u64);
            Ok(())
        });
        bar.finish_and_clear();
        let report = report?;
        print(work, &report, start.elapsed());
        corpora.push(ReadCorpus { source: report.source, times: *times, trusted: *trusted });
    }
    let trusted = corpora.iter().any(|read| read.trusted).then(|| trusting.finish());
    Ok(Read { lexicon: builder.finish(), trusted, corpora })
}

fn print(work: &str, report: &CorpusReport, time: Duration) {
    let CorpusReport { captions, files, malformed, examples, .. } = report;
    let seconds = time.as_secs_f64();
    print_line!("{work}: {captions} captions in {files} files, {malformed} malformed, {seconds:.1} s");
    examples.iter().for_each(|example| print_line!("  {example}"));
}

/// One line a word.
fn table(decisions: &[WordDecision]) -> String {
    let mut table = String::from("word\tpart of speech\tcount\tverdict\treason\n");
    for WordDecision { word, reason } in decisions {
        let verdict = if reason.keeps() { "kept" } else { "dropped" };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}\t{}\t{}\t{verdict}\t{reason}", word.text, word.part_of_speech, word.count);
    }
    table
}
