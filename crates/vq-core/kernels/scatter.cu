// Sums and counts per code, from rows sorted by id.

constexpr int SPAN = 32;  // Rows per thread.

// One thread per column and span of rows. It adds to memory only where the id changes, so that a code with many rows
// causes few colliding atomic additions.
extern "C" __global__ void scatter(const float* vectors, const long long* order, const long long* sorted_ids,
                                   long long rows, int width, float* sums, unsigned long long* counts) {
    const long long thread = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    const int columns = max(width, 1);  // Rows without columns are counted, too.
    const int column = static_cast<int>(thread % columns);
    const long long first = thread / columns * SPAN;
    if (first >= rows) return;
    const long long end = min(first + SPAN, rows);
    long long id = sorted_ids[first];
    float sum = 0.0f;
    unsigned long long count = 0;
    for (long long i = first; i <= end; ++i) {
        if (i == end || sorted_ids[i] != id) {
            if (width > 0) atomicAdd(&sums[id * width + column], sum);
            if (column == 0) atomicAdd(&counts[id], count);
            if (i == end) break;
            id = sorted_ids[i];
            sum = 0.0f;
            count = 0;
        }
        if (width > 0) sum += vectors[order[i] * width + column];
        ++count;
    }
}
