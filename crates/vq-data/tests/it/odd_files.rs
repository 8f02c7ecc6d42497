//! Unusual and damaged image files: each is read or refused, under both policies.

use std::io::Cursor;

use image::{Frame, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use vq_data::{Damaged, ImageFolder, ImageFolderConfig, ImageSource};

use crate::datasets::Tree;
use crate::support::check_error;

/// The colour of sound files; some formats keep it only approximately.
const COLOUR: [u8; 3] = [200, 40, 90];

/// A side that is larger than the limit.
const HUGE: u16 = 30_000;

/// 16x16 pixels of one format.
fn filled<P>(pixel: P, format: ImageFormat) -> Vec<u8>
where
    P: image::PixelWithColorType,
    [P::Subpixel]: image::EncodableLayout,
{
    let mut file = Cursor::new(Vec::new());
    ImageBuffer::from_pixel(16, 16, pixel).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// 16x16 of [`COLOUR`].
fn encoded(format: ImageFormat) -> Vec<u8> {
    filled(Rgb(COLOUR), format)
}

/// [`COLOUR`] in cyan, magenta, yellow and black by Pillow's conversion: `255 - ink`, times black.
fn inks(kind: jpeg_encoder::ColorType) -> Vec<u8> {
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 100).encode(&[55, 215, 165, 0].repeat(16 * 16), 16, 16, kind).unwrap();
    file
}

/// Two frames; the second is blue.
fn moving() -> Vec<u8> {
    let mut file = Vec::new();
    let [red, green, blue] = COLOUR;
    let frames = [[red, green, blue, 255], [0, 0, 255, 255]].map(|colour| RgbaImage::from_pixel(16, 16, Rgba(colour)));
    image::codecs::gif::GifEncoder::new(&mut file).encode_frames(frames.into_iter().map(Frame::new)).unwrap();
    file
}

/// A PNG file of one bit per pixel, which the encoder cannot write: header, palette, data.
fn palette() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &[0, 0, 0, 16, 0, 0, 0, 16, 1, 3, 0, 0, 0]);
    chunk(&mut file, b"PLTE", &[&[0; 3][..], &COLOUR].concat());
    // Rows of filter 0 and 16 ones, in a zlib stream of one stored block.
    let rows = [0, 0xff, 0xff].repeat(16);
    let adler = rows.iter().fold((1_u32, 0_u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let stored = [&[0x78, 1, 1, 48, 0, 207, 255][..], &rows, &(adler.1 << 16 | adler.0).to_be_bytes()].concat();
    chunk(&mut file, b"IDAT", &stored);
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let body = [kind, data].concat();
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(&body);
    file.extend(crc32(&body).to_be_bytes());
}

/// The checksum of png chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// A jpeg file with an EXIF entry: orientation (0x112), a short.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\x00\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
    [&jpeg[..2], exif, &[orientation], b"\0\0\0\0\0\0", &jpeg[2..]].concat()
}

/// A small file with a huge size in its header.
fn bomb(format: ImageFormat) -> Vec<u8> {
    let mut bytes = encoded(format);
    let mut write = |at: usize, side: &[u8]| {
        bytes[at..at + side.len()].copy_from_slice(side);
        bytes[at + side.len()..at + 2 * side.len()].copy_from_slice(side);
    };
    match format {
        ImageFormat::Png => {
            write(16, &u32::from(HUGE).to_be_bytes());
            let checksum = crc32(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        }
        ImageFormat::Gif => write(6, &HUGE.to_le_bytes()),
        ImageFormat::Bmp => write(18, &u32::from(HUGE).to_le_bytes()),
        ImageFormat::Jpeg => {
            let frame = encoded(format).windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
            write(frame + 5, &HUGE.to_be_bytes());
        }
        other => panic!("no bomb of {other:?}"),
    }
    bytes
}

const POLICIES: [Damaged; 2] = [Damaged::Fail, Damaged::Skip];

/// A folder of the file and a sound grey one after it.
fn folder(name: &str, bytes: &[u8], damaged: Damaged) -> (Tree, ImageFolder) {
    let tree = Tree::new();
    tree.put(name, bytes).put("z.png", crate::datasets::picture(7));
    let config = ImageFolderConfig { damaged, ..ImageFolderConfig::default() };
    let folder = ImageFolder::open(tree.root(), config).unwrap();
    (tree, folder)
}

/// Asserts that a file is read by its content, under both policies.
#[track_caller]
fn check_read(name: &str, bytes: &[u8], wanted: [u8; 4], tolerance: u8) {
    for policy in POLICIES {
        let (_tree, folder) = folder(name, bytes, policy);
        let sample = folder.get(0).unwrap();
        assert_eq!(sample.id, name);
        assert_eq!(sample.image.dimensions(), (16, 16), "{name}");
        for pixel in sample.image.pixels() {
            let near = pixel.0.iter().zip(wanted).all(|(&got, wanted)| got.abs_diff(wanted) <= tolerance);
            assert!(near, "{name}: expected about {wanted:?}, got {pixel:?}");
        }
        assert!(folder.damaged().is_empty(), "{name}");
    }
}

/// Asserts that a file is refused with its name, or with `skip` replaced by the next one and recorded.
#[track_caller]
fn check_damaged(name: &str, bytes: &[u8], reason: &str) {
    for policy in POLICIES {
        let (tree, folder) = folder(name, bytes, policy);
        match policy {
            Damaged::Fail => {
                check_error(&folder.get(0).unwrap_err(), &[name, reason]);
                assert!(folder.damaged().is_empty());
            }
            Damaged::Skip => {
                assert_eq!(folder.get(0).unwrap().id, "z.png", "{name}");
                let damaged = folder.damaged();
                assert_eq!(damaged.len(), 1, "{name}");
                assert_eq!(damaged[0].path, tree.root().join(name));
                assert!(damaged[0].reason.contains(reason), "{reason} is missing in: {}", damaged[0].reason);
            }
        }
        assert_eq!(folder.get(1).unwrap().id, "z.png");
    }
}

#[test]
fn sound_files_of_every_kind_are_read_under_both_policies() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};

    let [red, green, blue] = COLOUR;
    let same = |name: &str, bytes: &[u8], tolerance: u8| check_read(name, bytes, [red, green, blue, 255], tolerance);
    for (name, format, tolerance) in
        [("a.png", Png, 0), ("a.bmp", Bmp, 0), ("a.webp", WebP, 0), ("still.gif", Gif, 0), ("a.jpg", Jpeg, 4)]
    {
        same(name, &encoded(format), tolerance);
    }
    same("moving.gif", &moving(), 0);
    same("palette.png", &palette(), 0);
    same("deep.png", &filled(Rgb(COLOUR.map(|level| u16::from(level) * 257)), Png), 0);
    same("cmyk.jpg", &inks(jpeg_encoder::ColorType::Cmyk), 4);
    same("ycck.jpg", &inks(jpeg_encoder::ColorType::CmykAsYcck), 4);
    same("turned.jpg", &turned(&encoded(Jpeg), 6), 4);
    same("named-wrong.jpg", &encoded(Png), 0);
    check_read("grey.png", &filled(Luma([77_u8]), Png), [77, 77, 77, 255], 0);
    check_read("grey.jpg", &filled(Luma([77_u8]), Jpeg), [77, 77, 77, 255], 1);
    check_read("deep-grey.png", &filled(Luma([77_u16 * 257]), Png), [77, 77, 77, 255], 0);
    // Alpha is kept, for the background of the transform.
    check_read("grey-alpha.png", &filled(LumaA([77_u8, 9]), Png), [77, 77, 77, 9], 0);
    for (name, format) in [("clear.png", Png), ("clear.webp", WebP)] {
        check_read(name, &filled(Rgba([red, green, blue, 100]), format), [red, green, blue, 100], 0);
    }
}

