// The part of TensorFlow's C API for ops and kernels that ops.cpp calls. It is declared here, so that the library can
// be built without TensorFlow. Nothing is linked, and each name is weak: loading the library finds the names if TensorFlow
// has been loaded, and otherwise they are null.
//
// Source: tensorflow/c/ops.h, kernels.h, tf_tensor.h, tf_status.h and tf_datatype.h, with the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct TF_Status;
struct TF_Tensor;
struct TF_OpDefinitionBuilder;
struct TF_ShapeInferenceContext;
struct TF_ShapeHandle;
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;

enum TF_Code { TF_OK = 0, TF_INVALID_ARGUMENT = 3, TF_RESOURCE_EXHAUSTED = 8, TF_FAILED_PRECONDITION = 9 };
enum TF_DataType { TF_FLOAT = 1, TF_DOUBLE = 2, TF_BOOL = 10 };

#pragma weak TF_NewStatus
#pragma weak TF_DeleteStatus
#pragma weak TF_SetStatus
#pragma weak TF_GetCode
#pragma weak TF_NumDims
#pragma weak TF_Dim
#pragma weak TF_TensorData
#pragma weak TF_DeleteTensor
#pragma weak TF_NewOpDefinitionBuilder
#pragma weak TF_OpDefinitionBuilderAddAttr
#pragma weak TF_OpDefinitionBuilderAddInput
#pragma weak TF_OpDefinitionBuilderAddOutput
#pragma weak TF_OpDefinitionBuilderSetShapeInferenceFunction
#pragma weak TF_RegisterOpDefinition
#pragma weak TF_NewShapeHandle
#pragma weak TF_DeleteShapeHandle
#pragma weak TF_ShapeInferenceContextGetInput
#pragma weak TF_ShapeInferenceContextSetOutput
#pragma weak TF_ShapeInferenceContextWithRank
#pragma weak TF_ShapeInferenceContextSubshape
#pragma weak TF_ShapeInferenceContextConcatenateShapes
#pragma weak TF_NewKernelBuilder
#pragma weak TF_KernelBuilder_TypeConstraint
#pragma weak TF_RegisterKernelBuilder
#pragma weak TF_OpKernelConstruction_GetAttrType
#pragma weak TF_OpKernelConstruction_GetAttrBool
#pragma weak TF_OpKernelConstruction_GetAttrString
#pragma weak TF_OpKernelConstruction_Failure
#pragma weak TF_GetInput
#pragma weak TF_AllocateOutput
#pragma weak TF_OpKernelContext_Failure

TF_Status* TF_NewStatus(void);
void TF_DeleteStatus(TF_Status*);
void TF_SetStatus(TF_Status*, TF_Code, const char* message);
TF_Code TF_GetCode(const TF_Status*);

int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int axis);
void* TF_TensorData(const TF_Tensor*);
void TF_DeleteTensor(TF_Tensor*);

TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char* name);
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder*, const char* spec);
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder*, const char* spec);
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder*, const char* spec);
void TF_OpDefinitionBuilderSetShapeInferenceFunction(TF_OpDefinitionBuilder*,
                                                     void (*)(TF_ShapeInferenceContext*, TF_Status*));
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder*, TF_Status*);

TF_ShapeHandle* TF_NewShapeHandle(void);
void TF_DeleteShapeHandle(TF_ShapeHandle*);
void TF_ShapeInferenceContextGetInput(TF_ShapeInferenceContext*, int index, TF_ShapeHandle*, TF_Status*);
void TF_ShapeInferenceContextSetOutput(TF_ShapeInferenceContext*, int index, TF_ShapeHandle*, TF_Status*);
void TF_ShapeInferenceContextWithRank(TF_ShapeInferenceContext*, TF_ShapeHandle*, int64_t rank, TF_ShapeHandle* result,
                                      TF_Status*);
void TF_ShapeInferenceContextSubshape(TF_ShapeInferenceContext*, TF_ShapeHandle*, int64_t begin, int64_t end,
                                      TF_ShapeHandle* result, TF_Status*);
void TF_ShapeInferenceContextConcatenateShapes(TF_ShapeInferenceContext*, TF_ShapeHandle* first, TF_ShapeHandle* second,
                                               TF_ShapeHandle* result, TF_Status*);

TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_KernelBuilder_TypeConstraint(TF_KernelBuilder*, const char* attribute, TF_DataType, TF_Status*);
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder*, TF_Status*);
void TF_OpKernelConstruction_GetAttrType(TF_OpKernelConstruction*, const char* name, TF_DataType*, TF_Status*);
void TF_OpKernelConstruction_GetAttrBool(TF_OpKernelConstruction*, const char* name, unsigned char*, TF_Status*);
void TF_OpKernelConstruction_GetAttrString(TF_OpKernelConstruction*, const char* name, char*, size_t, TF_Status*);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int index, TF_DataType, const int64_t* sizes, int axes, size_t bytes,
                             TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
}
