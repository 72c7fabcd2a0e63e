import { type FieldError, invalidStatus, quote, standalone } from '../api/errors.ts';
import { type ImageStream, imageStreamSchema } from '../api/image-stream.ts';
import { type ImageStreamImport, imageStreamImportSchema } from '../api/image-stream-import.ts';
import { API_VERSION, GROUP } from '../api/names.ts';
import type { Schema } from '../api/schema.ts';
import type { Status } from '../api/status.ts';
import { checkSchema, formatFault, type SchemaFault } from '../api/validate.ts';
import { readYaml, type YamlDocument, YamlFault } from '../config/yaml.ts';
import type { AllowList } from '../imagestream/allow-list.ts';
import { withImportDefaults, withStreamDefaults } from '../imagestream/defaults.ts';
import { validateImageStream, validateImageStreamImport } from '../imagestream/validation.ts';
import { CommandFault } from './fault.ts';
import { readText, sourceName } from './read-text.ts';

/** What the user asks for, valid and with its defaults. */
export type ImportInput =
  | { readonly kind: 'ImageStreamImport'; readonly isi: ImageStreamImport }
  | { readonly kind: 'ImageStream'; readonly stream: ImageStream };

/** Where files without a namespace belong. */
const DEFAULT_NAMESPACE = 'default';

/** Reads an ImageStreamImport or an ImageStream from a file, or from standard input for `-`. Throws `CommandFault`. */
export async function readImportFile(
  path: string,
  stdin: NodeJS.ReadableStream,
  allowed: AllowList | undefined,
): Promise<ImportInput> {
  const document = await readDocument(path, stdin);
  const kind = kindOf(document, ['ImageStreamImport', 'ImageStream']);
  if (kind === 'ImageStream') return { kind, stream: checkedStream(document, allowed) };
  return { kind: 'ImageStreamImport', isi: checkedImport(document, allowed) };
}

/** Reads an ImageStream. Throws `CommandFault`. */
export async function readStreamFile(path: string, stdin: NodeJS.ReadableStream): Promise<ImageStream> {
  const document = await readDocument(path, stdin);
  kindOf(document, ['ImageStream']);
  return checkedStream(document, undefined);
}

/** The valid, defaulted form of an import request. Throws `CommandFault` with the Status the API would answer. */
export function validImport(isi: ImageStreamImport, allowed: AllowList | undefined): ImageStreamImport {
  const defaulted = withImportDefaults(isi);
  const errors = validateImageStreamImport(defaulted, withList(allowed));
  if (errors.length > 0) throw refusal('ImageStreamImport', isi.metadata.name ?? '', errors, () => '');
  return defaulted;
}

/**
 * Refuses what the stream as written may not hold, though the request passed: the name `*`, which very old clients send
 * (import-semantics 8.7). Throws `CommandFault` with the Status the API would answer.
 */
export function refuseUnstorable(
  stream: ImageStream,
  previous: ImageStream | undefined,
  allowed: AllowList | undefined,
): void {
  const errors = validateImageStream(withStreamDefaults(stream), {
    ...withList(allowed),
    ...(previous && { previous }),
  });
  if (errors.length > 0) throw refusal('ImageStream', stream.metadata.name ?? '', errors, () => '');
}

async function readDocument(path: string, stdin: NodeJS.ReadableStream): Promise<YamlDocument> {
  const text = await readText(path, stdin);
  try {
    return readYaml(text, sourceName(path));
  } catch (error) {
    if (error instanceof YamlFault) throw new CommandFault([error.message]);
    throw error;
  }
}

function kindOf(document: YamlDocument, kinds: readonly string[]): string {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandFault([`${document.position([])}: expected ${kinds.join(' or ')}`]);
  }
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (typeof kind !== 'string' || !kinds.includes(kind)) {
    throw new CommandFault([`${document.position(['kind'])}: kind: ${shown(kind)}: expected ${kinds.join(' or ')}`]);
  }
  if (apiVersion !== API_VERSION) {
    throw new CommandFault([
      `${document.position(['apiVersion'])}: apiVersion: ${shown(apiVersion)}: expected ${API_VERSION}`,
    ]);
  }
  return kind;
}

function checkedStream(document: YamlDocument, allowed: AllowList | undefined): ImageStream {
  return checked(document, 'ImageStream', imageStreamSchema, () => {
    const stream = withStreamDefaults(withNamespace(document.value as ImageStream));
    return { object: stream, errors: validateImageStream(stream, withList(allowed)) };
  });
}

