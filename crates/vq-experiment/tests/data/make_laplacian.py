"""Writes laplacian.safetensors: the L1 distance of Laplacian pyramids, with its gradient.

Both pyramids are built, with a dense filter and an expansion written out for even and odd pixels: another way than the
crate's.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
AXIS = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=torch.float64) / 16
FILTER = torch.outer(AXIS, AXIS)[None, None]


def reduce(image):
    return F.conv2d(F.pad(image, [2] * 4, mode="reflect"), FILTER, stride=2)


def expand(half, height, width):
    """Even pixels weigh three of the half's, odd ones two; past the end, what the reflection of the whole would show."""

    def along(half, size, axis):
        half = half.movedim(axis, -1)
        after = half[..., -1:] if size % 2 == 0 else half[..., -2:-1]
        padded = torch.cat([half[..., 1:2], half, after], -1)
        even = (padded[..., :-2] + 6 * padded[..., 1:-1] + padded[..., 2:]) / 8
        odd = (padded[..., 1:-1] + padded[..., 2:]) / 2
        return torch.stack([even, odd], -1).flatten(-2)[..., :size].movedim(-1, axis)

    return along(along(half, height, 2), width, 3)


def pyramid(image):
    levels = []
    while len(levels) < 5 and min(image.shape[2:]) >= 8:
        half = reduce(image)
        levels.append(image - expand(half, *image.shape[2:]))
        image = half
    return levels + [image]


golden = {}
for height, width, levels in [(8, 11, 2), (33, 26, 3), (64, 70, 5)]:
    images = torch.randn(1, 1, height, width, dtype=torch.float64).float().double().requires_grad_()
    references = torch.rand(1, 1, height, width, dtype=torch.float64).float().double()
    pairs = list(zip(pyramid(images), pyramid(references)))
    assert len(pairs) == levels
    distance = sum((ours - theirs).abs().mean() for ours, theirs in pairs)
    distance.backward()
    golden |= {
        f"{height}.images": images.detach().float(),
        f"{height}.references": references.float(),
        f"{height}.distance": distance.detach(),
        f"{height}.gradient": images.grad.float(),
    }
save_file(golden, "laplacian.safetensors")
