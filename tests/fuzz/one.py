"""One target in one process: `one.py TARGET`, the other arguments are libFuzzer's.

What is fuzzed is imported behind atheris' hook, which counts the branches taken; so nothing else may import
it first.
"""

import sys

import atheris

with atheris.instrument_imports(include=["torrentide", "bencodepy"], enable_loader_override=False):
    from fuzz.targets import TARGETS

name = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[name])
atheris.Fuzz()
