// Scores of all rows and codes without tensor cores: f32 in and out, reduced in registers and never written to memory.
//
// A block of 16 x 16 threads owns ROW_TILE rows and iterates over tiles of CODE_TILE codes; each thread owns 8 x 8
// scores, in rows and columns with a stride of 16.

constexpr int SIDE = 16;
constexpr int EACH = 8;
constexpr int THREADS = SIDE * SIDE;
constexpr int ROW_TILE = SIDE * EACH;
constexpr int PART = 16;
constexpr int PITCH = ROW_TILE + 1;  // Adjacent numbers of a vector are in different banks.

static_assert(CODE_TILE == ROW_TILE && SLOTS == SIDE, "rows and codes are staged alike, a slot for each column");

// Iterates over the tiles of this block and calls `fold(tile, scores)` for each.
template <typename Fold>
__device__ void for_each_tile(const FilterInput<float>& input, Fold fold) {
    __shared__ float row_part[PART][PITCH];
    __shared__ float code_part[PART][PITCH];
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE, depth = input.depth;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for (int tile = blockIdx.y * input.step; tile < input.tiles; tile += gridDim.y * input.step) {
        const long long first_code = static_cast<long long>(tile) * CODE_TILE;
        float scores[EACH][EACH];
#pragma unroll
        for (int j = 0; j < EACH; ++j) {
            const float offset = input.offsets[first_code + x + SIDE * j];
#pragma unroll
            for (int i = 0; i < EACH; ++i) scores[i][j] = offset;
        }
        for (int part = 0; part < depth; part += PART) {
            __syncthreads();
            for (int line = y; line < ROW_TILE; line += SIDE) {
                row_part[x][line] = input.rows[(first_row + line) * depth + part + x];
                code_part[x][line] = input.codes[(first_code + line) * depth + part + x];
            }
            __syncthreads();
            for (int d = 0; d < PART; ++d) {
                float left[EACH], right[EACH];
#pragma unroll
                for (int i = 0; i < EACH; ++i) left[i] = row_part[d][y + SIDE * i], right[i] = code_part[d][x + SIDE * i];
#pragma unroll
                for (int i = 0; i < EACH; ++i) {
#pragma unroll
                    for (int j = 0; j < EACH; ++j) scores[i][j] = fmaf(left[i], right[j], scores[i][j]);
                }
            }
        }
        fold(tile, scores);
    }
}

__device__ inline float highest_of(const float (&scores)[EACH]) {
    float highest = scores[0];
#pragma unroll
    for (int j = 1; j < EACH; ++j) highest = fmaxf(highest, scores[j]);
    return highest;
}

// For each row, SLOTS lower bounds of the true scores of distinct codes: slots [rows, splits, SLOTS].
extern "C" __global__ void __launch_bounds__(THREADS) bound_f32(FilterInput<float> input, float* slots) {
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    float best[EACH];
#pragma unroll
    for (int i = 0; i < EACH; ++i) best[i] = -infinity();
    for_each_tile(input, [&](int tile, const float(&scores)[EACH][EACH]) {
        const float4 bounds = input.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            const float highest = highest_of(scores[i]);
            best[i] = fmaxf(best[i], highest - margin(input.row_bounds[first_row + y + SIDE * i], bounds));
        }
    });
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        slots[((first_row + y + SIDE * i) * gridDim.y + blockIdx.y) * SLOTS + x] = best[i];
    }
}

// Collects the codes whose true score can reach the threshold of the row.
extern "C" __global__ void __launch_bounds__(THREADS)
    collect_f32(FilterInput<float> input, long long codes, const float* thresholds, CandidateLists candidates) {
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for_each_tile(input, [&](int tile, const float(&scores)[EACH][EACH]) {
        const float4 bounds = input.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            const float highest = highest_of(scores[i]);
            const long long row = first_row + y + SIDE * i;
            const float4 row_bounds = input.row_bounds[row];
            const float threshold = thresholds[row];
            if (highest + margin(row_bounds, bounds) < threshold) continue;
#pragma unroll
            for (int j = 0; j < EACH; ++j) {
                const long long position = static_cast<long long>(tile) * CODE_TILE + x + SIDE * j;
                if (position >= codes) continue;
                if (scores[i][j] + margin(row_bounds, input.code_bounds[position]) < threshold) continue;
                keep(candidates, row, static_cast<int>(position), scores[i][j]);
            }
        }
    });
}
