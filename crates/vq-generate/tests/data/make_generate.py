"""Writes generate.safetensors: scores, loss and one step of AdamW of the generators, by an independent PyTorch
implementation.

Attention is written out with masks, head by head; rotations of queries and keys are products of complex numbers; slots are
predicted position by position.
Weights are not stored: `formula` makes them here and in tests/it/support.rs.
Made with torch 2.11.0, safetensors 0.8.0. Run in this folder.
"""

import math

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

WIDTH, HEADS, HIDDEN, LAYERS = 16, 2, 32, 2
ROWS, COLUMNS = 2, 3
POSITIONS = ROWS * COLUMNS
CLASSES, WORDS, WORD_WIDTH, MAX_TOKENS = 3, 11, 5, 4
MAP_ROWS, MAP_COLUMNS, MAP_CODES = 2, 2, [range(0, 4)]
CODE_WIDTH = 3
LEARNING_RATE, EPSILON, DECAY = 0.05, 1e-4, 0.01


def formula(seed, shape, scale=1.0, shift=0.0):
    """`shift + scale * sin(1.7 seed + 0.61 i + 0.013 i^2)`, in f64, as f32; `i` counts elements."""
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (shift + scale * torch.sin(1.7 * seed + 0.61 * i + 0.013 * i * i)).float().view(shape)


