#include "binding/marshal.h"

#include <cstdint>
#include <numeric>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

int to_int(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Int32Value();
}

std::vector<Row> to_rows(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<Row> rows;
  rows.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    auto row = array.Get(i).As<Napi::Float32Array>();
    rows.push_back({row.Data(), row.ElementLength()});
  }
  return rows;
}

void check(const Batch& batch, int64_t dimension) {
  bool fits = !batch.lengths.empty() && batch.rows.size() == batch.lengths.size();
  for (const int32_t length : batch.lengths) fits = fits && length >= 0;
  for (const Row& row : batch.rows) fits = fits && row.length <= static_cast<size_t>(dimension);
  const auto total = std::accumulate(batch.lengths.begin(), batch.lengths.end(), int64_t{0});
  if (!fits || total != static_cast<int64_t>(batch.ids.size())) {
    throw Failure("ST_FORWARD_FAILED",
                  "The ids, lengths and rows of a batch do not fit each other.");
  }
}

LinearForm to_form(const std::string& dtype) {
  if (dtype == "bfloat16") return LinearForm::kBfloat16;
  if (dtype == "int8") return LinearForm::kInt8;
  return LinearForm::kFloat32;
}

std::vector<std::string> to_strings(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    strings.push_back(array.Get(i).ToString().Utf8Value());
  }
  return strings;
}

}  // namespace

std::vector<int32_t> to_ints(const Napi::Value& value) {
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

SessionOptions to_session_options(const Napi::Object& object) {
  SessionOptions options;
  options.model.path = object.Get("modelPath").ToString().Utf8Value();
  options.model.device = c10::Device(object.Get("device").ToString().Utf8Value());
  options.model.dimension = to_int(object, "dimension");
  options.model.max_seq_length = to_int(object, "maxSeqLength");
  options.model.pad_token_id = to_int(object, "padTokenId");
  options.model.pad_left = object.Get("padLeft").ToBoolean();
  options.model.token_type_ids = object.Get("tokenTypeIds").ToBoolean();
  options.model.form = to_form(object.Get("dtype").ToString());
  options.model.optimize = object.Get("optimize").ToBoolean();
  options.model.disabled_passes = to_strings(object.Get("disabledPasses"));
  options.model.min_cosine = object.Get("minCosine").ToNumber().DoubleValue();
  options.model.may_fall_back = object.Get("mayFallBack").ToBoolean();
  options.streams = to_int(object, "streams");
  options.intra_op_threads = to_int(object, "intraOpThreads");
  return options;
}

NarrowOptions to_narrow_options(const Napi::Object& object) {
  return {object.Get("modelPath").ToString().Utf8Value(),
          object.Get("outputPath").ToString().Utf8Value(), to_form(object.Get("dtype").ToString())};
}

Batch to_batch(const Napi::Value& ids, const Napi::Value& lengths, const Napi::Value& rows,
               int64_t dimension) {
  Batch batch{to_ints(ids), to_ints(lengths), to_rows(rows)};
  check(batch, dimension);
  return batch;
}

Napi::Value to_js(Napi::Env env, const OptimizationReport& report) {
  auto passes = Napi::Array::New(env, report.passes.size());
  for (uint32_t i = 0; i < report.passes.size(); ++i) {
    auto pass = Napi::Object::New(env);
    pass.Set("name", report.passes[i].name);
    pass.Set("count", report.passes[i].count);
    passes.Set(i, pass);
  }
  auto left_out = Napi::Array::New(env, report.left_out.size());
  for (uint32_t i = 0; i < report.left_out.size(); ++i) {
    auto entry = Napi::Object::New(env);
    entry.Set("name", report.left_out[i].name);
    entry.Set("reason", report.left_out[i].reason);
    left_out.Set(i, entry);
  }
  auto object = Napi::Object::New(env);
  object.Set("passes", passes);
  object.Set("leftOut", left_out);
  if (report.cosine) object.Set("cosine", *report.cosine);
  object.Set("graph", report.graph);
  object.Set("paddingFree", report.padding_free);
  object.Set("layers", report.layers);
  return object;
}

Napi::Error to_js_error(Napi::Env env, const Failure& failure) {
  auto error = Napi::Error::New(env, failure.what());
  error.Set("code", Napi::String::New(env, failure.code().data(), failure.code().size()));
  return error;
}

}  // namespace sentence_torch
