import { isJsonObject, type JsonObject, sameJson } from './json.ts';

/** Thrown when an operation cannot be done; the API server does not tell which. */
export class PatchFailed extends Error {
  override readonly name = 'PatchFailed';
}

/**
 * RFC 6902, all operations or none. As kube-apiserver has it, `replace` also adds a member that is not there, an index
 * below 0 counts from the end, and a value that is not given is null. Throws `PatchFailed`.
 */
export function jsonPatch(target: unknown, operations: readonly JsonObject[]): unknown {
  return operations.reduce<unknown>(apply, target);
}

function apply(target: unknown, operation: JsonObject): unknown {
  const { op, value = null } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      return add(target, path, value);
    case 'remove':
      return remove(target, path);
    case 'replace':
      return replace(target, path, value);
    case 'test':
      if (!sameJson(found(target, path) ?? null, value)) throw new PatchFailed(`${op} ${operation['path']}`);
      return target;
    case 'copy':
      return add(target, path, found(target, pointer(operation['from'])) ?? null);
    case 'move': {
      const from = pointer(operation['from']);
      return add(remove(target, from), path, found(target, from));
    }
    default:
      throw new PatchFailed(`no operation ${op}`);
  }
}

/** The parts of `/spec/tags/0`; none for the whole. */
function pointer(text: unknown): readonly string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw new PatchFailed(`no path: ${text}`);
  const parts = text.split('/').slice(1);
  return parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function add(target: unknown, path: readonly string[], value: unknown): unknown {
  return changed(target, path, value, (parent, name) => {
    if (!Array.isArray(parent)) return withMember(parent, name, value);
    return parent.toSpliced(name === '-' ? parent.length : indexIn(name, parent.length + 1), 0, value);
  });
}

function replace(target: unknown, path: readonly string[], value: unknown): unknown {
  return changed(target, path, value, (parent, name) => {
    return Array.isArray(parent) ? parent.with(indexIn(name, parent.length), value) : withMember(parent, name, value);
  });
}

function remove(target: unknown, path: readonly string[]): unknown {
  if (path.length === 0) throw new PatchFailed('the whole cannot be removed');
  return changed(target, path, undefined, (parent, name) => {
    if (Array.isArray(parent)) return parent.toSpliced(indexIn(name, parent.length), 1);
    if (!Object.hasOwn(parent, name)) throw new PatchFailed(`no ${name}`);
    return Object.fromEntries(Object.entries(parent).filter(([other]) => other !== name));
  });
}

/** A copy in which what holds the last part of the path is another; the whole is `whole` when there are no parts. */
function changed(
  target: unknown,
  path: readonly string[],
  whole: unknown,
  change: (parent: JsonObject | readonly unknown[], name: string) => unknown,
): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return whole;
  if (!Array.isArray(target) && !isJsonObject(target)) throw new PatchFailed(`nothing holds ${name}`);
  if (rest.length === 0) return change(target, name);
  const below = changed(child(target, name), rest, whole, change);
  return Array.isArray(target) ? target.with(indexIn(name, target.length), below) : withMember(target, name, below);
}

/** What stands there; undefined when the last part of the path is not there. */
function found(target: unknown, path: readonly string[]): unknown {
  let at = target;
  for (const name of path) {
    if (!Array.isArray(at) && !isJsonObject(at)) throw new PatchFailed(`nothing holds ${name}`);
    at = child(at, name);
  }
  return at;
}

function child(parent: JsonObject | readonly unknown[], name: string): unknown {
  if (Array.isArray(parent)) return parent[indexIn(name, parent.length)];
  return Object.hasOwn(parent, name) ? (parent as JsonObject)[name] : undefined;
}

function indexIn(text: string, length: number): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const index = number < 0 ? number + length : number;
  if (!(index >= 0 && index < length)) throw new PatchFailed(`no index ${text}`);
  return index;
}

/** Not by assignment: a member may be called `__proto__`. */
function withMember(parent: object, name: string, value: unknown): JsonObject {
  return Object.fromEntries([...Object.entries(parent).filter(([other]) => other !== name), [name, value]]);
}
