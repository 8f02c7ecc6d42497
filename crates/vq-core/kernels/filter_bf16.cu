// The scores of all rows and codes on tensor cores: bf16 in, f32 out, folded in registers and never written.
//
// A block of eight warps owns ROW_TILE rows and walks over tiles of CODE_TILE codes; each warp owns 64 x 64 scores.
// The images of the rows stay in shared memory if they fit; those of the codes pass through a ring of stages, copied
// behind the warps' backs, PART numbers of each code at a time.
// A line of 128 bytes holds PART numbers in eight units, which lie in an order that depends on the line (`unit_at`), so
// that the eight lines of a matrix lie in different banks.

using Image = unsigned short;  // The bits of a bf16.

constexpr int THREADS = 256;
constexpr int ROW_TILE = 256;
constexpr int PART = 64;
constexpr int UNIT = 8;  // Numbers of 16 bytes.
constexpr int LINE_BYTES = 2 * PART;
constexpr int ROW_PART_BYTES = ROW_TILE * LINE_BYTES;
constexpr int CODE_PART_BYTES = CODE_TILE * LINE_BYTES;
constexpr int OFFSET_BYTES = CODE_TILE * 4;

__device__ inline unsigned char* unit_at(unsigned char* part, int line, int unit) {
    return part + line * LINE_BYTES + ((unit ^ (line % UNIT)) * 16);
}

// Begins to copy part `part` of `lines` lines.
__device__ inline void copy_part(unsigned char* to, const Image* from, int lines, int depth, int part) {
    const int units = min(PART, depth - part * PART) / UNIT;
    for (int i = threadIdx.x; i < lines * UNIT; i += THREADS) {
        const int line = i / UNIT, unit = i % UNIT;
        if (unit < units) {
            copy_async(unit_at(to, line, unit), from + static_cast<long long>(line) * depth + part * PART + unit * UNIT);
        }
    }
}

// The place of a warp and its lanes in a block's tile of scores: score (i, j, e) of a thread lies in row `row(i, e)`
// and column `column(j, e)`, i < 4, j < 8, e < 4.
struct Place {
    int lane = lane_of_thread();
    int first_row = threadIdx.x / WARP / 2 * 64;
    int first_column = threadIdx.x / WARP % 2 * 64;

    __device__ int row(int i, int half) const { return first_row + 16 * i + 8 * half + lane / 4; }
    __device__ int column(int j, int parity) const { return first_column + 8 * j + 2 * (lane % 4) + parity; }
    // Columns that fall to this thread have slots of their own.
    __device__ int slot(int parity) const { return first_column / 64 * 8 + 2 * (lane % 4) + parity; }
};

// Runs over this block's tiles; `fold(tile, scores)` takes the scores of each.
template <typename Fold>
__device__ void for_each_tile(const Problem<Image>& problem, unsigned char* shared, Fold fold) {
    const Place place;
    const int depth = problem.depth, parts = (depth + PART - 1) / PART, stages = problem.stages;
    unsigned char* const code_parts = shared;
    unsigned char* const offset_parts = code_parts + stages * CODE_PART_BYTES;
    unsigned char* const row_parts = offset_parts + stages * OFFSET_BYTES;
    const Image* const rows = problem.rows + static_cast<long long>(blockIdx.x) * ROW_TILE * depth;

    const int sampled = (problem.tiles + problem.step - 1) / problem.step;
    const int first = blockIdx.y, splits = gridDim.y;
    const int own = first < sampled ? (sampled - first + splits - 1) / splits : 0;
    const int rounds = own * parts;
    const auto tile_of = [&](int round) { return (first + round / parts * splits) * problem.step; };
    const auto row_part_of = [&](int round) {
        return row_parts + (problem.resident ? round % parts : round % stages) * ROW_PART_BYTES;
    };
    const auto begin_copies = [&](int round) {
        if (round < rounds) {
            const int tile = tile_of(round), part = round % parts, stage = round % stages;
            copy_part(code_parts + stage * CODE_PART_BYTES,
                      problem.codes + static_cast<long long>(tile) * CODE_TILE * depth, CODE_TILE, depth, part);
            if (round < parts || !problem.resident) copy_part(row_part_of(round), rows, ROW_TILE, depth, part);
            if (part == 0 && threadIdx.x < OFFSET_BYTES / 16) {
                copy_async(offset_parts + stage * OFFSET_BYTES + threadIdx.x * 16,
                           problem.offsets + static_cast<long long>(tile) * CODE_TILE + threadIdx.x * 4);
            }
        }
        commit_copies();
    };

    for (int round = 0; round < stages - 1; ++round) begin_copies(round);
    float scores[4][8][4];
    for (int round = 0; round < rounds; ++round) {
        if (stages == 3) wait_copies<1>();
        else wait_copies<0>();
        __syncthreads();  // All copies of this round have landed, and the stage of the last round is free.
        begin_copies(round + stages - 1);

        const int part = round % parts, stage = round % stages;
        unsigned char* const code_part = code_parts + stage * CODE_PART_BYTES;
        unsigned char* const row_part = row_part_of(round);
        if (part == 0) {
            const float* const offsets = reinterpret_cast<const float*>(offset_parts + stage * OFFSET_BYTES);
#pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float even = offsets[place.column(j, 0)], odd = offsets[place.column(j, 1)];
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    scores[i][j][0] = scores[i][j][2] = even;
                    scores[i][j][1] = scores[i][j][3] = odd;
                }
            }
        }
        const int units = min(PART, depth - part * PART) / UNIT;
        for (int unit = 0; unit < units; unit += 2) {
            unsigned left[4][4];
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                const int line = place.first_row + 16 * i + place.lane % 16;
                load_matrices(left[i], unit_at(row_part, line, unit + place.lane / 16));
            }
