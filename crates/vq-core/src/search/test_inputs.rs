//! Numerically difficult vectors and codes, for tests of the search.

/// Vectors and codes, `[n, dim]` and `[size, dim]`, mostly of the same kind.
pub(super) fn pair(kinds: (usize, usize), seed: u64, [n, size]: [usize; 2], dim: usize) -> (Vec<f32>, Vec<f32>) {
    let kinds = match seed % 4 {
        0 => kinds,
        1 if seed % 8 == 1 => (10, 11),
        1 => (12, 13),
        _ => (kinds.0, kinds.0),
    };
    (numbers(kinds.0, seed, n, dim), numbers(kinds.1, seed ^ 1, size, dim))
}

/// `count` rows of numbers of one kind.
pub(super) fn numbers(kind: usize, seed: u64, count: usize, dim: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut value = move |index: usize| {
        let (row, x) = (index / dim, uniform());
        match kind {
            0 => x,
            1 => x + 1000.0,                                // a common offset
            2 => (x * 4.0).round(),                         // many exact ties
            3 => x * 10_f32.powi((row % 7) as i32 * 3 - 9), // norms from 1e-9 to 1e9
            4 => x * 1e-30,                                 // squares below f32's range
            5 => x * 3e30,                                  // squares above it
            6 => (row % 3) as f32 * 0.25,                   // few distinct vectors, with zeros
            9 if row % 50 != 7 => x * 1e-4, // a collapsed codebook: few codes in use, the others near zero
            9 => x * 10.0,
            // Rows with one large element, which leaves few i8 steps to the others; it is zero in the codes.
            10 if index.is_multiple_of(dim) => 100.0,
            10 => x * 3.0,
            11 if index.is_multiple_of(dim) => 0.0,
            11 => (x * 3.0).round(),
            // Codes that are exact in bfloat16, and rows near 1 that are not.
            12 => 1.0 + x * 0.05,
            13 => f32::from(x > 0.0),
            7 if index.is_multiple_of(dim) => x * 1e6, // one large element
            _ => x * 1e-3 + (index % dim) as f32,      // close together, far from zero
        }
    };
    (0..count * dim).map(&mut value).collect()
}
