/** Losses: how much a residual counts. ρ(z) of the squared residual z = (r/s)², with ρ(z) ≈ z near 0. */

/** `squares` counts r², the others less of large residuals; `tukey` nothing more beyond the scale. */
export type LossName = "squares" | "soft-l1" | "huber" | "cauchy" | "tukey";

/** ρ(z), ρ′(z) and ρ″(z) for z ≥ 0. */
export type Loss = (z: number) => readonly [value: number, slope: number, curvature: number];

// Triggs, McLauchlan, Hartley and Fitzgibbon, "Bundle adjustment: a modern synthesis", 2000, §4.3; Tukey's biweight as
// in Beaton and Tukey, Technometrics 16, 1974.
export const losses: Readonly<Record<LossName, Loss>> = {
  squares: (z) => [z, 1, 0],
  "soft-l1": (z) => {
    const root = Math.sqrt(1 + z);
    return [(2 * z) / (1 + root), 1 / root, -0.5 / (root * (1 + z))];
  },
  huber: (z) => {
    if (z <= 1) return [z, 1, 0];
    const root = Math.sqrt(z);
    return [2 * root - 1, 1 / root, -0.5 / (root * z)];
  },
  cauchy: (z) => [Math.log1p(z), 1 / (1 + z), -1 / (1 + z) ** 2],
  tukey: (z) => (z >= 1 ? [1 / 3, 0, 0] : [z - z * z + z ** 3 / 3, (1 - z) ** 2, -2 * (1 - z)]),
};
