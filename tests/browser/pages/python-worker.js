// Python in a worker, of a page that does no more than ask it to run code.

import { loadPyodide } from '/pyodide/pyodide.mjs';

let pyodide;

async function answer({ packages, code, given }) {
  if (packages) {
    const lockFileURL = new URL('/engine/pyodide-lock.json', location.href).href;
    pyodide = await loadPyodide({ indexURL: new URL('/pyodide/', location.href).href, lockFileURL, packages });
    return null;
  }
  const result = await pyodide.runPythonAsync(code, { globals: pyodide.toPy(given) });
  return result?.toJs ? result.toJs() : result;
}

addEventListener('message', async ({ data }) => {
  if (data.call === undefined) return;
  try {
    postMessage({ call: data.call, value: await answer(data) });
  } catch (error) {
    postMessage({ call: data.call, error: String(error) });
  }
});
