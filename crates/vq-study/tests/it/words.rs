//! Codes as words: counted, replaced and searched.

use std::path::Path;

use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_core::Mode;
use vq_pipeline::TokenizerState;
use vq_study::{CodeSurvey, CodeWords, InspectionPage, SearchBy, TextSearch, WordReplacement};

use crate::support::{plain, tiny, train};

fn state(folder: &Path, more: &[&str]) -> TokenizerState {
    let experiment = tiny(&[&["train.steps=2", "train.validate_every=100"], more].concat());
    let (checkpoint, _) = train(experiment, &folder.join("run"));
    TokenizerState::load(&checkpoint, Device::Cpu).unwrap()
}

/// `[1, 3, 16, 16]`, some picture.
fn picture(seed: i64) -> Tensor {
    let values = Tensor::arange(3 * 16 * 16, (Kind::Float, Device::Cpu)) * (0.37 + seed as f64 * 0.11);
    values.sin().view([1, 3, 16, 16])
}

/// Two words of each group.
fn four_words(words: &CodeWords<'_>) -> [String; 4] {
    let text = |id: usize| words.prior().words()[id].text.clone();
    [text(0), text(1), text(20), text(21)]
}

#[test]
fn survey_counts_every_id_and_heat_is_highest_where_a_word_is_chosen() {
    let folder = TempDir::new().unwrap();
    let state = state(folder.path(), &[]);
    let [requested, ..] = four_words(&CodeWords::of(&state).unwrap());
    let mut survey = CodeSurvey::new(&state, std::slice::from_ref(&requested)).unwrap();
    for seed in 0..3 {
        survey.update(&format!("picture {seed}"), &picture(seed)).unwrap();
    }
    let slots = state.tokenizer.layout().slots.len() as u64;
    let (mut counted, mut live) = (0, 0);
    for group in survey.groups() {
        let used = survey.most_used(&group, usize::MAX);
        counted += used.iter().map(|word| word.count).sum::<u64>();
        live += used.len() + survey.dead(&group).len();
        assert!(used.windows(2).all(|pair| pair[0].count >= pair[1].count));
    }
    assert_eq!(counted, 3 * 16 * slots, "16 positions of each picture");
    assert_eq!(live as i64, state.tokenizer.layout().codes);
    for image in survey.images() {
        assert!(image.heats.iter().any(|heat| heat.word.text == requested));
        for heat in &image.heats {
            let hot = heat.heat.iter().zip(&image.positions).filter(|(heat, _)| **heat == 1.0);
            let chosen: usize = image.positions.iter().flatten().filter(|word| **word == heat.word.text).count();
            assert!(heat.heat.iter().all(|heat| (0.0..=1.0).contains(heat)), "{:?}", heat.heat);
            assert_eq!(chosen as u64, heat.chosen, "{}", heat.word.text);
            // Of several adjectives of a position, the nearest alone is at no distance.
            assert!(hot.count() <= chosen);
        }
    }
    let html = InspectionPage::of(&survey, "Three <pictures>").unwrap();
    let html = html.html();
    assert!(
        html.contains("Three &lt;pictures&gt;") && html.contains(&requested) && html.contains("data:image/png;base64,")
    );
    assert!(!html.contains("http"), "the page needs nothing else");
}

