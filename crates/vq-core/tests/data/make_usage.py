"""Writes usage.json: figures of histograms by NumPy, each from its definition.

Made with numpy 2.4.6. Run in this folder.
"""

import json

import numpy as np


def figures(counts):
    x = np.array(counts, dtype=np.float64)
    p = x[x > 0] / x.sum()
    return {
        "counts": [int(count) for count in counts],
        "used": int((x > 0).sum()),
        "perplexity": float(np.exp(-(p * np.log(p)).sum())),
        "bits": float(-(x[x > 0] * np.log2(p)).sum()),
        "gini": float(np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())),
    }


draw = np.random.default_rng(0)
cases = {
    "uniform": np.full(9, 7),
    "one": np.eye(12, dtype=int)[3] * 40,
    "zipf": 5000 // np.arange(1, 60),
    "geometric": draw.geometric(0.02, 100) - 1,
    "sparse": draw.poisson(0.3, 200),
}
with open("usage.json", "w") as file:
    json.dump({name: figures(counts) for name, counts in cases.items()}, file)
    file.write("\n")
