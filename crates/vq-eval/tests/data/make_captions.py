"""Writes captions.json: scores of made-up captions by pycocoevalcap, and words by Stanford's tokenizer.

Made with pycocoevalcap 1.2 (with its stanford-corenlp-3.4.1.jar), numpy 2.4.6, Python 3.11.7 and OpenJDK 17.0.15.
Needs `java`. Run in this folder. Nothing is random; the bytes are the same each time.
"""

import json
from pathlib import Path

import pycocoevalcap.tokenizer.ptbtokenizer as ptb
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

# A caption and its references.
SETS = [
    (
        "A dog runs on the grass.",
        ["A brown dog is running across the grass.", "The dog runs through a green field.", "A dog plays outside."],
    ),
    (
        "Two cats sleep on a sofa",
        ["Two cats are sleeping on a couch.", "A pair of cats lies on the sofa.", "Cats asleep on furniture"],
    ),
    ("", ["A red bus waits at the stop.", "The bus is red."]),
    ("bird", ["bird", "A small bird sits on a branch."]),
    ("The the the the the the the.", ["The cat is on the mat.", "There is a cat on the mat."]),
    (
        "A man's dog doesn't like the other dogs' food.",
        ["The dog of a man does not like what other dogs eat.", "A man's dog refuses food that isn't his."],
    ),
    (
        "Children play football in the park",
        [
            "Kids are playing soccer in a park.",
            "Several children play with a ball on the lawn.",
            "Boys play football in the park.",
        ],
    ),
    (
        "A woman holding a large umbrella walks down the street in the rain.",
        ["A woman holding a large umbrella walks down the street in the rain."],
    ),
    (
        "A big red car parked by a small house",
        [
            "A large red automobile is parked near a little home.",
            "A car stands beside a house.",
            "The big car by the house is red and the small car by the house is blue.",
        ],
    ),
    (
        "A man riding a wave on top of a surfboard.",
        [
            "A surfer rides a wave on his board.",
            "The man is riding on top of a wave.",
            "A man surfs.",
            "Man on a surfboard riding a big wave in the ocean.",
            "A person rides a wave.",
        ],
    ),
    (
        "A plate with a sandwich, fries and a pickle",
        ["A sandwich and french fries on a plate.", "The plate holds fries, a sandwich, and pickles.", "Lunch."],
    ),
    (
        "Three-year-old boy wearing a T-shirt at 10:30 a.m.",
        ["A 3-year-old boy in a t-shirt.", "At 10:30 a.m. a boy wears his shirt.", "The U.S. boy isn't wearing shoes."],
    ),
    (
        "A train a train a train on the tracks the tracks",
        ["A train on the tracks.", "A train travels along the train tracks.", "The train is a long train."],
    ),
    ("Flowers", ["Flowers", "flower"]),
    ("zebra", ["A giraffe eats leaves.", "Giraffes are tall animals."]),
    (
        "A kitchen with a stove, a refrigerator and wooden cabinets.",
        [
            "A kitchen has a fridge, an oven and cabinets of wood.",
            "The kitchen is clean.",
            "Wooden cupboards above the stove of a kitchen.",
        ],
    ),
    (
        "The girl quickly ate an apple and the boy slowly drank the juice",
        ["The boy slowly drank the juice and the girl quickly ate an apple.", "A girl eats apples while a boy drinks."],
    ),
    (
        "A group of people standing around a table with food and wine.",
        [
            "People stand at a table that has wine and food.",
            "A group of friends gathers around a table.",
            "Some people standing around with glasses of wine.",
            "A party.",
        ],
    ),
    ("It is what it is and that is that", ["It is that and that is what it is.", "That is what it is."]),
    (
        "A cook cooks cooked cookies in a cooking pot",
        ["The cook is cooking cookies.", "A chef bakes biscuits in a pan."],
    ),
    (
        "Skiers ski down the snowy mountain; one falls!",
        ["A skier is skiing down a mountain covered in snow.", "Two skiers on a hill, one has fallen."],
    ),
    (
        "An airplane flying in the blue sky above white clouds",
        ["A plane flies over clouds in a blue sky.", "An aeroplane in the sky.", "The airplane flew above the clouds."],
    ),
    ("a a a b b c", ["a b c a b c", "c b a", "b b b a a c c"]),
    (
        "A clock on the wall shows ten past ten.",
        ["The wall clock shows 10:10.", "There's a clock on the wall.", "It's ten o'clock."],
    ),
]

