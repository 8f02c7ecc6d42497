use codebook_prior::PriorGraph;
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
    parts.provenance.recipe = Some(serde_json::json!({ "adjectives": 4 }));
    let graph = PriorGraph::new(parts).unwrap();
    graph.save(&path).unwrap();
    let opened = PriorGraph::open(&path).unwrap();
    // The graph is mapped into memory: replacing the file must not change it.
    graph.cut(1, 1).unwrap().save(&path).unwrap();
    assert_eq!(opened, graph);
    assert_eq!(PriorGraph::open(&path).unwrap().len(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn errors_of_the_file_system_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("prior.safetensors");
    let start = |op: &str| format!("{op} {}: ", path.display());
    assert!(PriorGraph::open(&path).unwrap_err().to_string().starts_with(&start("open")));
    let graph = PriorGraph::new(parts()).unwrap();
    assert!(graph.save(&path).unwrap_err().to_string().starts_with(&start("write")));
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_prior_is_as_documented() {
    use codebook_prior::PartOfSpeech::{Adjective, Noun};
    let graph = PriorGraph::embedded().unwrap();
    assert_eq!((graph.adjectives().len(), graph.nouns().len(), graph.embedding_dim()), (1012, 4258, 384));
    // Encoding it gives the shipped file: reader and writer agree.
    assert!(graph.to_bytes().unwrap() == include_bytes!("../../assets/prior.safetensors"));
    // It was built from the captions beside it.
    let captions = sha256(include_bytes!("../../assets/photo-captions.txt"));
    assert_eq!(graph.provenance().sources[0].sha256, captions);
    assert!(graph.provenance().captions.as_ref().unwrap().corpora[0].trusted);
    for noun in [
        "apple",
        "cat",
        "heart",
        "face",
        "dog",
        "tree",
        "sun",
        "octopus",
        "child", // emoji
        "petal",
        "stamen",
        "wing",
        "beak",
        "surfboard",
        "skillet",
        "windshield",
        "cheekbone",
        "facade",
        "gravel",
    ] {
        assert!(graph.find(noun, Noun).is_some(), "{noun}");
    }
    for adjective in
        ["red", "green", "large", "round", "wooden", "sad", "bald", "striped", "rusty", "fluffy", "translucent"]
    {
        assert!(graph.find(adjective, Adjective).is_some(), "{adjective}");
    }
    let joined = graph.degrees().iter().filter(|degree| **degree > 0).count();
    assert!(joined * 100 >= graph.len() * 90, "{joined} of {} words have an edge", graph.len());
    for part in [graph.adjectives(), graph.nouns()] {
        assert!(graph.words()[part].is_sorted_by(|a, b| a.count >= b.count));
    }
}

#[cfg(feature = "embedded")]
fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
