"""`make simulate`: many swarms, a line of figures each, and at the end what missed the bounds.

Takes its wishes from the environment: SEED (that seed alone), SEEDS (how many, from 1 on), PEERS (in place of
what the seed says), CALM=1 (no churn), CORRUPT (the part of the peers that send wrong bytes), JOBS.
"""

import multiprocessing
import os
import statistics
import sys
import time
from functools import partial

from simulation.scenario import Result, simulate

HEADER = "  seed peers   limit    time  ratio  overhead  worst  copies  busy   wall  trace"


def line(result: Result) -> str:
    """The figures of a swarm."""
    return (
        f"{result.seed:6} {result.peers:5} {result.limit:6.1f}s {result.seconds:6.1f}s {result.ratio:6.2f}"
        f" {result.overhead:9.3f} {result.worst_overhead:6.3f} {result.copies:7.2f} {result.busy:5.2f}"
        f" {result.wall:5.1f}s  {result.trace}"
    )


def summary(results: list[Result], wall: float) -> str:
    """What all swarms together show."""
    ratios = [result.ratio for result in results]
    failed = [result for result in results if result.problems]
    words = (
        f"{len(results)} swarms in {wall:.0f} s, {len(failed)} with problems; "
        f"time over fluid limit: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}; "
        f"downloaded over size: median {statistics.median(result.overhead for result in results):.3f}, "
        f"worst peer {max(result.worst_overhead for result in results):.3f}"
    )
    return "\n".join([words, *(f"  {result.replay}\n    {result.problems[0]}" for result in failed)])


def main() -> int:
    """Run what the environment asks for; 1 when a swarm missed a bound."""
    wish = os.environ.get
    first, count = int(wish("SEED") or 1), 1 if wish("SEED") else int(wish("SEEDS") or 100)
    peers, corrupt = int(wish("PEERS") or 0) or None, float(wish("CORRUPT") or 0)
    run = partial(simulate, peers=peers, calm=bool(wish("CALM")), corrupt=corrupt)
    began, results = time.perf_counter(), []
    print(HEADER)
    with multiprocessing.Pool(int(wish("JOBS") or 2)) as pool:
        for result in pool.imap(run, range(first, first + count)):
            results.append(result)
            print(line(result), *result.problems[:3], sep="\n          ", flush=True)
    print(summary(results, time.perf_counter() - began))
    return 1 if any(result.problems for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