class Case:
    def __init__(self, slots, rotary=False, tied=False, condition="none", masked=False, codes=False):
        self.slots, self.rotary, self.tied, self.condition, self.masked = slots, rotary, tied, condition, masked
        self.codes = codes

    def shapes(self):
        def norm(name):
            return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}

        def linear(name, i, o):
            return {f"{name}.weight": (o, i), f"{name}.bias": (o,)}

        def blocks(prefix, layers):
            shapes = norm(f"{prefix}norm")
            for i in range(layers):
                b = f"{prefix}blocks.{i}"
                shapes |= norm(f"{b}.norm1") | norm(f"{b}.norm2")
                shapes |= linear(f"{b}.attention.qkv", WIDTH, 3 * WIDTH) | linear(f"{b}.attention.output", WIDTH, WIDTH)
                shapes |= linear(f"{b}.mlp.up", WIDTH, HIDDEN) | linear(f"{b}.mlp.down", HIDDEN, WIDTH)
            return shapes

        shapes = blocks("", LAYERS)
        if not self.masked:
            shapes["start"] = (WIDTH,)
            if len(self.slots) > 1:
                shapes |= blocks("depth.", 1) | {"depth.places": (len(self.slots), WIDTH)}
        if not self.rotary:
            shapes["positions"] = (POSITIONS, WIDTH)
        for s, codes in enumerate(self.slots):
            shapes[f"tokens.{s}.weight"] = (len(codes) + self.masked, WIDTH)
            shapes[f"heads.{s}.bias"] = (len(codes),)
            if not self.tied:
                shapes[f"heads.{s}.weight"] = (len(codes), WIDTH)
        if self.codes:
            for name in [name for name in shapes if name.startswith(("tokens", "heads")) and name.endswith("weight")]:
                name = name.removesuffix("weight") + "codes"
                shapes |= linear(f"{name}.up", CODE_WIDTH, WIDTH) | {f"{name}.down.weight": (WIDTH, WIDTH)}
        length = {"none": 0, "class": 1, "text": MAX_TOKENS, "map": MAP_ROWS * MAP_COLUMNS}[self.condition]
        if length:
            shapes |= {"condition.null": (WIDTH,), "condition.places": (length, WIDTH)}
        if self.condition == "class":
            shapes["condition.table"] = (CLASSES, WIDTH)
        if self.condition == "text":
            shapes["condition.input.weight"] = (WIDTH, WORD_WIDTH)
        if self.condition == "map":
            shapes |= {f"condition.tokens.{s}.weight": (len(c), WIDTH) for s, c in enumerate(MAP_CODES)}
        return shapes

    def parameters(self):
        made, shapes = {}, self.shapes()
        for place, name in enumerate(sorted(shapes)):
            gain = "norm" in name and name.endswith("weight")
            made[name] = formula(place, shapes[name], 0.4, 1.0 if gain else 0.0).requires_grad_()
        return made

    def prefix(self, p, inputs):
        """States of each image's condition, and where they lie."""
        null, out, places = p.get("condition.null"), [], []
        if self.condition == "class":
            out, places = [[p["condition.table"][int(c)]] for c in inputs["classes"]], [None]
        if self.condition == "text":
            table = formula(77, (WORDS, WORD_WIDTH), 3.0)
            table = table / table.square().mean().sqrt()
            for ids, length in zip(inputs["text"], inputs["lengths"]):
                words = [p["condition.input.weight"] @ table[int(i)] for i in ids[: int(length)]]
                out.append(words + [null] * (MAX_TOKENS - len(words)))
            places = [None] * MAX_TOKENS
        if self.condition == "map":
            for ids in inputs["map"]:
                cells = ids.reshape(-1, len(MAP_CODES))
                out.append([sum(p[f"condition.tokens.{s}.weight"][int(i) - MAP_CODES[s].start]
                                for s, i in enumerate(cell)) for cell in cells])
            places = [(r, c) for r in range(MAP_ROWS) for c in range(MAP_COLUMNS)]
        states = [torch.stack(rows) + p["condition.places"] for rows in out]
        return states, places

    def scores(self, p, ids, inputs, masked=None):
        """Scores of each slot, `[B, P, V]`."""
        def linear(name, x):
            return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

        def norm(name, x):
            mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
            return (x - mean) / (var + 1e-5).sqrt() * p[f"{name}.weight"] + p[f"{name}.bias"]

        def turn(x, places):
            if places is None:
                return x
            half, quarter = x.shape[-1] // 2, x.shape[-1] // 4
            rows = []
            for vector, place in zip(x, places):
                row, column = place or (0, 0)
                angles = [row * 100 ** (-i / quarter) for i in range(quarter)]
                angles += [column * 100 ** (-i / quarter) for i in range(quarter)]
                turned = torch.complex(vector[:half], vector[half:]) * torch.exp(1j * torch.tensor(angles))
                rows.append(torch.cat([turned.real, turned.imag]))
            return torch.stack(rows)

        def attention(name, x, places, causal):
            qkv = linear(f"{name}.qkv", x)
            size, heads = WIDTH // HEADS, []
            for h in range(HEADS):
                q, k, v = (qkv[:, part * WIDTH + h * size : part * WIDTH + (h + 1) * size] for part in range(3))
                scores = turn(q, places) @ turn(k, places).T / math.sqrt(size)
                if causal:
                    scores = scores.masked_fill(torch.ones(len(x), len(x)).triu(1).bool(), float("-inf"))
                heads.append(scores.softmax(-1) @ v)
            return linear(f"{name}.output", torch.cat(heads, -1))

        def blocks(prefix, layers, x, places, causal):
            for i in range(layers):
                b = f"{prefix}blocks.{i}"
                x = x + attention(f"{b}.attention", norm(f"{b}.norm1", x), places, causal)
                x = x + linear(f"{b}.mlp.down", F.gelu(linear(f"{b}.mlp.up", norm(f"{b}.norm2", x))))
            return norm(f"{prefix}norm", x)

        def of_code(name, s, place):
            """The learned vector, plus the MLP's output for the code."""
            learned = p[f"{name}.weight"][place]
            if not self.codes:
                return learned
            codes = formula(200 + s, (len(self.slots[s]), CODE_WIDTH), 2.0, 0.5)
            codes = codes - codes.mean(0)
            code = codes[place] / codes.square().mean().sqrt()
            return learned + p[f"{name}.codes.down.weight"] @ F.gelu(linear(f"{name}.codes.up", code))

        def vector(s, i):
            return of_code(f"tokens.{s}", s, int(i) - self.slots[s].start)

        def score(s, x):
            name = f"tokens.{s}" if self.tied else f"heads.{s}"
            weight = torch.stack([of_code(name, s, place) for place in range(len(self.slots[s]))])
            return x @ weight.T + p[f"heads.{s}.bias"]

        prefixes, prefix_places = self.prefix(p, inputs)
        grid = [(r, c) for r in range(ROWS) for c in range(COLUMNS)]
        places = prefix_places + grid if self.rotary else None
        slots = range(len(self.slots))
        images = []
        for image, cells in enumerate(ids.reshape(len(ids), POSITIONS, len(self.slots))):
            if self.masked:
                hidden = masked.reshape(len(ids), POSITIONS, -1)[image]
                contents = [sum(p[f"tokens.{s}.weight"][-1] if hidden[t, s] else vector(s, cells[t, s]) for s in slots)
                            for t in range(POSITIONS)]
            else:
                contents = [p["start"]] + [sum(vector(s, cells[t, s]) for s in slots) for t in range(POSITIONS - 1)]
            x = torch.stack(contents)
            x = x if self.rotary else x + p["positions"]
            x = torch.cat([prefixes[image], x]) if prefixes else x
            states = blocks("", LAYERS, x, places, not self.masked)[-POSITIONS:]
            if self.masked or len(self.slots) == 1:
                images.append([score(s, states) for s in slots])
                continue
            positions = []
            for t in range(POSITIONS):
                before = [states[t]] + [vector(s, cells[t, s]) for s in slots[:-1]]
                of_slots = blocks("depth.", 1, torch.stack(before) + p["depth.places"], None, True)
                positions.append([score(s, of_slots[s]) for s in slots])
            images.append([torch.stack([position[s] for position in positions]) for s in slots])
        return [torch.stack([image[s] for image in images]) for s in slots]

    def run(self, ids, inputs, masked=None):
        p = self.parameters()
        scores = self.scores(p, ids, inputs, masked)
        out = {f"scores.{s}": x.detach().clone() for s, x in enumerate(scores)}
        if self.masked:
            return out
        entropies, likelihoods = [], []
        for image in range(len(ids)):
            cells, total = ids[image].reshape(POSITIONS, -1), 0.0
            for t in range(POSITIONS):
                for s, codes in enumerate(self.slots):
                    entropies.append(-scores[s][image, t].log_softmax(-1)[int(cells[t, s]) - codes.start])
                    total = total - entropies[-1]
            likelihoods.append(total)
        loss = torch.stack(entropies).mean()
        optimizer = torch.optim.AdamW(p.values(), lr=LEARNING_RATE, eps=EPSILON, weight_decay=DECAY)
        loss.backward()
        optimizer.step()
        out |= {"loss": loss.detach(), "log_likelihood": torch.stack(likelihoods).detach()}
        return out | {f"after.{name}": value.detach() for name, value in p.items()}


