"""Writes lpips.safetensors: distances and gradients of the lpips package's network, its weights drawn by a formula.

The weights are not stored: both sides compute them from whole numbers alone.

Made with torch 2.11.0, torchvision 0.26.0, lpips 0.1.4, safetensors 0.8.0. Run in this folder.
"""

import lpips
import torch
from safetensors.torch import save_file


def noise(shape, offset):
    """In -0.5..0.5, from whole numbers alone."""
    n = torch.arange(offset, offset + torch.Size(shape).numel(), dtype=torch.int64)
    return ((((n * n) % 65521 * 31 + n * 17) % 65521).double() / 65521 - 0.5).view(shape).float()


network = lpips.LPIPS(net="vgg", pretrained=False, pnet_rand=True, verbose=False)
state = network.state_dict()
for name, tensor in state.items():
    if name.startswith("net."):
        index = int(name.split(".")[2])
        if name.endswith("weight"):
            # Variance 2 / fan_in, which ReLU keeps.
            tensor.copy_(noise(tensor.shape, index * 1000) * (24 / (tensor.shape[1] * 9)) ** 0.5)
        else:
            tensor.copy_(noise(tensor.shape, index * 1000 + 500) * 0.1)
    elif name.startswith("lin"):
        kind, rest = name.split(".", 1)
        index = int(rest.split(".")[0]) if kind == "lins" else int(kind[3:])
        tensor.copy_(noise(tensor.shape, 40000 + index * 1000) + 0.5)
network.load_state_dict(state)

images = noise((2, 3, 32, 20), 3) * 2
references = images.detach() * 0.7 + noise((2, 3, 32, 20), 9000) * 0.5
images.requires_grad_()
distance = network(images, references).flatten()
distance.sum().backward()
print(distance.tolist(), images.grad.abs().max().item())
save_file({"distance": distance.detach(), "gradient": images.grad}, "lpips.safetensors")
