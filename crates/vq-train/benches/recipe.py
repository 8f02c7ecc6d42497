"""Times our training step beside VQGAN's published one in plain PyTorch, and beside the same without its waste.

    pip install torch==2.11.0
    python crates/vq-train/benches/recipe.py --phase after --threads 2

Variants, each in a process of its own, so that the peak of memory (VmHWM) is its own:

recipe      as taming-transformers trains: one forward pass for each of the two optimizers, discriminator and adaptive
            weight always computed, also before they count, `x * sigmoid(x)`, attention by two matrix products, f32,
            Adam as torch runs it by default. Weights of the other optimizer's networks take no gradient, as Lightning
            toggles them.
lean        one forward pass for both optimizers; discriminator and adaptive weight only once they count; gradients of
            the losses stop at the reconstruction, are weighed there, and go back through the decoder once; silu, fused
            attention, fused Adam.
lean-bf16   lean, with encoder, decoder, discriminator and LPIPS under autocast to bfloat16.
vqct        our trainer, `recipe.rs` beside this file, in f32: loading of images, guards and log included.
vqct-bf16   the same with `train.precision = "bf16"`.

Figures are of steps: images per second by the median, median and least time, and least CPU time of all threads, which
other processes disturb less than they do the clock; of ours, mean CPU time. With several threads it counts their
waiting for each other too.

A step trains on a batch of smooth random images. LPIPS has random weights, which changes no time; it is left out unless
asked for. `--part autoencoder` times forward and backward of encoder and decoder alone, as
`cargo bench -p vq-model --bench autoencoder` does.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

OURS = {"vqct": "f32", "vqct-bf16": "bf16"}
VARIANTS = ["recipe", "lean", "lean-bf16", *OURS]
BETA = 0.25


def peak_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class Act(nn.Module):
    """Norm and swish, as the variant has it."""

    def __init__(self, channels, lean):
        super().__init__()
        self.norm, self.swish = nn.GroupNorm(32, channels, eps=1e-6), nn.SiLU() if lean else Swish()

    def forward(self, x):
        return self.swish(self.norm(x))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, lean):
        super().__init__()
        self.act1, self.conv1 = Act(inputs, lean), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.act2, self.conv2 = Act(outputs, lean), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        return self.shortcut(x) + self.conv2(self.act2(self.conv1(self.act1(x))))


class Attention(nn.Module):
    def __init__(self, channels, lean):
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.q, self.k, self.v, self.out = (nn.Conv2d(channels, channels, 1) for _ in range(4))
        self.lean = lean

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (conv(h).flatten(2) for conv in (self.q, self.k, self.v))
        if self.lean:
            rows = (t.transpose(1, 2).unsqueeze(1) for t in (q, k, v))
            h = F.scaled_dot_product_attention(*rows).squeeze(1).transpose(1, 2)
        else:
            weights = torch.softmax(torch.bmm(q.permute(0, 2, 1), k) * q.shape[1] ** -0.5, dim=2)
            h = torch.bmm(v, weights.permute(0, 2, 1))
        return x + self.out(h.reshape(x.shape))


class Down(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def encoder(options, lean):
    layers, width, side = [nn.Conv2d(3, options.ch, 3, padding=1)], options.ch, options.size
    for i, m in enumerate(options.mult):
        for _ in range(options.blocks):
            layers.append(Residual(width, options.ch * m, lean))
            width = options.ch * m
            if side in options.attention:
                layers.append(Attention(width, lean))
        if i + 1 < len(options.mult):
            layers.append(Down(width))
            side //= 2
    layers += [Residual(width, width, lean), Attention(width, lean), Residual(width, width, lean)]
    return nn.Sequential(*layers, Act(width, lean), nn.Conv2d(width, options.z, 3, padding=1))


def decoder(options, lean):
    width, side = options.ch * options.mult[-1], options.size >> (len(options.mult) - 1)
    layers = [nn.Conv2d(options.z, width, 3, padding=1)]
    layers += [Residual(width, width, lean), Attention(width, lean), Residual(width, width, lean)]
    for i, m in reversed(list(enumerate(options.mult))):
        for _ in range(options.blocks + 1):
            layers.append(Residual(width, options.ch * m, lean))
            width = options.ch * m
            if side in options.attention:
                layers.append(Attention(width, lean))
        if i > 0:
            layers.append(Up(width))
            side *= 2
    return nn.Sequential(*layers, Act(width, lean), nn.Conv2d(width, 3, 3, padding=1))


class Autoencoder(nn.Module):
    def __init__(self, options, lean):
        super().__init__()
        self.encoder, self.decoder = encoder(options, lean), decoder(options, lean)
        self.quant_conv, self.post_quant_conv = nn.Conv2d(options.z, options.z, 1), nn.Conv2d(options.z, options.z, 1)
        self.codes = nn.Embedding(options.codes, options.z)
        nn.init.uniform_(self.codes.weight, -1 / options.codes, 1 / options.codes)

    def quantize(self, z):
        """taming's `VectorQuantizer2`: the N x K distances, argmin, straight-through."""
        rows = z.permute(0, 2, 3, 1).contiguous()
        flat, codes = rows.view(-1, rows.shape[-1]), self.codes.weight
        distances = (flat**2).sum(1, keepdim=True) + (codes**2).sum(1) - 2 * flat @ codes.t()
        chosen = self.codes(distances.argmin(1)).view(rows.shape)
        loss = BETA * ((chosen.detach() - rows) ** 2).mean() + ((chosen - rows.detach()) ** 2).mean()
        return (rows + (chosen - rows).detach()).permute(0, 3, 1, 2).contiguous(), loss

    def forward(self, x):
        z = self.quant_conv(self.encoder(x))
        with torch.autocast("cpu", enabled=False):
            codes, loss = self.quantize(z.float())
        return self.decoder(self.post_quant_conv(codes)).float(), loss


