"""Checks a bundle from inside: runs in a Pyodide that was started from it and can import from nothing else.

Imports every module of the zip, then does what makes Python import more on its own: report an error, warn,
encode a host name, schedule a callback.
"""

import asyncio
import importlib
import sys
import traceback
import warnings
import zipfile

ARCHIVE = next(path for path in sys.path if path.endswith(".zip"))


def module_name(entry: str) -> str:
    """`a/b.pyc` and `a/b/__init__.pyc` are both a.b."""
    return entry.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")


def import_everything() -> None:
    """Import each module, and see that it comes from the archive."""
    for entry in zipfile.ZipFile(ARCHIVE).namelist():
        name = module_name(entry)
        module = importlib.import_module(name)
        if not (module.__file__ or "").startswith(ARCHIVE):
            raise ImportError(f"{name} was found in {module.__file__}, not in {ARCHIVE}")


def exercise() -> None:
    """Raises ImportError where the bundle lacks what CPython imports for itself."""
    try:
        raise ValueError("an error")
    except ValueError:
        traceback.format_exc()
    with warnings.catch_warnings(record=True):
        warnings.warn("a warning", stacklevel=1)
    "bücher.example".encode("idna")
    asyncio.get_event_loop().call_soon(lambda: None)


sys.path[:] = [ARCHIVE]
exercise()
import_everything()
