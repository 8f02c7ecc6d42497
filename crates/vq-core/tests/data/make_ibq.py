"""Writes ibq.safetensors: index backpropagation quantization in plain PyTorch from the equations of arXiv 2412.02692,
with one-hot matrices, and its entropy terms.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
size, width = 9, 5
given = torch.randn(size, width)
shared = torch.randn(2, width, 3, 4)
upstream = torch.randn_like(shared)
tensors = {"weight": given, "latents": shared, "upstream": upstream}

# name: cosine, temperature, beta, beta on the codebook term, double, entropy weight, gamma, entropy temperature
cases = {
    "published": (False, 1.0, 0.25, True, 1.0, 0.05, 1.0, 0.5),
    "paper": (False, 1.0, 0.25, False, 1.0, 0.0, 1.0, 0.01),
    "cosine": (True, 0.1, 0.5, False, 0.5, 0.2, 2.0, 0.2),
}
for name, (cosine, temperature, beta, legacy, double, weight, gamma, entropy_temperature) in cases.items():
    latents, codes = shared.clone().requires_grad_(), given.clone().requires_grad_()
    z, e = (F.normalize(latents, dim=1), F.normalize(codes, dim=1)) if cosine else (latents, codes)
    scores = torch.einsum("bdhw,kd->bkhw", z, e)
    soft = (scores / temperature).softmax(1)
    ids = scores.argmax(1)
    hard = F.one_hot(ids, size).permute(0, 3, 1, 2).to(soft)
    decode = lambda weights: torch.einsum("bkhw,kd->bdhw", weights, e)
    quantized, chosen = decode(hard - soft.detach() + soft), decode(hard)
    to_codes, to_latents = (beta, 1.0) if legacy else (1.0, beta)
    loss = double * F.mse_loss(quantized, z)
    loss = loss + to_latents * F.mse_loss(z, chosen.detach()) + to_codes * F.mse_loss(chosen, z.detach())
    if weight > 0:
        probabilities = (scores / entropy_temperature).softmax(1).permute(0, 2, 3, 1).flatten(0, 2)
        per_sample = torch.special.entr(probabilities).sum(1).mean()
        loss = loss + weight * (per_sample - gamma * torch.special.entr(probabilities.mean(0)).sum())
    grads = torch.autograd.grad((quantized * upstream).sum() + loss, [latents, codes])
    tensors |= {
        f"{name}.options": torch.tensor([float(option) for option in cases[name]]),
        f"{name}.codes": chosen.detach().contiguous(),
        f"{name}.ids": ids.contiguous(),
        f"{name}.loss": loss.detach(),
        f"{name}.latents.grad": grads[0].contiguous(),
        f"{name}.weight.grad": grads[1].contiguous(),
    }
save_file(tensors, "ibq.safetensors")
