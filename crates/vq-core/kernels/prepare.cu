// Images of rows and codes in a filter's precision, and what is lost by it.
//
// In the frame of a search, a vector z becomes v = (z - center) * scale for L2, or z / |z| for cosine.
// The score of row v and code w is v.w - |w|^2 / 2 for L2, v.w for cosine: the nearest code has the highest.
// With b(v) the image of v, a filter computes b(v).b(w) + offset in f32, which is off by at most
//
//     |v - b(v)| |w|  +  |b(v)| (|w - b(w)| + g |b(w)|)  +  g |offset|  +  h (|v|^2 + |w|^2)
//
// where g = (depth + 16) 2^-22 bounds the rounding (or cutting off) of each of `depth` + 1 additions at the size of
// their sum, twice, and of the comparisons; h = (depth + 64) 2^-50 is more than the judge's own rounding. `margin` in
// `common.cuh` adds that up from a row's (|v - b(v)|, |b(v)|, h |v|^2) and a code's (|w|, |w - b(w)| + g |b(w)|, rest).

constexpr double UP = 1.0 + 1.0 / (1 << 20);      // More than the rounding of bounds to f32, and of sums of them.
constexpr double JUDGE = 1.0 / (1ll << 50);       // h = (depth + 64) of it
constexpr double TINY = 1e-30;                    // More than all that f32 loses below its smallest number.
constexpr double SMALLEST = 1e-30;                // What is smaller has the image zero.

// The nearest bf16, ties to even, and the number that it is.
__device__ inline void round_to(double value, unsigned short& image, double& rounded) {
    unsigned bits = __float_as_uint(static_cast<float>(value));
    bits += 0x7fffu + ((bits >> 16) & 1u);
    image = static_cast<unsigned short>(bits >> 16);
    rounded = __uint_as_float(static_cast<unsigned>(image) << 16);
}

__device__ inline void round_to(double value, float& image, double& rounded) {
    image = static_cast<float>(value);
    rounded = image;
}

// One warp for each of `padded` positions; `order` says which row stands at a position, and is null for rows as they are.
template <typename Image>
__device__ void prepare(const float* source, long long rows, long long padded, int width, int depth,
                        const long long* order, const double* center, const double* scale, int cosine, Image* images, float4* bounds,
                        float* offsets) {
    const long long position = warp_of_grid();
    if (position >= padded) return;
    const int lane = lane_of_thread();
    const bool there = position < rows;
    const float* row = source + (there ? (order == nullptr ? position : order[position]) * width : 0);
    double factor = cosine ? 0.0 : *scale;
    if (cosine && there) {
        double square = 0.0;
        for (int d = lane; d < width; d += WARP) square += static_cast<double>(row[d]) * row[d];
        square = warp_sum(square);
        factor = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    }
    double square = 0.0, kept = 0.0, lost = 0.0;
    for (int d = lane; d < depth; d += WARP) {
        double value = 0.0;
        if (there && d < width) value = (row[d] - (cosine ? 0.0 : center[d])) * factor;
        Image image;
        double rounded;
        round_to(fabs(value) < SMALLEST ? 0.0 : value, image, rounded);
        images[position * depth + d] = image;
        square += value * value;
        kept += rounded * rounded;
        lost += (value - rounded) * (value - rounded);
    }
    square = warp_sum(square);
    kept = warp_sum(kept);
    lost = warp_sum(lost);
    if (lane != 0) return;
    const double lost_length = sqrt(lost) * UP, kept_length = sqrt(kept) * UP, small = (depth + 64) * JUDGE * square + TINY;
    if (offsets == nullptr) {
        bounds[position] = {static_cast<float>(lost_length * UP), static_cast<float>(kept_length * UP),
                            static_cast<float>(small * UP), 0.0f};
        return;
    }
    const double rounding = (depth + 16) * (1.0 / (1 << 22));
    const double half = cosine ? 0.0 : square / 2.0;
    bounds[position] = {static_cast<float>(sqrt(square) * UP * UP),
                        static_cast<float>((lost_length + rounding * kept_length) * UP),
                        static_cast<float>((rounding * half + small) * UP), 0.0f};
    offsets[position] = there ? -static_cast<float>(half) : -infinity();
}

#define PREPARE(NAME, IMAGE)                                                                                         \
    extern "C" __global__ void NAME(const float* source, long long rows, long long padded, int width, int depth,     \
                                    const long long* order, const double* center, const double* scale, int cosine,   \
                                    IMAGE* images, float4* bounds, float* offsets) {                                 \
        prepare(source, rows, padded, width, depth, order, center, scale, cosine, images, bounds, offsets);          \
    }

PREPARE(prepare_bf16, unsigned short)
PREPARE(prepare_f32, float)
