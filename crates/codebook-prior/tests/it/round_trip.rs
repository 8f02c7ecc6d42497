use codebook_prior::{PriorGraph, Recipe};
use proptest::prelude::*;

use crate::sample::{any_parts, parts};

proptest! {
    #[test]
    fn bytes_hold_the_whole_graph(parts in any_parts()) {
        let graph = PriorGraph::new(parts).unwrap();
        let bytes = graph.to_bytes().unwrap();
        let read = PriorGraph::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &graph);
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
    }
}

#[test]
fn a_saved_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prior.safetensors");
    let mut parts = parts();
    parts.provenance.recipe = Some(Recipe::default());
    let graph = PriorGraph::new(parts).unwrap();
    graph.save(&path).unwrap();
    let opened = PriorGraph::open(&path).unwrap();
    // The graph is mapped: replacing the file must not change it.
    graph.cut(1, 1).unwrap().save(&path).unwrap();
    assert_eq!(opened, graph);
    assert_eq!(PriorGraph::open(&path).unwrap().len(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("prior.safetensors");
    let start = |op: &str| format!("{op} {}: ", path.display());
    assert!(PriorGraph::open(&path).unwrap_err().to_string().starts_with(&start("map")));
    let graph = PriorGraph::new(parts()).unwrap();
    assert!(graph.save(&path).unwrap_err().to_string().starts_with(&start("write")));
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_prior_has_the_size_of_the_paper() {
    use codebook_prior::PartOfSpeech::{Adjective, Noun};
    let graph = PriorGraph::embedded().unwrap();
    assert_eq!((graph.adjectives().len(), graph.nouns().len(), graph.width()), (1949, 4258, 384));
    // Written again, it is the shipped file: the writer has not drifted from the reader.
    assert!(graph.to_bytes().unwrap() == include_bytes!("../../assets/prior.safetensors"));
    assert_eq!(graph.provenance().recipe, Some(Recipe::default()));
    for noun in ["apple", "cat", "heart", "face", "smile", "dog", "tree", "sun", "octopus", "wolf", "child"] {
        assert!(graph.find(noun, Noun).is_some(), "{noun}");
    }
    for adjective in ["red", "green", "smiling", "large", "round", "wooden", "sad", "bald"] {
        assert!(graph.find(adjective, Adjective).is_some(), "{adjective}");
    }
    let joined = graph.degrees().iter().filter(|degree| **degree > 0).count();
    assert!(joined * 100 >= graph.len() * 95, "{joined} of {} words have an edge", graph.len());
    for part in [graph.adjectives(), graph.nouns()] {
        assert!(graph.words()[part].is_sorted_by(|a, b| a.count >= b.count));
    }
}
