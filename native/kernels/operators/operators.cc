#include "kernels/operators/operators.h"

#include <torch/library.h>

#include <string>

#include "kernels/operators/dense.h"
#include "kernels/operators/flat.h"

namespace sentence_torch {
namespace {

// Schemas in full, since the optimiser must know that none of these writes into its inputs.
torch::Library* define() {
  static constexpr const char* kNamespace = "sentence_torch";
  torch::class_<Linear>(kNamespace, "Linear");
  torch::class_<Norm>(kNamespace, "Norm");
  torch::class_<Embedding>(kNamespace, "Embedding");
  const auto with_classes = [](std::string schema) {
    for (size_t at = 0; (at = schema.find('$', at)) != std::string::npos;)
      schema.replace(at, 1, "__torch__.torch.classes.sentence_torch.");
    return schema;
  };
  // Never destroyed: graphs may still run while statics are.
  auto* library =
      new torch::Library(torch::Library::DEF, kNamespace, std::nullopt, __FILE__, __LINE__);
  const auto def = [&](const char* schema, auto function) {
    library->def(torch::schema(with_classes(schema).c_str()), function);
  };
  def("linear(Tensor x, $Linear w) -> Tensor", &operators::linear);
  def("norm(Tensor x, $Norm n) -> Tensor", &operators::norm);
  def("add_norm(Tensor a, Tensor b, $Norm n) -> Tensor", &operators::add_norm);
  def("linear_add_norm(Tensor x, $Linear w, Tensor residual, $Norm n) -> Tensor",
      &operators::linear_add_norm);
  def("feed_forward(Tensor x, $Linear up, $Linear down, Tensor residual, $Norm n) -> Tensor",
      &operators::feed_forward);
  def("unpad(Tensor input_ids, Tensor attention_mask, int skipped_id) -> (Tensor, Tensor, Tensor)",
      &operators::unpad);
  def("embed(Tensor ids, Tensor positions, $Embedding e) -> Tensor", &operators::embed);
  def("attention(Tensor qkv, Tensor offsets, int heads, int head_size, float scale, int form) -> "
      "Tensor",
      &operators::attention);
  def("masked_attention(Tensor qkv, Tensor? mask, int heads, int head_size, float scale) -> Tensor",
      &operators::masked_attention);
  def("pad(Tensor x, Tensor offsets, int width) -> Tensor", &operators::pad);
  def("mean_pool(Tensor x, Tensor offsets) -> Tensor", &operators::mean_pool);
  def("first_pool(Tensor x, Tensor offsets) -> Tensor", &operators::first_pool);
  def("l2_normalize(Tensor x, float epsilon) -> Tensor", &operators::l2_normalize);
  return library;
}

}  // namespace

void register_operators() {
  // Not at static initialisation, where an error would end the process.
  static torch::Library* const library = define();
  (void)library;
}

}  // namespace sentence_torch
