#include "runtime/stream_scope.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <optional>

namespace sentence_torch {
namespace {

class StreamScope {
 public:
  StreamScope(c10::Device device, int intra_op_threads) {
    at::set_num_threads(intra_op_threads);  // of this thread: each has its own OpenMP pool
    if (device.is_cpu()) return;
    // Through the device-neutral interface, so that no CUDA header or library is needed to build.
    at::globalContext().lazyInitDevice(device.type());
    const c10::impl::VirtualGuardImpl guard(device.type());
    stream_.emplace(guard.getStreamFromGlobalPool(device));
  }

 private:
  c10::InferenceMode inference_mode_;
  std::optional<c10::StreamGuard> stream_;
};

}  // namespace

std::shared_ptr<void> enter_stream(c10::Device device, int intra_op_threads) {
  return std::make_shared<StreamScope>(device, intra_op_threads);
}

int cuda_device_count() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

}  // namespace sentence_torch
