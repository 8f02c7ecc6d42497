"""Writes adversary.safetensors: losses and gradients of a small generator and a small discriminator (critic).

The losses are those of taming-transformers' `VQLPIPSWithDiscriminator` and of the papers of LeCAM and R1.

Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
golden = {
    "hidden": torch.randn(2, 4, 8, 8),
    "images": torch.rand(2, 3, 8, 8) * 2 - 1,
    "generator.first": torch.randn(4, 4, 3, 3) * 0.2,
    "generator.last": torch.randn(3, 4, 3, 3) * 0.2,
    "critic.first.weight": torch.randn(4, 3, 4, 4) * 0.3,
    "critic.first.bias": torch.randn(4) * 0.1,
    "critic.second.weight": torch.randn(1, 4, 3, 3) * 0.4,
    "critic.second.bias": torch.randn(1) * 0.1,
}
CRITIC = [name for name in golden if name.startswith("critic")]


def leaves(names):
    return {name: golden[name].clone().requires_grad_() for name in names}


def critic(weights, images):
    hidden = F.conv2d(images, weights["critic.first.weight"], weights["critic.first.bias"], stride=2, padding=1)
    hidden = F.softplus(hidden)  # smooth, so that the second derivative of R1 is not zero
    return F.conv2d(hidden, weights["critic.second.weight"], weights["critic.second.bias"], padding=1)


GENERATOR = {
    "hinge": lambda fake: -fake.mean(),
    "vanilla": lambda fake: torch.log(1 - torch.sigmoid(fake.double())).mean().float(),
    "non-saturating": lambda fake: F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake)),
}


def cross_entropy(real, fake):
    bce = F.binary_cross_entropy_with_logits
    return 0.5 * (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake)))


DISCRIMINATOR = {
    "hinge": lambda real, fake: 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean()),
    "vanilla": cross_entropy,
    "non-saturating": cross_entropy,
}


def reconstruct(weights):
    hidden = F.silu(F.conv2d(golden["hidden"], weights["generator.first"], padding=1))
    return F.conv2d(hidden, weights["generator.last"], padding=1)


def generator_step(kind, factor, critic_weights):
    weights = leaves(["generator.first", "generator.last"])
    fake = reconstruct(weights)
    error = fake - golden["images"]
    nll = error.abs().mean() + 0.5 * error.square().mean()
    gan = GENERATOR[kind](critic(critic_weights, fake))
    last = weights["generator.last"]
    of_nll = torch.autograd.grad(nll, last, retain_graph=True)[0]
    of_gan = torch.autograd.grad(gan, last, retain_graph=True)[0]
    weight = torch.clamp(torch.norm(of_nll) / (torch.norm(of_gan) + 1e-4), 0.0, 1e4).detach() * 0.8
    total = nll + weight * factor * gan
    total.backward()
    return {
        "gan": gan.detach(),
        "weight": weight,
        "total": total.detach(),
        "first": weights["generator.first"].grad,
        "last": last.grad,
    }


for kind in GENERATOR:
    weights = {name: golden[name] for name in CRITIC}
    for name, value in generator_step(kind, 0.25, weights).items():
        golden[f"{kind}.generator.{name}"] = value
    # A discriminator whose output does not depend on the images: its gradient is zero.
    blind = weights | {"critic.second.weight": torch.zeros(1, 4, 3, 3)}
    for name in ["weight", "total", "first"]:
        golden[f"{kind}.blind.{name}"] = generator_step(kind, 1.0, blind)[name]

fake = reconstruct({name: golden[name] for name in ["generator.first", "generator.last"]}).detach()
for kind in DISCRIMINATOR:
    # Three steps with the same weights and other reconstructions; R1 (gamma 3, every 2) at the second, LeCAM at all.
    averages = None
    for step in [1, 2, 3]:
        weights = leaves(CRITIC)
        real = golden["images"].clone().requires_grad_()
        on_real, on_fake = critic(weights, real), critic(weights, fake * step)
        means = [on_real.mean().detach(), on_fake.mean().detach()]
        averages = means if averages is None else [0.9 * old + 0.1 * new for old, new in zip(averages, means)]
        lecam = 0.3 * ((on_real - averages[1]).square().mean() + (on_fake - averages[0]).square().mean())
        loss = DISCRIMINATOR[kind](on_real, on_fake) + lecam
        if step == 2:
            slope = torch.autograd.grad(on_real.mean(dim=(1, 2, 3)).sum(), real, create_graph=True)[0]
            r1 = 2 * 3.0 / 2 * slope.square().sum(dim=(1, 2, 3)).mean()
            golden[f"{kind}.discriminator.{step}.r1"] = r1.detach()
            loss = loss + r1
        loss.backward()
        golden[f"{kind}.discriminator.{step}.loss"] = loss.detach()
        golden[f"{kind}.discriminator.{step}.lecam"] = lecam.detach()
        for name in CRITIC:
            golden[f"{kind}.discriminator.{step}.{name}"] = weights[name].grad
save_file({name: tensor.contiguous() for name, tensor in golden.items()}, "adversary.safetensors")
