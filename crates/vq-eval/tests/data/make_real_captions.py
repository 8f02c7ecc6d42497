"""Writes real_captions.json: scores of real captions by pycocoevalcap.

Made with pycocoevalcap 1.2 and Python 3.11. Run in this folder. Nothing is random; the bytes are the same each time.

The captions are this project's own (codebook-prior's photo-captions.txt), in groups of six neighbours, which speak of like
pictures: the first is scored against the others, and once more after a change such as models make (an end that is lacking,
a word said again).
"""

import json
from pathlib import Path

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge


def main():
    path = Path("../../../codebook-prior/assets/photo-captions.txt")
    lines = [line.replace(",", "").split() for line in path.read_text().splitlines()]
    samples = []
    for start in range(0, len(lines) - 6, 132):
        first, *references = lines[start : start + 6]
        middle = len(first) // 2
        for caption in [first, references[0][:middle] + first[middle:-1], first[:middle] + first[middle - 1 :]]:
            samples.append({"caption": caption, "references": references})
    join = " ".join
    gts = {index: [join(words) for words in sample["references"]] for index, sample in enumerate(samples)}
    res = {index: [join(sample["caption"])] for index, sample in enumerate(samples)}
    bleu, bleus = Bleu(4).compute_score(gts, res, verbose=0)
    rouge, rouges = Rouge().compute_score(gts, res)
    cider, ciders = Cider().compute_score(gts, res)
    scores = {
        "bleu": [float(x) for x in bleu],
        "bleus": [[float(x) for x in column] for column in bleus],
        "rouge": float(rouge),
        "rouges": [float(x) for x in rouges],
        "cider": float(cider),
        "ciders": [float(x) for x in ciders],
    }
    data = {"tokens": [], "samples": samples, "scores": scores}
    Path("real_captions.json").write_text(json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n")
    print(len(samples), scores["bleu"], scores["rouge"], scores["cider"])


main()
