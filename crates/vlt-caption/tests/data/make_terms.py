"""Writes terms.safetensors: the optional terms beside the translation loss, and their gradients, by PyTorch's autograd.

Each is a loop over images, words and positions. Inputs are not stored: `formula` makes them here and in
tests/it/support.rs. Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from make_vlt import formula

tensors = {}


def keep(name, loss, **inputs):
    loss.backward()
    tensors[f"{name}.loss"] = loss.detach()
    for key, value in inputs.items():
        tensors[f"{name}.{key}.grad"] = value.grad.contiguous()


# Global alignment.
states = formula(1, (4, 6, 8), 1.5).requires_grad_()
texts = formula(2, (4, 5), 2.0)
weight, bias = formula(3, (5, 8), 0.4).requires_grad_(), formula(4, (5,), 0.4).requires_grad_()
terms = []
for image in range(4):
    seen = F.linear(states[image].mean(0), weight, bias)
    scores = torch.stack([F.cosine_similarity(seen, text, dim=0) for text in texts]) / 0.07
    terms.append(-scores.log_softmax(0)[image])
keep("global", 0.001 * torch.stack(terms).mean(), states=states, weight=weight, bias=bias)

# Relation alignment.
codes = formula(5, (2, 6, 3, 2), 1.5).requires_grad_()
words = formula(6, (2, 4, 5), 2.0)
counts = [4, 2]
weight, bias = formula(7, (5, 6), 0.4).requires_grad_(), formula(8, (5,), 0.4).requires_grad_()
terms = []
for image, count in enumerate(counts):
    cells = [F.linear(codes[image, :, y, x], weight, bias) for y in range(3) for x in range(2)]
    matched = []
    for word in words[image, :count]:
        matched.append(max(cells, key=lambda cell: F.cosine_similarity(cell, word, dim=0).item()))
    for i in range(count):
        for j in range(i):
            ours = F.cosine_similarity(matched[i], matched[j], dim=0)
            terms.append((ours - F.cosine_similarity(words[image, i], words[image, j], dim=0)) ** 2)
keep("relation", 0.001 * torch.stack(terms).mean(), codes=codes, weight=weight, bias=bias)

# Word supervision: codes 3..10 are the group.
latents = formula(9, (2, 4, 3, 2), 1.0).requires_grad_()
codebook = formula(10, (12, 4), 1.0).requires_grad_()
terms = []
for image, wanted in enumerate([[4, 9, 3], [7]]):
    for code in wanted:
        powers = []
        for y in range(3):
            for x in range(2):
                distances = ((latents[image, :, y, x] - codebook[3:10]) ** 2).sum(1)
                powers.append((-distances / 0.7).softmax(0)[code - 3] ** 3.0)
        terms.append(-torch.stack(powers).mean().log() / 3.0)
keep("words", 0.01 * torch.stack(terms).mean(), latents=latents, codebook=codebook)
save_file(tensors, "terms.safetensors")
