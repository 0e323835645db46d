"""`make fuzz`: every target under atheris, which steers by coverage, a process each.

Takes its wishes from the environment: TARGET (that one alone), INPUTS (over all targets together), JOBS. A
target begins with its seeds and with what earlier findings left in `corpus/`; an input that breaks one is
written to `tests/fuzz/found/` and named. Ends with how many inputs each target took.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.seeds import SEEDS, WORDS
from fuzz.targets import TARGETS

HERE = Path(__file__).parent
MAX_LENGTH = 4096
# A whole engine runs for each input of these.
SLOW = {"talk"}
# An input that takes longer, or makes the process grow beyond this, is a finding.
TIMEOUT_SECONDS = 10
MEMORY_MIB = 1024


def campaign(name: str, inputs: int) -> tuple[str, int, float, int]:
    """Give a target `inputs` inputs; tells how many it took, in how many seconds, and the exit code."""
    found, kept = HERE / "found", HERE / "corpus" / name
    found.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        corpus, words = Path(work, "corpus"), Path(work, "words")
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / f"seed{number}").write_bytes(seed)
        escaped = ["".join(f"\\x{byte:02x}" for byte in word) for word in WORDS[name]]
        words.write_text("".join(f'"{word}"\n' for word in escaped))
        done = subprocess.run(
            [sys.executable, HERE / "one.py", name, corpus, *([kept] if kept.is_dir() else []),
             f"-runs={inputs}", f"-dict={words}", f"-max_len={MAX_LENGTH}", f"-timeout={TIMEOUT_SECONDS}",
             f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1"],
            capture_output=True, text=True, errors="replace",
        )  # fmt: skip
    count = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    if done.returncode:
        print(f"{name}: broken\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}", flush=True)
    return name, int(count[1]) if count else 0, time.monotonic() - began, done.returncode


def share(names: list[str], inputs: int) -> dict[str, int]:
    """Inputs for each target: evenly, but a fiftieth of all for a slow one."""
    slow = SLOW.intersection(names) if len(names) > 1 else set()
    each = -(-(inputs - len(slow) * (inputs // 50)) // (len(names) - len(slow)))
    return {name: inputs // 50 if name in slow else each for name in names}


def main() -> int:
    """Fuzz what the environment asks for; 1 when something was found."""
    names = [os.environ["TARGET"]] if os.environ.get("TARGET") else list(TARGETS)
    shares = share(names, int(os.environ.get("INPUTS") or 10_000_000))
    total = findings = 0
    with ThreadPoolExecutor(int(os.environ.get("JOBS") or 2)) as pool:
        for name, count, seconds, code in pool.map(lambda name: campaign(name, shares[name]), names):
            total += count
            findings += bool(code)
            print(
                f"{name:12} {count:12,} inputs {seconds:8.0f} s {'BROKEN' if code else 'sound'}", flush=True
            )
    print(f"{total:,} inputs over {len(names)} targets, {findings} broken")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
