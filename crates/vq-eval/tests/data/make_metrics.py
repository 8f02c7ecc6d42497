"""Writes metrics.safetensors: scikit-image's PSNR and SSIM of a few image pairs.

Made with torch 2.11.0, scikit-image 0.26.0, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

torch.manual_seed(0)
images = torch.rand(3, 3, 24, 20) * 2 - 1
smooth = torch.nn.functional.avg_pool2d(images, 5, 1, 2)
references = (smooth + torch.randn_like(smooth) * 0.05).clamp(-1, 1)
pairs = [(a.double().numpy(), b.double().numpy()) for a, b in zip(images, references)]
psnr = [peak_signal_noise_ratio(b, a, data_range=2) for a, b in pairs]
ssim = [
    structural_similarity(
        a, b, data_range=2, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    for a, b in pairs
]
save_file(
    {
        "images": images,
        "references": references,
        "psnr": torch.tensor(psnr, dtype=torch.float64),
        "ssim": torch.tensor(ssim, dtype=torch.float64),
    },
    "metrics.safetensors",
)
