// A page's own Pyodide, self-hosted. Needs no script of ours.

import { loadPyodide } from '/pyodide/pyodide.mjs';

const ENGINE = new URL('/engine/', location.href).href;

/** Starts a self-hosted Pyodide that knows our lock file, and loads `packages` by name. */
window.boot = async (...packages) => {
  const lockFileURL = `${ENGINE}pyodide-lock.json`;
  window.pyodide = await loadPyodide({ indexURL: '/pyodide/', lockFileURL, packages });
};

/** Runs Python code with arguments as its globals. What it gives must be plain. */
window.python = async (code, given) => {
  const globals = pyodide.toPy(given);
  const result = await pyodide.runPythonAsync(code, { globals });
  return result?.toJs ? result.toJs() : result;
};

/** Whether the page may make code of text: the result, or the name of the error. Not in the caller's own task, which no policy binds. */
window.evaluating = () =>
  new Promise((resolve) => {
    setTimeout(() => {
      try {
        resolve(eval('1'));
      } catch (error) {
        resolve(error.name);
      }
    });
  });