def discriminator(filters=64, layers=3):
    main, width = [nn.Conv2d(3, filters, 4, 2, 1), nn.LeakyReLU(0.2, True)], filters
    for n in range(1, layers + 1):
        wider = filters * min(2**n, 8)
        main += [nn.Conv2d(width, wider, 4, 2 if n < layers else 1, 1, bias=False), nn.BatchNorm2d(wider)]
        main.append(nn.LeakyReLU(0.2, True))
        width = wider
    return nn.Sequential(*main, nn.Conv2d(width, 1, 4, 1, 1))


class Lpips(nn.Module):
    """VGG16 up to relu5_3, five maps, unit length over channels, squared differences, weighted means."""

    def __init__(self):
        super().__init__()
        widths, inputs, self.stages = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 3, nn.ModuleList()
        for number, (width, depth) in enumerate(widths):
            layers = [] if number == 0 else [nn.MaxPool2d(2)]
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(True)]
                inputs = width
            self.stages.append(nn.Sequential(*layers))
        self.heads = nn.ModuleList(nn.Conv2d(width, 1, 1, bias=False) for width, _ in widths)
        self.requires_grad_(False)

    def features(self, x):
        maps, h = [], (x + 0.06) / 0.45
        for stage in self.stages:
            h = stage(h)
            maps.append(h / (h.float().square().sum(1, keepdim=True).sqrt() + 1e-10))
        return maps

    def forward(self, ours, theirs):
        return sum(head((a - b) ** 2).mean() for head, a, b in zip(self.heads, ours, theirs))


def adaptive_weight(nll_gradient, g_gradient):
    return (nll_gradient.norm() / (g_gradient.norm() + 1e-4)).clamp(0.0, 1e4).detach() * 0.8


def hinge(real, fake):
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())


class Recipe:
    """The step of taming-transformers."""

    def __init__(self, options):
        self.model, self.critic = Autoencoder(options, lean=False), discriminator()
        self.lpips = Lpips() if options.lpips else None
        self.factor = 1.0 if options.phase == "after" else 0.0
        self.adams = [torch.optim.Adam(net.parameters(), options.rate, (0.5, 0.9)) for net in (self.model, self.critic)]

    def nll(self, x, made):
        loss = (x - made).abs()
        if self.lpips is not None:
            loss = loss + self.lpips(self.lpips.features(made), self.lpips.features(x))
        return loss.mean()

    def toggle(self, which):
        self.model.requires_grad_(which == 0)
        self.critic.requires_grad_(which == 1)

    def step(self, x):
        self.toggle(0)
        made, codebook_loss = self.model(x)
        nll, g_loss = self.nll(x, made), -self.critic(made).mean()
        last = self.model.decoder[-1].weight
        (nll_gradient,) = torch.autograd.grad(nll, last, retain_graph=True)
        (g_gradient,) = torch.autograd.grad(g_loss, last, retain_graph=True)
        loss = nll + adaptive_weight(nll_gradient, g_gradient) * self.factor * g_loss + codebook_loss
        self.adams[0].zero_grad()
        loss.backward()
        self.adams[0].step()

        self.toggle(1)
        made, _ = self.model(x)
        self.nll(x, made)  # taming computes it here too, and drops it
        d_loss = self.factor * hinge(self.critic(x), self.critic(made.detach()))
        self.adams[1].zero_grad()
        d_loss.backward()
        self.adams[1].step()
        return loss


