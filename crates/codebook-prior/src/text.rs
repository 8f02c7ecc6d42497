//! Words of English text: tokens, tags and base forms.

mod lemmas;
mod morphy;
mod noun_lemma;
mod table;
mod tag;
mod tagger;
mod tokenize;
mod word_class;

pub use lemmas::{Lemma, Lemmas, Spelling};
pub use morphy::Morphy;
pub use noun_lemma::noun_lemma;
pub(crate) use table::Table;
pub use tag::Tag;
pub use tagger::Tagger;
pub use tokenize::tokenize;
pub use word_class::WordClass;
