#include "model/optimize/embedding.h"

#include <ATen/ATen.h>

#include "model/optimize/match.h"
#include "model/optimize/probe.h"

namespace sentence_torch {
namespace {

struct Table {
  at::Tensor rows;
  Value* indices;
};

// The tables whose sum the value is; false if it is anything else.
bool collect(Value* value, std::vector<Table>& tables) {
  const Node* node = value->node();
  if (is_sum(node)) return collect(node->input(0), tables) && collect(node->input(1), tables);
  if (!is(node, "aten::embedding")) return false;
  const auto rows = constant_tensor(node->input(0));
  if (!rows || rows->dim() != 2) return false;
  tables.push_back({*rows, node->input(1)});
  return true;
}

// The index of every token is `expected` of its text's ids.
template <typename Expected>
bool indices_are(const Workbench& bench, const Slice& slice, Expected expected) {
  return holds_on_probes(
      bench, slice, [&](const ProbeBatch& batch, const std::vector<at::Tensor>& values) {
        const at::Tensor all = values.front().expand({batch.texts(), batch.width()});
        for (int64_t text = 0; text < batch.texts(); ++text) {
          const int64_t length = batch.lengths[static_cast<size_t>(text)];
          const at::Tensor ids = batch.input_ids[text].narrow(0, 0, length);
          if (!all[text].narrow(0, 0, length).equal(expected(ids))) return false;
        }
        return true;
      });
}

at::Tensor counted(const at::Tensor& ids) { return at::ones_like(ids).cumsum(0) - 1; }

class Sorter {
 public:
  explicit Sorter(const Workbench& bench) : bench_(bench) {}

  bool add(const Table& table) {
    if (table.indices == bench_.input_ids()) return set(words_, table.rows);
    const Slice slice(bench_.graph, {table.indices});
    const int64_t first = slice.run(make_probe(bench_, {1})).front().flatten()[0].item<int64_t>();
    if (first < 0 || first >= table.rows.size(0)) return false;
    if (indices_are(bench_, slice,
                    [&](const at::Tensor& ids) { return at::full_like(ids, first); }))
      return add_constant(table.rows[first]);
    if (indices_are(bench_, slice, [&](const at::Tensor& ids) { return counted(ids) + first; }))
      return set(positions_, table.rows.slice(0, first));
    // As in RoBERTa: positions count the tokens that are not the padding's id, which has the
    // position before the first.
    const auto skipping = [&](const at::Tensor& ids) {
      const at::Tensor real = ids.ne(bench_.pad_token_id).to(at::kLong);
      return real.cumsum(0) * real + (first - 1);
    };
    if (first < 1 || !indices_are(bench_, slice, skipping)) return false;
    skipped_id_ = bench_.pad_token_id;
    return set(positions_, table.rows.slice(0, first - 1));
  }

  std::optional<EmbeddingMatch> match(Node* node) const {
    if (!words_) return {};
    const auto norm = weights_of<Norm>(node->inputs().back());
    return EmbeddingMatch{
        node, c10::make_intrusive<Embedding>(*words_, positions_, constant_, norm), skipped_id_};
  }

 private:
  static bool set(std::optional<at::Tensor>& table, const at::Tensor& rows) {
    if (table) return false;
    table = rows;
    return true;
  }

  bool add_constant(const at::Tensor& row) {
    constant_ = constant_ ? *constant_ + row : row.clone();
    return true;
  }

  const Workbench& bench_;
  std::optional<at::Tensor> words_;
  std::optional<at::Tensor> positions_;
  std::optional<at::Tensor> constant_;
  int64_t skipped_id_ = -1;
};

std::optional<EmbeddingMatch> match(const Workbench& bench, Node* node) {
  std::vector<Table> tables;
  const size_t summands = is(node, "sentence_torch::add_norm") ? 2 : 1;
  for (size_t i = 0; i < summands; ++i) {
    if (!collect(node->input(i), tables)) return {};
  }
  Sorter sorter(bench);
  const int64_t size = weights_of<Norm>(node->inputs().back())->parameters().size;
  for (const Table& table : tables) {
    if (table.rows.size(1) != size || !sorter.add(table)) return {};
  }
  return sorter.match(node);
}

}  // namespace

std::optional<EmbeddingMatch> find_embedding(const Workbench& bench) {
  for (Node* node : bench.graph->nodes()) {
    if (!is(node, "sentence_torch::norm") && !is(node, "sentence_torch::add_norm")) continue;
    if (auto found = match(bench, node)) return found;
  }
  return {};
}

}  // namespace sentence_torch
