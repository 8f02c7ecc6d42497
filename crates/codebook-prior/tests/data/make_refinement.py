"""Writes `refinement.safetensors`: vectors `[40, 6]`, and what scikit-learn makes of them.

Ran with Python 3.11, numpy 2.4.6, scikit-learn 1.9.1, safetensors 0.8.0; writes the same bytes again:

    python make_refinement.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

HERE = Path(__file__).resolve().parent


def flipped(values, components):
    """Components are right up to a sign: here their largest number, in absolute value, is positive."""
    largest = components[np.arange(len(components)), np.abs(components).argmax(1)]
    return values * np.sign(largest)


def main():
    rng = np.random.default_rng(20)
    vectors = (rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6) * 3).astype(np.float32)
    wide = vectors.astype(np.float64)
    result = {"vectors": vectors, "centred": wide - wide.mean(0), "unit": normalize(wide - wide.mean(0))}
    for name, whiten in (("principal", False), ("whitened", True)):
        pca = PCA(n_components=4, whiten=whiten, svd_solver="full").fit(wide)
        result[name] = flipped(pca.transform(wide), pca.components_)
    # Rounded, so that the last bits of another machine's linear algebra do not show.
    save_file({name: np.ascontiguousarray(np.round(value, 5).astype(np.float32)) if name != "vectors" else value
               for name, value in result.items()}, HERE / "refinement.safetensors")


if __name__ == "__main__":
    main()