class Lean:
    """The same losses and gradients from one forward pass."""

    def __init__(self, options, bf16):
        self.model, self.critic = Autoencoder(options, lean=True), discriminator()
        self.lpips = Lpips() if options.lpips else None
        self.adversarial = options.phase == "after"
        self.cast = torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext()
        adam = lambda net: torch.optim.Adam(net.parameters(), options.rate, (0.5, 0.9), fused=True)
        self.adams = [adam(self.model), adam(self.critic)]

    def nll(self, x, made):
        loss = (x - made).abs().mean()
        if self.lpips is None:
            return loss
        with torch.no_grad(), self.cast:
            theirs = self.lpips.features(x)
        with self.cast:
            return loss + self.lpips(self.lpips.features(made), theirs).float()

    def step(self, x):
        with self.cast:
            last_input = self.model.decoder[-1].register_forward_hook(self.keep)
            made, codebook_loss = self.model(x)
            last_input.remove()
        leaf = made.detach().requires_grad_()
        nll = self.nll(x, leaf)
        (gradient,) = torch.autograd.grad(nll, leaf)
        loss = nll.detach() + codebook_loss
        if self.adversarial:
            with self.cast:
                real, fake = self.critic(x).float(), self.critic(leaf).float()
            (g_gradient,) = torch.autograd.grad(-fake.mean(), leaf, retain_graph=True)
            weight = adaptive_weight(self.at_last(gradient), self.at_last(g_gradient))
            gradient = gradient + weight * g_gradient
            self.adams[1].zero_grad()
            hinge(real, fake).backward(inputs=list(self.critic.parameters()))
        self.adams[0].zero_grad()
        torch.autograd.backward([made, codebook_loss], [gradient, None])
        self.adams[0].step()
        if self.adversarial:
            self.adams[1].step()
        return loss

    def keep(self, _module, inputs, _output):
        self.last_input = inputs[0].detach()

    def at_last(self, gradient):
        """Gradient at the last convolution's weight, of one at its output."""
        size = self.model.decoder[-1].weight.shape
        return nn.grad.conv2d_weight(self.last_input, size, gradient.to(self.last_input.dtype), padding=1).float()


class AutoencoderOnly:
    def __init__(self, options, lean, bf16):
        self.encoder, self.decoder = encoder(options, lean), decoder(options, lean)
        self.cast = torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext()

    def step(self, x):
        self.encoder.zero_grad()
        self.decoder.zero_grad()
        with self.cast:
            made = self.decoder(self.encoder(x)).float()
        loss = (made - x).abs().mean()
        loss.backward()
        return loss


def build(options):
    lean, bf16 = options.variant != "recipe", options.variant == "lean-bf16"
    if options.part == "autoencoder":
        return AutoencoderOnly(options, lean, bf16)
    return Lean(options, bf16) if lean else Recipe(options)


def images(options):
    coarse = torch.rand(options.batch, 3, max(options.size // 8, 1), max(options.size // 8, 1))
    return F.interpolate(coarse, size=options.size, mode="bilinear").mul(2).sub(1)


def measure(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    trainer, times, cpu = build(options), [], []
    for number in range(options.warmup + options.steps):
        x = images(options)
        start, busy = time.perf_counter(), time.process_time()
        loss = trainer.step(x)
        if number >= options.warmup:
            times.append(time.perf_counter() - start)
            cpu.append(time.process_time() - busy)
        if not torch.isfinite(loss):
            raise SystemExit(f"{options.variant}: expected a finite loss at step {number}, got {loss.item()}")
    middle = statistics.median(times)
    milliseconds = " ".join(f"{seconds * 1e3:.1f}" for seconds in [middle, min(times), min(cpu)])
    print(f"{options.batch / middle:.2f} {milliseconds} {peak_mib():.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    parser.add_argument("--phase", choices=["before", "after"], default="after", help="discriminator's start")
    parser.add_argument("--part", choices=["step", "autoencoder"], default="step")
    parser.add_argument("--lpips", action="store_true")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="times that the variants run in turn")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--ch", type=int, default=32)
    parser.add_argument("--mult", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--attention", type=int, nargs="*", default=[16], help="sides of maps with attention")
    parser.add_argument("--z", type=int, default=64)
    parser.add_argument("--codes", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=7.2e-5)
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    shape = ["batch", "size", "ch", "mult", "blocks", "attention", "z", "codes", "rate", "lpips", "part"]
    if set(options.variants) & set(OURS) and any(getattr(options, key) != parser.get_default(key) for key in shape):
        parser.error(f"{' and '.join(OURS)} have the default shape alone: leave them out with --variants")
    if options.variant:
        measure(options)
        return
    lpips = "with" if options.lpips else "without"
    print(f"torch {torch.__version__}, {options.threads} threads, {options.part}, {options.phase} start, {lpips} LPIPS")
    print("| variant | images/s | median ms | least ms | least CPU ms | peak MiB |")
    print("|---|---|---|---|---|---|")
    for _ in range(options.rounds):
        for variant in options.variants:
            command = [sys.executable, __file__, "--variant", variant, *sys.argv[1:]]
            if variant in OURS:
                command = ["cargo", "bench", "--quiet", "-p", "vq-train", "--bench", "recipe", "--", options.phase]
                command += [OURS[variant], str(options.steps), str(options.warmup), str(options.threads)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print("|", variant, "|", " | ".join(done.stdout.split()), "|", flush=True)


if __name__ == "__main__":
    main()
