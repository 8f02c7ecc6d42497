"""Times sampling of token grids beside two loops in PyTorch, in turn, on the same machine.

    pip install torch==2.11.0
    python crates/vq-generate/benches/generate_peer.py

All three have 6 blocks of width 384 with 6 heads, and draw 256 ids of 1024 codes, in f32 on two threads.
`plain` reads all ids again for each, as minGPT's `generate` does; `cached` keeps keys and values in room for all of them
and reads one id at a time. On a machine with other load, only ratios within a round are meaningful.

The floor is what it takes to read the weights once for each id, with the bandwidth of a sum over as many weights.
"""

import argparse
import statistics
import subprocess
import time

import torch
import torch.nn.functional as F
from torch import nn

LAYERS, WIDTH, HEADS, CODES, LENGTH = 6, 384, 6, 1024, 256


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.output = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, keys=None, values=None, place=0):
        batch, length, _ = x.shape
        heads = (part.view(batch, length, HEADS, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        q, k, v = heads
        if keys is None:
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            keys[:, :, place : place + 1] = k
            values[:, :, place : place + 1] = v
            seen = F.scaled_dot_product_attention(q, keys[:, :, : place + 1], values[:, :, : place + 1])
        x = x + self.output(seen.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.randn(WIDTH) * 0.02)
        self.positions = nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.02)
        self.codes = nn.Embedding(CODES, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CODES)

    def draw(self, x):
        return torch.multinomial(self.head(self.norm(x[:, -1])).softmax(-1), 1)

    @torch.no_grad()
    def plain(self, batch):
        ids = torch.zeros(batch, 0, dtype=torch.int64)
        for place in range(LENGTH):
            x = torch.cat([self.start.expand(batch, 1, -1), self.codes(ids)], 1) + self.positions[: place + 1]
            for block in self.blocks:
                x = block(x)
            ids = torch.cat([ids, self.draw(x)], 1)
        return ids

    @torch.no_grad()
    def cached(self, batch):
        size = (batch, HEADS, LENGTH, WIDTH // HEADS)
        rooms = [(torch.empty(size), torch.empty(size)) for _ in self.blocks]
        ids = torch.zeros(batch, 0, dtype=torch.int64)
        for place in range(LENGTH):
            content = self.codes(ids[:, -1:]) if place else self.start.expand(batch, 1, -1)
            x = content + self.positions[place]
            for block, (keys, values) in zip(self.blocks, rooms):
                x = block(x, keys, values, place)
            ids = torch.cat([ids, self.draw(x)], 1)
        return ids


def milliseconds(make):
    start = time.perf_counter()
    make()
    return (time.perf_counter() - start) * 1e3


def ours(binary, batch, repetitions, threads):
    command = [*binary, str(batch), str(repetitions), str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return min(float(line) for line in done.stdout.split())


def floor(model, repetitions):
    """Milliseconds to read the weights that an id needs, 256 times, and their bytes."""
    count = sum(p.numel() for name, p in model.named_parameters() if name not in ("positions", "codes.weight"))
    weights = torch.randn(count)
    times = [milliseconds(lambda: weights.sum()) for _ in range(20 * repetitions)]
    return min(times) * LENGTH, 4 * count


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--repetitions", type=int, default=3, help="of ours and of the cached loop, in a round")
    arguments.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--binary", help="the built bench; else cargo builds and runs it")
    options = arguments.parse_args()
    bench = ["cargo", "bench", "--quiet", "-p", "vq-generate", "--bench", "generate", "--"]
    binary = [options.binary] if options.binary else bench
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = Transformer().eval()
    print(f"torch {torch.__version__}, {options.threads} threads")
    print("| batch | vq-generate ms | cached ms | plain ms | floor ms | cached / ours | plain / ours | ours / floor |")
    print("|---|---|---|---|---|---|---|---|")
    for batch in options.batches:
        model.cached(batch)
        rounds = []
        for _ in range(options.rounds):
            mine = ours(binary, batch, options.repetitions, options.threads)
            cached = min(milliseconds(lambda: model.cached(batch)) for _ in range(options.repetitions))
            plain = milliseconds(lambda: model.plain(batch))
            least, size = floor(model, options.repetitions)
            rounds.append((mine, cached, plain, least, cached / mine, plain / mine, mine / least))
        cells = [statistics.median(column) for column in zip(*rounds)]
        figures = " | ".join(f"{cell:.0f}" for cell in cells[:4]) + " | " + " | ".join(f"{cell:.2f}" for cell in cells[4:])
        print(f"| {batch} | {figures} |", flush=True)
    print(f"weights of an id: {size / 1e6:.1f} MB, read at {size * LENGTH / least / 1e6:.1f} GB/s")


if __name__ == "__main__":
    main()
