// Packs rows and codes in the precision of a filter, with bounds of the error.
//
// A vector z is centered: v = (z - center) * scale for L2, v = z / |z| for cosine.
// The score of row v and code w is v.w - |w|^2 / 2 for L2, v.w for cosine; the nearest code has the highest score.
// With b(v) the packed v, a filter computes b(v).b(w) + offset in f32, with an error of at most
//
//     |v - b(v)| |w|  +  |b(v)| (|w - b(w)| + g |b(w)|)  +  g |offset|  +  h (|v|^2 + |w|^2)
//
// where g = (depth + 16) 2^-22 bounds the rounding (or truncation) of each of `depth` + 1 additions at the size of
// their sum, with a safety factor of two, and of the comparisons; h = (depth + 64) 2^-50 exceeds the rounding of the
// exact distance. `margin` in `common.cuh` computes this sum from (|v - b(v)|, |b(v)|, h |v|^2) of a row and
// (|w|, |w - b(w)| + g |b(w)|, rest) of a code.

constexpr double UP = 1.0 + 1.0 / (1 << 20);      // Exceeds the rounding of bounds to f32, and of sums of them.
constexpr double EXACT = 1.0 / (1ll << 50);       // h = (depth + 64) * EXACT
constexpr double TINY = 1e-30;                    // Exceeds the underflow of f32.
constexpr double SMALLEST = 1e-30;                // Smaller numbers are packed as zero.

// The nearest bf16, ties to even, and its value.
__device__ inline void round_to(double value, unsigned short& packed, double& rounded) {
    unsigned bits = __float_as_uint(static_cast<float>(value));
    bits += 0x7fffu + ((bits >> 16) & 1u);
    packed = static_cast<unsigned short>(bits >> 16);
    rounded = __uint_as_float(static_cast<unsigned>(packed) << 16);
}

__device__ inline void round_to(double value, float& packed, double& rounded) {
    packed = static_cast<float>(value);
    rounded = packed;
}

// One warp for each of `padded` positions. `order` holds the row of each position; null keeps the order.
template <typename Packed>
__device__ void prepare(const float* source, long long rows, long long padded, int width, int depth,
                        const long long* order, const double* center, const double* scale, int cosine, Packed* packed,
                        float4* bounds, float* offsets) {
    const long long position = warp_of_grid();
    if (position >= padded) return;
    const int lane = lane_of_thread();
    const bool exists = position < rows;
    const float* row = source + (exists ? (order == nullptr ? position : order[position]) * width : 0);
    double factor = cosine ? 0.0 : *scale;
    if (cosine && exists) {
        double square = 0.0;
        for (int d = lane; d < width; d += WARP) square += static_cast<double>(row[d]) * row[d];
        square = warp_sum(square);
        factor = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    }
    double square = 0.0, packed_square = 0.0, error_square = 0.0;
    for (int d = lane; d < depth; d += WARP) {
        double value = 0.0;
        if (exists && d < width) value = (row[d] - (cosine ? 0.0 : center[d])) * factor;
        Packed low;
        double rounded;
        round_to(fabs(value) < SMALLEST ? 0.0 : value, low, rounded);
        packed[position * depth + d] = low;
        square += value * value;
        packed_square += rounded * rounded;
        error_square += (value - rounded) * (value - rounded);
    }
    square = warp_sum(square);
    packed_square = warp_sum(packed_square);
    error_square = warp_sum(error_square);
    if (lane != 0) return;
    const double error = sqrt(error_square) * UP, packed_norm = sqrt(packed_square) * UP;
    const double small = (depth + 64) * EXACT * square + TINY;
    if (offsets == nullptr) {
        bounds[position] = {static_cast<float>(error * UP), static_cast<float>(packed_norm * UP),
                            static_cast<float>(small * UP), 0.0f};
        return;
    }
    const double rounding = (depth + 16) * (1.0 / (1 << 22));
    const double half = cosine ? 0.0 : square / 2.0;
    bounds[position] = {static_cast<float>(sqrt(square) * UP * UP),
                        static_cast<float>((error + rounding * packed_norm) * UP),
                        static_cast<float>((rounding * half + small) * UP), 0.0f};
    offsets[position] = exists ? -static_cast<float>(half) : -infinity();
}

#define PREPARE(NAME, PACKED)                                                                                         \
    extern "C" __global__ void NAME(const float* source, long long rows, long long padded, int width, int depth,     \
                                    const long long* order, const double* center, const double* scale, int cosine,   \
                                    PACKED* packed, float4* bounds, float* offsets) {                                 \
        prepare(source, rows, padded, width, depth, order, center, scale, cosine, packed, bounds, offsets);          \
    }

PREPARE(prepare_bf16, unsigned short)
PREPARE(prepare_f32, float)
