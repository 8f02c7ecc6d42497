"""Writes lfq.safetensors: vector-quantize-pytorch's LFQ, flat and spherical, and BSQ's grouped entropies.

vector-quantize-pytorch takes no logarithm below 1e-5. The cases `exact` take all of them, the cases `clamped` are the
package's own. Given a mask, the package does not average probabilities over the batch (its batch entropy is then the
per-sample entropy); masked cases are given what counts as a sequence instead. The grouped entropies are written from
arXiv 2406.07548: in f64, by the softmax over all codes of a group.

Made with torch 2.11.0, vector-quantize-pytorch 1.32.0, safetensors 0.8.0. Run in this folder.
"""

import itertools

import torch
from safetensors.torch import save_file
from vector_quantize_pytorch import LFQ
from vector_quantize_pytorch import lookup_free_quantization as module

torch.manual_seed(0)
tensors = {}
clamped = module.log
exact = lambda t: t.clamp(min=1e-37).log()
shared = torch.randn(2, 6, 3, 4)
shared[0, :, 0, 0] = 0.0
tensors["latents"] = shared
tensors["upstream"] = torch.randn_like(shared)
tensors["mask"] = torch.rand(2, 3, 4) > 0.3

# name: spherical, scale, inverse temperature, diversity gamma, commitment weight, masked, logarithm
cases = {
    "exact-soft": (False, 1.0, 1.0, 1.0, 0.25, False, exact),
    "exact-scaled": (False, 0.5, 0.7, 2.5, 0.1, False, exact),
    "exact-masked": (False, 1.0, 1.0, 0.5, 0.25, True, exact),
    "clamped-soft": (False, 1.0, 0.2, 1.0, 0.25, False, clamped),
    "clamped-hard": (False, 1.0, 100.0, 1.0, 0.25, False, clamped),
    "exact-sphere": (True, 1.0, 1.0, 1.0, 0.25, False, exact),
    "exact-sphere-masked": (True, 1.0, 5.0, 2.0, 1.0, True, exact),
    "clamped-sphere-hard": (True, 1.0, 100.0, 1.0, 0.25, False, clamped),
}
for name, (spherical, scale, inverse, gamma, commitment, masked, log) in cases.items():
    module.log = log
    lfq = LFQ(dim=6, entropy_loss_weight=0.1, commitment_loss_weight=commitment, diversity_gamma=gamma,
              codebook_scale=scale, spherical=spherical)
    latents = shared.clone().requires_grad_()
    codes, ids, loss = lfq(latents, inv_temperature=inverse)
    if masked:
        counted = latents.permute(0, 2, 3, 1)[tensors["mask"]]
        loss = lfq(counted[None], inv_temperature=inverse).entropy_aux_loss
    tensors[f"{name}.options"] = torch.tensor([spherical, scale, inverse, gamma, commitment, masked])
    tensors[f"{name}.codes"] = lfq.indices_to_codes(ids).contiguous()
    tensors[f"{name}.ids"] = ids.long().contiguous()
    tensors[f"{name}.loss"] = loss.detach()
    (grad,) = torch.autograd.grad(loss + (codes * tensors["upstream"]).sum(), latents)
    tensors[f"{name}.grad"] = grad.contiguous()

for name, (width, group, inverse) in {"group-1": (6, 1, 1.0), "group-3": (6, 3, 4.0), "group-4": (8, 4, 20.0)}.items():
    latents = torch.randn(10, width, dtype=torch.float64)
    sphere = (latents / latents.norm(dim=1, keepdim=True)).requires_grad_()
    codes = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=group)), dtype=torch.float64) / width**0.5
    per_sample, codebook = 0.0, 0.0
    for part in sphere.split(group, dim=1):
        probabilities = (-inverse * (part[:, None] - codes).square().sum(2)).softmax(dim=1)
        per_sample = per_sample + torch.special.entr(probabilities).sum(1).mean()
        codebook = codebook + torch.special.entr(probabilities.mean(0)).sum()
    tensors[f"{name}.options"] = torch.tensor([width, group, inverse])
    tensors[f"{name}.latents"] = sphere.detach()
    tensors[f"{name}.per-sample"] = per_sample.detach()
    tensors[f"{name}.codebook"] = codebook.detach()
    tensors[f"{name}.per-sample-grad"] = torch.autograd.grad(per_sample, sphere, retain_graph=True)[0].contiguous()
    tensors[f"{name}.codebook-grad"] = torch.autograd.grad(codebook, sphere)[0].contiguous()
save_file(tensors, "lfq.safetensors")
