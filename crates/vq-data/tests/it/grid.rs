use image::{Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use vq_data::DataError;
use vq_data::grid::{GridCell, GridLayout, GridWords, SampleWords, Tone, draw_grid, sample_cells};

use crate::support::{Numbered, check_error};

const LAYOUT: GridLayout = GridLayout { columns: 3, cell: 80, picture: 60, padding: 4, letters: 14.0 };
const RED: Rgba<u8> = Rgba([255, 0, 0, 255]);
const WHITE: Rgb<u8> = Rgb([255; 3]);

fn cell(width: u32, height: u32, texts: &[&str]) -> GridCell {
    let words = texts.iter().map(|&text| GridWords { text: text.to_owned(), tone: Tone::Plain, lines: 3 });
    GridCell { picture: RgbaImage::from_pixel(width, height, RED), words: words.collect() }
}

/// The numbers of pixels in a region that are red, and that are neither red nor white.
struct Painted {
    red: usize,
    letters: usize,
}

fn painted(page: &RgbImage, left: u32, top: u32, width: u32, height: u32) -> Painted {
    let part = image::imageops::crop_imm(page, left, top, width, height).to_image();
    let red = part.pixels().filter(|pixel| pixel.0 == [255, 0, 0]).count();
    let white = part.pixels().filter(|&&pixel| pixel == WHITE).count();
    Painted { red, letters: part.pixels().len() - red - white }
}

#[test]
fn rows_have_the_height_of_their_cells() {
    let cells = [cell(6, 6, &["one"]), cell(6, 3, &[]), cell(600, 300, &["two words"]), cell(1, 60, &[])];
    let page = draw_grid(&cells, LAYOUT).unwrap();
    assert_eq!(page.width(), 3 * 80);
    // Ten times as large: the factor is a whole number.
    assert_eq!(painted(&page, 0, 0, 80, 64).red, 60 * 60);
    // Twelve times as wide, and aligned at the bottom with the first one.
    assert_eq!(painted(&page, 80, 4 + 60 - 36, 80, 36).red, 72 * 36);
    assert_eq!(painted(&page, 160, 0, 80, 64).red, 72 * 36, "shrunk in its own shape");
    let row = page.height() - (60 + 2 * 4);
    assert_eq!(painted(&page, 0, row, 80, 68).red, 60, "the second row has no words");
    let words = |column: u32| painted(&page, column * 80, 64, 80, row - 64).letters;
    assert!(words(0) > 20 && words(2) > words(0), "{} {}", words(0), words(2));
    assert_eq!(words(1), 0);
}

#[test]
fn long_texts_are_broken_and_then_cut() {
    let height = |text: &str, lines: usize| {
        let words = vec![GridWords { text: text.to_owned(), tone: Tone::Plain, lines }];
        draw_grid(&[GridCell { words, ..cell(10, 10, &[]) }], LAYOUT).unwrap().height()
    };
    let line = height("word", 9) - height("", 9);
    assert!(line > 10);
    assert_eq!(height("word word", 1), height("word", 1));
    let text = "a caption of many words that no line of this cell has room for";
    assert_eq!(height(text, 3), height("", 9) + 3 * line);
    assert!(height(text, 99) > height(text, 3));
    // A long word is broken within, and takes the lines it needs.
    let letters = "m".repeat(40);
    assert!(height(&letters, 99) > height("", 9) + 4 * line);
    assert_eq!(height(&letters.repeat(2000), 2), height("", 9) + 2 * line);
}

#[test]
fn transparent_pixels_are_white() {
    let picture = RgbaImage::from_fn(10, 10, |x, _| if x < 5 { RED } else { Rgba([0, 0, 0, 0]) });
    let page = draw_grid(&[GridCell { picture, words: Vec::new() }], LAYOUT).unwrap();
    let Painted { red, letters } = painted(&page, 0, 0, 80, 68);
    assert_eq!((red, letters), (30 * 60, 0));
}

#[test]
fn letters_of_other_scripts_are_drawn_and_unknown_ones_marked() {
    let drawn = |text: &str| {
        let page = draw_grid(&[cell(10, 10, &[text])], LAYOUT).unwrap();
        painted(&page, 0, 64, 80, page.height() - 64).letters
    };
    for text in ["Stra\u{df}e", "\u{436}\u{443}\u{43a}", "\u{1f408}", "\u{732b}", "\u{10ffff}", "a\u{301}"] {
        assert!(drawn(text) > 5, "{text:?}: {}", drawn(text));
    }
    // Two characters that no font has look the same; two that one has do not.
    let page = |text: &str| draw_grid(&[cell(10, 10, &[text])], LAYOUT).unwrap();
    assert_eq!(page("\u{732b}"), page("\u{72ac}"));
    assert_ne!(page("\u{436}"), page("\u{444}"));
}

#[test]
fn invalid_layouts_and_sizes_are_refused() {
    let refused = |cells: &[GridCell], layout, part: &str| check_error(&draw_grid(cells, layout).unwrap_err(), &[part]);
    let one = [cell(10, 10, &["x"])];
    refused(&one, GridLayout { columns: 0, ..LAYOUT }, "columns: expected at least 1");
    refused(&one, GridLayout { cell: 3, ..LAYOUT }, "cell: expected 16 to");
    refused(&one, GridLayout { picture: 0, ..LAYOUT }, "picture: expected 1 to");
    refused(&one, GridLayout { padding: 20, ..LAYOUT }, "padding: expected less than 20");
    refused(&one, GridLayout { letters: f32::NAN, ..LAYOUT }, "letters: expected 6 to 256");
    refused(&[], LAYOUT, "got 0x0 pixels");
    refused(&[cell(0, 0, &[])], LAYOUT, "pictures with pixels, got 0x0");
    let many = vec![cell(1, 60, &[]); 2000];
    refused(&many, GridLayout { columns: 1, ..LAYOUT }, "got 80x136000 pixels");
}

#[test]
fn samples_become_cells_and_damaged_ones_are_marked() {
    let source = Numbered { broken: Some(1), ..Numbered::new(3) };
    let shown = sample_cells(&source, &[2, 1], SampleWords::Captions, LAYOUT).unwrap();
    let texts = |at: usize| shown.cells[at].words.iter().map(|words| words.text.as_str()).collect::<Vec<_>>();
    assert_eq!(texts(0), ["picture 2", ""]);
    assert_eq!(texts(1), ["index 1", "damaged"]);
    assert_eq!(shown.cells[0].picture.get_pixel(0, 0).0, [2, 0, 0, 200]);
    assert_eq!(shown.damaged.len(), 1);
    let facts = sample_cells(&source, &[0], SampleWords::Facts, LAYOUT).unwrap();
    let facts: Vec<&str> = facts.cells[0].words.iter().map(|words| words.text.as_str()).collect();
    assert_eq!(facts, ["number 0", "8\u{d7}8", ""]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any text and any picture can be drawn.
    #[test]
    fn any_text_can_be_drawn(
        text in "\\PC{0,40}|[\\s\\S]{0,20}",
        width in 1_u32..200,
        height in 1_u32..200,
        lines in 0_usize..4,
        tone in prop::sample::select(vec![Tone::Plain, Tone::Faint, Tone::Alarm]),
    ) {
        let words = vec![GridWords { text, tone, lines }];
        let picture = RgbaImage::from_pixel(width, height, RED);
        let page: Result<RgbImage, DataError> = draw_grid(&[GridCell { picture, words }], LAYOUT);
        let page = page.unwrap();
        prop_assert_eq!(page.width(), 80);
        // Letters stay outside of the left padding and of the picture.
        prop_assert!(painted(&page, 0, 0, 1, page.height()).letters == 0);
    }
}
