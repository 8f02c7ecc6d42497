// CUDA C++ as plain C++, so that the kernels run, slowly, without a GPU.
//
// The threads of a block are fibers of one CPU thread. A fiber runs until it synchronizes with its warp or block; then
// the next one runs, in an order that is random each time. A kernel with a missing barrier, or that reads a copy
// without waiting for it, is more likely to give wrong numbers here than on a GPU.

#pragma once

#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(...)

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

struct float4 {
    float x, y, z, w;
};

inline Dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

constexpr int LANES = 32;

// Bytes of one fiber's stack.
constexpr size_t STACK = 128 << 10;

// A copy to shared memory in flight.
struct Copy {
    void* to;
    const void* from;
};

struct Fiber {
    ucontext_t start;
    jmp_buf context;  // Where it resumes.
    bool started = false;
    bool done = false;
    unsigned long long waits_for = 0;  // The barrier of its warp or block that must complete before it resumes.
    const unsigned long long* meetings = nullptr;
    std::vector<std::vector<Copy>> groups;  // Groups of copies in flight; the last one is still open.
};

// A barrier of the lanes of a warp, or of all threads of a block.
struct Meeting {
    unsigned long long over = 0;  // Number of completed barriers.
    int present = 0;
};

struct Warp {
    Meeting meeting;
    // The values of the lanes, for this barrier and the previous one.
    alignas(16) unsigned char brought[2][LANES][32];
};

inline std::vector<Fiber> fibers;
inline std::vector<std::vector<char>> stacks;  // One for each fiber; blocks reuse them.
inline std::vector<Warp> warps;
inline Meeting block_meeting;
inline std::vector<unsigned char> shared_memory;
inline ucontext_t before_fibers;
inline jmp_buf scheduler;
inline std::function<void()> body;
inline int current;
inline uint64_t randomness;

inline uint64_t draw() {
    randomness ^= randomness << 13;
    randomness ^= randomness >> 7;
    randomness ^= randomness << 17;
    return randomness;
}

// Between the scheduler and started fibers, jumps are much faster than `swapcontext`, which makes a system call.
inline void to_scheduler() {
    if (_setjmp(fibers[current].context) == 0) _longjmp(scheduler, 1);
}

inline void to_fiber(Fiber& fiber) {
    if (_setjmp(scheduler) != 0) return;
    if (fiber.started) _longjmp(fiber.context, 1);
    fiber.started = true;
    swapcontext(&before_fibers, &fiber.start);
}

// Waits until `size` fibers have arrived.
inline void meet(Meeting& meeting, int size) {
    const unsigned long long own = meeting.over + 1;
    if (++meeting.present == size) {
        meeting.present = 0;
        meeting.over = own;
    }
    Fiber& fiber = fibers[current];
    fiber.waits_for = own;
    fiber.meetings = &meeting.over;
    to_scheduler();
}

// Exchanges one value per lane; returns the values of all lanes.
template <typename Value, typename Result>
Result exchange(const Value& value, Result (*combine)(const Value* const*)) {
    Warp& warp = warps[current / LANES];
    auto& brought = warp.brought[warp.meeting.over % 2];
    static_assert(sizeof(Value) <= sizeof(brought[0]));
    std::memcpy(brought[current % LANES], &value, sizeof(Value));
    meet(warp.meeting, LANES);
    const Value* values[LANES];
    for (int lane = 0; lane < LANES; ++lane) values[lane] = reinterpret_cast<const Value*>(brought[lane]);
    return combine(values);
}

inline int lane() { return current % LANES; }

inline void enter() {
    body();
    fibers[current].done = true;
    to_scheduler();
}

inline void run_block(const char* kernel, int threads) {
    fibers.assign(threads, Fiber());
    warps.assign((threads + LANES - 1) / LANES, Warp());
    block_meeting = Meeting();
    while (stacks.size() < fibers.size()) stacks.emplace_back(STACK);
    for (size_t i = 0; i < fibers.size(); ++i) {
        Fiber& fiber = fibers[i];
        getcontext(&fiber.start);
        fiber.start.uc_stack.ss_sp = stacks[i].data();
        fiber.start.uc_stack.ss_size = stacks[i].size();
        fiber.start.uc_link = nullptr;
        makecontext(&fiber.start, enter, 0);
    }
    for (int left = threads; left > 0;) {
        bool moved = false;
        const int first = draw() % threads, step = 1 + 2 * (draw() % (threads / 2));
        for (int i = 0; i < threads; ++i) {
            // If the number of threads is a power of two, every odd step visits each once.
            current = (first + i * step) % threads;
            Fiber& fiber = fibers[current];
            if (fiber.done || (fiber.meetings != nullptr && *fiber.meetings < fiber.waits_for)) continue;
            moved = true;
            threadIdx = {static_cast<unsigned>(current), 0, 0};
            to_fiber(fiber);
            left -= fiber.done;
        }
        if (!moved) throw std::runtime_error(std::string(kernel) + ": threads wait for others that never come");
    }
}

