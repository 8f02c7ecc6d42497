use codebook_prior::{PartOfSpeech, Refinement, Scale};
use prior_builder::{EmbeddingTable, EmbeddingTableConfig, RefiningEmbedder, TextEmbedder};

use crate::tiny::{NOUNS, folder, terms};

#[test]
fn an_embedder_may_refine() {
    let table = EmbeddingTable::open(&folder("bert"), "tiny", EmbeddingTableConfig::default()).unwrap();
    let terms = terms(PartOfSpeech::Noun, &NOUNS);
    let refinement = Refinement::Principal { width: 3, scale: Scale::Whitened };
    let refining = RefiningEmbedder { embedder: &table, refinement };
    let expected = refinement.apply(&table.embed(&terms).unwrap(), 16).unwrap().values;
    assert_eq!(refining.embed(&terms).unwrap(), expected);
    let description = refining.description();
    assert_eq!(description.embedding_dim, 3);
    assert_eq!(description.embedding.unwrap().refinement, refinement);
    assert!(description.summary.ends_with("; 3 principal components, whitened"), "{}", description.summary);
}
