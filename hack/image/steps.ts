import { execFileSync } from 'node:child_process';
import { chmodSync, constants, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { isInContext } from './build-context.ts';
import { argumentOf, expand, type Instruction, pairsOf, parseDockerfile, processOf, type Stage } from './dockerfile.ts';

/** What the steps of a Dockerfile made, as far as folders go. */
export interface BuiltImage {
  /** Stands in for `/` of the image. */
  readonly root: string;
  readonly from: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `65532:65532` */
  readonly user: string;
  readonly entrypoint: readonly string[];
  /** Set for what runs in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Instructions of the last stage. */
  readonly keywords: readonly string[];
}

export interface BuildOptions {
  /** The checkout. */
  readonly context: string;
  /** Empty; every stage gets a folder in it. */
  readonly work: string;
  /** The `node` that stands in for that of the base image. */
  readonly node: string;
  readonly say: (line: string) => void;
}

interface StageRoot {
  readonly root: string;
  folder: string;
  user: string;
  labels: Record<string, string>;
  readonly values: Map<string, string>;
}

/**
 * Carries out a Dockerfile without a container engine: every stage is a folder that stands in for `/`, RUN runs in it with
 * the pinned Node first on the PATH. It shows that the steps still work and what they make; it isolates nothing.
 */
export function buildImage({ context, work, node, say }: BuildOptions): BuiltImage {
  const dockerfile = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const ignored = readFileSync(join(context, '.dockerignore'), 'utf8');
  const built = new Map<string, StageRoot>();
  let last: { readonly stage: Stage; readonly made: StageRoot } | undefined;
  for (const [index, stage] of dockerfile.stages.entries()) {
    const name = stage.name ?? String(index);
    say(`FROM ${stage.from} AS ${name}`);
    const made = begin(join(work, name), stage, node);
    for (const instruction of stage.instructions) {
      say(`${instruction.keyword} ${instruction.text}`);
      const copies = { context, ignored, built };
      carryOut(instruction, made, copies);
    }
    built.set(name, made);
    last = { stage, made };
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  const { stage, made } = last;
  const keywords = stage.instructions.map(({ keyword }) => keyword);
  return {
    root: made.root,
    from: stage.from,
    labels: made.labels,
    user: made.user,
    ...processOf(dockerfile),
    keywords,
  };
}

/** A base image, as far as ours goes: Node, at its place. */
function begin(root: string, stage: Stage, node: string): StageRoot {
  const bin = join(root, 'usr/local/bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(node, join(bin, 'node'), constants.COPYFILE_FICLONE);
  chmodSync(join(bin, 'node'), 0o755);
  const version = execFileSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' }).trim().slice(1);
  const wanted = /(?:^|\/)node:(\d+\.\d+\.\d+)-/.exec(stage.from)?.[1];
  if (wanted !== version) throw new Error(`"${stage.from}" is no image of Node ${version}, which the project pins`);
  return { root, folder: '/', user: '', labels: {}, values: new Map() };
}

interface Copies {
  readonly context: string;
  readonly ignored: string;
  readonly built: ReadonlyMap<string, StageRoot>;
}

function carryOut(instruction: Instruction, stage: StageRoot, copies: Copies): void {
  const text = expand(instruction.text, stage.values);
  switch (instruction.keyword) {
    case 'ARG':
      stage.values.set(...argumentOf(instruction));
      return;
    case 'WORKDIR':
      stage.folder = text;
      mkdirSync(join(stage.root, text), { recursive: true });
      return;
    case 'COPY':
      copy(text, stage, copies);
      return;
    case 'RUN':
      run(text, stage);
      return;
    case 'LABEL':
      Object.assign(stage.labels, pairsOf({ ...instruction, text }));
      return;
    case 'USER':
      stage.user = text;
      return;
    case 'ENV':
    case 'ENTRYPOINT':
      // Of the process that will be: see processOf.
      return;
    default:
      throw new Error(
        `Dockerfile:${instruction.line}: ${instruction.keyword} is not known here: teach hack/image/steps.ts`,
      );
  }
}

function copy(text: string, stage: StageRoot, { context, ignored, built }: Copies): void {
  const [, from, paths = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(text) ?? [];
  const words = paths.split(/\s+/);
  const to = words.pop() ?? '';
  const target = join(stage.root, to.startsWith('/') ? to : join(stage.folder, to));
  const other = from === undefined ? undefined : built.get(from)?.root;
  if (from !== undefined && other === undefined) throw new Error(`COPY --from=${from}: there is no such stage`);
  for (const path of words) {
    const source = join(other ?? context, path);
    if (!existsSync(source)) throw new Error(`COPY ${path}: there is no such file`);
    const known = (file: string) => other !== undefined || isInContext(file.slice(context.length + 1), ignored);
    if (!known(source)) throw new Error(`COPY ${path}: .dockerignore keeps it out`);
    // A folder's content goes to the target; a file goes into it where it ends in a slash, or is a folder.
    const isFolder = statSync(source).isDirectory();
    const inside = !isFolder && (to.endsWith('/') || (existsSync(target) && statSync(target).isDirectory()));
    const place = inside ? join(target, basename(source)) : target;
    mkdirSync(dirname(place), { recursive: true });
    cpSync(source, place, { recursive: true, filter: known });
  }
}

/** How npm reaches its registry is this machine's own affair, so that its environment stays. */
function run(text: string, stage: StageRoot): void {
  const ours = (process.env['PATH'] ?? '').split(delimiter).filter(part => !part.includes('node_modules'));
  const path = [join(stage.root, 'usr/local/bin'), ...ours].join(delimiter);
  execFileSync('/bin/sh', ['-c', text], {
    cwd: join(stage.root, stage.folder),
    env: { ...process.env, PATH: path, NODE_OPTIONS: '' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
