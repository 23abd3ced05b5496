#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/norm.h"
#include "kernels/generic/pool.h"

namespace sentence_torch {
namespace {

template <typename V>
constexpr RowKernels kernels_of = {
    add_norm<V>,  bias_activation<V>, embed<V>,
    mean_pool<V>, l2_normalize<V>,    {Attention<V>::scratch, Attention<V>::run},
};

}  // namespace
}  // namespace sentence_torch
