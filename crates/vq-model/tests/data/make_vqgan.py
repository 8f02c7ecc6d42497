"""Writes vqgan.safetensors and vqgan_imagenet_f16.txt: the networks of VQGAN in plain PyTorch.

The modules are written from the papers and from the layer list of taming-transformers: encoder and decoder of
arXiv 2012.09841, its patch discriminator, and one with torch's own spectral norm. The safetensors file holds outputs
and gradients; weights and inputs come from `noise`, which the tests compute again. The text file lists names and
shapes of the public checkpoint `vqgan_imagenet_f16_1024`, as the modules of that size have them.

Made with torch 2.11.0 (CPU), safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

torch.use_deterministic_algorithms(True)
torch.set_num_threads(1)


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
    return nn.GroupNorm(32, channels, eps=1e-6)


def swish(x):
    return x * torch.sigmoid(x)


class ResnetBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(swish(self.norm1(x)))
        h = self.conv2(swish(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class AttnBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (conv(h).flatten(2) for conv in (self.q, self.k, self.v))
        weights = torch.softmax(torch.einsum("bci,bcj->bij", q, k) * q.shape[1] ** -0.5, dim=2)
        return x + self.proj_out(torch.einsum("bij,bcj->bci", weights, v).view_as(x))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(x.repeat_interleave(2, 2).repeat_interleave(2, 3))


def middle(channels):
    return nn.ModuleDict({
        "block_1": ResnetBlock(channels, channels),
        "attn_1": AttnBlock(channels),
        "block_2": ResnetBlock(channels, channels),
    })


def level(inputs, outputs, blocks, attends):
    return nn.ModuleDict({
        "block": nn.ModuleList(ResnetBlock(inputs if j == 0 else outputs, outputs) for j in range(blocks)),
        "attn": nn.ModuleList(AttnBlock(outputs) for _ in range(blocks if attends else 0)),
    })


def through(parts, h):
    for j, block in enumerate(parts["block"]):
        h = block(h)
        if len(parts["attn"]):
            h = parts["attn"][j](h)
    return h


def between(mid, h):
    return mid["block_2"](mid["attn_1"](mid["block_1"](h)))


class Encoder(nn.Module):
    def __init__(self, ch, mult, blocks, attn_resolutions, resolution, z):
        super().__init__()
        self.conv_in = nn.Conv2d(3, ch, 3, padding=1)
        self.down = nn.ModuleList()
        width = ch
        for i, m in enumerate(mult):
            down = level(width, ch * m, blocks, resolution in attn_resolutions)
            width = ch * m
            if i + 1 < len(mult):
                down["downsample"] = Downsample(width)
                resolution //= 2
            self.down.append(down)
        self.mid = middle(width)
        self.norm_out, self.conv_out = norm(width), nn.Conv2d(width, z, 3, padding=1)

    def forward(self, x):
        h = self.conv_in(x)
        for down in self.down:
            h = through(down, h)
            if "downsample" in down:
                h = down["downsample"](h)
        return self.conv_out(swish(self.norm_out(between(self.mid, h))))


class Decoder(nn.Module):
    def __init__(self, ch, mult, blocks, attn_resolutions, resolution, z):
        super().__init__()
        width = ch * mult[-1]
        resolution //= 2 ** (len(mult) - 1)
        self.conv_in = nn.Conv2d(z, width, 3, padding=1)
        self.mid = middle(width)
        ups = []
        for i in reversed(range(len(mult))):
            up = level(width, ch * mult[i], blocks + 1, resolution in attn_resolutions)
            width = ch * mult[i]
            if i > 0:
                up["upsample"] = Upsample(width)
                resolution *= 2
            ups.insert(0, up)
        self.up = nn.ModuleList(ups)
        self.norm_out, self.conv_out = norm(width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z):
        h = between(self.mid, self.conv_in(z))
        for up in reversed(self.up):
            h = through(up, h)
            if "upsample" in up:
                h = up["upsample"](h)
        return self.conv_out(swish(self.norm_out(h)))


def discriminator(filters, layers, wrap, normalize):
    """taming's NLayerDiscriminator: `wrap` around each convolution, `normalize` after the inner ones."""
    act = lambda: nn.LeakyReLU(0.2)
    main, width = [wrap(nn.Conv2d(3, filters, 4, 2, 1)), act()], filters
    for n in range(1, layers + 1):
        wider, stride = filters * min(2**n, 8), 2 if n < layers else 1
        main.append(wrap(nn.Conv2d(width, wider, 4, stride, 1, bias=normalize is None)))
        main += [act()] if normalize is None else [normalize(wider), act()]
        width = wider
    main.append(wrap(nn.Conv2d(width, 1, 4, 1, 1)))
    return nn.Sequential(*main)


class Patch(nn.Module):
    def __init__(self, filters, layers):
        super().__init__()
        self.main = discriminator(filters, layers, lambda conv: conv, nn.BatchNorm2d)

    def forward(self, x):
        return self.main(x)


