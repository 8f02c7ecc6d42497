// The instructions of `ptx.cuh`, as specified in PTX ISA 8.0.

#pragma once

#include "cuda.hpp"

#define DYNAMIC_SHARED(NAME)                                                                                    \
    unsigned char* const NAME = emulator::shared_memory.data() +                                                \
                                (128 - reinterpret_cast<uintptr_t>(emulator::shared_memory.data()) % 128) % 128

// A copy is executed as late as allowed: when its thread waits for it.
inline void copy_async(void* shared, const void* global) {
    auto& groups = emulator::fibers[emulator::current].groups;
    if (groups.empty()) groups.emplace_back();
    groups.back().push_back({shared, global});
}

inline void commit_copies() {
    auto& groups = emulator::fibers[emulator::current].groups;
    if (groups.empty()) groups.emplace_back();
    groups.emplace_back();
}

template <int PENDING>
void wait_copies() {
    auto& groups = emulator::fibers[emulator::current].groups;
    while (groups.size() > PENDING + 1) {
        for (const auto& copy : groups.front()) std::memcpy(copy.to, copy.from, 16);
        groups.erase(groups.begin());
    }
}

// Lane `8 m + r` has the address of row `r` of matrix `m`; lane `4 r + c` receives columns `2 c` and `2 c + 1` of row
// `r`.
inline void load_matrices(unsigned (&matrices)[4], const void* row) {
    struct Loaded {
        unsigned matrices[4];
    };
    const auto loaded = emulator::exchange<const void*, Loaded>(row, [](const void* const* const* lanes) {
        Loaded loaded;
        for (int matrix = 0; matrix < 4; ++matrix) {
            const void* const line = *lanes[8 * matrix + emulator::lane() / 4];
            std::memcpy(&loaded.matrices[matrix], static_cast<const char*>(line) + 4 * (emulator::lane() % 4), 4);
        }
        return loaded;
    });
    for (int matrix = 0; matrix < 4; ++matrix) matrices[matrix] = loaded.matrices[matrix];
}

// The number in the lower or the upper half of a register.
inline double bf16_in(unsigned pair, int half) {
    return __uint_as_float(half == 0 ? pair << 16 : pair & 0xffff0000u);
}

// Rounds towards zero: a tensor core truncates to f32.
inline float cut_off(double value) {
    const float rounded = static_cast<float>(value);
    return std::fabs(rounded) > std::fabs(value) ? std::nextafterf(rounded, 0.0f) : rounded;
}

// In `left`, lane `4 r + c` holds rows r and r + 8, columns 2 c, 2 c + 1 and those plus 8; in `right`, it holds column
// r, rows as the columns of `left`; in `sums`, rows r and r + 8, columns 2 c and 2 c + 1.
inline void multiply_add(float (&sums)[4], const unsigned (&left)[4], unsigned right0, unsigned right1) {
    struct Brought {
        unsigned left[4];
        unsigned right[2];
    };
    struct Sums {
        double sums[4];
    };
    const Brought brought = {{left[0], left[1], left[2], left[3]}, {right0, right1}};
    const auto products = emulator::exchange<Brought, Sums>(brought, [](const Brought* const* lanes) {
        Sums products = {};
        for (int element = 0; element < 4; ++element) {
            const int row = emulator::lane() / 4, lower = element / 2, column = emulator::lane() % 4 * 2 + element % 2;
            for (int depth = 0; depth < 16; ++depth) {
                const int pair = depth % 8 / 2, upper = depth / 8;
                const double from_left = bf16_in(lanes[4 * row + pair]->left[lower + 2 * upper], depth % 2);
                const double from_right = bf16_in(lanes[4 * column + pair]->right[upper], depth % 2);
                products.sums[element] += from_left * from_right;
            }
        }
        return products;
    });
    for (int element = 0; element < 4; ++element) sums[element] = cut_off(sums[element] + products.sums[element]);
}
