"""Times a training step of the EMA quantizer and of vector-quantize-pytorch, alternating, on the same machine.

    pip install torch==2.11.0 vector-quantize-pytorch==1.32.0
    python crates/vq-core/benches/training_step.py

A step is: forward in training mode on latents [B, D, 32, 32], loss, backward to the latents, EMA update.
Both use the default number of threads of torch. The figure of each side is the median step of its fastest round.
"""

import argparse
import statistics
import subprocess
import time

import torch
from vector_quantize_pytorch import VectorQuantize

SHAPES = [(4096, 16384, 256), (16384, 16384, 8)]
GOALS = [5, 15]
SIDE = 32


def theirs(n: int, size: int, width: int, steps: int) -> float:
    quantizer = VectorQuantize(dim=width, codebook_size=size, decay=0.8, commitment_weight=0.25, accept_image_fmap=True)
    quantizer.train()
    with torch.no_grad():
        quantizer._codebook.embed.normal_()
        quantizer._codebook.embed_avg.copy_(quantizer._codebook.embed)
    times = []
    for _ in range(steps + 1):
        latents = torch.randn(n // SIDE**2, width, SIDE, SIDE, requires_grad=True)
        start = time.perf_counter()
        codes, _, loss = quantizer(latents)
        (codes.square().mean() + loss.sum()).backward()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[1:])


def ours(n: int, size: int, width: int, steps: int) -> float:
    command = ["cargo", "bench", "--quiet", "-p", "vq-core", "--bench", "training_step", "--"]
    done = subprocess.run([*command, *map(str, (n, size, width, steps))], check=True, capture_output=True, text=True)
    milliseconds, rest = done.stdout.split(" ms with ")
    threads = int(rest.split()[0])
    if threads != torch.get_num_threads():
        raise SystemExit(f"vq-core ran on {threads} threads, torch runs on {torch.get_num_threads()}")
    return float(milliseconds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--steps", type=int, default=5)
    options = arguments.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("| N | K | D | vq-core ms | vector-quantize-pytorch ms | times faster | goal |")
    print("|---|---|---|---|---|---|---|")
    for (n, size, width), goal in zip(SHAPES, GOALS):
        rounds = [(ours(n, size, width, options.steps), theirs(n, size, width, options.steps)) for _ in range(options.rounds)]
        mine, other = (min(times) for times in zip(*rounds))
        print(f"| {n} | {size} | {width} | {mine:.1f} | {other:.1f} | {other / mine:.1f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