class Spectral(nn.Module):
    def __init__(self, filters, layers):
        super().__init__()
        self.main = discriminator(filters, layers, spectral_norm, None)

    def forward(self, x):
        return self.main(x)


def record(tensors, label, module, x, named):
    """Output, gradients to the input and to `named`, and of every parameter's gradient its norm and one projection."""
    x = x.requires_grad_()
    y = module(x)
    (y * noise(y.shape, 900)).sum().backward()
    summary = [
        torch.stack([p.grad.norm(), (p.grad * noise(p.shape, 901)).sum()]) for _, p in sorted(module.named_parameters())
    ]
    tensors |= {f"{label}.output": y, f"{label}.input.grad": x.grad, f"{label}.grads": torch.stack(summary)}
    parameters = dict(module.named_parameters())
    tensors |= {f"{label}.{name}.grad": parameters[name].grad for name in named}


tensors = {}
shape = dict(ch=32, mult=(1, 2), blocks=1, attn_resolutions=(8,), resolution=16, z=4)

encoder = Encoder(**shape)
fill(encoder, 0)
named = ["conv_in.weight", "down.0.downsample.conv.bias", "down.1.attn.0.norm.weight", "conv_out.weight"]
record(tensors, "encoder", encoder, noise((2, 3, 12, 16), 800), named)

# More positions than those for which attention computes its matrix: gradients of the parameters, and norm and projection of the rest.
wide = Encoder(ch=32, mult=(1,), blocks=1, attn_resolutions=(), resolution=16, z=4)
fill(wide, 100)
x = noise((1, 3, 36, 32), 804)
record(tensors, "wide", wide, x, ["mid.attn_1.q.weight", "mid.attn_1.proj_out.weight", "mid.attn_1.norm.weight"])
for name, key in [("output", 902), ("input.grad", 903)]:
    value = tensors[f"wide.{name}"]
    tensors[f"wide.{name}"] = torch.stack([value.norm(), (value * noise(value.shape, key)).sum()])

decoder = Decoder(**shape)
fill(decoder, 200)
named = ["conv_in.weight", "mid.attn_1.q.bias", "up.1.upsample.conv.bias", "conv_out.weight"]
record(tensors, "decoder", decoder, noise((2, 4, 6, 8), 801), named)

patch = Patch(filters=8, layers=3)
fill(patch, 400)
record(tensors, "patch", patch, noise((2, 3, 40, 32), 802), ["main.0.weight", "main.3.weight", "main.11.weight"])
tensors |= {f"patch.{name}": value for name, value in patch.named_buffers() if "running" in name}
tensors["patch.eval"] = patch.eval()(noise((1, 3, 40, 32), 803))

spectral = Spectral(filters=8, layers=3)
fill(spectral, 600)
with torch.no_grad():
    for key, (name, value) in enumerate(sorted(spectral.named_buffers()), 700):
        value.copy_(F.normalize(noise(value.shape, key), dim=0))
named = ["main.0.parametrizations.weight.original", "main.8.parametrizations.weight.original"]
record(tensors, "spectral", spectral, noise((2, 3, 40, 32), 802), named)
tensors |= {f"spectral.{name}": value for name, value in spectral.named_buffers()}
tensors["spectral.eval"] = spectral.eval()(noise((1, 3, 40, 32), 803))

# Patches of 2x2 pixels as channels.
folded = Encoder(ch=32, mult=(1,), blocks=1, attn_resolutions=(), resolution=16, z=4)
folded.conv_in = nn.Conv2d(12, 32, 3, padding=1)
fill(folded, 300)
folded.forward = lambda x, forward=folded.forward: forward(F.pixel_unshuffle(x, 2))
record(tensors, "folded", folded, noise((1, 3, 8, 12), 805), ["conv_in.weight", "conv_out.bias"])

unfolded = Decoder(ch=32, mult=(1,), blocks=1, attn_resolutions=(), resolution=16, z=4)
unfolded.conv_out = nn.Conv2d(32, 12, 3, padding=1)
fill(unfolded, 350)
unfolded.forward = lambda z, forward=unfolded.forward: F.pixel_shuffle(forward(z), 2)
record(tensors, "unfolded", unfolded, noise((1, 4, 4, 6), 806), ["conv_in.weight", "conv_out.weight"])

save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, "vqgan.safetensors")

with torch.device("meta"):
    f16 = nn.ModuleDict({
        "encoder": Encoder(128, (1, 1, 2, 2, 4), 2, (16,), 256, 256),
        "decoder": Decoder(128, (1, 1, 2, 2, 4), 2, (16,), 256, 256),
        "quant_conv": nn.Conv2d(256, 256, 1),
        "post_quant_conv": nn.Conv2d(256, 256, 1),
    })
with open("vqgan_imagenet_f16.txt", "w", encoding="ascii") as listing:
    for name, value in sorted(f16.state_dict().items()):
        print(name, *value.shape, file=listing)
