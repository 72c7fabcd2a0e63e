import { isDeep, isJsonObject, type JsonObject, sameJson } from './json.ts';

/** Thrown when an operation cannot be done; the API server does not tell which. */
export class PatchFailed extends Error {
  override readonly name = 'PatchFailed';
}

/** What all copies of a patch may have together, in characters: a copy that is copied again outgrows any memory. */
const MAX_COPIED = 3 * 1024 * 1024;

type Container = { [name: string]: unknown } | unknown[];

/**
 * RFC 6902, all operations or none. As kube-apiserver has it, `replace` also adds a member that is not there, an index
 * below 0 counts from the end, and a value that is not given is null. Throws `PatchFailed`.
 */
export function jsonPatch(target: unknown, operations: readonly JsonObject[]): unknown {
  const document = new Document(target);
  for (const operation of operations) document.apply(operation);
  return document.value;
}

/** Changed in place: thousands of operations may come for an object that it would take long to copy for each. */
class Document {
  readonly #root: { whole: unknown };
  #copied = 0;

  constructor(target: unknown) {
    this.#root = { whole: structuredClone(target) };
  }

  get value(): unknown {
    if (isDeep(this.#root.whole)) throw new PatchFailed('it has become too deep');
    return this.#root.whole;
  }

  apply(operation: JsonObject): void {
    const path = pointer(operation['path']);
    const { op, value = null } = operation;
    switch (op) {
      case 'add':
        this.#add(path, structuredClone(value));
        break;
      case 'remove':
        this.#remove(path);
        break;
      case 'replace':
        this.#replace(path, structuredClone(value));
        break;
      case 'test':
        if (!sameJson(this.#found(path) ?? null, value)) throw new PatchFailed('another value than the one tested for');
        break;
      case 'copy':
        this.#add(path, this.#copy(this.#found(pointer(operation['from'])) ?? null));
        break;
      case 'move':
        this.#move(pointer(operation['from']), path);
        break;
      default:
        throw new PatchFailed('no such operation');
    }
  }

  #add(path: readonly string[], value: unknown): void {
    const { parent, name } = this.#place(path);
    if (!Array.isArray(parent)) setMember(parent, name, value);
    else parent.splice(name === '-' ? parent.length : indexIn(name, parent.length + 1), 0, value);
  }

  #replace(path: readonly string[], value: unknown): void {
    const { parent, name } = this.#place(path);
    if (Array.isArray(parent)) parent[indexIn(name, parent.length)] = value;
    else setMember(parent, name, value);
  }

  #remove(path: readonly string[]): void {
    if (path.length === 0) throw new PatchFailed('the whole cannot be removed');
    const { parent, name } = this.#place(path);
    if (Array.isArray(parent)) parent.splice(indexIn(name, parent.length), 1);
    else if (Object.hasOwn(parent, name)) delete parent[name];
    else throw new PatchFailed(`no ${name}`);
  }

  #move(from: readonly string[], path: readonly string[]): void {
    const moved = this.#found(from);
    this.#remove(from);
    this.#add(path, moved);
  }

  /** What stands there; undefined when the last part of the path is not there. */
  #found(path: readonly string[]): unknown {
    const { parent, name } = this.#place(path);
    return child(parent, name);
  }

  /** What holds the last part of a path; the whole has a holder, too. */
  #place(path: readonly string[]): { readonly parent: Container; readonly name: string } {
    let parent: Container = this.#root;
    let name = 'whole';
    for (const next of path) {
      parent = container(child(parent, name), next);
      name = next;
    }
    return { parent, name };
  }

  #copy(value: unknown): unknown {
    if (isDeep(value)) throw new PatchFailed('it has become too deep');
    this.#copied += JSON.stringify(value).length;
    if (this.#copied > MAX_COPIED) throw new PatchFailed('the copies have become too large');
    return structuredClone(value);
  }
}

/** The parts of `/spec/tags/0`; none for the whole. */
function pointer(text: unknown): readonly string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw new PatchFailed('no path');
  const parts = text.split('/').slice(1);
  return parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function container(value: unknown, name: string): Container {
  if (!Array.isArray(value) && !isJsonObject(value)) throw new PatchFailed(`nothing holds ${name}`);
  return value as Container;
}

function child(parent: Container, name: string): unknown {
  if (Array.isArray(parent)) return parent[indexIn(name, parent.length)];
  return Object.hasOwn(parent, name) ? parent[name] : undefined;
}

function indexIn(text: string, length: number): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const index = number < 0 ? number + length : number;
  if (!(index >= 0 && index < length)) throw new PatchFailed(`no index ${text}`);
  return index;
}

/** Not by assignment: a member may be called `__proto__`. */
function setMember(parent: object, name: string, value: unknown): void {
  Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
}
