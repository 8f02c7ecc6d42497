"""Writes adam.safetensors: parameters and moments of torch.optim.Adam and AdamW after some steps with given gradients.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
steps, rate = 5, 0.01
start = {"a": torch.randn(3), "b": torch.randn(2, 2)}
gradients = {"a": torch.randn(steps, 3), "b": torch.randn(steps, 2, 2) * 1e-3}
tensors = {f"{name}.start": value for name, value in start.items()}
tensors |= {f"{name}.gradients": value for name, value in gradients.items()}
norms = []


def run(kind, make, clip):
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in start.items()}
    optimizer = make(parameters)
    for step in range(steps):
        for name, parameter in parameters.items():
            parameter.grad = gradients[name][step].clone()
        if clip is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), clip))
        optimizer.step()
    for name, parameter in parameters.items():
        tensors[f"{kind}.{name}.end"] = parameter.detach()
        tensors[f"{kind}.{name}.first"] = optimizer.state[parameter]["exp_avg"]
        tensors[f"{kind}.{name}.second"] = optimizer.state[parameter]["exp_avg_sq"]


run("adam", lambda p: torch.optim.Adam(p.values(), lr=rate, betas=(0.5, 0.9), eps=1e-8), None)
# Parameters with one axis do not decay.
groups = lambda p: [{"params": [p["a"]], "weight_decay": 0.0}, {"params": [p["b"]], "weight_decay": 0.3}]
run("adamw", lambda p: torch.optim.AdamW(groups(p), lr=rate, betas=(0.9, 0.999), eps=1e-6), None)
run("clipped", lambda p: torch.optim.Adam(p.values(), lr=rate, betas=(0.5, 0.9), eps=1e-8), 1.5)
tensors["norms"] = torch.stack(norms)
save_file({name: value.contiguous() for name, value in tensors.items()}, "adam.safetensors")
