//! `vqct prior`.

use std::path::Path;

use codebook_prior::PriorGraph;
use tempfile::TempDir;

use crate::support::{error_of, vqct};

/// What a command prints that succeeds.
fn output_of(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn inspect_shows_the_embedded_prior() {
    let folder = TempDir::new().unwrap();
    let text = output_of(folder.path(), &["prior", "inspect", "--top", "3"]);
    let prior = PriorGraph::embedded().unwrap();
    let expected = format!("{} words: {} adjectives", prior.len(), prior.adjectives().len());
    assert!(text.contains(&expected), "{text}");
    let degrees = prior.degrees();
    let alone = degrees.iter().filter(|&&degree| degree == 0).count();
    assert!(text.contains(&format!("{alone} words stand alone")), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("most connected: ")).unwrap();
    assert_eq!(line.split(", ").count(), 3);
    assert!(line.ends_with(char::is_numeric), "{line}");
}

#[test]
fn a_word_is_shown_and_drawn() {
    let folder = TempDir::new().unwrap();
    let arguments = ["prior", "inspect", "--word", "orange", "--top", "4", "--svg", "orange.svg"];
    let text = output_of(folder.path(), &arguments);
    assert!(text.contains("orange (adjective)") && text.contains("orange (noun)"), "{text}");
    let svg = std::fs::read_to_string(folder.path().join("orange.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains(">orange</text>"));
    let prior = PriorGraph::embedded().unwrap();
    let node = prior.find("orange", codebook_prior::PartOfSpeech::Adjective).unwrap();
    let nearest = prior.neighbours(node)[0].node;
    assert!(svg.contains(&format!(">{}</text>", prior.words()[nearest].text)), "{svg}");

    assert!(error_of(folder.path(), &arguments).contains("orange.svg exists already"));
    let error = error_of(folder.path(), &["prior", "inspect", "--word", "qwrt"]);
    assert!(error.contains("the embedded prior has no word `qwrt`"), "{error}");
}

#[test]
fn cuts_differ_and_merge_into_the_whole() {
    let folder = TempDir::new().unwrap();
    let prior = PriorGraph::embedded().unwrap();
    prior.cut(20, 30).unwrap().save(&folder.path().join("small.safetensors")).unwrap();
    prior.cut(25, 10).unwrap().save(&folder.path().join("wide.safetensors")).unwrap();
    let text = output_of(folder.path(), &["prior", "diff", "small.safetensors", "wide.safetensors"]);
    assert!(text.contains("adjectives: 20 in both"), "{text}");
    assert!(text.contains("only right: 5") && text.contains("only left: 20"), "{text}");
    let text = output_of(folder.path(), &["prior", "diff", "small.safetensors", "small.safetensors"]);
    assert!(text.ends_with("words, counts, edges and vectors are the same\n"), "{text}");

    let merge = ["prior", "merge", "small.safetensors", "wide.safetensors", "--out", "both.safetensors"];
    assert!(output_of(folder.path(), &merge).starts_with("both.safetensors: 25 adjectives, 30 nouns"));
    let both = PriorGraph::open(&folder.path().join("both.safetensors")).unwrap();
    assert_eq!((both.adjectives().len(), both.nouns().len()), (25, 30));
    assert!(error_of(folder.path(), &merge).contains("both.safetensors exists already"));
    let error = error_of(folder.path(), &["prior", "diff", "small.safetensors", "absent.safetensors"]);
    assert!(error.contains("absent.safetensors"), "{error}");
}
