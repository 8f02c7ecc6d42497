"""Writes `models/`: tiny random checkpoints, and what `transformers` makes of some words with them.

Ran with Python 3.11, torch 2.11.0 (CPU), transformers 5.24.0, tokenizers 0.23.3, safetensors 0.8.0, numpy 2.4.6.
Writes the same bytes again:

    python make_models.py
"""

import shutil
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    RobertaConfig,
    RobertaForMaskedLM,
    T5Config,
    T5ForConditionalGeneration,
)

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "models"
WIDTH = 16
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]

ADJECTIVES = ["red", "round", "wooden", "smiling", "waterproof", "old"]
NOUNS = ["apple", "sunflower", "dog", "wheel", "rainbow", "octopus", "sun", "orange"]
TEXT = [
    "a photo of a red apple object",
    "the sun and the sunflower flower in the rain",
    "a round wheel of wood on the wooden floor",
    "old dog smiling at the smile of a dog",
    "rainbow bow over water, waterproof proof of age",
    "an orange photo of the round octopus",
]


def learned(words, alphabet, merges):
    """Byte-pair merges of words given as lists of symbols; ties by alphabet, unlike the trainers of `tokenizers`,
    whose ties fall differently from run to run."""
    words, pairs = [list(word) for word in words], []
    for _ in range(merges):
        counts = Counter(pair for word in words for pair in zip(word, word[1:]))
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        pairs.append(best)
        for word in words:
            at = 0
            while at + 1 < len(word):
                if (word[at], word[at + 1]) == best:
                    word[at : at + 2] = ["".join(best)]
                at += 1
    symbols = sorted(set(alphabet) | {symbol for word in words for symbol in word} | {"".join(pair) for pair in pairs})
    return symbols, pairs


def numbered(symbols):
    return {symbol: number for number, symbol in enumerate(dict.fromkeys(symbols))}


