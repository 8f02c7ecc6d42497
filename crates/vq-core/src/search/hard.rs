//! Numbers that filters find hard, for tests.

/// Vectors and codes, `[n, width]` and `[size, width]`, most often of one kind.
pub(super) fn pair(kinds: (usize, usize), seed: u64, [n, size]: [usize; 2], width: usize) -> (Vec<f32>, Vec<f32>) {
    let kinds = match seed % 4 {
        0 => kinds,
        1 if seed % 8 == 1 => (10, 11),
        1 => (12, 13),
        _ => (kinds.0, kinds.0),
    };
    (numbers(kinds.0, seed, n, width), numbers(kinds.1, seed ^ 1, size, width))
}

/// `count` rows of numbers of one kind.
pub(super) fn numbers(kind: usize, seed: u64, count: usize, width: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut value = move |index: usize| {
        let (row, x) = (index / width, uniform());
        match kind {
            0 => x,
            1 => x + 1000.0,                                // a common offset
            2 => (x * 4.0).round(),                         // many exact ties
            3 => x * 10_f32.powi((row % 7) as i32 * 3 - 9), // lengths from 1e-9 to 1e9
            4 => x * 1e-30,                                 // squares below f32's range
            5 => x * 3e30,                                  // squares above it
            6 => (row % 3) as f32 * 0.25,                   // few distinct vectors, with zeros
            9 if row % 50 != 7 => x * 1e-4, // a collapsed codebook: a few codes alive, the others near zero
            9 => x * 10.0,
            // A row whose bytes have few steps left for all but one element, which the codes leave out.
            10 if index.is_multiple_of(width) => 100.0,
            10 => x * 3.0,
            11 if index.is_multiple_of(width) => 0.0,
            11 => (x * 3.0).round(),
            // Codes that bfloat16 holds exactly, and rows that differ from one in what it cannot hold.
            12 => 1.0 + x * 0.05,
            13 => f32::from(x > 0.0),
            7 if index.is_multiple_of(width) => x * 1e6, // one large element
            _ => x * 1e-3 + (index % width) as f32,      // close together, far from zero
        }
    };
    (0..count * width).map(&mut value).collect()
}
