import { describe, expect, test } from '@jest/globals';
import { type SourceFile, sourceFiles } from './sources.ts';

/** Which room may import which (design, section 4). A room always may import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  reference: [],
  clock: [],
  log: [],
  image: ['api', 'reference'],
  imagestream: ['api', 'reference'],
  queue: ['clock'],
  config: ['api'],
  registry: ['reference', 'image', 'clock', 'log'],
  kube: ['api', 'clock', 'log'],
  importer: ['api', 'reference', 'image', 'imagestream', 'registry', 'queue', 'clock', 'log'],
  controller: ['api', 'reference', 'imagestream', 'importer', 'queue', 'kube', 'clock', 'log'],
  standalone: ['api', 'clock', 'log'],
  telemetry: ['clock'],
};
/** They join the parts: they may import everything, and nobody imports them. */
const JOIN = ['command', 'main'];

/** Packages that one room alone may import. */
const OWNED_PACKAGES: Readonly<Record<string, string>> = {
  '@kubernetes/client-node': 'kube',
  '@marcbachmann/cel-js': 'standalone',
  'prom-client': 'telemetry',
  pino: 'log',
  tldts: 'registry',
};

const PURE_ROOMS = ['api', 'reference', 'image', 'imagestream'];
const PURE_FILES = [
  'controller/image-fate.ts',
  'controller/image-object.ts',
  'queue/backoff.ts',
  'queue/breaker.ts',
  'queue/breakers.ts',
  'queue/due-heap.ts',
  'queue/fair-line.ts',
  'queue/linked-list.ts',
  'queue/steady-map.ts',
  'queue/time-heap.ts',
  'queue/token-bucket.ts',
  'queue/waiting-keys.ts',
  'registry/challenge.ts',
  'registry/docker-config.ts',
  'registry/docker-entry.ts',
  'registry/errors.ts',
  'registry/failure-causes.ts',
  'registry/host-names.ts',
  'registry/keyring.ts',
  'registry/locations.ts',
  'registry/mirrors.ts',
  'registry/oci-errors.ts',
  'registry/pages.ts',
  'registry/proxy.ts',
  'registry/realm.ts',
  'registry/redirect.ts',
  'registry/retry-after.ts',
  'registry/safety.ts',
  'registry/scope.ts',
  'registry/token-answer.ts',
  'kube/event-budget.ts',
  'kube/event-object.ts',
  'kube/http-retry.ts',
  'kube/http-status.ts',
  'kube/json.ts',
  'kube/last-used.ts',
  'kube/lease.ts',
  'kube/resource.ts',
  'kube/secret-index.ts',
  'kube/watch-backoff.ts',
  'kube/watch-lines.ts',
  'importer/error-text.ts',
  'importer/failure-texts.ts',
  'importer/oci-texts.ts',
  'importer/tag-priority.ts',
  'standalone/apply-patch.ts',
  'standalone/core-columns.ts',
  'standalone/data-rules.ts',
  'standalone/definitions.ts',
  'standalone/event-rules.ts',
  'standalone/faults.ts',
  'standalone/json.ts',
  'standalone/json-patch.ts',
  'standalone/kind-table.ts',
  'standalone/kinds.ts',
  'standalone/lease-rules.ts',
  'standalone/merge-keys.ts',
  'standalone/merge-patch.ts',
  'standalone/metadata-rules.ts',
  'standalone/micro-time.ts',
  'standalone/namespaces.ts',
  'standalone/object-body.ts',
  'standalone/object-metadata.ts',
  'standalone/object-state.ts',
  'standalone/objects.ts',
  'standalone/patches.ts',
  'standalone/schema-form.ts',
  'standalone/schema-rules.ts',
  'standalone/shape.ts',
  'standalone/strategic-patch.ts',
  'standalone/write-checks.ts',
  'standalone/der.ts',
  'standalone/http/accept.ts',
  'standalone/http/address.ts',
  'standalone/http/age.ts',
  'standalone/http/field-selector.ts',
  'standalone/http/json-path.ts',
  'standalone/http/label-selector.ts',
  'standalone/http/list-options.ts',
  'standalone/http/openapi-schemas.ts',
  'standalone/http/places.ts',
  'standalone/http/protobuf.ts',
  'standalone/http/table.ts',
  'standalone/http/write-options.ts',
];
/** Computing modules of Node: no I/O, no state of the machine. */
const PURE_MODULES: Readonly<Record<string, RegExp>> = {
  'node:crypto': /^\{ (type )?(createHash|Hash)(, (type )?(createHash|Hash))* \}$/,
  'node:buffer': /^\{ Buffer \}$/,
  'node:net': /^\{ (BlockList|isIP|isIPv4|isIPv6)(, (BlockList|isIP|isIPv4|isIPv6))* \}$/,
};
/** Packages that only compute. */
const PURE_PACKAGES = ['tldts', '@marcbachmann/cel-js'];
const IMPURE_WORDS =
  /\b(Date\.now|new Date\(\)|performance\.|Math\.random|process\.|setTimeout|setInterval|setImmediate|queueMicrotask|console\.|fetch\()/;

const files = sourceFiles();

describe('rooms', () => {
  test.each(files.filter(file => !JOIN.includes(file.room)))('$path imports only the rooms its own may', file => {
    const allowed = MAY_IMPORT[file.room];
    expect(allowed).toBeDefined();
    const foreign = file.imports.filter(({ room }) => room !== undefined && room !== file.room);
    const observer = /^(registry|kube|controller)\/observer\.ts$/;
    const wrong = foreign.filter(({ room, path, typeOnly }) => {
      // What rooms tell is declared by them and counted in one place.
      if (file.room === 'telemetry' && typeOnly && observer.test(path ?? '')) return false;
      return !allowed?.includes(room ?? '');
    });
    expect(wrong.map(({ specifier }) => specifier)).toEqual([]);
  });

  test.each(files)('$path imports no package that belongs to another room', file => {
    const wrong = file.imports.filter(({ specifier, typeOnly }) => {
      const owner = OWNED_PACKAGES[specifier];
      return owner !== undefined && owner !== file.room && !typeOnly;
    });
    expect(wrong.map(({ specifier }) => specifier)).toEqual([]);
  });

  test('R5.14 nobody uses the fetch that Node brings: it is another undici, without our dispatchers', () => {
    const users = files.filter(({ text }) => /(?:globalThis\.|await |return |= |=> )fetch\(/.test(text));
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  test('no room is a drawer', () => {
    const names = files.flatMap(({ path }) => path.replace(/\.ts$/, '').split('/'));
    expect(names.filter(name => /^(utils?|helpers?|misc)$/.test(name))).toEqual([]);
  });
});

describe('purity', () => {
  const isPure = (file: SourceFile) => PURE_ROOMS.includes(file.room) || PURE_FILES.includes(file.path);

  test.each(files.filter(isPure))('$path thinks only: no I/O, no clock, no log', file => {
    const impure = file.imports.filter(({ specifier, clause, path, typeOnly }) => {
      if (typeOnly) return false;
      if (path !== undefined) return ['clock.ts', 'log.ts'].includes(path);
      if (!specifier.startsWith('node:')) return !PURE_PACKAGES.includes(specifier);
      return !PURE_MODULES[specifier]?.test(clause.replace(/\s+/g, ' ').replace(', }', ' }'));
    });
    expect(impure.map(({ specifier, clause }) => `${clause} from ${specifier}`)).toEqual([]);
    const code = file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(code.match(IMPURE_WORDS)?.[0]).toBeUndefined();
  });

  test('every file on the list of pure files exists', () => {
    const paths = new Set(files.map(({ path }) => path));
    expect(PURE_FILES.filter(path => !paths.has(path))).toEqual([]);
  });
});
