import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TypedObject } from '../api/meta.ts';
import { readYamlDocuments, type YamlDocument, YamlFault } from '../config/yaml.ts';
import { CommandFault, fileFault } from './fault.ts';
import { readText, sourceName } from './read-text.ts';

/** An object as a file has it, with a kind, a version and a name or a part of one. */
export interface FileObject {
  readonly object: TypedObject & { readonly apiVersion: string; readonly kind: string };
  /** `stream.yaml:12:1` */
  readonly place: string;
}

/**
 * Reads the objects of files, those of the YAML and JSON files of a folder, or of standard input for `-`, in order;
 * lists are taken apart. Throws `CommandFault` with all that is wrong.
 */
export async function readObjectFiles(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
): Promise<readonly FileObject[]> {
  const objects: FileObject[] = [];
  const faults: string[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) objects.push(...objectsOf(await readText(file, stdin), file));
    } catch (error) {
      if (!(error instanceof CommandFault)) throw error;
      faults.push(...error.lines);
    }
  }
  if (faults.length > 0) throw new CommandFault(faults);
  return objects;
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === '-') return [path];
  try {
    const names = await readdir(path);
    return names
      .filter(name => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map(name => join(path, name));
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOTDIR') return [path];
    throw fileFault('read', path, error);
  }
}

function objectsOf(text: string, path: string): readonly FileObject[] {
  try {
    const documents = readYamlDocuments(text, sourceName(path));
    const found = documents.flatMap(document => itemsOf(document).map(keys => checked(document, keys)));
    const faults = found.filter(item => typeof item === 'string');
    if (faults.length > 0) throw new CommandFault(faults);
    return found.filter(item => typeof item !== 'string');
  } catch (error) {
    if (error instanceof YamlFault) throw new CommandFault([error.message]);
    throw error;
  }
}

/** Where in a document its objects are. */
function itemsOf({ value }: YamlDocument): readonly (readonly (string | number)[])[] {
  const { kind, items } = isMap(value) ? value : {};
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  return isList ? items.map((_, index) => ['items', index]) : [[]];
}

/** The object at these keys, or what is wrong with it. */
function checked({ value, position }: YamlDocument, keys: readonly (string | number)[]): FileObject | string {
  let object: unknown = value;
  for (const key of keys) object = (object as Record<string | number, unknown>)[key];
  const place = position(keys);
  if (!isMap(object)) return `${place}: expected an object`;
  for (const field of ['apiVersion', 'kind']) {
    if (typeof object[field] !== 'string') return `${place}: ${field}: a value is required`;
  }
  const { name, generateName } = isMap(object['metadata']) ? object['metadata'] : {};
  if (typeof name !== 'string' && typeof generateName !== 'string')
    return `${place}: metadata.name: a value is required`;
  return { object: object as unknown as FileObject['object'], place };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
