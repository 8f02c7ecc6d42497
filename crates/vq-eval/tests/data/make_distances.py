"""Writes distances.json: distances between two sets of features, by torch-fidelity, NumPy and SciPy.

The features are not stored: both sides compute them from whole numbers alone.

Made with torch 2.11.0, torch-fidelity 0.4.0, numpy 2.4.6, scipy 1.17.1. Run in this folder.
"""

import json

import numpy as np
import scipy.linalg
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric


def noise(shape, offset):
    """In -0.5..0.5, from whole numbers alone."""
    n = torch.arange(offset, offset + torch.Size(shape).numel(), dtype=torch.int64)
    return ((((n * n) % 65521 * 31 + n * 17) % 65521).double() / 65521 - 0.5).view(shape)


def features(rows, width, offset, shift):
    """Mixed, so that dimensions are correlated, and far from zero, as features after ReLU are."""
    mixing = noise((width, width), 5) + torch.eye(width, dtype=torch.float64)
    return noise((rows, width), offset) @ mixing * 3 + 2 + shift


def frechet(images, references):
    """torch-fidelity's, and SciPy's root of a matrix where it exists."""
    ours, theirs = (fid_features_to_statistics(side) for side in (images, references))
    distance = fid_statistics_to_metric(ours, theirs, False)["frechet_inception_distance"]
    ranks = [int(np.linalg.matrix_rank(side["sigma"], hermitian=True)) for side in (ours, theirs)]
    if min(ranks) == images.shape[1]:
        root = scipy.linalg.sqrtm(ours["sigma"] @ theirs["sigma"]).real
        apart = ours["mu"] - theirs["mu"]
        by_scipy = apart @ apart + np.trace(ours["sigma"]) + np.trace(theirs["sigma"]) - 2 * np.trace(root)
        assert abs(by_scipy - distance) < 1e-9 * distance, (by_scipy, distance)
    return {"distance": distance, "ranks": ranks}


def discrepancy(images, references):
    """Gretton et al. 2012, equation 3, over all pairs, one by one; for sets of different sizes."""
    kernel = lambda x, y: (x @ y / len(x) + 1) ** 3
    within = lambda side: np.mean([kernel(a, b) for i, a in enumerate(side) for j, b in enumerate(side) if i != j])
    across = np.mean([kernel(a, b) for a in images for b in references])
    return float(within(images) + within(references) - 2 * across)


def kernel(images, references):
    size = len(images)
    theirs = kid_features_to_metric(images, references, kid_subsets=1, kid_subset_size=size, verbose=False)
    distance = theirs["kernel_inception_distance_mean"]
    assert abs(discrepancy(images.numpy(), references.numpy()) - distance) < 1e-9 * abs(distance)
    return distance


wide, narrow = features(150, 24, 100, 0.3), features(150, 24, 90000, 0.0) * 0.8
few = features(12, 24, 4000, 0.1)
logits = noise((103, 20), 700) * 12
golden = {
    "frechet": frechet(wide, narrow),
    "frechet_few": frechet(few, narrow),
    "kernel": kernel(wide, narrow),
    "kernel_few": discrepancy(few.numpy(), narrow.numpy()),
    "inception_score": {
        str(splits): isc_features_to_metric(logits, splits=splits, shuffle=False) for splits in (1, 4, 10)
    },
    "precision_recall": {
        str(k): prc_features_to_metric(
            wide, narrow, prc_neighborhood=k, prc_batch_size=64, save_cpu_ram=True, verbose=False
        )
        for k in (1, 3, 5)
    },
}
with open("distances.json", "w") as file:
    json.dump(golden, file, indent=2)
    file.write("\n")