#[test]
fn damaged_files_of_every_kind_are_refused_or_skipped() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};

    check_damaged("a.png", b"", "an empty file");
    check_damaged("a.jpg", b"no image at all", "a file of another format");
    check_damaged("a.jpg", b"II*\0............", "a image/tiff file");
    for (name, format) in [("a.png", Png), ("a.webp", WebP), ("a.gif", Gif), ("a.bmp", Bmp)] {
        let whole = encoded(format);
        check_damaged(name, &whole[..whole.len() / 2], "a whole jpeg, png");
    }
    let jpeg = encoded(Jpeg);
    check_damaged("a.jpg", &jpeg[..jpeg.len() / 2], "a truncated one");
    // One changed byte of the pixels, which the checksum detects.
    let mut corrupt = encoded(Png);
    let at = corrupt.windows(4).position(|word| word == b"IDAT").unwrap() + 8;
    corrupt[at] ^= 0x5a;
    check_damaged("a.png", &corrupt, "a whole jpeg, png");
    // The Huffman tables are missing.
    let at = jpeg.windows(2).position(|pair| pair == [0xff, 0xc4]).unwrap();
    let corrupt = [&jpeg[..at], &[0xff, 0xfe], &jpeg[at + 2..]].concat();
    check_damaged("a.jpg", &corrupt, "a whole jpeg, png");
    for (name, format) in [("a.png", Png), ("a.jpg", Jpeg), ("a.gif", Gif), ("a.bmp", Bmp)] {
        check_damaged(name, &bomb(format), "30000x30000");
    }
}

/// The corners are red, green, blue and white, stored in each of EXIF's orientations.
#[test]
fn all_eight_orientations_are_turned_upright() {
    const CORNERS: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3]];
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(48, 32, |x, y| Rgb(CORNERS[usize::from(x >= 24) + 2 * usize::from(y >= 16)]));
    image.write_to(&mut file, ImageFormat::Jpeg).unwrap();
    let jpeg = file.into_inner();
    // For the upright corners top left, top right, bottom left, bottom right: their positions in the file.
    let seen = [
        (1, [0, 1, 2, 3]),
        (2, [1, 0, 3, 2]),
        (3, [3, 2, 1, 0]),
        (4, [2, 3, 0, 1]),
        (5, [0, 2, 1, 3]),
        (6, [2, 0, 3, 1]),
        (7, [3, 1, 2, 0]),
        (8, [1, 3, 0, 2]),
    ];
    for (orientation, corners) in seen {
        let (_tree, folder) = folder("a.jpg", &turned(&jpeg, orientation), Damaged::Fail);
        let image = folder.get(0).unwrap().image;
        let (width, height) = if orientation < 5 { (48, 32) } else { (32, 48) };
        assert_eq!(image.dimensions(), (width, height), "orientation {orientation}");
        let places = [(4, 4), (width - 5, 4), (4, height - 5), (width - 5, height - 5)];
        for ((x, y), corner) in places.into_iter().zip(corners) {
            let got = image.get_pixel(x, y).0;
            let near = got.iter().zip(CORNERS[corner]).all(|(&got, wanted)| got.abs_diff(wanted) < 60);
            assert!(near, "orientation {orientation} at {x}, {y}: {got:?}");
        }
    }
}
