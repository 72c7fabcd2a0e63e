import { join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

/**
 * The Kubernetes client has 750 generated modules, whose package does not say that loading them has no effects. Said for
 * it, the bundle holds what reading a kubeconfig takes and no model of any API.
 */
const leaveOutModels: Plugin = {
  name: 'leave out models',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVED || !/@kubernetes\/client-node/.test(`${from.importer} ${path}`)) return undefined;
      const found = await resolve(path, { ...from, pluginData: RESOLVED });
      return /@kubernetes\/client-node\/dist\//.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};
const RESOLVED = 'resolved';

const undiciInPart: Plugin = {
  name: 'undici in part',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^undici$/ }, () => ({ path: join(import.meta.dirname, 'undici.mjs') }));
  },
};

/**
 * An `import` of node:http asks for all it exports, WebSocket among it, and for that Node loads the whole of its own
 * fetch: 11 MiB. `require` asks for what is used.
 */
const requireHttp: Plugin = {
  name: 'require http',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace: 'require' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'require' }, ({ path }) => ({ contents: `module.exports = require('${path}');` }));
  },
};

/** How src/main.ts becomes what users run: one small entry that checks the Node version, and one chunk per command. */
export const BUNDLE = {
  entryPoints: { 'imagestream-operator': 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minifySyntax: true,
  // Comments with a letter beyond Latin-1 would double what the text of a whole chunk takes in memory.
  minifyWhitespace: true,
  legalComments: 'none',
  // `debug` looks for it and does without. Only tools for development bring it along: what ships must not depend on them.
  external: ['supports-color'],
  banner: {
    // undici is CommonJS inside: its bundled form calls `require` for Node's own modules.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [undiciInPart, requireHttp, leaveOutModels],
} as const satisfies BuildOptions;
