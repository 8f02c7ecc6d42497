// The scores of all rows and codes without tensor cores: f32 in and out, folded in registers and never written.
//
// A block of 16 x 16 threads owns ROW_TILE rows and walks over tiles of CODE_TILE codes; each thread owns 8 x 8 scores,
// in rows and columns that lie 16 apart.

constexpr int SIDE = 16;
constexpr int EACH = 8;
constexpr int THREADS = SIDE * SIDE;
constexpr int ROW_TILE = SIDE * EACH;
constexpr int PART = 16;
constexpr int PITCH = ROW_TILE + 1;  // Neighbours in depth lie in different banks.

static_assert(CODE_TILE == ROW_TILE && SLOTS == SIDE, "rows and codes are staged alike, a slot for each column");

// Runs over this block's tiles; `fold(tile, scores)` takes the scores of each.
template <typename Fold>
__device__ void for_each_tile(const Problem<float>& problem, Fold fold) {
    __shared__ float row_part[PART][PITCH];
    __shared__ float code_part[PART][PITCH];
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE, depth = problem.depth;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for (int tile = blockIdx.y * problem.step; tile < problem.tiles; tile += gridDim.y * problem.step) {
        const long long first_code = static_cast<long long>(tile) * CODE_TILE;
        float scores[EACH][EACH];
#pragma unroll
        for (int j = 0; j < EACH; ++j) {
            const float offset = problem.offsets[first_code + x + SIDE * j];
#pragma unroll
            for (int i = 0; i < EACH; ++i) scores[i][j] = offset;
        }
        for (int part = 0; part < depth; part += PART) {
            __syncthreads();
            for (int line = y; line < ROW_TILE; line += SIDE) {
                row_part[x][line] = problem.rows[(first_row + line) * depth + part + x];
                code_part[x][line] = problem.codes[(first_code + line) * depth + part + x];
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

// For each row, SLOTS lower bounds of the true scores of different codes: slots [rows, splits, SLOTS].
extern "C" __global__ void __launch_bounds__(THREADS) bound_f32(Problem<float> problem, float* slots) {
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    float best[EACH];
#pragma unroll
    for (int i = 0; i < EACH; ++i) best[i] = -infinity();
    for_each_tile(problem, [&](int tile, const float(&scores)[EACH][EACH]) {
        const float4 bounds = problem.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            const float highest = highest_of(scores[i]);
            best[i] = fmaxf(best[i], highest - margin(problem.row_bounds[first_row + y + SIDE * i], bounds));
        }
    });
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        slots[((first_row + y + SIDE * i) * gridDim.y + blockIdx.y) * SLOTS + x] = best[i];
    }
}

// Keeps the codes whose true score may reach the row's threshold.
extern "C" __global__ void __launch_bounds__(THREADS)
    collect_f32(Problem<float> problem, long long codes, const float* thresholds, Candidates candidates) {
    const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for_each_tile(problem, [&](int tile, const float(&scores)[EACH][EACH]) {
        const float4 bounds = problem.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            const float highest = highest_of(scores[i]);
            const long long row = first_row + y + SIDE * i;
            const float4 row_bounds = problem.row_bounds[row];
            const float threshold = thresholds[row];
            if (highest + margin(row_bounds, bounds) < threshold) continue;
#pragma unroll
            for (int j = 0; j < EACH; ++j) {
                const long long position = static_cast<long long>(tile) * CODE_TILE + x + SIDE * j;
                if (position >= codes) continue;
                if (scores[i][j] + margin(row_bounds, problem.code_bounds[position]) < threshold) continue;
                keep(candidates, row, static_cast<int>(position), scores[i][j]);
            }
        }
    });
}
