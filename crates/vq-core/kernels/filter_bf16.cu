// Scores of all rows and codes on tensor cores: bf16 in, f32 out, reduced in registers and never written to memory.
//
// A block of eight warps owns ROW_TILE rows and iterates over tiles of CODE_TILE codes; each warp owns 64 x 64 scores.
// The packed rows stay in shared memory if they fit; the packed codes go through a ring of stages with asynchronous
// copies, PART numbers of each code at a time.
// A line of 128 bytes holds PART numbers in eight units. Their order depends on the line (`unit_at`), so that the eight
// lines of a matrix are in different banks.

using Packed = unsigned short;  // The bits of a bf16.

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

// Starts the copy of part `part` of `lines` lines.
__device__ inline void copy_part(unsigned char* to, const Packed* from, int lines, int depth, int part) {
    const int units = min(PART, depth - part * PART) / UNIT;
    for (int i = threadIdx.x; i < lines * UNIT; i += THREADS) {
        const int line = i / UNIT, unit = i % UNIT;
        if (unit < units) {
            copy_async(unit_at(to, line, unit), from + static_cast<long long>(line) * depth + part * PART + unit * UNIT);
        }
    }
}

// The position of a thread in the tile of scores of its block: score (i, j, e) of a thread is in row `row(i, e)` and
// column `column(j, e)`, i < 4, j < 8, e < 4.
struct ThreadPosition {
    int lane = lane_of_thread();
    int first_row = threadIdx.x / WARP / 2 * 64;
    int first_column = threadIdx.x / WARP % 2 * 64;

    __device__ int row(int i, int half) const { return first_row + 16 * i + 8 * half + lane / 4; }
    __device__ int column(int j, int parity) const { return first_column + 8 * j + 2 * (lane % 4) + parity; }
    // Each column of this thread has its own slot.
    __device__ int slot(int parity) const { return first_column / 64 * 8 + 2 * (lane % 4) + parity; }
};

