use std::collections::HashMap;

use codebook_prior::{Morphy, WordClass};
use proptest::prelude::*;

#[test]
fn nouns_in_ful() {
    let counts = [("boxful".into(), 0)];
    let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts);
    assert_eq!(morphy.lemma("boxesful").as_deref(), Some("boxful"));
}

proptest! {
    #[test]
    fn lemmas_are_words_of_the_dictionary(
        counts in prop::collection::btree_map("[a-e]{1,3}(s|es|men|ies|ful)?", 0u64..9, 1..20),
        word in "[a-e]{1,3}(s|es|men|ies|sful)?",
    ) {
        let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts.clone());
        for lemma in morphy.lemmas(&word) {
            prop_assert!(counts.contains_key(&lemma));
        }
        prop_assert_eq!(morphy.lemma(&word).is_some(), !morphy.lemmas(&word).is_empty());
        if counts.contains_key(&word) {
            prop_assert!(morphy.lemmas(&word).contains(&word));
        }
    }

    #[test]
    fn a_lemma_is_its_own_lemma(
        counts in prop::collection::btree_map("[a-e]{1,3}(s|es|men|ies|ful)?", 0u64..9, 1..20),
        word in "[a-e]{1,3}(s|es|men|ies|sful)?",
    ) {
        let morphy = Morphy::new(WordClass::Noun, HashMap::new(), counts);
        if let Some(lemma) = morphy.lemma(&word) {
            prop_assert_eq!(morphy.lemma(&lemma), Some(lemma.clone()));
        }
    }
}