# Unusual words, unchanged.
RAW = [
    (
        "u.s. x-ray a-b-c '90s 1,000 dogs n't a..b vs. car",
        ["an x-ray in the u.s. and 1,000 dog do n't", "car vs. automobile no. 5"],
    ),
    (
        "rock'n'roll in the 1990's é.é 10:30 pp. 12 a.m.",
        ["rock 'n' roll at 10:30 a.m. pp. 12", "the 1990's rock . etc."],
    ),
    (
        "the couch red sofa runs the car red couch cars",
        ["a red sofa running the automobile the couch red", "cars run red the couch"],
    ),
    (
        "red red sofa couch couch sofa red car cars car a the",
        ["sofa red couch sofa automobile car cars the a red", "couch"],
    ),
    ("", ["", "a dog"]),
    ("a dog", ["", "dog"]),
]

# Texts for the tokenizer only, beside the captions above.
TEXTS = [
    "I can't; you cannot, we won't! Don't they?",
    "Gonna, gotta wanna lemme gimme",
    "'Tis a dog, 'twas a cat",
    "It's 5 o'clock and 10:30 p.m. in the U.S. today.",
    'He said "hello" and left (really) [ok] {x}.',
    "A T-shirt costs $5.99 -- or £3 -- in Mr. Smith's shop",
    "black/white and/or 1/2 cup, 3 1/2 cups",
    "Wait... what?! No....",
    "a café, a naïve girl - and 1,000 or 2,000,000 people, 50% off",
    "the 80's, the 1990s and '90s",
    "ma'am, y'all rock 'n' roll",
    "“curly” ‘quotes’ it’s — dash – end…",
    "a man ,a dog",
    "St. Bernard dog. No. 5. plan a. and so on",
    "well-known forty-five-year-old man-made -5 +5 1st 2nd 3rd",
    "I'm you're he'd they've we'll who's there's let's",
    "a girl w/ a hat, b&w photo AT&T R&B",
    "  a  double   space\tand a tab ",
    "O'Brien's dog D'Angelo",
    "12-year-old 6ft 20x30 3D",
    "50 cents 50¢ 20°C ½ cup",
    "couldn't've I'd've",
    "the girls' x's 'em ol'",
    "www.example.com image.jpg coca-cola 7-up",
    "",
    "...",
    "A.",
    "#tag @home 2+2 a_b x=y 100%",
    "emoji 😀 here",
    "hello(world)a",
    "wow!!! what?? hm?!?",
    "7,5 a:b 5:a 10:30am 6.5-foot",
    "a big dog.",
    "The dog",
    "Ph.D. vs. Dr. A. Smith etc.",
]

def tokenize(texts):
    captions = {index: [{"caption": text}] for index, text in enumerate(texts)}
    tokens = ptb.PTBTokenizer().tokenize(captions)
    return [tokens[index][0].split() for index in range(len(texts))]


def main():
    texts = [text for caption, references in SETS for text in [caption, *references]] + TEXTS
    tokens = dict(zip(texts, tokenize(texts)))
    samples = [
        {"caption": tokens[caption], "references": [tokens[text] for text in references]}
        for caption, references in SETS
    ]
    # Captions of one set against references of another: little in common, many ties.
    count = len(samples)
    for index in range(count):
        samples.append(
            {"caption": samples[(index + 5) % count]["references"][0], "references": samples[index]["references"]}
        )
    for index in range(0, count, 2):
        references = samples[index]["references"]
        samples.append(
            {
                "caption": references[0] + samples[index]["caption"],
                "references": references[-1:] + [references[0][::-1]],
            }
        )
    samples += [
        {"caption": caption.split(), "references": [text.split() for text in references]} for caption, references in RAW
    ]
    join = " ".join
    gts = {index: [join(words) for words in sample["references"]] for index, sample in enumerate(samples)}
    res = {index: [join(sample["caption"])] for index, sample in enumerate(samples)}

    bleu, bleus = Bleu(4).compute_score(gts, res, verbose=0)
    rouge, rouges = Rouge().compute_score(gts, res)
    cider, ciders = Cider().compute_score(gts, res)
    scores = {
        "bleu": [float(x) for x in bleu],
        "bleus": [[float(x) for x in column] for column in bleus],
        "rouge": float(rouge),
        "rouges": [float(x) for x in rouges],
        "cider": float(cider),
        "ciders": [float(x) for x in ciders],
    }
    data = {
        "tokens": [{"text": text, "words": words} for text, words in tokens.items()],
        "samples": samples,
        "scores": scores,
    }
    Path("captions.json").write_text(json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n")


main()