#pragma unroll
            for (int j = 0; j < 8; j += 2) {
                unsigned right[4];
                const int line = place.first_column + 8 * j + place.lane % 8 + place.lane / 16 * 8;
                load_matrices(right, unit_at(code_part, line, unit + place.lane / 8 % 2));
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    multiply_add(scores[i][j], left[i], right[0], right[1]);
                    multiply_add(scores[i][j + 1], left[i], right[2], right[3]);
                }
            }
        }
        if (part == parts - 1) fold(tile_of(round), scores);
    }
}

// For each row, SLOTS lower bounds of the true scores of different codes: slots [rows, splits, SLOTS].
extern "C" __global__ void __launch_bounds__(THREADS, 1) bound_bf16(Problem<Image> problem, float* slots) {
    DYNAMIC_SHARED(shared);
    const Place place;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    float best[4][4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int e = 0; e < 4; ++e) best[i][e] = -infinity();
    }
    for_each_tile(problem, shared, [&](int tile, const float(&scores)[4][8][4]) {
        const float4 bounds = problem.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                float highest = scores[i][0][e];
#pragma unroll
                for (int j = 1; j < 8; ++j) highest = fmaxf(highest, scores[i][j][e]);
                const float4 row = problem.row_bounds[first_row + place.row(i, e / 2)];
                best[i][e] = fmaxf(best[i][e], highest - margin(row, bounds));
            }
        }
    });
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            const long long row = first_row + place.row(i, e / 2);
            slots[(row * gridDim.y + blockIdx.y) * SLOTS + place.slot(e % 2)] = best[i][e];
        }
    }
}

// Keeps the codes whose true score may reach the row's threshold.
extern "C" __global__ void __launch_bounds__(THREADS, 1)
    collect_bf16(Problem<Image> problem, long long codes, const float* thresholds, Candidates candidates) {
    DYNAMIC_SHARED(shared);
    const Place place;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for_each_tile(problem, shared, [&](int tile, const float(&scores)[4][8][4]) {
        const float4 bounds = problem.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                float highest = -infinity();
#pragma unroll
                for (int j = 0; j < 8; ++j) {
                    highest = fmaxf(highest, fmaxf(scores[i][j][2 * half], scores[i][j][2 * half + 1]));
                }
                const long long row = first_row + place.row(i, half);
                const float4 row_bounds = problem.row_bounds[row];
                const float threshold = thresholds[row];
                if (highest + margin(row_bounds, bounds) < threshold) continue;
#pragma unroll
                for (int j = 0; j < 8; ++j) {
#pragma unroll
                    for (int parity = 0; parity < 2; ++parity) {
                        const float score = scores[i][j][2 * half + parity];
                        const long long position = static_cast<long long>(tile) * CODE_TILE + place.column(j, parity);
                        if (position >= codes) continue;
                        if (score + margin(row_bounds, problem.code_bounds[position]) < threshold) continue;
                        keep(candidates, row, static_cast<int>(position), score);
                    }
                }
            }
        }
    });
}
