//! `vqct prior inspect`.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use codebook_prior::{PartOfSpeech, PriorGraph, Word};

use super::drawing;
use crate::output::{refuse_existing, write_new};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The prior's file [default: the embedded prior].
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How many words, nodes or neighbours a list shows.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// A word to show, in each part of speech that it has.
    #[arg(long, value_name = "WORD")]
    word: Option<String>,
    /// Draw the word's neighbourhood.
    #[arg(long, value_name = "FILE.svg", requires = "word")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let prior = open(args.file.as_deref())?;
    match &args.word {
        None => whole(&prior, &name(args.file.as_ref()), args.top),
        Some(text) => {
            let nodes = nodes(&prior, text);
            if nodes.is_empty() {
                bail!("{} has no word `{text}`", name(args.file.as_ref()));
            }
            nodes.iter().for_each(|&node| word(&prior, node, args.top));
            if let Some(path) = &args.svg {
                refuse_existing(path)?;
                write_new(path, drawing::neighbourhood(&prior, nodes[0]).as_bytes())?;
                print_line!("drawing: {}", path.display());
            }
        }
    }
    Ok(())
}

/// A prior's file; the embedded one where none is given.
fn open(file: Option<&Path>) -> Result<PriorGraph> {
    Ok(match file {
        Some(path) => PriorGraph::open(path)?,
        None => PriorGraph::embedded()?,
    })
}

/// How a prior is called in what is printed.
fn name(file: Option<&PathBuf>) -> String {
    file.map_or("the embedded prior".into(), |path| path.display().to_string())
}

/// The nodes of a word, the one with more edges first.
fn nodes(prior: &PriorGraph, text: &str) -> Vec<usize> {
    let parts = [PartOfSpeech::Adjective, PartOfSpeech::Noun];
    let mut nodes: Vec<usize> = parts.into_iter().filter_map(|part| prior.find(text, part)).collect();
    nodes.sort_by_key(|&node| Reverse(prior.neighbours(node).len()));
    nodes
}

fn whole(prior: &PriorGraph, name: &str, top: usize) {
    let [adjectives, nouns] = [prior.adjectives(), prior.nouns()];
    print_line!("{name}");
    print_line!(
        "  {} words: {} adjectives, {} nouns, {} words in both",
        prior.len(),
        adjectives.len(),
        nouns.len(),
        prior.homographs()
    );
    print_line!(
        "  {} edges, vectors [{}, {}] as {:?}",
        prior.edges().len(),
        prior.len(),
        prior.embedding_dim(),
        prior.vectors().dtype()
    );
    let components = prior.components();
    let alone = components.sizes.iter().filter(|&&size| size == 1).count();
    let largest: Vec<String> = components.sizes.iter().take(5).map(usize::to_string).collect();
    print_line!(
        "  {} components, the largest of {} words; {alone} words stand alone",
        components.sizes.len(),
        largest.join(", ")
    );
    let provenance = prior.provenance();
    print_line!("  made by {}; vectors: {}", provenance.made_by, provenance.vectors);
    if let Some(cut) = provenance.cut {
        print_line!("  cut to {} adjectives and {} nouns", cut.adjectives, cut.nouns);
    }
    for source in &provenance.sources {
        print_line!("  from {} of {}, SHA-256 {}", source.file, source.work, source.sha256);
    }
    for (title, range) in [("adjectives", adjectives), ("nouns", nouns)] {
        let mut words: Vec<&Word> = prior.words()[range].iter().collect();
        words.sort_by_key(|word| Reverse(word.count));
        print_line!(
            "most frequent {title}: {}",
            list(words.iter().take(top).map(|word| format!("{} {}", word.text, word.count)))
        );
    }
    let degrees = prior.degrees();
    let mut joined: Vec<usize> = (0..prior.len()).collect();
    joined.sort_by_key(|&node| Reverse(degrees[node]));
    let most = joined.iter().take(top).map(|&node| format!("{} {}", prior.words()[node].text, degrees[node]));
    print_line!("most connected: {}", list(most));
    let mut edges: Vec<_> = prior.edges().iter().collect();
    edges.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let text = |node: u32| &prior.words()[node as usize].text;
    let heaviest =
        edges.iter().take(top).map(|edge| format!("{} {} {}", text(edge.adjective), text(edge.noun), edge.weight));
    print_line!("heaviest edges: {}", list(heaviest));
    let isolated = (0..prior.len()).filter(|&node| degrees[node] == 0).map(|node| prior.words()[node].text.clone());
    print_line!("without an edge: {}", list(isolated.take(top)));
}

fn word(prior: &PriorGraph, node: usize, top: usize) {
    let word = &prior.words()[node];
    let neighbours = prior.neighbours(node);
    print_line!(
        "{} ({}), node {node}, seen {} times, {} edges",
        word.text,
        word.part_of_speech,
        word.count,
        neighbours.len()
    );
    let text = |node: usize| &prior.words()[node].text;
    let joined = neighbours.iter().take(top).map(|neighbour| format!("{} {}", text(neighbour.node), neighbour.weight));
    print_line!("  joined to: {}", list(joined));
    let similar = prior.similar(node, top).into_iter().map(|similar| {
        let Word { text, part_of_speech, .. } = &prior.words()[similar.node];
        format!("{text} ({part_of_speech}) {:.2}", similar.cosine)
    });
    print_line!("  nearest vectors: {}", list(similar));
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}