function checkedImport(document: YamlDocument, allowed: AllowList | undefined): ImageStreamImport {
  return checked(document, 'ImageStreamImport', imageStreamImportSchema, () => {
    const isi = withImportDefaults(withNamespace(document.value as ImageStreamImport));
    return { object: isi, errors: validateImageStreamImport(isi, withList(allowed)) };
  });
}

/**
 * The schema is asked first whether the object has the shape that validation relies on. What else it finds fault with
 * (enums, required fields) validation mostly says too, in OpenShift's words, so that goes first.
 */
function checked<T>(
  document: YamlDocument,
  kind: string,
  schema: Schema,
  validate: () => { readonly object: T; readonly errors: readonly FieldError[] },
): T {
  const faults = checkSchema(schema, document.value, '');
  const misshapen = faults.filter(fault => !isSaidByValidation(fault));
  const name = nameOf(document.value);
  if (misshapen.length > 0) throw schemaRefusal(kind, name, misshapen, document);
  const { object, errors } = validate();
  if (errors.length > 0) throw refusal(kind, name, errors, path => where(document, path));
  if (faults.length > 0) throw schemaRefusal(kind, name, faults, document);
  return object;
}

/** Validation takes texts that are not there for empty ones; an object that is not there (`from`) it relies on. */
function isSaidByValidation({ kind, path }: SchemaFault): boolean {
  return kind === 'enum' || kind === 'pattern' || (kind === 'required' && /\.(?:name|kind)$/.test(path));
}

function refusal(
  kind: string,
  name: string,
  errors: readonly FieldError[],
  locate: (path: string) => string,
): CommandFault {
  return new CommandFault(
    errors.map(error => `${fieldLine(error)}${locate(error.path)}`),
    standalone(invalidStatus(kind, name, errors)),
  );
}

/** `spec.images[1].from.kind: "Foo": only DockerImage is supported` */
function fieldLine({ type, path, value, detail }: FieldError): string {
  if (type === 'required') return [path, 'a value is required', detail].filter(part => part !== '').join(': ');
  const found = type === 'forbidden' || type === 'internal' ? [] : [shown(value)];
  return [path, ...found, detail].filter(part => part !== '').join(': ');
}

function schemaRefusal(
  kind: string,
  name: string,
  faults: readonly SchemaFault[],
  document: YamlDocument,
): CommandFault {
  const lines = faults.map(fault => `${formatFault(fault)}${where(document, fault.path)}`);
  return new CommandFault(lines, standalone(schemaStatus(kind, name, faults)));
}

/** As kube-apiserver answers: fields that it does not know are a bad request, anything else is an invalid object. */
function schemaStatus(kind: string, name: string, faults: readonly SchemaFault[]): Status {
  const unknown = faults.filter(fault => fault.kind === 'unknownField').map(({ message }) => message);
  if (unknown.length > 0) {
    const message = `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${unknown.join(', ')}`;
    return { metadata: {}, status: 'Failure', message, reason: 'BadRequest', code: 400 };
  }
  const texts = faults.map(formatFault);
  const causes = faults.map(({ reason, message, path: field }) => ({ reason, message, field }));
  return {
    metadata: {},
    status: 'Failure',
    message: `${kind}.${GROUP} ${quote(name)} is invalid: ${texts.length > 1 ? `[${texts.join(', ')}]` : texts[0]}`,
    reason: 'Invalid',
    details: { name, group: GROUP, kind, causes },
    code: 422,
  };
}

/** ` (isi.yaml:12:9)`: where in the file a field of this path is, or the nearest one around it. */
function where(document: YamlDocument, path: string): string {
  return ` (${document.position(keysOf(document.value, path))})`;
}

/** The keys that lead to `spec.tags[latest].from.name`: entries named in brackets are looked up in their list. */
function keysOf(root: unknown, path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  let at: unknown = root;
  for (const [, plain, bracketed] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    const key = bracketed === undefined ? (plain ?? '') : indexOf(at, bracketed);
    keys.push(key);
    at = (at as Record<string | number, unknown> | null | undefined)?.[key];
  }
  return keys;
}

function indexOf(list: unknown, name: string): string | number {
  if (!Array.isArray(list)) return name;
  const named = list.findIndex(entry => entry?.name === name || entry?.tag === name);
  return named >= 0 ? named : Number(name);
}

function nameOf(value: unknown): string {
  const name = (value as { metadata?: { name?: unknown } | null }).metadata?.name;
  return typeof name === 'string' ? name : '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quote(value) : (JSON.stringify(value) ?? 'nothing');
}

function withNamespace<T extends ImageStream | ImageStreamImport>(object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata?.namespace ?? DEFAULT_NAMESPACE } };
}

function withList(allowed: AllowList | undefined): { readonly allowList?: AllowList } {
  return allowed === undefined ? {} : { allowList: allowed };
}
