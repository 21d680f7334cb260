/** `nabla/interop`: models as files that others read. */
import "../ops/methods.ts";

export { loadModel, type ModelFile, saveModel } from "./model-file.ts";
export { modelToONNX, type OnnxInput, type OnnxOptions, operatorSet, toONNX } from "./onnx/export.ts";
export { fromONNX, type OnnxModel, type OnnxValue } from "./onnx/import.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors.ts";
