// What the kernels share. NVRTC compiles each `.cu` file behind this one and `ptx.cuh`; it needs no CUDA toolkit.

constexpr int WARP = 32;
// Codes of one tile; the codes are padded to a multiple of it.
constexpr int CODE_TILE = 128;
// Most candidates that are kept for a row; a row with more is searched again, more precisely.
constexpr int CAPACITY = 64;
// Codes whose best is kept apart by one block of a filter, for each row.
constexpr int SLOTS = 16;

constexpr unsigned ALL_LANES = 0xffffffffu;

__device__ inline float infinity() { return __int_as_float(0x7f800000); }

__device__ inline int lane_of_thread() { return threadIdx.x % WARP; }

// This thread's warp, counted over the whole grid.
__device__ inline long long warp_of_grid() {
    return (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) / WARP;
}

template <typename Number>
__device__ inline Number warp_sum(Number value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(ALL_LANES, value, distance);
    return value;
}

__device__ inline float warp_max(float value) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, distance));
    }
    return value;
}

// How far the score of a filter may lie off the true one, for a row and a code, or all codes of a tile (`prepare.cu`
// says what the parts are).
__device__ inline float margin(const float4& row, const float4& code) {
    return row.x * code.x + (row.y * code.y + (row.z + code.z));
}

// What a filter reads.
template <typename Image>
struct Problem {
    const Image* rows;   // [a multiple of ROW_TILE, depth]
    const Image* codes;  // [tiles, CODE_TILE, depth]
    const float4* row_bounds;
    const float4* code_bounds;
    const float4* tile_bounds;  // the largest of each tile
    const float* offsets;
    int depth;     // a multiple of 16
    int tiles;     // of codes
    int step;      // only every so manieth tile is looked at
    int stages;    // of copies under way, 2 or 3: `filter_bf16.cu`
    int resident;  // whether all of the rows fits into shared memory: `filter_bf16.cu`
};

// Where a filter puts the codes that it cannot exclude.
struct Candidates {
    int* counts;     // [rows], may exceed CAPACITY
    int* positions;  // [rows, CAPACITY]
    float* scores;   // [rows, CAPACITY]
};

__device__ inline void keep(const Candidates& candidates, long long row, int position, float score) {
    const int place = atomicAdd(&candidates.counts[row], 1);
    if (place >= CAPACITY) return;
    candidates.positions[row * CAPACITY + place] = position;
    candidates.scores[row * CAPACITY + place] = score;
}
