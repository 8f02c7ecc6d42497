"""Writes codebooks.safetensors: the equations of VQ-VAE, CVQ-VAE and VQGAN-LC in plain PyTorch.

Made with torch 2.11.0 (CPU), safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
tensors = {}


def rows_of(grid):
    return grid.permute(0, 2, 3, 1).flatten(0, 2)


def nearest(rows, codes):
    return torch.cdist(rows.double(), codes.double()).argmin(1)


# VQ-VAE (arXiv 1711.00937, equation 3), loss and gradients, with beta on either term.
codes, latents = torch.randn(9, 4), torch.randn(2, 4, 3, 5)
upstream = torch.randn(2, 4, 3, 5)
tensors |= {"vqvae.codes": codes, "vqvae.latents": latents, "vqvae.upstream": upstream}
for name, (to_codes, to_latents) in {"commitment": (1.0, 0.25), "legacy": (0.25, 1.0)}.items():
    e, z = codes.clone().requires_grad_(), latents.clone().requires_grad_()
    rows = rows_of(z)
    ids = nearest(rows, e)
    chosen = e[ids]
    loss = to_codes * (rows.detach() - chosen).square().mean() + to_latents * (rows - chosen.detach()).square().mean()
    passed = rows + (chosen - rows).detach()
    ((passed * rows_of(upstream)).sum() + loss).backward()
    tensors |= {f"vqvae.{name}.loss": loss, f"vqvae.{name}.latents.grad": z.grad, f"vqvae.{name}.codes.grad": e.grad}
tensors["vqvae.ids"] = ids.view(2, 3, 5)

# CVQ-VAE (arXiv 2307.15139): use, decay and move to the closest anchor, over several steps.
size, gamma = 10, 0.99
codes, steps = torch.empty(size, 3).uniform_(-1 / size, 1 / size), torch.randn(4, 24, 3)
use = torch.zeros(size)
tensors |= {"cvq.codes": codes.clone(), "cvq.vectors": steps}
after = []
for vectors in steps:
    share = torch.bincount(nearest(vectors, codes), minlength=size) / len(vectors)
    use = gamma * use + (1 - gamma) * share
    alpha = torch.exp(-use * size * 10 / (1 - gamma) - 1e-3)
    anchors = vectors[nearest(codes, vectors)]
    codes = (1 - alpha[:, None]) * codes + alpha[:, None] * anchors
    after.append(codes)
tensors |= {"cvq.after": torch.stack(after), "cvq.use": use}

# VQGAN-LC (arXiv 2406.11837): frozen features, a linear layer, 0.33 on the codebook term.
frozen, latents, upstream = torch.randn(11, 7), torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
weight, bias = torch.randn(4, 7).requires_grad_(), torch.randn(4).requires_grad_()
z = latents.clone().requires_grad_()
rows, projected = rows_of(z), frozen @ weight.T + bias
ids = nearest(rows, projected)
chosen = projected[ids]
loss = (chosen.detach() - rows).square().mean() + 0.33 * (chosen - rows.detach()).square().mean()
passed = rows + (chosen - rows).detach()
((passed * rows_of(upstream)).sum() + loss).backward()
tensors |= {
    "lc.frozen": frozen,
    "lc.weight": weight,
    "lc.bias": bias,
    "lc.latents": latents,
    "lc.upstream": upstream,
    "lc.codes": projected,
    "lc.ids": ids.view(2, 3, 3),
    "lc.loss": loss,
    "lc.latents.grad": z.grad,
    "lc.weight.grad": weight.grad,
    "lc.bias.grad": bias.grad,
}
save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, "codebooks.safetensors")
