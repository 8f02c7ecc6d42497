// Thresholds from the bounds of each row, exact distances of its candidates, and the exhaustive search.

// The exact distance between a row and a code, computed by eight adjacent lanes, which all receive it.
//
// Element d is added to partial sum d % 8, in increasing d, with one rounding per step; the result is
// ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)). `src/search/cpu/exact.rs` uses the same order, so that ids and
// distances agree with those of a CPU bit for bit.
template <typename Element>
__device__ double exact_distance(const Element* row, const Element* code, int width, int cosine) {
    const auto total = [](double partial) {
        partial += __shfl_xor_sync(ALL_LANES, partial, 4);
        partial += __shfl_xor_sync(ALL_LANES, partial, 2);
        return partial + __shfl_xor_sync(ALL_LANES, partial, 1);
    };
    double dot = 0.0, row_square = 0.0, code_square = 0.0;
    for (int d = lane_of_thread() % 8; d < width; d += 8) {
        const double z = row[d], e = code[d];
        if (cosine) {
            dot = fma(z, e, dot);
            row_square = fma(z, z, row_square);
            code_square = fma(e, e, code_square);
        } else {
            dot = fma(z - e, z - e, dot);
        }
    }
    dot = total(dot);
    if (!cosine) return dot;
    const double squares = total(row_square) * total(code_square);
    return squares == 0.0 ? 1.0 : 1.0 - dot / sqrt(squares);
}

// The nearest codes so far of a warp: lane j holds the j-th, by distance, then id.
struct Neighbors {
    double distance = __longlong_as_double(0x7ff0000000000000ll);
    long long id = 0x7fffffffffffffffll;

    // Inserts a code, the same in all lanes.
    __device__ void insert(double new_distance, long long new_id, int k) {
        const int lane = lane_of_thread();
        const bool before = distance < new_distance || (distance == new_distance && id < new_id);
        const int rank = __popc(__ballot_sync(ALL_LANES, lane < k && before));
        const double above = __shfl_up_sync(ALL_LANES, distance, 1);
        const long long above_id = __shfl_up_sync(ALL_LANES, id, 1);
        if (lane > rank) distance = above, id = above_id;
        if (lane == rank) distance = new_distance, id = new_id;
    }

    // Inserts the codes of the four groups of eight lanes; `new_id` is negative if there is none.
    __device__ void insert_groups(double new_distance, long long new_id, int k) {
        for (int first = 0; first < WARP; first += 8) {
            const double group_distance = __shfl_sync(ALL_LANES, new_distance, first);
            const long long group_id = __shfl_sync(ALL_LANES, new_id, first);
            if (group_id >= 0 && group_distance <= __shfl_sync(ALL_LANES, distance, k - 1)) {
                insert(group_distance, group_id, k);
            }
        }
    }

    __device__ void write(long long row, int k, long long* ids, double* distances) const {
        const int lane = lane_of_thread();
        if (lane >= k) return;
        ids[row * k + lane] = id;
        distances[row * k + lane] = distance;
    }
};

// The k-th highest of the numbers in the lanes of a warp, COUNT each.
template <int COUNT>
__device__ float kth_highest(float (&values)[COUNT], int k) {
    float highest = -infinity();
    for (int round = 0; round < k; ++round) {
        float own = -infinity();
        for (int i = 0; i < COUNT; ++i) own = fmaxf(own, values[i]);
        highest = warp_max(own);
        const int first = __ffs(__ballot_sync(ALL_LANES, own == highest)) - 1;
        if (lane_of_thread() != first) continue;
        bool removed = false;
        for (int i = 0; i < COUNT; ++i) {
            if (!removed && values[i] == highest) values[i] = -infinity(), removed = true;
        }
    }
    return highest;
}

// The k-th highest slot of each row: no code below it is among the k nearest. One warp per padded row.
extern "C" __global__ void threshold(const float* slots, int count, long long rows, long long padded, int k,
                                     float* thresholds) {
    constexpr int PER_LANE = 8;
    const long long row = warp_of_grid();
    if (row >= padded) return;
    float values[PER_LANE];
    for (int i = 0; i < PER_LANE; ++i) {
        const int slot = lane_of_thread() + i * WARP;
        values[i] = slot < count ? slots[row * count + slot] : -infinity();
    }
    const float kth = kth_highest(values, k);
    if (lane_of_thread() == 0) thresholds[row] = row < rows ? kth : infinity();
}