def ids(seed, images, rows, columns, slots):
    """`start + (7 seed + 3 i + i^2) mod V` at element `i` of a slot."""
    out = torch.zeros(images, rows, columns, len(slots), dtype=torch.int64)
    for s, codes in enumerate(slots):
        i = torch.arange(images * rows * columns) + s
        out[..., s] = (codes.start + (7 * seed + 3 * i + i * i) % len(codes)).view(images, rows, columns)
    return out


PLAIN = [range(0, 7)]
GROUPS = [range(0, 5), range(0, 5), range(5, 9)]

if __name__ == "__main__":
    inputs = {
        "classes": torch.tensor([2, 0]),
        "text": torch.tensor([[4, 7, 1], [10, 0, 0]]),
        "lengths": torch.tensor([3, 1]),
        "map": ids(3, 2, MAP_ROWS, MAP_COLUMNS, MAP_CODES),
    }
    tensors = dict(inputs)
    cases = {
        "plain": Case(PLAIN),
        "grouped": Case(GROUPS, rotary=True, tied=True, condition="class"),
        "text": Case(PLAIN, tied=True, condition="text"),
        "map": Case(GROUPS, rotary=True, condition="map"),
        "masked": Case(GROUPS, condition="class", masked=True),
        "codes": Case(GROUPS, rotary=True, condition="class", codes=True),
        "tied-codes": Case(PLAIN, tied=True, codes=True),
        "masked-codes": Case(GROUPS, condition="class", masked=True, codes=True),
    }
    for name, case in cases.items():
        chosen = ids(1, 2, ROWS, COLUMNS, case.slots)
        masked = (torch.arange(chosen.numel()) % 3 != 1).view(chosen.shape) if case.masked else None
        tensors[f"{name}.ids"] = chosen
        tensors |= {f"{name}.{key}": value.contiguous() for key, value in case.run(chosen, inputs, masked).items()}
    save_file(tensors, "generate.safetensors")
