// TensorFlow's ops TfGru and TfGruBackward. They check their inputs and call entry.cpp.
//
// `guard` is the handle of a variable that belongs to no model. It is not read, but it prevents saving a model with
// this op.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <new>

#include "entry.h"
#include "tensorflow.h"

namespace tf_gru {
namespace {

constexpr int kInputs = 8;  // of both ops: inputs, start, kernel, recurrent_kernel, bias, bias_h, valid, guard
constexpr int kMany = 12;

struct Options {
  Reset reset;
  bool reverse, zero, keep, is_float64;

  int64_t gates() const { return reset == kNone ? 2 : 3; }
  int64_t kept() const { return reset == kAfter ? 4 : gates(); }
  TF_DataType type() const { return is_float64 ? TF_DOUBLE : TF_FLOAT; }
  size_t bytes() const { return is_float64 ? 8 : 4; }
};

struct Status {
  TF_Status* status = TF_NewStatus();
  Status() = default;
  Status(const Status&) = delete;
  ~Status() { TF_DeleteStatus(status); }
  bool ok() const { return TF_GetCode(status) == TF_OK; }
  operator TF_Status*() const { return status; }
};

// The input and output tensors of one run of an op. The destructor deletes them.
class Tensors {
 public:
  Tensors(TF_OpKernelContext* context, const Options& options) : context_(context), options_(options) {}
  Tensors(const Tensors&) = delete;
  ~Tensors() {
    for (TF_Tensor* each : inputs_)
      if (each) TF_DeleteTensor(each);
    for (TF_Tensor* each : outputs_)
      if (each) TF_DeleteTensor(each);
  }

  bool read(int count) {
    for (int i = 0; i < count; ++i)
      if (i != kInputs - 1) TF_GetInput(context_, i, &inputs_[i], status_);
    return done();
  }

  bool is(int index, const char* name, int axes, const int64_t* sizes) {
    const TF_Tensor* tensor = inputs_[index];
    bool same = TF_NumDims(tensor) == axes;
    for (int axis = 0; same && axis < axes; ++axis) same = sizes[axis] < 0 || TF_Dim(tensor, axis) == sizes[axis];
    if (same) return true;
    char got[160], wanted[160];
    int64_t there[16];
    const int many = TF_NumDims(tensor) < 16 ? TF_NumDims(tensor) : 16;
    for (int axis = 0; axis < many; ++axis) there[axis] = TF_Dim(tensor, axis);
    list(got, sizeof got, many, there);
    list(wanted, sizeof wanted, axes, sizes);
    return refuse(TF_INVALID_ARGUMENT, "%s has shape %s, but must be %s", name, got, wanted);
  }

  bool empty(int index) const { return TF_NumDims(inputs_[index]) == 1 && TF_Dim(inputs_[index], 0) == 0; }
  int64_t size(int index, int axis) const { return TF_Dim(inputs_[index], axis); }
  void* data(int index) const { return TF_TensorData(inputs_[index]); }

  void* make(int index, int axes, const int64_t* sizes) {
    int64_t bytes = int64_t(options_.bytes());
    bool counted = true;
    for (int axis = 0; axis < axes; ++axis) counted = counted && !__builtin_mul_overflow(bytes, sizes[axis], &bytes);
    if (!counted) {
      refuse(TF_RESOURCE_EXHAUSTED, "an output is too large for this machine to count its bytes");
      return nullptr;
    }
    outputs_[index] = TF_AllocateOutput(context_, index, options_.type(), sizes, axes, size_t(bytes), status_);
    return done() ? TF_TensorData(outputs_[index]) : nullptr;
  }

  bool ok() const { return status_.ok(); }

  bool refuse(TF_Code code, const char* format, ...) __attribute__((format(printf, 3, 4))) {
    char message[600];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    TF_SetStatus(status_, code, message);
    return done();
  }

 private:
  bool done() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_);
    return ok();
  }

  static void list(char* to, size_t room, int axes, const int64_t* sizes) {
    size_t used = size_t(std::snprintf(to, room, "("));
    for (int axis = 0; axis < axes && used < room; ++axis) {
      char size[24] = "?";
      if (sizes[axis] >= 0) std::snprintf(size, sizeof size, "%lld", static_cast<long long>(sizes[axis]));
      used += size_t(std::snprintf(to + used, room - used, "%s%s", axis ? ", " : "", size));
    }
    if (used < room) std::snprintf(to + used, room - used, axes == 1 ? ",)" : ")");
  }

  TF_OpKernelContext* context_;
  const Options& options_;
  Status status_;
  TF_Tensor* inputs_[kMany] = {};
  TF_Tensor* outputs_[kMany] = {};
};

