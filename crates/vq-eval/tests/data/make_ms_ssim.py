"""Writes ms_ssim.safetensors: torchmetrics' MS-SSIM of image pairs that both sides draw by one formula.

Made with torch 2.11.0, torchmetrics 1.9.0, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as measure

BETAS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def noise(shape, offset):
    """In -0.5..0.5, from whole numbers alone."""
    n = torch.arange(offset, offset + torch.Size(shape).numel(), dtype=torch.int64)
    return ((((n * n) % 65521 * 31 + n * 17) % 65521).double() / 65521 - 0.5).view(shape)


def pair(batch, height, width):
    """Blocks of 8 pixels, and the same with noise; both reach beyond -1..1."""
    coarse = noise((batch, 3, -(-height // 8), -(-width // 8)), 1) * 2.4
    images = coarse.repeat_interleave(8, 2).repeat_interleave(8, 3)[..., :height, :width]
    return images + noise(images.shape, 7) * 0.6, images


golden = {}
for height, width, scales in [(176, 190, 5), (105, 120, 4), (44, 50, 3), (25, 22, 2), (11, 13, 1)]:
    images, references = pair(2, height, width)
    betas = torch.tensor(BETAS[:scales], dtype=torch.float64)
    betas = tuple((betas / betas.sum() * sum(BETAS)).tolist())
    # Clamped first: given a range as a pair, torchmetrics clamps each scale but halves what is not clamped.
    images, references = images.clamp(-1, 1), references.clamp(-1, 1)
    values = measure(images, references, data_range=2.0, betas=betas, reduction="none")
    golden[f"{height}x{width}"] = values
# Images opposite to their references: the first scale is negative and counts as zero.
references = pair(2, 44, 50)[1].clamp(-1, 1)
golden["opposed"] = measure(-references, references, data_range=2.0, betas=(0.2, 0.3, 0.5), reduction="none")
images, references = pair(2, 25, 22)
images, references = images * 0.4, references * 0.4
images.requires_grad_()
betas = torch.tensor(BETAS[:2], dtype=torch.float64)
betas = tuple((betas / betas.sum() * sum(BETAS)).tolist())
measure(images, references, data_range=2.0, betas=betas, normalize=None).backward()
golden["gradient"] = images.grad
save_file(golden, "ms_ssim.safetensors")
print({name: value.tolist() for name, value in golden.items() if name != "gradient"})
