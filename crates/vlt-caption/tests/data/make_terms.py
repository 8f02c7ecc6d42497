"""Writes terms.safetensors: the optional terms beside the translation loss, and their gradients, by PyTorch's autograd.

Each is a loop over images, words and positions. Inputs are not stored: `formula` makes them here and in
tests/it/support.rs. Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from make_vlt import formula, parameters

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

# Word supervision.
latents = formula(9, (2, 4, 3, 2), 1.0).requires_grad_()
codebook = formula(10, (12, 4), 1.0).requires_grad_()
terms = []
for image, wanted in enumerate([[4, 9, 3], [7]]):
    for code in wanted:
        distances = torch.stack([((latents[image, :, y, x] - codebook[code]) ** 2).sum() for y in range(3) for x in range(2)])
        fixed = distances.detach()
        terms.append(((-3.0 * fixed / fixed.mean()).softmax(0) * distances).sum())
keep("words", 0.1 * torch.stack(terms).mean(), latents=latents, codebook=codebook)

# Masked text prediction: one block of width 8, two heads, hidden width 16; 11 tokens of width 5; up to 6 positions.
W, V, OWN = 8, 11, 5
shapes = {"mask": (W,), "positions": (6, W), "norm.weight": (W,), "norm.bias": (W,), "tokens.bias": (V,),
          "tokens.input.weight": (W, OWN), "tokens.output.weight": (OWN, W)}
for part, o, i in [("mlp.up", 16, W), ("mlp.down", W, 16)] + [
        (f"{kind}_attention.{part}", W, W) for kind in ("self", "cross") for part in ("query", "key", "value", "output")]:
    shapes |= {f"blocks.0.{part}.weight": (o, i), f"blocks.0.{part}.bias": (o,)}
for norm in ("norm1", "norm2", "norm3"):
    shapes |= {f"blocks.0.{norm}.weight": (W,), f"blocks.0.{norm}.bias": (W,)}
p = parameters(shapes)


def linear(name, x):
    return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))


def layer_norm(name, x):
    return F.layer_norm(x, (W,), p[f"{name}.weight"], p[f"{name}.bias"])


def attend(name, x, source):
    """One image: queries [n, W] and keys [m, W], which are all real."""
    q, k, v = (linear(f"{name}.{part}", y).view(-1, 2, W // 2) for part, y in [("query", x), ("key", source), ("value", source)])
    weights = (torch.einsum("nhd,mhd->hnm", q, k) / (W // 2) ** 0.5).softmax(-1)
    return linear(f"{name}.output", torch.einsum("hnm,mhd->nhd", weights, v).reshape(-1, W))


table = formula(77, (V, OWN), 3.0)
table = table / table.square().mean().sqrt()
states = formula(11, (3, 6, W), 1.5).requires_grad_()
terms = []
# Captions without their padding, and the masked positions.
for image, (ids, masked) in enumerate([([0, 4, 7, 9, 8, 1], [2, 4]), ([0, 3, 1], [1]), ([], [])]):
    if not ids:
        continue
    x = torch.stack([p["mask"] if t in masked else linear("tokens.input", table[i]) for t, i in enumerate(ids)])
    x = x + p["positions"][: len(ids)]
    normed = layer_norm("blocks.0.norm1", x)
    x = x + attend("blocks.0.self_attention", normed, normed)
    x = x + attend("blocks.0.cross_attention", layer_norm("blocks.0.norm2", x), states[image])
    x = x + linear("blocks.0.mlp.down", F.gelu(linear("blocks.0.mlp.up", layer_norm("blocks.0.norm3", x))))
    scores = linear("tokens.output", layer_norm("norm", x)) @ table.T / OWN ** 0.5 + p["tokens.bias"]
    for t in masked:
        log_p = scores[t].log_softmax(0)
        terms.append(-0.9 * log_p[ids[t]] - 0.1 * log_p.mean())
# A key's bias shifts all scores of a query equally; its gradient is rounding and is left out.
keep("masked", 0.001 * torch.stack(terms).mean(), states=states,
     **{name: value for name, value in p.items() if not name.endswith("key.bias")})
save_file(tensors, "terms.safetensors")