// Checks the shapes of the inputs that both ops share, and fills in the call.
bool understood(Tensors& tensors, const Options& options, Call& call) {
  const int64_t open[] = {-1, -1, -1};
  if (!tensors.is(0, "inputs", 3, open) || !tensors.is(3, "recurrent_kernel", 2, open)) return false;
  const int64_t batch = tensors.size(0, 0), time = tensors.size(0, 1), input_dim = tensors.size(0, 2);
  const int64_t units = tensors.size(3, 0), wide = options.gates() * units;
  if (input_dim < 1 || units < 1)
    return tensors.refuse(TF_INVALID_ARGUMENT, "input_dim is %lld and units is %lld, but both must be 1 or more",
                          static_cast<long long>(input_dim), static_cast<long long>(units));
  const int64_t start[] = {batch, units}, kernel[] = {input_dim, wide}, recurrent[] = {units, wide}, bias[] = {wide};
  const int64_t steps[] = {batch, time};
  if (!tensors.is(1, "start", 2, start) || !tensors.is(2, "kernel", 2, kernel) ||
      !tensors.is(3, "recurrent_kernel", 2, recurrent) || !(tensors.empty(4) || tensors.is(4, "bias", 1, bias)) ||
      !(tensors.empty(5) || tensors.is(5, "bias_h", 1, bias)) ||
      !(tensors.empty(6) || tensors.is(6, "valid", 2, steps)))
    return false;
  if (!tensors.empty(5) && options.reset != kAfter)
    return tensors.refuse(TF_INVALID_ARGUMENT, "bias_h is given, but only reset 'after' has one: leave it empty");
  if (!tf_gru_instruction_set()) return tensors.refuse(TF_FAILED_PRECONDITION, "%s", tf_gru_why_not());
  call = Call{batch,
              time,
              input_dim,
              units,
              options.reset,
              options.reverse,
              options.zero,
              tensors.data(0),
              tensors.data(1),
              tensors.data(2),
              tensors.data(3),
              tensors.empty(4) ? nullptr : tensors.data(4),
              tensors.empty(5) ? nullptr : tensors.data(5),
              tensors.empty(6) ? nullptr : static_cast<const uint8_t*>(tensors.data(6)),
              nullptr,
              nullptr,
              nullptr};
  return true;
}

void finish(Tensors& tensors, int status) {
  if (status == TF_GRU_NO_MEMORY)
    tensors.refuse(TF_RESOURCE_EXHAUSTED, "no memory for the packed weights and the projected inputs of this call");
}

int64_t kept_numbers(const Options& options, const Call& call) {
  int64_t all = options.kept();
  for (Size each : {call.batch, call.time, call.units})
    if (__builtin_mul_overflow(all, int64_t(each), &all)) return INT64_MAX;
  return all;
}

void forward(void* kernel, TF_OpKernelContext* context) {
  const Options& options = *static_cast<const Options*>(kernel);
  Tensors tensors(context, options);
  Call call;
  if (!tensors.read(kInputs) || !understood(tensors, options, call)) return;
  const int64_t outputs[] = {call.batch, call.time, call.units}, state[] = {call.batch, call.units};
  const int64_t kept[] = {options.keep ? kept_numbers(options, call) : 0};
  call.outputs = tensors.make(0, 3, outputs);
  if (!tensors.ok()) return;
  call.final_state = tensors.make(1, 2, state);
  if (!tensors.ok()) return;
  call.kept = tensors.make(2, 1, kept);
  if (!tensors.ok()) return;
  if (!options.keep) call.kept = nullptr;
  finish(tensors, tf_gru_forward(&call, options.is_float64, 0, -1));
}

void backward(void* kernel, TF_OpKernelContext* context) {
  const Options& options = *static_cast<const Options*>(kernel);
  Tensors tensors(context, options);
  Call call;
  if (!tensors.read(kInputs + 4) || !understood(tensors, options, call)) return;
  const int64_t inputs[] = {call.batch, call.time, call.input_dim}, outputs[] = {call.batch, call.time, call.units};
  const int64_t state[] = {call.batch, call.units}, wide[] = {options.gates() * call.units};
  const int64_t matrix[] = {call.input_dim, wide[0]}, recurrent[] = {call.units, wide[0]};
  const int64_t kept[] = {kept_numbers(options, call)}, none[] = {0};
  const bool has_kept = !tensors.empty(9);
  if (!tensors.is(8, "outputs", 3, outputs) || !(!has_kept || tensors.is(9, "kept", 1, kept)) ||
      !tensors.is(10, "d_outputs", 3, outputs) || !tensors.is(11, "d_final_state", 2, state))
    return;
  call.outputs = tensors.data(8);
  call.kept = has_kept ? tensors.data(9) : nullptr;
  Gradients to{tensors.data(10), tensors.data(11), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
  struct {
    void** to;
    int axes;
    const int64_t* sizes;
  } const made[] = {{&to.inputs, 3, inputs},       {&to.start, 2, state}, {&to.kernel, 2, matrix},
                    {&to.recurrent, 2, recurrent}, {&to.bias, 1, call.bias ? wide : none}, {&to.bias_h, 1, call.bias_h ? wide : none}};
  for (int i = 0; i < 6; ++i) {
    *made[i].to = tensors.make(i, made[i].axes, made[i].sizes);
    if (!tensors.ok()) return;
  }
  if (!call.bias) to.bias = nullptr;
  if (!call.bias_h) to.bias_h = nullptr;
  finish(tensors, tf_gru_backward(&call, &to, options.is_float64, 0, -1));
}

void* create(TF_OpKernelConstruction* construction) {
  Status status;
  char reset[16] = "";
  unsigned char reverse = 0, zero = 0, keep = 0;
  TF_DataType type = TF_FLOAT;
  TF_OpKernelConstruction_GetAttrString(construction, "reset", reset, sizeof reset, status);
  if (status.ok()) TF_OpKernelConstruction_GetAttrBool(construction, "reverse", &reverse, status);
  if (status.ok()) TF_OpKernelConstruction_GetAttrBool(construction, "zero", &zero, status);
  if (status.ok()) TF_OpKernelConstruction_GetAttrBool(construction, "keep", &keep, status);
  if (status.ok()) TF_OpKernelConstruction_GetAttrType(construction, "T", &type, status);
  auto* options = status.ok() ? new (std::nothrow) Options : nullptr;
  if (!options) {
    if (status.ok()) TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "no memory for a kernel");
    TF_OpKernelConstruction_Failure(construction, status);
    return nullptr;
  }
  *options = {reset[0] == 'a' ? kAfter : reset[0] == 'b' ? kBefore : kNone, reverse != 0, zero != 0, keep != 0,
              type == TF_DOUBLE};
  return options;
}