def byte_level(specials):
    """Byte-pair encoding of bytes: GPT-2, RoBERTa, Qwen."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    words = [list(("Ġ" if at else "") + word) for text in TEXT for at, word in enumerate(text.split(" "))]
    symbols, pairs = learned(words, alphabet, 40)
    tokenizer = Tokenizer(models.BPE(numbered(specials + symbols), pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    return tokenizer


def wordpiece():
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["a", "photo", "of", "red", "sun", "dog", "apple", "wood", "object", "rain"]
    vocabulary = numbered(specials + words + LETTERS + ["##" + part for part in LETTERS + ["flower", "en", "ing", "bow"]])
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(specials)
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", ends)
    # As the tokenizers of sentence encoders: padding that must not reach a word's vector.
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", length=32)
    return tokenizer


def roberta():
    tokenizer = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def clip():
    words = [list(word[:-1]) + [word[-1] + "</w>"] for text in TEXT for word in text.replace(",", "").split(" ")]
    symbols, pairs = learned(words, LETTERS + [letter + "</w>" for letter in LETTERS], 30)
    # The marks last, as in CLIP: the end of a text is its highest id.
    specials = ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = numbered(symbols + specials)
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(specials)
    ends = [(token, vocabulary[token]) for token in specials]
    tokenizer.post_processor = processors.TemplateProcessing(f"{specials[0]} $A {specials[1]}", special_tokens=ends)
    return tokenizer


def prepending():
    """LLaMA 2: the normalizer itself writes the space before a text, and would write a second one."""
    specials = ["<unk>", "<s>", "</s>"]
    words = [list("▁" + word) for text in TEXT for word in text.split(" ")]
    symbols, pairs = learned(words, LETTERS, 40)
    tokenizer = Tokenizer(models.BPE(numbered(specials + symbols), pairs, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def unigram():
    specials = ["<pad>", "</s>", "<unk>"]
    words = ["▁a", "▁photo", "▁of", "▁red", "▁sun", "▁dog", "▁apple", "sun", "flower", "▁wood", "en", "▁rain", "bow"]
    pieces = [(special, 0.0) for special in specials]
    pieces += [(piece, -4.0 - 0.01 * at) for at, piece in enumerate(words)]
    pieces += [(piece, -8.0 - 0.01 * at) for at, piece in enumerate(["▁"] + LETTERS)]
    tokenizer = Tokenizer(models.Unigram(pieces, 2, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(specials)
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def text_config(tokenizer, **more):
    return dict(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=WIDTH, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=2, **more,
    )


def randomize(model):
    """Weights large enough for every part of a model to show in its result; initial biases are 0."""
    generator = torch.Generator().manual_seed(20)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
    return model.eval()


def in_sentence(tokenizer, word):
    """The tokens of a word that stands behind another."""
    encoding = tokenizer.encode(f"red {word}", add_special_tokens=False)
    return [token for token, (_, end) in zip(encoding.ids, encoding.offsets) if end > 3]


def tables(model, tokenizer):
    """Rows of the input embedding for the nouns, `[8, 16]` each."""
    rows = model.get_input_embeddings().weight.detach().float()
    tokenizer.no_padding()
    tokens = [in_sentence(tokenizer, word) for word in NOUNS]
    assert any(len(ids) > 1 for ids in tokens) and all(tokens), tokens
    alone = [tokenizer.encode(word, add_special_tokens=False).ids for word in NOUNS]
    return {
        "mean": torch.stack([rows[ids].mean(0) for ids in tokens]),
        "first": torch.stack([rows[ids[0]] for ids in tokens]),
        "last": torch.stack([rows[ids[-1]] for ids in tokens]),
        "alone": torch.stack([rows[ids].mean(0) for ids in alone]),
    }


def prompts():
    return [f"a photo of {word} object" for word in ADJECTIVES] + [f"a photo of {word}" for word in NOUNS]


def batch(tokenizer, pad):
    """Prompts padded to the longest: another way than the one tested, which pads none."""
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad)
    return {key: value for key, value in fast(prompts(), padding=True, return_tensors="pt").items() if key != "token_type_ids"}


@torch.no_grad()
def encoded(model, tokenizer, pad):
    """Sentence vectors `[14, 16]`, adjectives first."""
    inputs = batch(tokenizer, pad)
    hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    return {"encoded_mean": (hidden * mask).sum(1) / mask.sum(1), "encoded_cls": hidden[:, 0].clone()}


def write(name, model, tokenizer, more, **saving):
    folder = FOLDER / name
    if folder.exists():
        shutil.rmtree(folder)
    model.save_pretrained(folder, **saving)
    (folder / "generation_config.json").unlink(missing_ok=True)
    goldens = {**more, **tables(model, Tokenizer.from_str(tokenizer.to_str()))}
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    save_file({key: value.contiguous() for key, value in goldens.items()}, folder / "goldens.safetensors")


def main():
    torch.set_num_threads(1)

    tokenizer = wordpiece()
    model = randomize(BertModel(BertConfig(**text_config(tokenizer, max_position_embeddings=40)), add_pooling_layer=False))
    write("bert", model, tokenizer, encoded(model, tokenizer, "[PAD]"))

    tokenizer = roberta()
    config = RobertaConfig(**text_config(
        tokenizer, max_position_embeddings=40, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        layer_norm_eps=1e-5,
    ))
    model = randomize(RobertaForMaskedLM(config))
    write("roberta", model, tokenizer, encoded(model.roberta, tokenizer, "<pad>"))

    tokenizer = byte_level(["<|endoftext|>"])
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(), n_embd=WIDTH, n_layer=1, n_head=2, n_positions=40, bos_token_id=0, eos_token_id=0
    )
    write("gpt2", randomize(GPT2LMHeadModel(config)), tokenizer, {})

    # Shards, and 16-bit floats of both kinds.
    tokenizer = prepending()
    model = randomize(LlamaForCausalLM(LlamaConfig(**text_config(tokenizer)))).to(torch.bfloat16)
    write("llama", model, tokenizer, {}, max_shard_size="5KB")
    tokenizer = byte_level(["<|endoftext|>"])
    config = Qwen2Config(**text_config(tokenizer, num_key_value_heads=2, tie_word_embeddings=True))
    write("qwen2", randomize(Qwen2ForCausalLM(config)).to(torch.float16), tokenizer, {})

    tokenizer = unigram()
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(), d_model=WIDTH, d_kv=8, d_ff=24, num_layers=1, num_heads=2,
        decoder_start_token_id=0,
    )
    write("t5", randomize(T5ForConditionalGeneration(config)), tokenizer, {})

    tokenizer = clip()
    end = tokenizer.token_to_id("<|endoftext|>")
    text = text_config(
        tokenizer, max_position_embeddings=40, projection_dim=12, bos_token_id=end - 1, eos_token_id=end, pad_token_id=end
    )
    vision = dict(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, image_size=4, patch_size=4,
        projection_dim=12,
    )
    model = randomize(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)))
    inputs = batch(tokenizer, "<|endoftext|>")
    with torch.no_grad():
        features = model.get_text_features(**inputs)
    features = getattr(features, "pooler_output", features)
    model.get_input_embeddings = lambda: model.text_model.embeddings.token_embedding
    write("clip", model, tokenizer, {"encoded_projection": features})

    model = randomize(CLIPTextModelWithProjection(CLIPTextConfig(**text)))
    with torch.no_grad():
        features = model(**inputs).text_embeds
    write("clip_text_model", model, tokenizer, {"encoded_projection": features})


if __name__ == "__main__":
    main()
