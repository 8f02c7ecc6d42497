use std::collections::BTreeMap;

use codebook_prior::{Chunker, EmojiNames, PartOfSpeech, PriorError, PriorGraph, Recipe, Tally, WordNet, build};

use crate::sample::{Letters, data};

fn recipe(adjectives: usize, nouns: usize) -> Recipe {
    Recipe { adjectives, nouns, ..Recipe::default() }
}

fn built(recipe: &Recipe) -> Result<PriorGraph, PriorError> {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let emoji = EmojiNames::open(&data("emoji-test.txt")).unwrap();
    build(recipe, &wordnet, &emoji, &Letters)
}

fn check_pairs(text: &str, expected: &[(&str, &str)]) {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let recipe = Recipe::default();
    let mut tally = Tally::default();
    Chunker::new(&wordnet, &recipe).read(text, 1, &mut tally);
    let expected: BTreeMap<_, _> = expected.iter().map(|(a, n)| ((a.to_string(), n.to_string()), 1)).collect();
    assert_eq!(tally.pairs, expected, "{text}");
}

#[test]
fn an_adjective_immediately_before_a_noun_is_a_pair() {
    check_pairs("a red apple", &[("red", "apple")]);
    check_pairs("large red apples and green trees", &[("red", "apple"), ("green", "tree")]);
    check_pairs("the red, apple", &[]);
    check_pairs("an apple (green)", &[]);
    check_pairs("Red apple of Green", &[]);
    check_pairs("tall apple tree", &[("tall", "apple")]);
    check_pairs("tall trees large", &[("tall", "tree")]);
    check_pairs("round unheard apple", &[]);
    check_pairs("", &[]);
}

#[test]
fn a_definition_describes_its_words() {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let recipe = Recipe::default();
    let mut tally = Tally::default();
    let words = ["apple".to_owned(), "Paris".to_owned()];
    Chunker::new(&wordnet, &recipe).define(&words, "large round fruit of a tall tree", 1, &mut tally);
    let pairs: Vec<_> = tally.pairs.keys().map(|(a, n)| (a.as_str(), n.as_str())).collect();
    assert_eq!(pairs, [("large", "apple"), ("round", "apple"), ("round", "fruit"), ("tall", "tree")]);
    assert!(!tally.nouns.contains_key("apple"));
}

#[test]
fn words_are_chosen_and_ranked() {
    let graph = built(&recipe(4, 6)).unwrap();
    let words: Vec<_> = graph.words().iter().map(|word| (word.text.as_str(), word.count)).collect();
    let (adjectives, nouns) = words.split_at(4);
    let texts: Vec<_> = adjectives.iter().map(|(text, _)| *text).collect();
    // `woody` only relates (adj.pert); `large` describes no word of this dictionary.
    assert_eq!(texts, ["red", "green", "round", "tall"]);
    // `idea` cannot be seen, but an emoji name has it; its 8 are the name's, and one is a gloss's.
    assert!(nouns.contains(&("idea", 9)), "{nouns:?}");
    // Two emoji names of 8, three glosses, two tags.
    assert_eq!(nouns[0], ("apple", 21));
    let weight = |adjective: &str, noun: &str| {
        let adjective = graph.find(adjective, PartOfSpeech::Adjective)? as u32;
        let noun = graph.find(noun, PartOfSpeech::Noun)? as u32;
        let found = graph.edges().iter().find(|edge| (edge.adjective, edge.noun) == (adjective, noun));
        found.map(|edge| edge.weight)
    };
    // The emoji name counts 8; two examples say it too.
    assert_eq!(weight("green", "apple"), Some(10.0));
    // The emoji name, and the definition `round red fruit`.
    assert_eq!(weight("red", "apple"), Some(9.0));
    assert_eq!(weight("tall", "idea"), None);
    assert_eq!(&graph.vectors_f32()[..2], [3.0, 114.0]);
    assert_eq!(graph.provenance().sources.len(), 10);
}

#[test]
fn building_twice_gives_the_same_bytes() {
    let bytes = || built(&recipe(4, 6)).unwrap().to_bytes().unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn recipes_that_cannot_be_followed_are_named() {
    let message = |recipe| built(&recipe).unwrap_err().to_string();
    assert_eq!(message(recipe(99, 6)), "recipe: adjectives: expected at most the 4 candidates, got 99");
    let places = Recipe { visual_files: vec!["noun.place".into()], ..recipe(4, 6) };
    let message = message(places);
    assert!(message.starts_with("recipe: visual_files: expected adj.all, "), "{message}");
    assert!(message.ends_with(", got noun.place"), "{message}");
}
