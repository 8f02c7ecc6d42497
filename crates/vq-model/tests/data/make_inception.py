"""Writes inception.txt, the names and shapes of the tensors of pytorch-fid's network, and inception.safetensors, its
features and logits, its weights drawn by a formula, on images that are resized as clean-fid does.

The weights are not stored: both sides compute them from whole numbers alone.

Made with torch 2.11.0, torchvision 0.26.0, pytorch-fid 0.3.0, clean-fid 0.1.35, numpy 2.4.6, pillow 13.0.0,
safetensors 0.8.0. Run in this folder.
"""

import unittest.mock

import numpy as np
import pytorch_fid.inception
import torch
from cleanfid.resize import build_resizer
from safetensors.torch import save_file


def noise(shape, offset):
    """In -0.5..0.5, from whole numbers alone."""
    n = torch.arange(offset, offset + torch.Size(shape).numel(), dtype=torch.int64)
    return ((((n * n) % 65521 * 31 + n * 17) % 65521).double() / 65521 - 0.5).view(shape).float()


def drawn(name, key, shape):
    """What keeps the size of numbers from layer to layer."""
    draw = noise(shape, key * 1000)
    match name.rsplit(".", 1)[1]:
        case "weight" if len(shape) > 1:
            # Variance 2 / fan_in, which ReLU keeps.
            return draw * (24 / torch.Size(shape[1:]).numel()) ** 0.5
        case "weight":
            return draw * 0.4 + 1
        case "running_var":
            return draw * 0.5 + 1
        case _:
            return draw * 0.2


# Replaces the file that pytorch-fid downloads, first by nothing and then by the drawn weights.
pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: None
with unittest.mock.patch.object(torch.nn.Module, "load_state_dict"):
    network = pytorch_fid.inception.fid_inception_v3().eval()
names = sorted(name for name in network.state_dict() if not name.endswith("num_batches_tracked"))
state = {name: drawn(name, key, network.state_dict()[name].shape) for key, name in enumerate(names)}
missing = network.load_state_dict(state, strict=False).missing_keys
assert all(name.endswith("num_batches_tracked") for name in missing), missing


def resized(images):
    """Images in [-1, 1] by clean-fid's rule, as levels."""
    levels = ((images.double() + 1) * 127.5).float().permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.stack([build_resizer("clean")(image) for image in levels])).permute(0, 3, 1, 2)


features = {}
network.avgpool.register_forward_hook(lambda _, __, output: features.update(last=output.flatten(1)))
images = noise((2, 3, 40, 56), 7) * 2
golden = {}
with torch.no_grad():
    golden["logits"] = network((resized(images) - 128) / 128)
    golden["features"] = features["last"].clone()
    network(resized(images) / 127.5 - 1)
    golden["symmetric"] = features["last"].clone()
print({name: (tensor.std().item(), tensor.abs().max().item()) for name, tensor in golden.items()})
print((golden["features"] - golden["symmetric"]).abs().max().item(), (golden["features"] == 0).float().mean().item())
for height, width in [(40, 56), (410, 320), (299, 77)]:
    coarse = noise((1, 3, (height + 15) // 16, (width + 15) // 16), 5) * 3
    image = coarse.repeat_interleave(16, 2).repeat_interleave(16, 3)[:, :, :height, :width].clamp(-1, 1)
    golden[f"{height}x{width}"] = (resized(image) / 127.5 - 1)[:, :, ::13, ::13].contiguous()
save_file(golden, "inception.safetensors")
with open("inception.txt", "w") as file:
    file.writelines(f"{name} {' '.join(map(str, state[name].shape))}\n" for name in names)