// Iterates over the tiles of this block and calls `fold(tile, scores)` for each.
template <typename Fold>
__device__ void for_each_tile(const FilterInput<Packed>& input, unsigned char* shared, Fold fold) {
    const ThreadPosition thread;
    const int depth = input.depth, parts = (depth + PART - 1) / PART, stages = input.stages;
    unsigned char* const code_parts = shared;
    unsigned char* const offset_parts = code_parts + stages * CODE_PART_BYTES;
    unsigned char* const row_parts = offset_parts + stages * OFFSET_BYTES;
    const Packed* const rows = input.rows + static_cast<long long>(blockIdx.x) * ROW_TILE * depth;

    const int sampled = (input.tiles + input.step - 1) / input.step;
    const int first = blockIdx.y, splits = gridDim.y;
    const int tiles = first < sampled ? (sampled - first + splits - 1) / splits : 0;
    const int rounds = tiles * parts;
    const auto tile_of = [&](int round) { return (first + round / parts * splits) * input.step; };
    const auto row_part_of = [&](int round) {
        return row_parts + (input.resident ? round % parts : round % stages) * ROW_PART_BYTES;
    };
    const auto begin_copies = [&](int round) {
        if (round < rounds) {
            const int tile = tile_of(round), part = round % parts, stage = round % stages;
            copy_part(code_parts + stage * CODE_PART_BYTES,
                      input.codes + static_cast<long long>(tile) * CODE_TILE * depth, CODE_TILE, depth, part);
            if (round < parts || !input.resident) copy_part(row_part_of(round), rows, ROW_TILE, depth, part);
            if (part == 0 && threadIdx.x < OFFSET_BYTES / 16) {
                copy_async(offset_parts + stage * OFFSET_BYTES + threadIdx.x * 16,
                           input.offsets + static_cast<long long>(tile) * CODE_TILE + threadIdx.x * 4);
            }
        }
        commit_copies();
    };

    for (int round = 0; round < stages - 1; ++round) begin_copies(round);
    float scores[4][8][4];
    for (int round = 0; round < rounds; ++round) {
        if (stages == 3) wait_copies<1>();
        else wait_copies<0>();
        __syncthreads();  // All copies of this round are complete, and the stage of the previous round is free.
        begin_copies(round + stages - 1);

        const int part = round % parts, stage = round % stages;
        unsigned char* const code_part = code_parts + stage * CODE_PART_BYTES;
        unsigned char* const row_part = row_part_of(round);
        if (part == 0) {
            const float* const offsets = reinterpret_cast<const float*>(offset_parts + stage * OFFSET_BYTES);
#pragma unroll
            for (int j = 0; j < 8; ++j) {
                const float even = offsets[thread.column(j, 0)], odd = offsets[thread.column(j, 1)];
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
                const int line = thread.first_row + 16 * i + thread.lane % 16;
                load_matrices(left[i], unit_at(row_part, line, unit + thread.lane / 16));
            }
#pragma unroll
            for (int j = 0; j < 8; j += 2) {
                unsigned right[4];
                const int line = thread.first_column + 8 * j + thread.lane % 8 + thread.lane / 16 * 8;
                load_matrices(right, unit_at(code_part, line, unit + thread.lane / 8 % 2));
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

// For each row, SLOTS lower bounds of the true scores of distinct codes: slots [rows, splits, SLOTS].
extern "C" __global__ void __launch_bounds__(THREADS, 1) bound_bf16(FilterInput<Packed> input, float* slots) {
    DYNAMIC_SHARED(shared);
    const ThreadPosition thread;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    float best[4][4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int e = 0; e < 4; ++e) best[i][e] = -infinity();
    }
    for_each_tile(input, shared, [&](int tile, const float(&scores)[4][8][4]) {
        const float4 bounds = input.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                float highest = scores[i][0][e];
#pragma unroll
                for (int j = 1; j < 8; ++j) highest = fmaxf(highest, scores[i][j][e]);
                const float4 row = input.row_bounds[first_row + thread.row(i, e / 2)];
                best[i][e] = fmaxf(best[i][e], highest - margin(row, bounds));
            }
        }
    });
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
            const long long row = first_row + thread.row(i, e / 2);
            slots[(row * gridDim.y + blockIdx.y) * SLOTS + thread.slot(e % 2)] = best[i][e];
        }
    }
}

// Collects the codes whose true score can reach the threshold of the row.
extern "C" __global__ void __launch_bounds__(THREADS, 1)
    collect_bf16(FilterInput<Packed> input, long long codes, const float* thresholds, CandidateLists candidates) {
    DYNAMIC_SHARED(shared);
    const ThreadPosition thread;
    const long long first_row = static_cast<long long>(blockIdx.x) * ROW_TILE;
    for_each_tile(input, shared, [&](int tile, const float(&scores)[4][8][4]) {
        const float4 bounds = input.tile_bounds[tile];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                float highest = -infinity();
#pragma unroll
                for (int j = 0; j < 8; ++j) {
                    highest = fmaxf(highest, fmaxf(scores[i][j][2 * half], scores[i][j][2 * half + 1]));
                }
                const long long row = first_row + thread.row(i, half);
                const float4 row_bounds = input.row_bounds[row];
                const float threshold = thresholds[row];
                if (highest + margin(row_bounds, bounds) < threshold) continue;
#pragma unroll
                for (int j = 0; j < 8; ++j) {
#pragma unroll
                    for (int parity = 0; parity < 2; ++parity) {
                        const float score = scores[i][j][2 * half + parity];
                        const long long position = static_cast<long long>(tile) * CODE_TILE + thread.column(j, parity);
                        if (position >= codes) continue;
                        if (score + margin(row_bounds, input.code_bounds[position]) < threshold) continue;
                        keep(candidates, row, static_cast<int>(position), score);
                    }
                }
            }
        }
    });
}
