"""Writes `treebank-tokens.tsv`: sentences, a tab, their tokens by NLTK 3.10.4's TreebankWordTokenizer.

Quotation marks are left out (NLTK rewrites them), and so are full stops within the text (NLTK leaves them to a tokenizer
of sentences), and slashes between words (NLTK keeps them).
"""

from itertools import product
from pathlib import Path

from nltk.tokenize import TreebankWordTokenizer

SUBJECTS = ["A dog", "Two well-dressed men", "The girl's brother", "Someone (maybe a clown)", "The boys' coach, smiling,",
            "A t-shirt", "They", "1,000 people"]
PREDICATES = ["isn't on the beach", "can't see the dog's ball", "cannot swim; it's cold", "who'd have known they're here",
              "stands at 3:30 -- alone", "wears a cap & a 2.5 m scarf"]
ENDINGS = [".", "!", "?", " .", ", doesn't it?", ": I'll wait for women's hats."]

tokenizer = TreebankWordTokenizer()
lines = []
for subject, predicate, ending in product(SUBJECTS, PREDICATES, ENDINGS):
    sentence = f"{subject} {predicate}{ending}"
    lines.append(f"{sentence}\t{' '.join(tokenizer.tokenize(sentence))}\n")
(Path(__file__).parent / "treebank-tokens.tsv").write_text("".join(lines))
