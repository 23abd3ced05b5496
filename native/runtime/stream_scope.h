#pragma once

#include <c10/core/Device.h>

#include <memory>

namespace sentence_torch {

/// What a thread needs before it runs a model on `device`, held until the thread ends: inference
/// mode, its own intra-op pool of `intra_op_threads`, and on CUDA a stream of its own.
std::shared_ptr<void> enter_stream(c10::Device device, int intra_op_threads);

/// How many CUDA devices libtorch can use now: 0 in a CPU build or without a driver.
int cuda_device_count();

}  // namespace sentence_torch
