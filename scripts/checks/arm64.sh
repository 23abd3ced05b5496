#!/bin/sh
# Compiles the kernels and their tests for arm64 and runs them in an emulator, each instruction set.
# Needs g++-aarch64-linux-gnu and qemu-user (Debian's names).
#
#   scripts/checks/arm64.sh [build folder]
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/kernels-arm64}

cmake -S test/kernels -B "$build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_EXE_LINKER_FLAGS=-static -DSENTENCE_TORCH_WERROR=ON
cmake --build "$build" --parallel 2
for isa in scalar neon; do
  SENTENCE_TORCH_ISA=$isa qemu-aarch64 "$build/kernels_test"
done
