"""Images per second of torchvision's ImageFolder and of ours, run in turn.

    python folder_peer.py BENCH FOLDER [ROUNDS]

BENCH is the binary that `cargo bench -p vq-data --bench folder --no-run` names, FOLDER holds folders of images.
Both make batches of 16 at 256x256, shuffled, with two workers; the peer's are started before the clock.
Compared with torch 2.11.0, torchvision 0.26.0, Pillow 13.0.0.
"""

import re
import statistics
import subprocess
import sys
import time

import torch
from torchvision import datasets, transforms

BATCH, WORKERS, EPOCHS = 16, 2, 3


def peer(folder: str) -> float:
    transform = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(256), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
    )
    loader = torch.utils.data.DataLoader(
        datasets.ImageFolder(folder, transform),
        BATCH,
        shuffle=True,
        num_workers=WORKERS,
        persistent_workers=True,
        drop_last=True,
    )
    for _ in loader:
        pass
    begun = time.perf_counter()
    images = sum(len(batch) for _ in range(EPOCHS) for batch, _ in loader)
    return images / (time.perf_counter() - begun)


def ours(bench: str, folder: str) -> float:
    said = subprocess.run([bench, folder, str(WORKERS), str(EPOCHS)], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"(\d+) images/s", said)[1])


def main() -> None:
    bench, folder = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    ratios = []
    for _ in range(rounds):
        mine, theirs = ours(bench, folder), peer(folder)
        ratios.append(mine / theirs)
        print(f"ours {mine:6.0f} images/s, torchvision {theirs:6.0f}, ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
