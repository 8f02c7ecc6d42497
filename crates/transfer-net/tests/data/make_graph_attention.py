"""Writes graph_attention.safetensors: PyTorch Geometric's GATConv on the graph of make_graph_conv.py.

An edge of weight w is listed w times. The two layers average their four heads.
Made with torch 2.11.0, torch_geometric 2.8.1, safetensors 0.8.0. Run in this folder.
"""

import torch
from safetensors.torch import save_file
from torch_geometric.nn import GATConv

torch.manual_seed(0)
torch.set_num_threads(1)
adjectives, nouns, width, hidden, codes, heads = 5, 7, 6, 8, 4, 4
nodes = adjectives + nouns
ends = torch.tensor([[0, 5], [0, 6], [1, 6], [2, 7], [2, 8], [3, 9], [3, 5], [0, 10], [0, 5]])  # word 4, word 11: alone
weights = torch.tensor([3.0, 1.0, 2.0, 1.0, 5.0, 1.0, 4.0, 2.0, 2.0])
repeated = ends.repeat_interleave(weights.long(), 0)
both_ways = torch.cat([repeated, repeated.flip(1)]).T.contiguous()
features = torch.randn(nodes, width)
layers = {
    "conv1": GATConv(width, hidden, heads=heads, concat=False),
    "conv2": GATConv(hidden, codes, heads=heads, concat=False),
}
tensors = {"ends": ends, "weights": weights, "features": features}
for layer in layers.values():
    torch.nn.init.normal_(layer.bias)
middle = layers["conv1"](features, both_ways)
output = layers["conv2"](middle.relu(), both_ways)
upstream = torch.randn(nodes, codes)
(output * upstream).sum().backward()
tensors |= {"middle": middle.detach(), "output": output.detach(), "upstream": upstream}
for name, layer in layers.items():
    for suffix, get in [("", lambda parameter: parameter.detach()), (".grad", lambda parameter: parameter.grad)]:
        tensors[f"{name}.weight{suffix}"] = get(layer.lin.weight).T.contiguous()
        tensors[f"{name}.att_src{suffix}"] = get(layer.att_src)[0].contiguous()
        tensors[f"{name}.att_dst{suffix}"] = get(layer.att_dst)[0].contiguous()
        tensors[f"{name}.bias{suffix}"] = get(layer.bias).contiguous()
save_file(tensors, "graph_attention.safetensors")
