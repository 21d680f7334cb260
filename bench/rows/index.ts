/** The rows, in the order of the table. */
import type { Row } from "../harness/row.ts";
import cnn from "./cnn.ts";
import cold from "./cold.ts";
import eager from "./eager.ts";
import elementwise from "./elementwise.ts";
import hessian from "./hessian.ts";
import logistic from "./logistic.ts";
import lstm from "./lstm.ts";
import matmul from "./matmul.ts";
import mlpAdam from "./mlp-adam.ts";
import mlpSgd from "./mlp-sgd.ts";
import optimiseFits from "./optimise-fits.ts";
import optimiseLayout from "./optimise-layout.ts";
import optimiseLogistic from "./optimise-logistic.ts";
import optimiseRosenbrock from "./optimise-rosenbrock.ts";
import optimiseSquares from "./optimise-squares.ts";
import rosenbrock from "./rosenbrock.ts";

export const rows: readonly Row[] = [
  matmul,
  mlpSgd,
  mlpAdam,
  cnn,
  lstm,
  elementwise,
  rosenbrock,
  hessian,
  logistic,
  eager,
  cold,
  optimiseRosenbrock,
  optimiseSquares,
  optimiseFits,
  optimiseLayout,
  optimiseLogistic,
];
