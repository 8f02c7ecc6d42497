//! Scenes and codebook have the same words: `vq-scenes` depends on no prior, so this is tested here.

use codebook_prior::{PartOfSpeech, PriorGraph};
use vq_scenes::{Color, Size, scene_nouns};

#[test]
fn words_of_scenes_are_words_of_the_embedded_prior() {
    let prior = PriorGraph::embedded().unwrap();
    for noun in scene_nouns().unwrap() {
        assert!(prior.find(noun.singular, PartOfSpeech::Noun).is_some(), "noun {}", noun.singular);
    }
    let adjectives = Color::ALL.map(Color::word).into_iter().chain(Size::ALL.into_iter().filter_map(Size::word));
    for adjective in adjectives {
        assert!(prior.find(adjective, PartOfSpeech::Adjective).is_some(), "adjective {adjective}");
    }
}
