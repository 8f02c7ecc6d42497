// Shared by the kernels. NVRTC compiles each `.cu` file after this one and `ptx.cuh`, without a CUDA toolkit.

constexpr int WARP = 32;
// Codes per tile. The codes are padded to a multiple of it.
constexpr int CODE_TILE = 128;
// Largest number of candidates of a row. A row with more is searched again with a more precise filter.
constexpr int CAPACITY = 64;
// Bounds per row and block of a filter, each of a different set of codes.
constexpr int SLOTS = 16;

constexpr unsigned ALL_LANES = 0xffffffffu;

__device__ inline float infinity() { return __int_as_float(0x7f800000); }

__device__ inline int lane_of_thread() { return threadIdx.x % WARP; }

// The index of this thread's warp in the grid.
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

// Upper bound of the error of a score, for a row and a code, or all codes of a tile. `prepare.cu` defines the parts.
__device__ inline float margin(const float4& row, const float4& code) {
    return row.x * code.x + (row.y * code.y + (row.z + code.z));
}

// The input of a filter.
template <typename Packed>
struct FilterInput {
    const Packed* rows;   // [a multiple of ROW_TILE, depth]
    const Packed* codes;  // [tiles, CODE_TILE, depth]
    const float4* row_bounds;
    const float4* code_bounds;
    const float4* tile_bounds;  // elementwise maximum over a tile
    const float* offsets;
    int depth;     // a multiple of 16
    int tiles;     // of codes
    int step;      // one in `step` tiles is scanned
    int stages;    // of copies in flight, 2 or 3: `filter_bf16.cu`
    int resident;  // whether the rows fit into shared memory as a whole: `filter_bf16.cu`
};

// The codes that a filter cannot exclude.
struct CandidateLists {
    int* counts;     // [rows], can exceed CAPACITY
    int* positions;  // [rows, CAPACITY]
    float* scores;   // [rows, CAPACITY]
};

__device__ inline void keep(const CandidateLists& candidates, long long row, int position, float score) {
    const int slot = atomicAdd(&candidates.counts[row], 1);
    if (slot >= CAPACITY) return;
    candidates.positions[row * CAPACITY + slot] = position;
    candidates.scores[row * CAPACITY + slot] = score;
}