// Exact distances of the candidates of each row that can be among its k nearest. One warp per row.
extern "C" __global__ void rescore(const float* vectors, const float* codes, long long rows, int width, int k,
                                   int cosine, const long long* order, const float4* row_bounds,
                                   const float4* code_bounds, CandidateLists candidates, long long* ids,
                                   double* distances) {
    constexpr int PER_LANE = CAPACITY / WARP;
    const long long row = warp_of_grid();
    if (row >= rows) return;
    const int count = candidates.counts[row], lane = lane_of_thread();
    if (count > CAPACITY) return;  // The row is undecided.
    long long kept[PER_LANE];
    float lower[PER_LANE], upper[PER_LANE];
    for (int i = 0; i < PER_LANE; ++i) {
        const int slot = lane + i * WARP;
        kept[i] = -1;
        lower[i] = upper[i] = -infinity();
        if (slot >= count) continue;
        const int position = candidates.positions[row * CAPACITY + slot];
        const float score = candidates.scores[row * CAPACITY + slot];
        const float error = margin(row_bounds[row], code_bounds[position]);
        kept[i] = order[position];
        lower[i] = score - error;
        upper[i] = score + error;
    }
    const float bound = kth_highest(lower, k);
    Neighbors neighbors;
    for (int i = 0; i < PER_LANE; ++i) {
        // A NaN bound excludes nothing.
        unsigned left = __ballot_sync(ALL_LANES, kept[i] >= 0 && !(upper[i] < bound));
        while (left != 0) {
            int source = -1;  // The lane with the candidate of this group of eight lanes.
            for (int group = 0; group < 4; ++group) {
                if (group == lane / 8) source = __ffs(left) - 1;
                left &= left - 1;
            }
            const long long id = __shfl_sync(ALL_LANES, kept[i], max(source, 0));
            const bool exists = source >= 0;
            const float* code = codes + (exists ? id : 0) * width;
            const double distance = exact_distance(vectors + row * width, code, width, cosine);
            neighbors.insert_groups(distance, exists ? id : -1, k);
        }
    }
    neighbors.write(row, k, ids, distances);
}

// Exact distances of all codes. A block processes one row after another.
template <typename Element>
__device__ void exhaustive(const Element* vectors, const Element* codes, long long rows, long long code_count,
                           int width, int k, int cosine, long long* ids, double* distances) {
    constexpr int WARPS = 8;
    __shared__ double warp_distances[WARPS][WARP];
    __shared__ long long warp_ids[WARPS][WARP];
    const int lane = lane_of_thread(), warp = threadIdx.x / WARP;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        Neighbors neighbors;
        for (long long first = warp * 4; first < code_count; first += WARPS * 4) {
            const long long id = first + lane / 8;
            const bool exists = id < code_count;
            const Element* code = codes + (exists ? id : 0) * width;
            const double distance = exact_distance(vectors + row * width, code, width, cosine);
            neighbors.insert_groups(distance, exists ? id : -1, k);
        }
        warp_distances[warp][lane] = neighbors.distance;
        warp_ids[warp][lane] = neighbors.id;
        __syncthreads();
        if (warp == 0) {
            for (int other = 1; other < WARPS; ++other) {
                for (int j = 0; j < k; ++j) neighbors.insert(warp_distances[other][j], warp_ids[other][j], k);
            }
            neighbors.write(row, k, ids, distances);
        }
        __syncthreads();
    }
}

#define EXHAUSTIVE(NAME, ELEMENT)                                                                                    \
    extern "C" __global__ void NAME(const ELEMENT* vectors, const ELEMENT* codes, long long rows,                    \
                                    long long code_count, int width, int k, int cosine, long long* ids,              \
                                    double* distances) {                                                             \
        exhaustive(vectors, codes, rows, code_count, width, k, cosine, ids, distances);                              \
    }

EXHAUSTIVE(exhaustive_f32, float)
EXHAUSTIVE(exhaustive_f64, double)
