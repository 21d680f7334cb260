"""SciPy's optimisers, told to go as far as nabla does by itself. A problem is a dict, of what its row has:

start                      the parameters at the start
value_and_gradient(x), hessian(x)
residuals(x), jacobian(x)  of a sum of squares; second(x, w) = sum of w[i] * Hessian of residual i
model(x, *p), model_jacobian(x, *p), x, y   of a fit
"""

import numpy as np
from scipy import optimize


def squares(p):
    residuals, jacobian = p["residuals"], p["jacobian"]

    def value_and_gradient(x):
        r = residuals(x)
        return r @ r, 2 * r @ jacobian(x)

    def hessian(x):
        j = jacobian(x)
        return 2 * (j.T @ j + p["second"](x, residuals(x)))

    return {**p, "value_and_gradient": value_and_gradient, "hessian": hessian}


def fit(p):
    x, y = p["x"], p["y"]
    return {**p, "residuals": lambda b: p["model"](x, *b) - y, "jacobian": lambda b: p["model_jacobian"](x, *b)}


def solver(p, method):
    if "model" in p:
        p = fit(p)
    if "residuals" in p:
        p = squares(p)
    start = np.array(p["start"], dtype=np.float64)
    options = {
        "trust-exact": {"gtol": 1e-8, "maxiter": 10_000},
        "BFGS": {"gtol": 1e-8, "maxiter": 10_000},
        "L-BFGS-B": {"gtol": 1e-8, "ftol": 0, "maxcor": 10, "maxiter": 100_000, "maxfun": 100_000},
    }

    def run():
        if method == "curve_fit":
            found, _ = optimize.curve_fit(
                p["model"], p["x"], p["y"], start, jac=p["model_jacobian"], ftol=1e-12, xtol=1e-12, maxfev=10_000
            )
            return found
        if method == "least_squares":
            return optimize.least_squares(
                p["residuals"],
                start,
                p["jacobian"],
                method="lm",
                x_scale="jac",
                ftol=1e-12,
                xtol=1e-12,
                gtol=1e-12,
                max_nfev=10_000,
            ).x
        return optimize.minimize(
            p["value_and_gradient"],
            start,
            jac=True,
            hess=p["hessian"] if method == "trust-exact" else None,
            method=method,
            options=options[method],
        ).x

    def check():
        x = run()
        return [p["value_and_gradient"](x)[0], *x]

    return run, check
