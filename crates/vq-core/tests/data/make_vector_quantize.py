"""Writes vector_quantize.safetensors: what vector-quantize-pytorch does with given codes and latents.

Made with vector-quantize-pytorch 1.32.0, torch 2.11.0 (CPU), safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from vector_quantize_pytorch import ResidualVQ, SimVQ, VectorQuantize
from vector_quantize_pytorch.vector_quantize_pytorch import kmeans, orthogonal_loss_fn

SIZE, WIDTH = 12, 5
torch.manual_seed(0)
codes = torch.randn(SIZE, WIDTH)
latents = torch.randn(2, WIDTH, 3, 4)
upstream = torch.randn(2, WIDTH, 3, 4)
tensors = {"codes": codes, "latents": latents, "upstream": upstream}


def quantizer(codes, **options):
    options = {"rotation_trick": False, "commitment_weight": 0.25} | options
    module = VectorQuantize(WIDTH, len(codes), accept_image_fmap=True, **options)
    book = module._codebook
    start = torch.nn.functional.normalize(codes, dim=1) if book.use_cosine_sim else codes
    book.embed.data.copy_(start[None])
    book.embed_avg.copy_(start[None])
    return module


# One pass: codes, ids, loss, and the gradients of (codes * upstream).sum() + loss.
passes = {
    "l2": {},
    "rotation": {"rotation_trick": True},
    "cosine": {"use_cosine_sim": True},
    "learned": {"learnable_codebook": True, "ema_update": False, "commitment_weight": 1.0},
}
for name, options in passes.items():
    module = quantizer(codes, **options)
    z = latents.clone().requires_grad_()
    quantized, ids, loss = module(z)
    ((quantized * upstream).sum() + loss.sum()).backward()
    tensors |= {f"{name}.quantized": quantized, f"{name}.ids": ids, f"{name}.loss": loss.sum(), f"{name}.latents.grad": z.grad}
    if name == "learned":
        tensors["learned.codes.grad"] = module._codebook.embed.grad[0]

# Moving averages over several steps.
steps = torch.randn(5, 2, WIDTH, 3, 4)
tensors["ema.latents"] = steps
for name, options in {"l2": {}, "cosine": {"use_cosine_sim": True}}.items():
    module = quantizer(codes, decay=0.8, **options)
    found = {"ids": [], "codes": [], "sizes": []}
    for step in steps:
        found["ids"].append(module(step)[1])
        found["codes"].append(module._codebook.embed[0].clone())
        found["sizes"].append(module._codebook.cluster_size[0].clone())
    tensors |= {f"ema.{name}.{key}": torch.stack(values) for key, values in found.items()}

# K-means from given means.
samples, start = torch.randn(60, WIDTH), torch.randn(6, WIDTH)
tensors |= {"kmeans.samples": samples, "kmeans.start": start}
for name, cosine in {"l2": False, "cosine": True}.items():
    prepare = (lambda rows: torch.nn.functional.normalize(rows, dim=1)) if cosine else (lambda rows: rows)
    means, counts = kmeans(
        prepare(samples)[None], 6, num_iters=4, use_cosine_sim=cosine, sample_fn=lambda *_: prepare(start)[None]
    )
    tensors |= {f"kmeans.{name}.means": means[0], f"kmeans.{name}.counts": counts[0].float()}

# Residual stages: one step in training, on tokens [B, T, C] (with images, 1.32.0 fails).
books = torch.randn(3, SIZE, WIDTH) * torch.tensor([1.0, 0.5, 0.25]).view(3, 1, 1)
module = ResidualVQ(
    dim=WIDTH, num_quantizers=3, codebook_size=SIZE, rotation_trick=False, commitment_weight=0.25, decay=0.8
)
for layer, book in zip(module.layers, books):
    layer._codebook.embed.copy_(book[None])
    layer._codebook.embed_avg.copy_(book[None])
z = latents.clone().requires_grad_()
tokens, ids, losses = module(z.flatten(2).transpose(1, 2))
quantized = tokens.transpose(1, 2).view_as(z)
(codes_grad,) = torch.autograd.grad((quantized * upstream).sum(), z, retain_graph=True)
(loss_grad,) = torch.autograd.grad(losses.sum(), z)
tensors |= {
    "residual.books": books,
    "residual.quantized": quantized,
    "residual.ids": ids.view(2, 3, 4, 3),
    "residual.loss": losses.sum(),
    "residual.codes.latents.grad": codes_grad,
    "residual.loss.latents.grad": loss_grad,
    "residual.books.after": torch.stack([layer._codebook.embed[0] for layer in module.layers]),
}

# SimVQ.
for name, rotation in {"simvq": False, "simvq-rotation": True}.items():
    torch.manual_seed(1)
    module = SimVQ(dim=WIDTH, codebook_size=SIZE, channel_first=True, rotation_trick=rotation)
    z = latents.clone().requires_grad_()
    quantized, ids, loss = module(z)
    ((quantized * upstream).sum() + loss).backward()
    tensors |= {
        f"{name}.frozen": module.frozen_codebook,
        f"{name}.weight": module.code_transform.weight,
        f"{name}.quantized": quantized,
        f"{name}.ids": ids,
        f"{name}.loss": loss,
        f"{name}.latents.grad": z.grad,
        f"{name}.weight.grad": module.code_transform.weight.grad,
    }

tensors["orthogonality"] = orthogonal_loss_fn(codes[None])
save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, "vector_quantize.safetensors")
