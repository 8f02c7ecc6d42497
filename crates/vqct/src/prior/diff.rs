//! `vqct prior diff`.

use std::path::PathBuf;

use anyhow::Result;
use codebook_prior::{EdgeDiff, PartOfSpeech, PriorGraph, SharedWord, Word};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The one prior's file.
    #[arg(value_name = "LEFT")]
    left: PathBuf,
    /// The other's.
    #[arg(value_name = "RIGHT")]
    right: PathBuf,
    /// How many words a list shows.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let [left, right] = [&args.left, &args.right].map(|path| PriorGraph::open(path));
    let (left, right) = (left?, right?);
    let diff = left.diff(&right);
    for part in [PartOfSpeech::Adjective, PartOfSpeech::Noun] {
        let own = |words: &[Word]| -> Vec<String> {
            words.iter().filter(|word| word.part_of_speech == part).map(|word| word.text.clone()).collect()
        };
        let both: Vec<&SharedWord> = diff.shared.iter().filter(|shared| shared.word.part_of_speech == part).collect();
        let recounted = both.iter().filter(|shared| shared.word.count != shared.right_count).count();
        print_line!("{part}s: {} in both, {recounted} of them with another count", both.len());
        for (side, words) in [("left", own(&diff.only_left)), ("right", own(&diff.only_right))] {
            print_line!("  only {side}: {}{}", words.len(), shown(&words, args.top));
        }
    }
    let EdgeDiff { only_left, only_right, same, reweighted } = diff.edges;
    print_line!("edges between words of both: {same} the same, {reweighted} with another weight");
    print_line!("  only left: {only_left}, only right: {only_right}");
    vectors(&diff.shared, args.top);
    if left.provenance() != right.provenance() {
        print_line!("provenance differs: left {}, right {}", describe(&left), describe(&right));
    }
    if diff.is_empty() {
        print_line!("words, counts, edges and vectors are the same");
    }
    Ok(())
}

fn vectors(shared: &[SharedWord], top: usize) {
    let cosines: Option<Vec<(f32, &Word)>> =
        shared.iter().map(|shared| shared.cosine.map(|cosine| (cosine, &shared.word))).collect();
    let Some(mut cosines) = cosines.filter(|cosines| !cosines.is_empty()) else {
        return print_line!("vectors: not comparable, of different widths or of no common word");
    };
    let mean = cosines.iter().map(|(cosine, _)| f64::from(*cosine)).sum::<f64>() / cosines.len() as f64;
    cosines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let moved: Vec<String> = cosines
        .iter()
        .take_while(|(cosine, _)| *cosine < 0.999)
        .map(|(cosine, word)| format!("{} {cosine:.2}", word.text))
        .collect();
    print_line!("vectors: mean cosine {mean:.4}, {} words below 0.999{}", moved.len(), shown(&moved, top));
}

fn describe(prior: &PriorGraph) -> String {
    let provenance = prior.provenance();
    format!("{} ({}, {} sources)", provenance.made_by, provenance.vectors, provenance.sources.len())
}

/// The first of some words, in brackets.
fn shown(words: &[String], top: usize) -> String {
    if words.is_empty() || top == 0 {
        return String::new();
    }
    let more = if words.len() > top { ", .." } else { "" };
    format!(" ({}{more})", words[..words.len().min(top)].join(", "))
}
