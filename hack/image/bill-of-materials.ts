import { createHash } from 'node:crypto';

/** A CycloneDX document, as far as it is changed here. */
export interface Bom {
  readonly serialNumber?: string;
  readonly metadata: {
    readonly timestamp?: string;
    readonly lifecycles?: readonly { readonly phase: string }[];
    readonly tools?: readonly { readonly vendor?: string; readonly name: string; readonly version?: string }[];
    readonly component: Component;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [field: string]: unknown;
}

export interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

export interface Contents {
  /** Packages of which something is in the bundle: `undici@8.12.4`. */
  readonly packages: ReadonlySet<string>;
  /** Of the Node that it is shipped with. */
  readonly node: string;
}

/**
 * What npm says of the tree of packages, cut down to what is in the image, with the Node that runs it. The same contents
 * make the same bytes: there is no time in it, and its number is made from what it says.
 */
export function billOfMaterials(npm: Bom, { packages, node }: Contents): Bom {
  const own = npm.metadata.component;
  const components = npm.components.filter(({ name, version }) => packages.has(`${name}@${version}`));
  const missing = [...packages].filter(one => !components.some(({ name, version }) => `${name}@${version}` === one));
  if (missing.length > 0) throw new Error(`npm knows nothing of ${missing.join(', ')}`);
  const runtime = nodeComponent(node);
  const refs = new Set([own, ...components].map(component => component['bom-ref']));
  const { serialNumber: _, metadata, ...rest } = npm;
  const { timestamp: __, tools = [], ...about } = metadata;
  const bom = {
    ...rest,
    metadata: {
      ...about,
      lifecycles: [{ phase: 'build' }],
      // Another npm that says the same makes the same document.
      tools: tools.map(({ version: ___, ...tool }) => tool),
      // npm has the name of the folder.
      component: { ...own, name: own['bom-ref'].replace(/@[^@]*$/, '') },
    },
    components: [...components, runtime],
    dependencies: npm.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => {
        const needs = dependsOn.filter(one => refs.has(one));
        return { ref, dependsOn: ref === own['bom-ref'] ? [...needs, runtime['bom-ref']] : needs };
      }),
  };
  return { ...bom, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(bom))}` };
}

function nodeComponent(version: string): Component {
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  };
}

/** A UUID of version 8, which is for numbers made as one likes. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const [a, b, c, d, e] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16), hex.slice(17, 20), hex.slice(20, 32)];
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
