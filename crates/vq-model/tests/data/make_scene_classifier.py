"""Writes scene_classifier.safetensors: outputs and gradients of the scene classifier in plain PyTorch.

The network is small; weights and images come from `noise`, which the tests compute again.

Made with torch 2.11.0 (CPU), safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

GROUP = 16
SHARPNESS = 4


def noise(size, key):
    """Values in [-1, 1) that depend on position and key, without any structure between neighbours."""
    count = 1
    for length in size:
        count *= length
    wave = torch.sin(torch.arange(count, dtype=torch.float64) * 12.9898 + key * 78.233) * 43758.5453
    return ((wave - wave.floor()) * 2 - 1).reshape(size).float()


def fill(module, keys_from):
    """Parameters by the order of their names: matrices and kernels within 1/sqrt(fan_in), the rest near 0 or 1."""
    with torch.no_grad():
        for key, (name, value) in enumerate(sorted(module.named_parameters()), keys_from):
            draw = noise(value.shape, key)
            if value.dim() > 1:
                value.copy_(draw * (value[0].numel() ** -0.5) * 1.5)
            elif name.endswith("weight"):
                value.copy_(1 + 0.3 * draw)
            else:
                value.copy_(0.2 * draw)


def norm(channels):
    return nn.GroupNorm(channels // GROUP, channels, eps=1e-6)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1, self.conv1 = norm(channels), nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2, self.conv2 = norm(channels), nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


class Level(nn.Module):
    def __init__(self, inputs, outputs, blocks):
        super().__init__()
        self.down = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(outputs) for _ in range(blocks))

    def forward(self, x):
        x = self.down(x)
        for block in self.blocks:
            x = block(x)
        return x


class Classifier(nn.Module):
    def __init__(self, widths, blocks, objects, colors):
        super().__init__()
        self.levels = nn.ModuleList(Level(i, o, blocks) for i, o in zip([3, *widths], widths))
        self.norm_out = norm(widths[-1])
        self.presence, self.colors = (nn.Conv2d(widths[-1], n, 1) for n in (objects, colors))

    def forward(self, x):
        for level in self.levels:
            x = level(x)
        x = F.silu(self.norm_out(x))
        positions, colors = self.presence(x), self.colors(x).flatten(2)
        presence = positions.flatten(2)
        # The pooling of the paper, and the colours weighted by its gradient from autograd.
        seen = torch.log(torch.exp(SHARPNESS * presence).mean(dim=2)) / SHARPNESS
        weights = torch.stack(
            [torch.autograd.grad(seen[:, n].sum(), presence, create_graph=True)[0][:, n] for n in range(seen.shape[1])],
            dim=1,
        )
        return x.mean(dim=(2, 3)), seen, torch.einsum("bnp,bkp->bnk", weights, colors), positions


torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)
network = Classifier(widths=[16, 32], blocks=2, objects=3, colors=2)
fill(network, 0)
images = noise([2, 3, 16, 24], 1000)
features, presence, colors, positions = network(images)
loss = presence.square().mean() + (colors - 1).square().mean()
loss.backward()
golden = {"features": features, "presence": presence, "colors": colors, "positions": positions}
golden |= {f"gradient.{name}": value.grad for name, value in network.named_parameters() if "levels.0" in name}
save_file({name: value.detach().contiguous() for name, value in golden.items()}, "scene_classifier.safetensors")
