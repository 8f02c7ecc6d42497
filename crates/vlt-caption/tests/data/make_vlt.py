"""Writes vlt.safetensors: loss and gradients of the translation module, by an independent PyTorch implementation.

Attention is written out with tables and masks, label smoothing as a sum over the vocabulary, tokens one by one.
Weights are not stored: `formula` makes them here and in tests/it/support.rs.
Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import math

import torch
import torch.nn.functional as F
from safetensors.torch import save_file


def formula(seed, shape, scale=1.0, shift=0.0):
    """`shift + scale * sin(1.7 seed + 0.61 i + 0.013 i^2)`, in f64, as f32; `i` counts elements."""
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (shift + scale * torch.sin(1.7 * seed + 0.61 * i + 0.013 * i * i)).float().view(shape)


CHANNELS, WIDTH, HEADS, HIDDEN, VOCABULARY = 6, 8, 2, 16, 11
MAX_TOKENS, MAX_ROWS, MAX_COLUMNS = 5, 4, 3
SMOOTHING = 0.1


def names(layers, encoder_layers, own, neighbourhoods):
    """Shape of each parameter."""
    def linear(name, i, o):
        return {f"{name}.weight": (o, i), f"{name}.bias": (o,)}

    def norm(name):
        return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}

    def attention(name):
        return {k: v for part in ("query", "key", "value", "output") for k, v in linear(f"{name}.{part}", WIDTH, WIDTH).items()}

    def mlp(name):
        return linear(f"{name}.up", WIDTH, HIDDEN) | linear(f"{name}.down", HIDDEN, WIDTH)

    shapes = linear("source.projection", CHANNELS, WIDTH) | norm("source.norm_in") | norm("source.norm_out")
    shapes |= {"source.rows": (MAX_ROWS, WIDTH), "source.columns": (MAX_COLUMNS, WIDTH)}
    for i in range(neighbourhoods):
        b = f"source.neighbourhoods.{i}"
        shapes |= norm(f"{b}.norm") | {f"{b}.weight": (WIDTH, WIDTH, 3, 3), f"{b}.bias": (WIDTH,)}
    for i in range(encoder_layers):
        b = f"source.blocks.{i}"
        shapes |= norm(f"{b}.norm1") | attention(f"{b}.attention") | norm(f"{b}.norm2") | mlp(f"{b}.mlp")
    for i in range(layers):
        b = f"blocks.{i}"
        shapes |= norm(f"{b}.norm1") | norm(f"{b}.norm2") | norm(f"{b}.norm3") | mlp(f"{b}.mlp")
        shapes |= attention(f"{b}.self_attention") | attention(f"{b}.cross_attention")
    shapes |= norm("norm") | {"positions": (MAX_TOKENS, WIDTH)}
    if own != WIDTH:
        shapes["tokens.input.weight"] = (WIDTH, own)
    return shapes | {"tokens.output.weight": (own, WIDTH), "tokens.bias": (VOCABULARY,)}


def parameters(shapes):
    made = {}
    for place, name in enumerate(sorted(shapes)):
        gain = "norm" in name and name.endswith("weight")
        made[name] = formula(place, shapes[name], 0.4, 1.0 if gain else 0.0).requires_grad_()
    return made


def run(layers, encoder_layers, own, neighbourhoods, codes, ids, lengths):
    p = parameters(names(layers, encoder_layers, own, neighbourhoods))
    table = formula(77, (VOCABULARY, own), 3.0)
    table = table / table.square().mean().sqrt()

    def linear(name, x):
        return x @ p[f"{name}.weight"].T + p.get(f"{name}.bias", 0.0)

    def norm(name, x):
        mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        return (x - mean) / (var + 1e-5).sqrt() * p[f"{name}.weight"] + p[f"{name}.bias"]

    def mlp(name, x):
        return linear(f"{name}.down", F.gelu(linear(f"{name}.up", x)))

    def attention(name, x, source, causal):
        q, k, v = linear(f"{name}.query", x), linear(f"{name}.key", source), linear(f"{name}.value", source)
        heads = []
        for h in range(HEADS):
            part = slice(h * WIDTH // HEADS, (h + 1) * WIDTH // HEADS)
            scores = q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(WIDTH // HEADS)
            if causal:
                n = x.shape[1]
                scores = scores.masked_fill(torch.ones(n, n).triu(1).bool(), float("-inf"))
            heads.append(scores.softmax(-1) @ v[..., part])
        return linear(f"{name}.output", torch.cat(heads, -1))

    codes = codes.clone().requires_grad_()
    batch, _, height, width = codes.shape
    places = [(row, column) for row in range(height) for column in range(width)]
    cells = {place: norm("source.norm_in", linear("source.projection", codes[:, :, *place])) for place in places}
    for i in range(neighbourhoods):
        b = f"source.neighbourhoods.{i}"
        normed = {place: norm(f"{b}.norm", cell) for place, cell in cells.items()}
        for row, column in places:
            seen = p[f"{b}.bias"]
            for y in range(3):
                for x in range(3):
                    neighbour = normed.get((row + y - 1, column + x - 1))
                    if neighbour is not None:
                        seen = seen + neighbour @ p[f"{b}.weight"][:, :, y, x].T
            cells[row, column] = cells[row, column] + F.gelu(seen)
    memory = torch.stack([cells[place] + p["source.rows"][place[0]] + p["source.columns"][place[1]] for place in places], 1)
    for i in range(encoder_layers):
        b = f"source.blocks.{i}"
        normed = norm(f"{b}.norm1", memory)
        memory = memory + attention(f"{b}.attention", normed, normed, False)
        memory = memory + mlp(f"{b}.mlp", norm(f"{b}.norm2", memory))
    memory = norm("source.norm_out", memory)

    x = table[ids[:, :-1]]
    if own != WIDTH:
        x = linear("tokens.input", x)
    x = x + p["positions"][: x.shape[1]]
    for i in range(layers):
        b = f"blocks.{i}"
        normed = norm(f"{b}.norm1", x)
        x = x + attention(f"{b}.self_attention", normed, normed, True)
        x = x + attention(f"{b}.cross_attention", norm(f"{b}.norm2", x), memory, False)
        x = x + mlp(f"{b}.mlp", norm(f"{b}.norm3", x))
    scores = linear("tokens.output", norm("norm", x)) @ table.T / math.sqrt(own) + p["tokens.bias"]

    losses, plain, right = [], [], []
    for image in range(batch):
        for t in range(int(lengths[image]) - 1):
            log_p = scores[image, t].log_softmax(-1)
            target = int(ids[image, t + 1])
            losses.append(-(1 - SMOOTHING) * log_p[target] - SMOOTHING * log_p.mean())
            plain.append(-log_p[target])
            right.append(float(log_p.argmax() == target))
    loss = torch.stack(losses).mean()
    loss.backward()
    out = {"loss": loss.detach(), "nll": torch.stack(plain).mean().detach(), "accuracy": torch.tensor(right).mean(),
           "codes.grad": codes.grad}
    return out | {f"{name}.grad": value.grad for name, value in p.items()}


if __name__ == "__main__":
    codes = formula(5, (3, CHANNELS, 3, 2), 1.5)
    ids = torch.tensor([[0, 4, 7, 9, 1], [0, 3, 1, 2, 2], [0, 10, 5, 1, 2]])
    lengths = torch.tensor([5, 3, 4])
    tensors = {"ids": ids, "lengths": lengths}
    for case, shape in {"plain": (1, 0, 8, 0), "deep": (2, 1, 5, 0), "near": (1, 0, 8, 2)}.items():
        tensors |= {f"{case}.{k}": v.contiguous() for k, v in run(*shape, codes, ids, lengths).items()}
    save_file(tensors, "vlt.safetensors")
