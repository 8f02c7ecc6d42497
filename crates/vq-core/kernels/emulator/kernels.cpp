// A library that runs all kernels by name.

#include "cuda.hpp"
#include "ptx.hpp"

#include "../common.cuh"

namespace prepare_cu {
#include "../prepare.cu"
}
namespace filter_bf16_cu {
#include "../filter_bf16.cu"
}
namespace filter_f32_cu {
#include "../filter_f32.cu"
}
namespace rescore_cu {
#include "../rescore.cu"
}
namespace scatter_cu {
#include "../scatter.cu"
}

// Runs a kernel. Writes an error, or an empty text, to `message` of `room` bytes.
extern "C" void emulate(const char* kernel, unsigned x, unsigned y, unsigned threads, unsigned shared_bytes,
                        uint64_t seed, void* const* arguments, const size_t* sizes, size_t count, char* message,
                        size_t room) {
    std::string error_text;
    emulator::randomness = seed | 1;
    const auto is = [&](const char* name) { return std::string(kernel) == name; };
    const auto run = [&](auto* function) {
        emulator::run(kernel, function, {x, y, 1}, static_cast<int>(threads), shared_bytes, arguments, sizes, count);
    };
    try {
        if (is("prepare_bf16")) run(prepare_cu::prepare_bf16);
        else if (is("prepare_f32")) run(prepare_cu::prepare_f32);
        else if (is("bound_bf16")) run(filter_bf16_cu::bound_bf16);
        else if (is("collect_bf16")) run(filter_bf16_cu::collect_bf16);
        else if (is("bound_f32")) run(filter_f32_cu::bound_f32);
        else if (is("collect_f32")) run(filter_f32_cu::collect_f32);
        else if (is("threshold")) run(rescore_cu::threshold);
        else if (is("rescore")) run(rescore_cu::rescore);
        else if (is("exhaustive_f32")) run(rescore_cu::exhaustive_f32);
        else if (is("exhaustive_f64")) run(rescore_cu::exhaustive_f64);
        else if (is("scatter")) run(scatter_cu::scatter);
        else error_text = std::string(kernel) + ": unknown kernel";
    } catch (const std::exception& error) {
        error_text = error.what();
    }
    std::strncpy(message, error_text.c_str(), room - 1);
    message[room - 1] = 0;
}
