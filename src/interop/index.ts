/** `nabla/interop`: models as files that others read. */
import "../ops/methods.ts";

export { loadModel, type ModelFile, saveModel } from "./model-file.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from "./safetensors.ts";
