//! Taggers with the words that the crate carries.

#[cfg(feature = "statistical")]
use codebook_prior::StatisticalTagger;
use codebook_prior::{Lemmas, Tag, Tagger, WordNetTagger, tokenize};
use proptest::prelude::*;

fn wordnet() -> WordNetTagger {
    WordNetTagger::new(Lemmas::embedded().unwrap()).unwrap()
}

fn taggers() -> Vec<Box<dyn Tagger>> {
    vec![
        Box::new(wordnet()),
        #[cfg(feature = "statistical")]
        Box::new(StatisticalTagger::new(Lemmas::embedded().unwrap()).unwrap()),
    ]
}

fn tagged(tagger: &dyn Tagger, text: &str) -> String {
    let words = tokenize(text);
    let mut tags = Vec::new();
    tagger.tag(&words, &mut tags);
    let pairs = words.iter().zip(&tags).map(|(word, tag)| format!("{word}/{}", tag.penn()));
    pairs.collect::<Vec<_>>().join(" ")
}

/// Checks the tags of the words that `expected` names, as every tagger gives them.
fn check(text: &str, expected: &str) {
    taggers().iter().for_each(|tagger| check_by(tagger.as_ref(), text, expected));
}

/// The same, as one tagger gives them.
fn check_by(tagger: &dyn Tagger, text: &str, expected: &str) {
    let tagged = tagged(tagger, text);
    for word in expected.split(' ') {
        assert!(tagged.split(' ').any(|found| found == word), "{word} in {tagged} by {}", tagger.name());
    }
}

#[test]
fn words_of_captions() {
    check("this flower has petals that are white with a yellow stamen", "petals/NNS white/JJ yellow/JJ stamen/NN");
    check("the bird has black wings and a small red bill", "wings/NNS black/JJ red/JJ bill/NN");
    check("a man riding a wave on a surfboard", "riding/VBG wave/NN surfboard/NN");
    check("a young woman is riding a brown horse", "woman/NN riding/VBG brown/JJ horse/NN");
    check("a dog is catching a frisbee in mid-air", "dog/NN catching/VBG frisbee/NN");
    check("a little girl sits on a red fire hydrant", "little/JJ girl/NN sits/VBZ red/JJ fire/NN hydrant/NN");
}

#[test]
fn homographs_follow_their_place() {
    check("a boy in an orange jacket eats an orange", "orange/JJ jacket/NN orange/NN");
    check("the dog jumps over the bar", "jumps/VBZ bar/NN");
    check("the girl is on a swing", "swing/NN");
    check("three people play volleyball", "play/VBP people/NNS volleyball/NN");
}

#[test]
fn what_neighbours_do_not_tell() {
    check("a boy eats an orange", "orange/NN");
    check("a man and a woman walk along the beach", "woman/NN walk/VBP beach/NN");
    check("a man and a woman watch", "woman/NN watch/VBP");
    check("a girl and her dog house are red", "dog/NN house/NN red/JJ");
    // To the trained model, `walk` is a verb here too.
    check_by(&wordnet(), "a dog on a forest walk", "forest/NN walk/NN");
}

#[test]
fn capitals_mark_names() {
    check("two men walk through Tokyo near the Grand Bazlor", "Tokyo/NNP Bazlor/NNP");
    check("A dog runs", "A/DT dog/NN");
    check("a man with an American flag", "American/JJ flag/NN");
}

#[test]
fn unknown_words_by_their_shape() {
    check("a zorbling bird", "bird/NN");
    check("the blorfs are red-breasted", "blorfs/NNS red-breasted/JJ");
    check("2 dogs , 1,000 cats and the 3rd bird", "2/CD 1,000/CD 3rd/JJ ,/.");
}

#[test]
fn grades_of_adjectives() {
    check("the larger dog has the longest tail", "larger/JJR longest/JJS");
}

#[test]
fn every_tag_has_a_name_of_its_own() {
    for (number, tag) in Tag::ALL.into_iter().enumerate() {
        assert_eq!(tag as usize, number);
        assert_eq!(Tag::from_penn(tag.penn()), Some(tag));
        assert!(!(tag.is_noun() && tag.is_adjective()));
    }
    assert_eq!(Tag::from_penn("WRB"), Some(Tag::Wh));
    assert_eq!(Tag::from_penn("nonsense"), None);
}

#[test]
fn any_words_get_one_tag_each() {
    let taggers = taggers();
    let strategy = prop::collection::vec("\\PC{1,8}", 0..12);
    let mut runner = proptest::test_runner::TestRunner::default();
    let held = runner.run(&strategy, |words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for tagger in &taggers {
            let (mut tags, mut again) = (vec![Tag::Noun; 3], Vec::new());
            tagger.tag(&words, &mut tags);
            tagger.tag(&words, &mut again);
            prop_assert_eq!(tags.len(), words.len());
            prop_assert_eq!(&tags, &again);
        }
        Ok(())
    });
    held.unwrap();
}
