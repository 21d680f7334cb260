export { accuracy, topKAccuracy } from "./accuracy.ts";
export { type Calibration, type CalibrationBin, calibration } from "./calibration.ts";
export { type ClassOptions, confusionMatrix, f1, precision, recall } from "./confusion.ts";
export { r2, rootMeanSquaredError } from "./regression.ts";
export { rocAUC } from "./roc.ts";
