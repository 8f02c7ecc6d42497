"""Writes adam.safetensors: torch.optim.Adam over a few steps of given gradients.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
steps, rate = 5, 0.01
a, b = torch.nn.Parameter(torch.randn(3)), torch.nn.Parameter(torch.randn(2, 2))
tensors = {"a.start": a.detach().clone(), "b.start": b.detach().clone()}
gradients = {"a": torch.randn(steps, 3), "b": torch.randn(steps, 2, 2) * 1e-3}
optimizer = torch.optim.Adam([a, b], lr=rate, betas=(0.5, 0.9), eps=1e-8)
for step in range(steps):
    a.grad, b.grad = gradients["a"][step], gradients["b"][step]
    optimizer.step()
tensors |= {f"{name}.gradients": value for name, value in gradients.items()}
tensors |= {"a.end": a.detach(), "b.end": b.detach()}
tensors |= {f"{name}.first": optimizer.state[p]["exp_avg"] for name, p in (("a", a), ("b", b))}
tensors |= {f"{name}.second": optimizer.state[p]["exp_avg_sq"] for name, p in (("a", a), ("b", b))}
save_file({name: value.contiguous() for name, value in tensors.items()}, "adam.safetensors")
