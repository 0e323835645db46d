// Makes the engine's part of dist/engine/: Pyodide's three files, python.zip (standard library, bencodepy and torrentide
// as bytecode) and LICENSES.txt. Python is compiled by the very interpreter that will run it, under Node: one boot
// compiles, a second one boots from the result and imports all of it.

import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PYODIDE = join(ROOT, 'node_modules/pyodide')
const ENGINE = join(ROOT, 'dist/engine')
// Of the packages that are bundled.
const LICENCES = [
  'mime/LICENSE',
  'client-zip/LICENSE.txt',
  'mediabunny/LICENSE',
  'markdown-it/LICENSE',
  'entities/LICENSE',
  'linkify-it/LICENSE',
  'mdurl/LICENSE',
  'punycode.js/LICENSE-MIT.txt',
  'uc.micro/LICENSE.txt',
]
const RUNTIME = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm']

function locateBencodepy() {
  const code = `if True:
    import bencodepy, importlib.metadata as metadata, os
    licence = next(f for f in metadata.files("bencode.py") if f.name == "LICENSE")
    print(os.path.dirname(bencodepy.__file__), licence.locate(), sep="\\n")`
  const [folder, licence] = execFileSync(join(ROOT, '.venv/bin/python'), ['-c', code], { encoding: 'utf8' }).trim().split('\n')
  return { folder, licence }
}

/** The bytes of python.zip. */
async function compile(bencodepy) {
  const { loadPyodide } = await import(join(PYODIDE, 'pyodide.mjs'))
  const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' } })
  for (const [path, root] of [['/src/torrentide', join(ROOT, 'py/torrentide')], ['/src/bencodepy', bencodepy]]) {
    pyodide.FS.mkdirTree(path)
    pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, path)
  }
  await run(pyodide, 'pack.py')
  return pyodide.FS.readFile('/python.zip')
}

/** Boots from `path` as the worker does, and throws if anything in it can't be imported. */
async function verify(path) {
  const { loadPyodide } = await import(join(ENGINE, 'pyodide.mjs'))
  const { info } = JSON.parse(await readFile(join(PYODIDE, 'pyodide-lock.json'), 'utf8'))
  const lockFileContents = { info, packages: {} }
  const pyodide = await loadPyodide({ indexURL: ENGINE, stdLibURL: path, lockFileContents })
  await run(pyodide, 'verify.py')
}

async function run(pyodide, script) {
  pyodide.runPython(await readFile(join(ROOT, 'build', script), 'utf8'), { filename: `build/${script}` })
}

async function main() {
  await mkdir(ENGINE, { recursive: true })
  await Promise.all(RUNTIME.map((name) => copyFile(join(PYODIDE, name), join(ENGINE, name))))
  const bencodepy = locateBencodepy()
  const packages = LICENCES.map((path) => join(ROOT, 'node_modules', path))
  const notices = [join(ROOT, 'build/notices.txt'), bencodepy.licence, ...packages]
  const texts = await Promise.all(notices.map((path) => readFile(path, 'utf8')))
  await writeFile(join(ENGINE, 'LICENSES.txt'), texts.join(`\n${'='.repeat(104)}\n\n`))
  // Only a zip that was seen to work gets the name that make and the worker look for.
  const untested = join(ENGINE, 'python.zip.new')
  const zip = await compile(bencodepy.folder)
  await writeFile(untested, zip)
  await verify(untested)
  await rename(untested, join(ENGINE, 'python.zip'))
  console.log(`engine: dist/engine/python.zip, ${(zip.length / 1e6).toFixed(2)} MB, every module imported`)
}

try {
  await main()
} catch (error) {
  console.error(`build/bundle.mjs: ${error.message}`)
  process.exit(1)
}
