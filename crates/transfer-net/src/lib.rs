//! Graph network that turns language-model word embeddings into visual codes.
