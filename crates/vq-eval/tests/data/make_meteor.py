"""Writes meteor.json: METEOR of pairs of sentences by NLTK, where only one alignment is possible.

Made with nltk 3.10.4 and Python 3.11. Run in this folder. Nothing is random; the bytes are the same each time.

The sentences are this project's own (codebook-prior's photo-captions.txt), each against itself with words changed,
turned or dropped, and against its neighbour. A word that a sentence repeats is left out, since NLTK takes the last free place
for a word, which may not be the one of the fewest runs. Synonyms are a small table of words that equal their stems,
and other forms of them are left out, since NLTK looks up the stem.
"""

import json
from pathlib import Path
from types import SimpleNamespace

from nltk.stem.snowball import SnowballStemmer
from nltk.translate.meteor_score import single_meteor_score

SETS = [["black", "dark"], ["wet", "damp"], ["red", "crimson"], ["tall", "high"], ["rock", "stone"]]
PARAMETERS = [[0.9, 3.0, 0.5], [0.85, 0.2, 0.6]]
STEMMER = SnowballStemmer("english")


class Table:
    """What NLTK asks of WordNet."""

    def synsets(self, word):
        lemmas = lambda names: [SimpleNamespace(name=lambda name=name: name) for name in names]
        return [SimpleNamespace(lemmas=lambda names=names: lemmas(names)) for names in SETS if word in names]


def matches(one, other):
    one, other = STEMMER.stem(one), STEMMER.stem(other)
    return one == other or any(one in names and other in names for names in SETS)


def is_unique(caption, reference):
    rows = [[matches(one, other) for other in reference] for one in caption]
    if any(STEMMER.stem(word) != word and STEMMER.stem(word) in sum(SETS, []) for word in caption + reference):
        return False
    return all(sum(row) <= 1 for row in rows) and all(sum(column) <= 1 for column in zip(*rows))


def changed(words):
    """The sentence with synonyms, other forms, and other orders."""
    swap = {names[turn]: names[1 - turn] for names in SETS for turn in (0, 1)}
    yield [swap.get(word, word) for word in words]
    yield [word[:-1] if word.endswith("s") else word + "s" for word in words]
    yield words[len(words) // 2 :] + words[: len(words) // 2]
    yield words[::-1]
    yield words[::2]


def main():
    path = Path("../../../codebook-prior/assets/photo-captions.txt")
    lines = path.read_text().replace(",", "").splitlines()[::80]
    sentences = [list(dict.fromkeys(line.split())) for line in lines]
    pairs = []
    for index, words in enumerate(sentences):
        for caption in [words, *changed(words), sentences[(index + 1) % len(sentences)]]:
            if is_unique(caption, words):
                pairs.append({"caption": caption, "reference": words})
    pairs.append({"caption": ["zebra"], "reference": sentences[0]})
    for pair in pairs:
        pair["scores"] = [
            single_meteor_score(
                pair["reference"], pair["caption"], stemmer=STEMMER, wordnet=Table(), alpha=alpha, beta=beta, gamma=gamma
            )
            for alpha, beta, gamma in PARAMETERS
        ]
    data = {"synonyms": SETS, "parameters": PARAMETERS, "pairs": pairs}
    Path("meteor.json").write_text(json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n")
    print(len(pairs), "pairs")


main()
