"""Writes graph_conv.safetensors: PyTorch Geometric's GCNConv on a small weighted graph with repeated edges.

Made with torch 2.11.0, torch_geometric 2.8.1, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from torch_geometric.nn import GCNConv

torch.manual_seed(0)
adjectives, nouns, width, hidden, codes = 5, 7, 6, 8, 4
nodes = adjectives + nouns
ends = torch.tensor([[0, 5], [0, 6], [1, 6], [2, 7], [2, 8], [3, 9], [3, 5], [0, 10], [0, 5]])  # word 4, word 11: alone
weights = torch.tensor([3.0, 1.0, 2.0, 1.0, 5.0, 1.0, 4.0, 2.0, 2.0])
both_ways = torch.cat([ends, ends.flip(1)]).T.contiguous()
features = torch.randn(nodes, width)
first, second = GCNConv(width, hidden), GCNConv(hidden, codes)
torch.nn.init.normal_(first.bias), torch.nn.init.normal_(second.bias)
doubled = torch.cat([weights, weights])
middle = first(features, both_ways, doubled)
output = second(middle.relu(), both_ways, doubled)
upstream = torch.randn(nodes, codes)
(output * upstream).sum().backward()
save_file(
    {
        "ends": ends.to(torch.int64),
        "weights": weights,
        "features": features,
        "conv1.weight": first.lin.weight.T.detach().contiguous(),
        "conv1.bias": first.bias.detach(),
        "conv2.weight": second.lin.weight.T.detach().contiguous(),
        "conv2.bias": second.bias.detach(),
        "middle": middle.detach(),
        "output": output.detach(),
        "upstream": upstream,
        "conv1.weight.grad": first.lin.weight.grad.T.contiguous(),
        "conv1.bias.grad": first.bias.grad,
        "conv2.weight.grad": second.lin.weight.grad.T.contiguous(),
        "conv2.bias.grad": second.bias.grad,
    },
    "graph_conv.safetensors",
)
