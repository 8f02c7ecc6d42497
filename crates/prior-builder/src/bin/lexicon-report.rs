//! Reads captions into a lexicon; prints counts, speed, the most frequent words and pairs, and a hash.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use codebook_prior::{Chains, Lemmas, LexiconOptions, Multiword, Tagger, WordNetTagger};
#[cfg(feature = "statistical")]
use prior_builder::StatisticalTagger;
use prior_builder::{
    BuildError, Corpus, CorpusFormat, CorpusReport, Lexicon, LexiconBuilder, LexiconEntry, LexiconPair, Strictness,
};
use vq_file::FileError;

/// Reads captions and reports their words.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A text file, one caption per line.
    #[arg(long, value_name = "FILE")]
    lines: Vec<PathBuf>,
    /// Flickr8k's tokens: `image#n`, a tab, the caption.
    #[arg(long, value_name = "FILE")]
    flickr8k: Vec<PathBuf>,
    /// COCO's captions in JSON.
    #[arg(long, value_name = "FILE")]
    coco: Vec<PathBuf>,
    /// A folder of text files, one caption per line (CUB-200, Oxford flowers).
    #[arg(long, value_name = "DIR")]
    folder: Vec<PathBuf>,
    /// The tagger; `statistical` needs the feature of that name.
    #[arg(long, value_enum, default_value_t = TaggerArgument::WordNet)]
    tagger: TaggerArgument,
    /// Stop at the first malformed caption.
    #[arg(long)]
    strict: bool,
    /// Which adjectives before a noun form a pair with it.
    #[arg(long, value_enum, default_value_t = ChainsArgument::Adjacent)]
    chains: ChainsArgument,
    /// How nouns of several words are read.
    #[arg(long, value_enum, default_value_t = MultiwordArgument::Apart)]
    multiword: MultiwordArgument,
    /// How many of the most frequent words and pairs to print.
    #[arg(long, value_name = "N", default_value_t = 30)]
    top: usize,
    /// How often to read the captions; the best time is reported.
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TaggerArgument {
    /// WordNet's counts and a hand-written grammar.
    #[value(name = "wordnet")]
    WordNet,
    /// The same, with a trained model.
    Statistical,
}

#[derive(Clone, Copy, ValueEnum)]
enum ChainsArgument {
    Adjacent,
    Run,
    List,
}

#[derive(Clone, Copy, ValueEnum)]
enum MultiwordArgument {
    Apart,
    Nouns,
    All,
}

fn main() -> ExitCode {
    match report(&Arguments::parse(), &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is not an error.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(arguments: &Arguments, out: &mut dyn Write) -> Result<(), BuildError> {
    let lemmas = Lemmas::embedded()?;
    let tagger = tagger(arguments.tagger, &lemmas)?;
    let strictness = if arguments.strict { Strictness::Fail } else { Strictness::Skip };
    let corpora = corpora(arguments);
    let mut best = f64::INFINITY;
    let mut read = Read { reports: Vec::new(), lexicon: Lexicon::default() };
    for _ in 0..arguments.repeat.max(1) {
        let start = Instant::now();
        let mut builder = LexiconBuilder::new(tagger.as_ref(), &lemmas, options(arguments));
        let reports: Result<_, _> = corpora.iter().map(|corpus| builder.read(corpus, strictness)).collect();
        read = Read { reports: reports?, lexicon: builder.finish() };
        best = best.min(start.elapsed().as_secs_f64());
    }
    let printed = print_report(&read, tagger.name(), best, arguments.top, out);
    Ok(printed.map_err(FileError::io("print", Path::new("stdout")))?)
}

struct Read {
    reports: Vec<CorpusReport>,
    lexicon: Lexicon,
}

fn tagger(argument: TaggerArgument, lemmas: &Lemmas) -> Result<Box<dyn Tagger>, BuildError> {
    match argument {
        TaggerArgument::WordNet => Ok(Box::new(WordNetTagger::new(lemmas.clone())?)),
        #[cfg(feature = "statistical")]
        TaggerArgument::Statistical => Ok(Box::new(StatisticalTagger::new(lemmas.clone())?)),
        #[cfg(not(feature = "statistical"))]
        TaggerArgument::Statistical => Err(BuildError::Invalid {
            op: "lexicon-report".into(),
            field: "--tagger".into(),
            expected: "a build with the feature `statistical`".into(),
            got: "one without".into(),
        }),
    }
}

fn options(arguments: &Arguments) -> LexiconOptions {
    LexiconOptions {
        chains: match arguments.chains {
            ChainsArgument::Adjacent => Chains::Adjacent,
            ChainsArgument::Run => Chains::Run,
            ChainsArgument::List => Chains::List,
        },
        multiword: match arguments.multiword {
            MultiwordArgument::Apart => Multiword::Apart,
            MultiwordArgument::Nouns => Multiword::Nouns,
            MultiwordArgument::All => Multiword::All,
        },
    }
}

fn corpora(arguments: &Arguments) -> Vec<Corpus> {
    let kinds = [
        (CorpusFormat::Lines, &arguments.lines),
        (CorpusFormat::Flickr8k, &arguments.flickr8k),
        (CorpusFormat::Coco, &arguments.coco),
        (CorpusFormat::Folder, &arguments.folder),
    ];
    let corpora = kinds.into_iter().flat_map(|(format, paths)| {
        paths.iter().map(move |path| Corpus { format, path: path.clone(), work: String::new() })
    });
    corpora.collect()
}

fn print_report(read: &Read, tagger: &str, seconds: f64, top: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let Read { reports, lexicon } = read;
    for report in reports {
        let CorpusReport { captions, files, malformed, examples, source } = report;
        writeln!(out, "{}: {captions} captions in {files} files, {malformed} malformed", source.file)?;
        writeln!(out, "  sha256 {}", source.sha256)?;
        for example in examples {
            writeln!(out, "  {example}")?;
        }
    }
    let captions: u64 = reports.iter().map(|report| report.captions).sum();
    let rate = captions as f64 / seconds;
    writeln!(out, "tagger: {tagger}")?;
    writeln!(out, "{seconds:.3} s, {rate:.0} captions/s on {} threads", rayon::current_num_threads())?;
    let Lexicon { adjectives, nouns, pairs } = lexicon;
    writeln!(out, "{} adjectives, {} nouns, {} pairs", adjectives.len(), nouns.len(), pairs.len())?;
    writeln!(out, "sha256 of the lexicon {}", lexicon.sha256())?;
    print_top("adjectives", adjectives, top, out)?;
    print_top("nouns", nouns, top, out)?;
    let word = |entries: &[LexiconEntry], at: u32| entries[at as usize].text.clone();
    let text = |pair: &LexiconPair| format!("{} {}", word(adjectives, pair.adjective), word(nouns, pair.noun));
    let pairs: Vec<_> = pairs.iter().map(|pair| LexiconEntry { text: text(pair), count: pair.weight }).collect();
    print_top("pairs", &pairs, top, out)
}

fn print_top(title: &str, entries: &[LexiconEntry], top: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.count), entry.text.as_str()));
    let entries: Vec<_> = entries.iter().take(top).map(|entry| format!("{} {}", entry.text, entry.count)).collect();
    writeln!(out, "most frequent {title}: {}", entries.join(", "))
}
