"""Whatever a crash leaves, no piece is claimed that is not there, and little is lost."""

import os

from unit.storage.crashes import crash_and_resume

# `make crash` takes ten thousand.
CRASHES = int(os.environ.get("CRASHES") or 300)


def test_random_crash_points() -> None:
    crashes = seed = 0
    while crashes < CRASHES:
        seed += 1
        crashes += crash_and_resume(seed)
    print(f"{crashes} crashes in {seed} downloads")
