// Bundles web/ into dist/: the library as an ES module and as a classic script, the engine's workers, the player, the
// Markdown reader, the service worker, and the application page. It knows nothing of Python; build/bundle.mjs makes the
// rest of dist/engine/.

import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const LIBRARY = 'web/src/index.ts'
const WORKER = 'web/src/engine/worker.ts'
const HASHER = 'web/src/engine/hasher.ts'
const MEDIA = 'web/src/media/player.ts'
const MARKDOWN = 'web/src/media/markdown.ts'
const SERVICE_WORKER = 'web/src/sw/worker.ts'
const APP = 'web/app/app.ts'
const APP_STYLE = 'web/app/app.css'
const APP_PAGE = 'web/app/index.html'

const missing = [LIBRARY, WORKER, HASHER, MEDIA, MARKDOWN, SERVICE_WORKER, APP, APP_STYLE, APP_PAGE].filter((path) => !existsSync(path))
if (missing.length > 0) {
  console.error(`build/web.mjs: not found: ${missing.join(', ')}`)
  process.exit(1)
}

const pyproject = await readFile('pyproject.toml', 'utf8')
const version = /^version = "(.+)"$/m.exec(pyproject)?.[1]
if (version === undefined) throw new Error('pyproject.toml has no line: version = "..."')

const common = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: 'es2022',
  format: 'esm',
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
}

// Each format of the library knows its own URL in its own way, and only while it is being loaded.
const esm = {
  ...common,
  entryPoints: [LIBRARY],
  outfile: 'dist/torrentide.mjs',
  banner: { js: 'const __SCRIPT_URL__=import.meta.url;' },
}
const classic = {
  ...common,
  entryPoints: [LIBRARY],
  outfile: 'dist/torrentide.js',
  format: 'iife',
  globalName: '__torrentide',
  banner: { js: "(()=>{const __SCRIPT_URL__=document.currentScript?.src??'';" },
  footer: { js: 'window.Torrentide=__torrentide.default;})();' },
}
// Pyodide lies beside the worker and is loaded when it runs.
const worker = { ...common, entryPoints: [WORKER], outfile: 'dist/engine/worker.mjs', external: ['*/pyodide.mjs'] }
const hasher = { ...common, entryPoints: [HASHER], outfile: 'dist/engine/hasher.mjs' }
// Loaded when a file is first played through MediaSource: most pages never need it.
const media = { ...common, entryPoints: [MEDIA], outfile: 'dist/engine/media.mjs', platform: 'browser' }
const markdown = { ...common, entryPoints: [MARKDOWN], outfile: 'dist/engine/markdown.mjs' }
// A classic script: Firefox has no module service workers in versions that are still in use.
const serviceWorker = { ...common, entryPoints: [SERVICE_WORKER], outfile: 'dist/torrentide-sw.js', format: 'iife' }
// The application uses the library as any site does; its source imports web/src/index.ts for the types' sake.
const libraryAtRunTime = {
  name: 'library at run time',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/src\/index(\.ts)?$/ }, () => ({ path: '../torrentide.mjs', external: true }))
  },
}
const app = {
  ...common,
  entryPoints: [APP, APP_STYLE],
  outdir: 'dist/app',
  plugins: [libraryAtRunTime],
  external: ['*/torrentide.mjs', '*/torrentide.js'],
}

await rm('dist/app', { recursive: true, force: true })
await mkdir('dist/app', { recursive: true })
try {
  await Promise.all([esm, classic, worker, hasher, media, markdown, serviceWorker, app].map((options) => build(options)))
} catch {
  process.exit(1) // esbuild has printed what is wrong and where.
}
await copyFile(APP_PAGE, 'dist/app/index.html')
console.log(`web: dist/torrentide.mjs, dist/torrentide.js, dist/torrentide-sw.js, dist/engine/worker.mjs, dist/app/ (version ${version})`)