void destroy(void* options) { delete static_cast<Options*>(options); }

// The known parts of the shapes, when a graph is traced.
struct Shape {
  TF_ShapeHandle* handle = TF_NewShapeHandle();
  Shape() = default;
  Shape(const Shape&) = delete;
  ~Shape() { TF_DeleteShapeHandle(handle); }
  operator TF_ShapeHandle*() const { return handle; }
};

bool input(TF_ShapeInferenceContext* context, int index, int64_t rank, const Shape& shape, TF_Status* status) {
  TF_ShapeInferenceContextGetInput(context, index, shape, status);
  if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextWithRank(context, shape, rank, shape, status);
  return TF_GetCode(status) == TF_OK;
}

void forward_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  Shape inputs, recurrent, start, steps, units, outputs;
  if (!input(context, 0, 3, inputs, status) || !input(context, 1, 2, start, status) ||
      !input(context, 3, 2, recurrent, status))
    return;
  TF_ShapeInferenceContextSubshape(context, inputs, 0, 2, steps, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSubshape(context, recurrent, 0, 1, units, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextConcatenateShapes(context, steps, units, outputs, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSetOutput(context, 0, outputs, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_ShapeInferenceContextSetOutput(context, 1, start, status);
}

void backward_shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  const int64_t ranks[] = {3, 2, 2, 2, 1, 1};
  for (int i = 0; i < 6; ++i) {
    Shape shape;
    if (!input(context, i, ranks[i], shape, status)) return;
    TF_ShapeInferenceContextSetOutput(context, i, shape, status);
    if (TF_GetCode(status) != TF_OK) return;
  }
}

const char* const kArguments[] = {"inputs: T", "start: T",  "kernel: T",   "recurrent_kernel: T",
                                  "bias: T",   "bias_h: T", "valid: bool", "guard: resource"};

TF_OpDefinitionBuilder* op(const char* name) {
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(name);
  for (const char* each : {"T: {float, double}", "reset: {'after', 'before', 'none'}", "reverse: bool", "zero: bool",
                           "keep: bool = false", "recompute: bool = false"})
    TF_OpDefinitionBuilderAddAttr(builder, each);
  for (const char* each : kArguments) TF_OpDefinitionBuilderAddInput(builder, each);
  return builder;
}

void kernels(const char* name, void (*compute)(void*, TF_OpKernelContext*), TF_Status* status) {
  for (TF_DataType type : {TF_FLOAT, TF_DOUBLE}) {
    TF_KernelBuilder* builder = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
    TF_KernelBuilder_TypeConstraint(builder, "T", type, status);
    TF_RegisterKernelBuilder(name, builder, status);
  }
}

bool register_ops() {
  if (!TF_NewOpDefinitionBuilder) return false;  // TensorFlow is not loaded
  const Status status;
  TF_OpDefinitionBuilder* builder = op("TfGru");
  for (const char* each : {"outputs: T", "final_state: T", "kept: T"}) TF_OpDefinitionBuilderAddOutput(builder, each);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, forward_shapes);
  TF_RegisterOpDefinition(builder, status);
  kernels("TfGru", forward, status);
  builder = op("TfGruBackward");
  for (const char* each : {"outputs: T", "kept: T", "d_outputs: T", "d_final_state: T"})
    TF_OpDefinitionBuilderAddInput(builder, each);
  for (const char* each :
       {"d_inputs: T", "d_start: T", "d_kernel: T", "d_recurrent_kernel: T", "d_bias: T", "d_bias_h: T"})
    TF_OpDefinitionBuilderAddOutput(builder, each);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, backward_shapes);
  TF_RegisterOpDefinition(builder, status);
  kernels("TfGruBackward", backward, status);
  return status.ok();
}

const bool registered = register_ops();

}  // namespace
}  // namespace tf_gru
