"""Writes gumbel.safetensors: straight-through Gumbel-softmax with given noise, in plain PyTorch from the equations of
arXiv 1611.01144 (section 2.2), with a one-hot matrix, and the divergence from the uniform distribution.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
size, width = 7, 5
conv = torch.nn.Conv2d(width, size, 1)
codes = torch.nn.Parameter(torch.randn(size, width))
latents = (torch.randn(2, width, 3, 4) * 2).requires_grad_()
upstream = torch.randn_like(latents)
noise = -torch.log(-torch.log(torch.rand(2, size, 3, 4)))
tensors = {
    "proj.weight": conv.weight.detach().flatten(1), "proj.bias": conv.bias.detach(), "weight": codes.detach(),
    "latents": latents.detach(), "upstream": upstream, "noise": noise.permute(0, 2, 3, 1).contiguous(),
}
for temperature in [1.0, 0.25]:
    logits = conv(latents)
    soft = ((logits + noise) / temperature).softmax(1)
    ids = soft.argmax(1)
    hard = F.one_hot(ids, size).permute(0, 3, 1, 2).to(soft)
    quantized = torch.einsum("bkhw,kd->bdhw", hard - soft.detach() + soft, codes)
    uniform = torch.full_like(logits, 1 / size)
    loss = 0.1 * F.kl_div(uniform.log(), logits.log_softmax(1), log_target=True, reduction="none").sum(1).mean()
    wanted = [latents, conv.weight, conv.bias, codes]
    grads = torch.autograd.grad((quantized * upstream).sum() + loss, wanted)
    names = ["latents", "proj.weight", "proj.bias", "weight"]
    tensors |= {f"{temperature}.{name}.grad": grad.reshape(tensors[name].shape).contiguous()
                for name, grad in zip(names, grads)}
    tensors |= {f"{temperature}.codes": quantized.detach().contiguous(), f"{temperature}.ids": ids.contiguous(),
                f"{temperature}.loss": loss.detach()}
tensors["likeliest"] = conv(latents).argmax(1).contiguous()
save_file(tensors, "gumbel.safetensors")
