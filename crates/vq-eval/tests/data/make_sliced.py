"""Writes sliced.json: sliced Wasserstein distances in NumPy and SciPy, after Karras et al. 2018 (arXiv 1710.10196).

The images are not stored: both sides compute them from whole numbers alone.
So they do with patches and directions: `Stream` is the ChaCha8 of the crate `rand_chacha`.

Made with numpy 2.4.6, scipy 1.17.1. Run in this folder.
"""

import json

import numpy as np
from scipy.ndimage import convolve

SIDE = 7


class Stream:
    """ChaCha (Bernstein 2008) of 8 rounds, a key of 32 bytes and a counter of 64 bits from zero, read as u64."""

    def __init__(self, seed, purpose, count):
        key = seed.to_bytes(8, "little") + count.to_bytes(8, "little") + bytes([purpose]) + bytes(15)
        self.key = np.frombuffer(key, "<u4").astype(np.uint32)
        self.block, self.words = 0, []

    def more(self):
        constants = np.frombuffer(b"expand 32-byte k", "<u4").astype(np.uint32)
        counter = np.array([self.block & 0xFFFFFFFF, self.block >> 32, 0, 0], np.uint32)
        start = np.concatenate([constants, self.key, counter])
        state = [int(word) for word in start]
        quarters = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
        quarters += [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
        for a, b, c, d in quarters * 4:
            for x, y, z, turn in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                mixed = state[z] ^ state[x]
                state[z] = ((mixed << turn) | (mixed >> (32 - turn))) & 0xFFFFFFFF
        self.words += [(one + int(two)) & 0xFFFFFFFF for one, two in zip(state, start)]
        self.block += 1

    def u64(self):
        while len(self.words) < 2:
            self.more()
        low, high = self.words[:2]
        del self.words[:2]
        return low | high << 32

    def below(self, bound):
        return self.u64() * bound >> 64

    def normal(self):
        radius, angle = (((self.u64() >> 11) + 0.5) / 2**53 for _ in range(2))
        return np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)


def noise(shape, offset):
    """In -0.5..0.5, from whole numbers alone."""
    n = np.arange(offset, offset + np.prod(shape), dtype=np.int64)
    return (((n * n % 65521 * 31 + n * 17) % 65521) / 65521 - 0.5).reshape(shape)


def images(count, height, width, offset, grain):
    coarse = noise((count, 3, (height + 7) // 8, (width + 7) // 8), offset) * 2
    coarse = coarse.repeat(8, 2).repeat(8, 3)[:, :, :height, :width]
    return np.clip(coarse + noise((count, 3, height, width), offset + 7) * grain, -1, 1)


def pyramid(image):
    """Levels of `[3, H, W]`, finest first."""
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    smooth = lambda image, scale: np.stack([convolve(plane, weights * scale, mode="mirror") for plane in image])
    levels = []
    while min(image.shape[1:]) >= 32 and image.shape[1] % 2 == 0 and image.shape[2] % 2 == 0:
        half = smooth(image, 1)[:, ::2, ::2]
        wide = np.zeros_like(image)
        wide[:, ::2, ::2] = half
        levels.append(image - smooth(wide, 4))
        image = half
    return levels + [image]


def distances(ours, theirs, seed, patches, directions):
    sides = []
    for side in (ours, theirs):
        levels = None
        for index, image in enumerate(side):
            stream = Stream(seed, 2, index)
            parts = pyramid(image)
            levels = levels or [[] for _ in parts]
            for level, part in zip(levels, parts):
                for _ in range(patches):
                    row, column = stream.below(part.shape[1] - SIDE + 1), stream.below(part.shape[2] - SIDE + 1)
                    level.append(part[:, row : row + SIDE, column : column + SIDE])
        sides.append([np.stack(level) for level in levels])
    result = []
    for index, pair in enumerate(zip(*sides)):
        axes = (0, 2, 3)
        normal = [(level - level.mean(axes, keepdims=True)) / level.std(axes, keepdims=True) for level in pair]
        stream = Stream(seed, 3, index)
        along = np.array([[stream.normal() for _ in range(3 * SIDE * SIDE)] for _ in range(directions)])
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        ours, theirs = (np.sort(level.reshape(len(level), -1) @ along.T, axis=0) for level in normal)
        result.append(float(np.abs(ours - theirs).mean()))
    return result


cases = [(32, 48, 3, 5, 16, 20), (64, 64, 2, 0, 128, 512), (21, 16, 2, 1, 8, 10)]
golden = {}
for height, width, count, seed, patches, directions in cases:
    ours, theirs = images(count, height, width, 11, 0.8), images(count, height, width, 30011, 0.3)
    golden[f"{height}x{width}"] = distances(ours, theirs, seed, patches, directions)
with open("sliced.json", "w") as file:
    json.dump(golden, file, indent=2)
    file.write("\n")
