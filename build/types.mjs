// Writes dist/torrentide.d.ts: the compiler's own declarations of the library's entry, in one file. rollup-plugin-dts bundles them,
// for it takes TypeScript 7 on Node 20; dts-bundle-generator wants TypeScript 5, rolldown-plugin-dts Node 22, and api-extractor a
// configuration and a compiler of its own.

import { fileURLToPath } from 'node:url'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

try {
  const bundle = await rollup({
    input: 'web/src/index.ts',
    plugins: [dts({ tsconfig: 'tsconfig.json', compilerOptions: { stripInternal: true } })],
    onwarn: (warning) => {
      throw new Error(warning.message)
    },
  })
  await bundle.write({ file: 'dist/torrentide.d.ts', format: 'es' })
  await bundle.close()
} catch (error) {
  console.error(`build/types.mjs: ${error.message}`)
  process.exit(1)
}
console.log('types: dist/torrentide.d.ts')
