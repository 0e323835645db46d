"""Packs what the engine needs into /python.zip. Runs inside Pyodide, started by bundle.mjs, sources in /src.

What is kept of the standard library is what is loaded after a start and an import of every module of
torrentide that the browser gets, plus the modules below that Python imports only when it comes to need them.
Entries are stored, since one compression over the whole file (by the web server) is 40 % smaller than one for
each entry; names, order and times are fixed, so that equal sources give equal bytes.
"""

import importlib
import marshal
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

SOURCES = Path("/src")
TARGET = "/python.zip"

# Native programs, which need packages that the browser does not have, and the API for Python programs, which
# is not this worker's.
LEFT_OUT = """
    torrentide.cli torrentide.tracker torrentide.hybrid torrentide.__main__
    torrentide.client torrentide.torrent torrentide.file torrentide.host torrentide.listeners
    torrentide.counters torrentide.reading torrentide.seeding torrentide.browser.inpage
"""

# Imported inside functions of CPython (error reports, codecs by name), or likely to be by code to come.
LAZY = """
    asyncio base64 bisect codeop collections.abc contextvars copy dataclasses datetime enum functools
    hashlib heapq hmac inspect io ipaddress itertools json linecache logging math operator pathlib random
    re secrets stringprep struct textwrap tokenize traceback types typing unicodedata urllib.parse
    warnings weakref
    encodings.ascii encodings.cp437 encodings.hex_codec encodings.idna encodings.latin_1 encodings.punycode
    encodings.raw_unicode_escape encodings.unicode_escape encodings.utf_8 encodings.utf_8_sig encodings.utf_16
    encodings.utf_16_be encodings.utf_16_le
"""

# Flags word of a .pyc whose source is never looked for (PEP 552: hash-based, unchecked), then an unused hash.
PYC_HEADER = MAGIC_NUMBER + (0b01).to_bytes(4, "little") + bytes(8)


def own_modules() -> list[str]:
    """The names of all modules below /src that belong into the bundle."""
    names = []
    for path in sorted(SOURCES.rglob("*.py")):
        parts = list(path.relative_to(SOURCES).with_suffix("").parts)
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    outside = tuple(f"{name}." for name in LEFT_OUT.split())
    return [name for name in names if not f"{name}.".startswith(outside)]


def import_all(names: list[str]) -> None:
    """Import each of `names`; a failure names the module and the rule that it may have broken."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise SystemExit(
                f"{name} can't be imported under Node: {error!r}\n"
                "A bundled module may use only the standard library and bencodepy, and must look up browser "
                "names such as js.WebSocket when it uses them, not when it is imported."
            ) from error


def loaded_sources() -> dict[str, str]:
    """Path inside the zip and source text of every loaded module that comes from a file."""
    sources = {}
    for module in list(sys.modules.values()):
        spec = getattr(module, "__spec__", None)
        if spec is None or not spec.has_location or not hasattr(spec.loader, "get_source"):
            continue
        is_package = spec.submodule_search_locations is not None
        path = spec.name.replace(".", "/") + ("/__init__" if is_package else "")
        sources[path] = spec.loader.get_source(spec.name)
    return sources


def write_zip(sources: dict[str, str]) -> None:
    """Compile `sources` without assertions and docstrings, and write them to the target."""
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_STORED) as archive:
        for path, source in sorted(sources.items()):
            code = compile(source, f"{path}.py", "exec", dont_inherit=True, optimize=2)
            archive.writestr(zipfile.ZipInfo(f"{path}.pyc"), PYC_HEADER + marshal.dumps(code))


sys.path.insert(0, str(SOURCES))
import_all(own_modules() + LAZY.split())
write_zip(loaded_sources())
