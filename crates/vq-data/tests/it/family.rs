use vq_data::{Split, caption_of, family_of};

#[track_caller]
fn check(family: &str, names: &[&str]) {
    for name in names {
        assert_eq!(family_of(name), family, "{name}");
    }
}

#[test]
fn people() {
    check(
        "running",
        &["person running", "man running", "woman running: medium-dark skin tone", "person running facing right"],
    );
    check("person", &["person", "man", "woman: red hair", "man: dark skin tone, bald"]);
    check("holding hands", &["woman and man holding hands", "men holding hands"]);
    check("royalty", &["prince", "princess", "person with crown"]);
    check("child", &["boy", "girl: light skin tone"]);
    check("family", &["family", "family: man, boy"]);
}

#[test]
fn things() {
    check("heart", &["red heart", "light blue heart"]);
    check("arrow", &["up arrow", "down-left arrow", "left-right arrow"]);
    check("clock face", &["one o’clock", "twelve-thirty"]);
    check("moon", &["full moon", "waxing crescent moon"]);
    check("keycap", &["keycap: #", "keycap: 10"]);
    check("light bulb", &["light bulb"]);
    check("high voltage", &["high voltage"]);
    check("orange", &["orange"]);
}

#[test]
fn flags() {
    check("flag: france", &["flag: France"]);
    check("flag", &["black flag", "white flag"]);
}

/// The splits of these families must never change: it would leak into trained models.
#[test]
fn splits_are_pinned() {
    for family in ["volcano", "penguin", "keycap", "owl"] {
        assert_eq!(Split::of_family(family), Split::Validation, "{family}");
    }
    for family in ["apple", "person", "heart", "family"] {
        assert_eq!(Split::of_family(family), Split::Train, "{family}");
    }
}

#[test]
fn captions_are_plain() {
    assert_eq!(caption_of("1st place medal"), "1st place medal");
    assert_eq!(caption_of("UP! button"), "up button");
    assert_eq!(caption_of("A button (blood type)"), "a button blood type");
    assert_eq!(caption_of("flag: Heard & McDonald Islands"), "flag of heard and mcdonald islands");
}
