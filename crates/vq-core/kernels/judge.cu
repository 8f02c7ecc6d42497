// The k best bounds of each row, its candidates measured in f64, and the rows that have too many.

// The distance between a row and a code, of eight neighbouring lanes together, which all receive it.
//
// Partial sum d % 8 takes element d, in increasing d, with one rounding per step; they are added as
// ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)). `src/search/judge.rs` keeps the same order, so that ids and
// distances agree with those of a CPU bit for bit.
template <typename Element>
__device__ double measure(const Element* row, const Element* code, int width, int cosine) {
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

// The nearest codes that a warp has seen: lane j holds the j-th, by distance, then id.
struct Nearest {
    double distance = __longlong_as_double(0x7ff0000000000000ll);
    long long id = 0x7fffffffffffffffll;

    // Takes a code that all lanes name.
    __device__ void insert(double new_distance, long long new_id, int k) {
        const int lane = lane_of_thread();
        const bool before = distance < new_distance || (distance == new_distance && id < new_id);
        const int rank = __popc(__ballot_sync(ALL_LANES, lane < k && before));
        const double above = __shfl_up_sync(ALL_LANES, distance, 1);
        const long long above_id = __shfl_up_sync(ALL_LANES, id, 1);
        if (lane > rank) distance = above, id = above_id;
        if (lane == rank) distance = new_distance, id = new_id;
    }

    // Takes the codes that the four groups of eight lanes have measured; `new_id` is negative where there is none.
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

// The k-th highest of the numbers that a warp's lanes hold, COUNT each.
template <int COUNT>
__device__ float kth_highest(float (&values)[COUNT], int k) {
    float highest = -infinity();
    for (int round = 0; round < k; ++round) {
        float own = -infinity();
        for (int i = 0; i < COUNT; ++i) own = fmaxf(own, values[i]);
        highest = warp_max(own);
        const int first = __ffs(__ballot_sync(ALL_LANES, own == highest)) - 1;
        if (lane_of_thread() != first) continue;
        bool taken = false;
        for (int i = 0; i < COUNT; ++i) {
            if (!taken && values[i] == highest) values[i] = -infinity(), taken = true;
        }
    }
    return highest;
}

// The k-th highest slot of each row, below which no code can be among the k nearest; one warp for each padded row.
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

// Measures the candidates of each row that are in reach of its k best; one warp for each row.
extern "C" __global__ void refine(const float* vectors, const float* codes, long long rows, int width, int k,
                                  int cosine, const long long* order, const float4* row_bounds,
                                  const float4* code_bounds, Candidates candidates, long long* ids,
                                  double* distances) {
    constexpr int PER_LANE = CAPACITY / WARP;
    const long long row = warp_of_grid();
    if (row >= rows) return;
    const int count = candidates.counts[row], lane = lane_of_thread();
    if (count > CAPACITY) return;  // The row is searched again.
    long long kept[PER_LANE];
    float lower[PER_LANE], upper[PER_LANE];
    for (int i = 0; i < PER_LANE; ++i) {
        const int place = lane + i * WARP;
        kept[i] = -1;
        lower[i] = upper[i] = -infinity();
        if (place >= count) continue;
        const int position = candidates.positions[row * CAPACITY + place];
        const float score = candidates.scores[row * CAPACITY + place];
        const float off = margin(row_bounds[row], code_bounds[position]);
        kept[i] = order[position];
        lower[i] = score - off;
        upper[i] = score + off;
    }
    const float bound = kth_highest(lower, k);
    Nearest nearest;
    for (int i = 0; i < PER_LANE; ++i) {
        // A bound that is not a number excludes nothing.
        unsigned left = __ballot_sync(ALL_LANES, kept[i] >= 0 && !(upper[i] < bound));
        while (left != 0) {
            int source = -1;  // The lane whose candidate this group of eight lanes measures.
            for (int group = 0; group < 4; ++group) {
                if (group == lane / 8) source = __ffs(left) - 1;
                left &= left - 1;
            }
            const long long id = __shfl_sync(ALL_LANES, kept[i], max(source, 0));
            const bool there = source >= 0;
            const double distance = measure(vectors + row * width, codes + (there ? id : 0) * width, width, cosine);
            nearest.insert_groups(distance, there ? id : -1, k);
        }
    }
    nearest.write(row, k, ids, distances);
}

// Measures all codes for each row; a block takes one row after another.
template <typename Element>
__device__ void exhaust(const Element* vectors, const Element* codes, long long rows, long long code_count, int width,
                        int k, int cosine, long long* ids, double* distances) {
    constexpr int WARPS = 8;
    __shared__ double warp_distances[WARPS][WARP];
    __shared__ long long warp_ids[WARPS][WARP];
    const int lane = lane_of_thread(), warp = threadIdx.x / WARP;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        Nearest nearest;
        for (long long first = warp * 4; first < code_count; first += WARPS * 4) {
            const long long id = first + lane / 8;
            const bool there = id < code_count;
            const double distance = measure(vectors + row * width, codes + (there ? id : 0) * width, width, cosine);
            nearest.insert_groups(distance, there ? id : -1, k);
        }
        warp_distances[warp][lane] = nearest.distance;
        warp_ids[warp][lane] = nearest.id;
        __syncthreads();
        if (warp == 0) {
            for (int other = 1; other < WARPS; ++other) {
                for (int j = 0; j < k; ++j) nearest.insert(warp_distances[other][j], warp_ids[other][j], k);
            }
            nearest.write(row, k, ids, distances);
        }
        __syncthreads();
    }
}

#define EXHAUST(NAME, ELEMENT)                                                                                       \
    extern "C" __global__ void NAME(const ELEMENT* vectors, const ELEMENT* codes, long long rows,                    \
                                    long long code_count, int width, int k, int cosine, long long* ids,              \
                                    double* distances) {                                                             \
        exhaust(vectors, codes, rows, code_count, width, k, cosine, ids, distances);                                 \
    }

EXHAUST(exhaust_f32, float)
EXHAUST(exhaust_f64, double)
