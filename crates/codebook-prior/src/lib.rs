//! Codebooks of words: part-of-speech lexicon, adjective-noun graph and language-model embeddings.
