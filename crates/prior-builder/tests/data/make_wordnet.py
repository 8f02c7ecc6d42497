"""Writes the folder `wordnet`: a dozen synsets in the formats of wndb(5WN) and cntlist(5WN)."""

from pathlib import Path

OUT = Path(__file__).parent / "wordnet"
FILES = {"adj.all": 0, "adj.pert": 1, "adv.all": 2, "cognition": 9, "animal": 5, "artifact": 6, "body": 8, "food": 13,
         "location": 15, "person": 18, "plant": 20, "verb": 29}
# part: [(lexicographer file, words as written, gloss)]
SYNSETS = {
    "noun": [
        ("food", ["apple"], "round red fruit; \"a green apple\""),
        ("plant", ["tree"], "a tall woody plant, with red leaves"),
        ("plant", ["leaf"], "a flat green organ"),
        ("food", ["fruit"], "a ripe product of a tall tree"),
        ("cognition", ["idea"], "a red idea of a round tree"),
        ("animal", ["wolf"], "a wild grey animal"),
        ("animal", ["goose"], "large bird"),
        ("person", ["child"], "a young person"),
        ("artifact", ["wall"], "a vertical structure"),
        ("artifact", ["bill"], "a brim"),
        ("artifact", ["call", "sound_box"], "a thing that sounds"),
        ("body", ["eye"], "the round organ of sight"),
        ("cognition", ["eyes"], "a point of view"),
        ("artifact", ["glass"], "a brittle thing"),
        ("artifact", ["jeans"], "blue trousers"),
        ("artifact", ["bus"], "a vehicle"),
        ("location", ["Paris"], "the capital"),
        ("artifact", ["red"], "the colour of the wall"),
        ("artifact", ["box"], "a square case"),
    ],
    "adj": [
        ("adj.all", ["red"], "of the colour of the apple"),
        ("adj.all", ["green"], "of the colour of leaves"),
        ("adj.all", ["round"], "like a ball"),
        ("adj.all", ["large(a)"], "big"),
        ("adj.all", ["tall"], "high"),
        ("adj.all", ["fine"], "thin"),
        ("adj.pert", ["woody"], "of wood"),
    ],
    "verb": [("verb", ["eat"], "take a green apple")],
    "adv": [("adv.all", ["fast"], "quickly")],
}
COUNTS = ["apple%1:13:00:: 1 2", "eye%1:08:00:: 1 50", "eyes%1:09:00:: 1 4", "red%3:00:00:: 1 20", "red%1:06:00:: 1 1",
          "large%5:00:00:big:00 1 9", "fast%4:02:00:: 1 3"]
EXCEPTIONS = {"noun": ["children child", "geese goose", "leaves leaf leave", "wolves wolf"], "adj": ["redder red"],
              "verb": ["ate eat", "eaten eat"], "adv": []}
LICENCE = "  1 A fixture, not the database; its licence would stand here.  \n  2 WordNet 3.0 Copyright 2006  \n"

OUT.mkdir(exist_ok=True)
for part, synsets in SYNSETS.items():
    letter = {"adv": "r"}.get(part, part[0])
    data, index = LICENCE, {}
    for number, (file, words, gloss) in enumerate(synsets, 1):
        offset = f"{number:08}"
        forms = " ".join(f"{word} 0" for word in words)
        data += f"{offset} {FILES[file]:02} {letter} {len(words):02x} {forms} 000 | {gloss}  \n"
        for word in words:
            index.setdefault(word.split("(")[0].lower(), []).append(offset)
    (OUT / f"data.{part}").write_text(data)
    lines = [f"{w} {letter} {len(o)} 0 {len(o)} 0 {' '.join(o)}  \n" for w, o in sorted(index.items())]
    (OUT / f"index.{part}").write_text(LICENCE + "".join(lines))
    (OUT / f"{part}.exc").write_text("".join(line + "\n" for line in EXCEPTIONS[part]))
(OUT / "cntlist.rev").write_text("\n".join(COUNTS) + "\n")
