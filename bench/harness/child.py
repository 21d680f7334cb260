"""The process of one contestant in Python: as child.ts. numbers.ts says what `uniform` is."""

import json
import os
import sys
import time

task = json.loads(sys.stdin.readline())
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(task["threads"])
# PyTorch's threads would otherwise spin on the cores that OpenBLAS's want, and its times on two threads grow tenfold.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np  # noqa: E402, after the number of threads is set


def uniform(seed, shape, scale=1.0, dtype=np.float64):
    h = (np.arange(np.prod(shape), dtype=np.uint64) + (seed * 0x9E3779B9)).astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    h = h ^ (h >> np.uint32(16))
    return (((h >> np.uint32(8)) / 2**23 - 1) * scale).reshape(shape).astype(dtype)


def probe(x):
    x = np.asarray(x, dtype=np.float64).ravel()
    return [x[0], x[len(x) // 2], x[-1], np.sqrt(np.mean(x**2))]


scope = {"np": np, "uniform": uniform, "probe": probe, "entry": task.get("entry")}
if task["engine"] == "torch":
    import torch

    torch.set_num_threads(task["threads"])
    scope["torch"] = torch


def tensor(seed, shape, scale=1.0, dtype=np.float32):
    return torch.from_numpy(uniform(seed, shape, scale, dtype))


scope["tensor"] = tensor
exec(task["source"], scope)
if task["engine"] == "scipy":
    from solve import solver

    scope["contestant"] = lambda size: solver(scope["problem"](size), task["method"])
run, check = scope["contestant"](task["size"])

now = time.perf_counter_ns


def once(calls=1):
    start = now()
    for _ in range(calls):
        run()
    return (now() - start) / calls


def warm(milliseconds):
    end = now() + milliseconds * 1e6
    best = once()
    while now() < end:
        best = min(best, once())
    return best


answers = os.fdopen(3, "w")


def reply(message):
    answers.write(json.dumps(message) + "\n")
    answers.flush()


first = once()
checked = [float(x) for x in check()]
calls = max(1, round(1e6 / warm(250)))
reply({"first": first, "check": checked})
for line in sys.stdin:
    budget = json.loads(line)["budget"] * 1e6
    samples = []
    end = now() + budget
    while not samples or now() < end:
        samples.append(once(calls))
    reply({"time": sorted(samples)[(len(samples) - 1) // 2]})