#[test]
fn exchanged_words_are_restored_by_the_same_exchange() {
    let folder = TempDir::new().unwrap();
    let state = state(folder.path(), &[]);
    let words = CodeWords::of(&state).unwrap();
    let [first, second, noun, _] = four_words(&words);
    let exchange = |pairs: &[(&str, &str)]| -> Vec<WordReplacement> {
        pairs.iter().map(|(from, to)| format!("{from}={to}").parse().unwrap()).collect()
    };
    let ids = state.tokenizer.encode(&picture(1)).unwrap();
    let ids = ids.masked_fill(&ids.select(3, 0).unsqueeze(3).ge(-1).logical_and(&ids.lt(10)), 0);
    let edited = WordReplacement::apply(&exchange(&[(&first, &second)]), &words, &ids).unwrap();
    assert!(edited.replaced > 0);
    assert_eq!(edited.ids.eq(0).sum(Kind::Int64).int64_value(&[]), 0);
    assert_eq!(edited.ids.ne_tensor(&ids).sum(Kind::Int64).int64_value(&[]), edited.replaced);
    let both = exchange(&[(&first, &second), (&second, &first)]);
    let there = WordReplacement::apply(&both, &words, &ids).unwrap().ids;
    assert!(WordReplacement::apply(&both, &words, &there).unwrap().ids.equal(&ids));
    assert_eq!(state.tokenizer.decode(&edited.ids).unwrap().size(), [1, 3, 16, 16]);

    let error =
        |pairs: &[(&str, &str)]| WordReplacement::apply(&exchange(pairs), &words, &ids).unwrap_err().to_string();
    assert!(error(&[("zzzq", &first)]).contains("got `zzzq`"));
    let mixed = error(&[(&first, &noun)]);
    assert!(mixed.contains("adjective") && mixed.contains("noun"), "{mixed}");
    let (a, b) = ((first.as_str(), second.as_str()), (first.as_str(), first.as_str()));
    assert!(error(&[a, b]).contains("got two"));
    let error = "apple".parse::<WordReplacement>().unwrap_err().to_string();
    assert!(error.contains("`apple=lemon`") && error.contains("got `apple`"), "{error}");
}

#[test]
fn image_that_chose_the_words_ranks_first() {
    let folder = TempDir::new().unwrap();
    let captions =
        ["captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 12 }", "captions.global_alignment={}"];
    let state = state(folder.path(), &captions);
    let words = CodeWords::of(&state).unwrap();
    let pictures = Tensor::cat(&(0..6).map(picture).collect::<Vec<_>>(), 0);
    let ids = state.tokenizer.encode(&pictures).unwrap(); // [6, H, W, S]
    let chosen = ids.get(4).flatten(0, 2).get(0).int64_value(&[]);
    let word = words.code(chosen).unwrap().text;
    let search = TextSearch::new(&state, &word, SearchBy::Words).unwrap();
    let scores = search.score(&pictures).unwrap();
    assert_eq!(scores.len(), 6);
    assert!(scores.iter().all(|score| *score <= scores[4]), "{word}: {scores:?}");
    assert_eq!(scores[4], 0.0);

    let search = TextSearch::new(&state, "a red apple", SearchBy::Alignment).unwrap();
    let scores = search.score(&pictures).unwrap();
    assert!(scores.iter().all(|score| score.abs() <= 1.0 + 1e-6), "{scores:?}");
    let error = TextSearch::new(&state, "of the", SearchBy::Words).err().unwrap().to_string();
    assert!(error.contains("`of the`"), "{error}");
}

#[test]
fn codes_without_words_are_refused() {
    let experiment = plain(&[]);
    let state = TokenizerState::fresh(&experiment, None, Device::Cpu).unwrap();
    let error = CodeWords::of(&state).err().unwrap().to_string();
    assert!(error.contains("codes are words"), "{error}");
    let error = TextSearch::new(&state, "a", SearchBy::Alignment).err().unwrap().to_string();
    assert!(error.contains("captions.global_alignment"), "{error}");
}

/// The heat of a word is 1 at the positions whose id is the word, and only there.
#[test]
fn heat_agrees_with_the_ids() {
    let folder = TempDir::new().unwrap();
    let state = state(folder.path(), &[]);
    proptest!(ProptestConfig::with_cases(16), |(seed in 0_i64..1000)| {
        let mut survey = CodeSurvey::new(&state, &[]).unwrap();
        survey.update("picture", &picture(seed)).unwrap();
        let ids = state.tokenizer.quantize(&picture(seed), Mode::Eval).unwrap().quantized.indices;
        let nouns = Vec::<i64>::try_from(ids.select(3, -1).flatten(0, 2)).unwrap();
        for heat in survey.images()[0].heats.iter().filter(|heat| heat.word.group == "noun") {
            for (value, &id) in heat.heat.iter().zip(&nouns) {
                prop_assert_eq!(*value == 1.0, id == heat.word.id);
            }
        }
    });
}