// Calls a kernel with the values behind `arguments`, of these sizes, for each block in turn.
template <typename... Arguments, size_t... Indices>
void run(const char* kernel, void (*function)(Arguments...), std::index_sequence<Indices...>, Dim3 blocks, int threads,
         size_t shared_bytes, void* const* arguments, const size_t* sizes, size_t count) {
    if (count != sizeof...(Arguments)) throw std::runtime_error(std::string(kernel) + ": wrong number of arguments");
    const size_t expected[] = {sizeof(Arguments)...};
    for (size_t i = 0; i < count; ++i) {
        if (sizes[i] != expected[i]) {
            throw std::runtime_error(std::string(kernel) + ": argument " + std::to_string(i) + " has the wrong size");
        }
    }
    if (threads <= 0 || (threads & (threads - 1)) != 0) throw std::runtime_error("threads must be a power of two");
    gridDim = blocks;
    blockDim = {static_cast<unsigned>(threads), 1, 1};
    body = [=] { function(*static_cast<std::remove_reference_t<Arguments>*>(arguments[Indices])...); };
    for (unsigned y = 0; y < blocks.y; ++y) {
        for (unsigned x = 0; x < blocks.x; ++x) {
            blockIdx = {x, y, 0};
            // Memory that a kernel has not written is NaN.
            shared_memory.assign(shared_bytes + 128, 0xff);
            run_block(kernel, threads);
        }
    }
}

template <typename... Arguments>
void run(const char* kernel, void (*function)(Arguments...), Dim3 blocks, int threads, size_t shared_bytes,
         void* const* arguments, const size_t* sizes, size_t count) {
    run(kernel, function, std::index_sequence_for<Arguments...>(), blocks, threads, shared_bytes, arguments, sizes,
        count);
}

}  // namespace emulator

using std::fabs;
using std::sqrt;

inline void __syncthreads() { emulator::meet(emulator::block_meeting, static_cast<int>(blockDim.x)); }

template <typename Value>
Value __shfl_sync(unsigned, Value value, int source) {
    struct Brought {
        Value value;
        int source;
    };
    return emulator::exchange<Brought, Value>({value, source}, [](const Brought* const* lanes) {
        return lanes[lanes[emulator::lane()]->source % emulator::LANES]->value;
    });
}

template <typename Value>
Value __shfl_xor_sync(unsigned mask, Value value, int distance) {
    return __shfl_sync(mask, value, emulator::lane() ^ distance);
}

template <typename Value>
Value __shfl_up_sync(unsigned mask, Value value, int distance) {
    const int lane = emulator::lane();
    return __shfl_sync(mask, value, lane < distance ? lane : lane - distance);
}

inline unsigned __ballot_sync(unsigned, bool predicate) {
    return emulator::exchange<bool, unsigned>(predicate, [](const bool* const* lanes) {
        unsigned ballot = 0;
        for (int lane = 0; lane < emulator::LANES; ++lane) ballot |= static_cast<unsigned>(*lanes[lane]) << lane;
        return ballot;
    });
}

template <typename Number>
Number atomicAdd(Number* address, Number value) {
    const Number before = *address;
    *address += value;
    return before;
}

template <typename To, typename From>
To same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof(To));
    return to;
}

inline float __int_as_float(int bits) { return same_bits<float>(bits); }
inline float __uint_as_float(unsigned bits) { return same_bits<float>(bits); }
inline unsigned __float_as_uint(float value) { return same_bits<unsigned>(value); }
inline double __longlong_as_double(long long bits) { return same_bits<double>(bits); }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline int __ffs(unsigned bits) { return __builtin_ffs(static_cast<int>(bits)); }

template <typename Number>
Number min(Number left, Number right) {
    return right < left ? right : left;
}

template <typename Number>
Number max(Number left, Number right) {
    return left < right ? right : left;
}
