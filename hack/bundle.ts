import type { BuildOptions } from 'esbuild';

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
  legalComments: 'none',
  // `debug` looks for it and does without. Only tools for development bring it along: what ships must not depend on them.
  external: ['supports-color'],
  banner: {
    // undici is CommonJS inside: its bundled form calls `require` for Node's own modules.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} as const satisfies BuildOptions;
