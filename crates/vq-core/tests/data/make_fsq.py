"""Writes fsq.safetensors: codes, ids and input gradients of finite scalar quantization.

The bounds `centered` and `symmetric` are those of vector-quantize-pytorch; `paper` is written from appendix A.1 of
arXiv 2309.15505. Made with torch 2.11.0, vector-quantize-pytorch 1.32.0, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from vector_quantize_pytorch import FSQ


def paper(latents, levels):
    """Codes and ids, each level by each level."""
    codes, ids, place = [], 0, 1
    for channel, count in zip(latents.unbind(1), levels):
        half = (count - 1) * (1 - 1e-3) / 2
        offset = 0.0 if count % 2 else 0.5
        shift = torch.tan(torch.tensor(offset / half))
        bounded = torch.tanh(channel + shift) * half - offset
        rounded = bounded + (bounded.round() - bounded).detach()
        codes.append(rounded / (count // 2))
        ids = ids + (rounded.detach().round().long() + count // 2) * place
        place *= count
    return torch.stack(codes, 1), ids


def theirs(symmetric):
    return lambda latents, levels: FSQ(list(levels), preserve_symmetry=symmetric)(latents)


torch.manual_seed(0)
tensors = {}
for bound, quantize in {"paper": paper, "centered": theirs(False), "symmetric": theirs(True)}.items():
    for levels in [(8, 5, 5, 5), (7, 4, 3), (2, 3, 2), (16,)]:
        if bound == "centered" and 2 in levels:
            continue
        latents = torch.randn(2, len(levels), 4, 5) * 2
        latents[0, 0, 0] = torch.tensor([0.0, 1e30, -1e30, 1e-30, -1e-30])
        latents.requires_grad_()
        upstream = torch.randn_like(latents)
        codes, ids = quantize(latents, levels)
        (codes * upstream).sum().backward()
        name = f"{bound}.{'-'.join(map(str, levels))}"
        tensors |= {
            f"{name}.latents": latents.detach(),
            f"{name}.upstream": upstream,
            f"{name}.codes": codes.detach().contiguous(),
            f"{name}.ids": ids.long().contiguous(),
            f"{name}.grad": latents.grad,
        }
save_file(tensors, "fsq.safetensors")
