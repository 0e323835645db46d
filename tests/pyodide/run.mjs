// Runs pytest inside Pyodide under Node, on this repository: the same unit tests, on the interpreter that browsers get.
// Arguments go to pytest; its exit code is this one's. Tests marked `native` are left out.

import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { loadPyodide } from 'pyodide'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SITE = join(ROOT, '.setup/pyodide-site')

// The profile is hypothesis' own: no deadline, which would only measure the machine, and the same examples each time.
const RUN = `
import os, sys
os.chdir("/repo")
sys.path.append("/site")
import pytest
int(pytest.main(["-p", "no:faulthandler", "-m", "not native", "--hypothesis-profile", "ci", *arguments]))
`

const pyodide = await loadPyodide()
for (const [path, root] of [['/repo', ROOT], ['/site', SITE]]) {
  pyodide.FS.mkdirTree(path)
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, path)
}
// At once: what a test has left, such as an open port, would keep Node waiting for ever.
process.exit(pyodide.runPython(RUN, { globals: pyodide.toPy({ arguments: process.argv.slice(2) }) }))
