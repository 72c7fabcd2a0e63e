import { parseDocument } from 'yaml';
import { badRequest, tooLarge, unsupportedMediaType } from '../faults.ts';
import { isDeep } from '../json.ts';
import type { Kind } from '../kinds.ts';
import type { Patch } from '../objects.ts';
import { decodeProtobuf, PROTOBUF_TYPE } from './protobuf.ts';
import type { Request } from './request.ts';

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';

/** Characters. A reader of YAML can be kept busy for long by a text of few: all others wait meanwhile. */
const MAX_YAML = 64 * 1024;
/** A YAML document may repeat anchors this often before it counts as a bomb. */
const MAX_ALIASES = 100;

const PATCH_TYPES: Readonly<Record<string, Patch['type']>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The body of a write, in any form that is taken. `expected` is the kind it should be. Throws 400, 413, 415. */
export async function readObject(request: Request, expected: string): Promise<unknown> {
  const bytes = await request.readBody();
  const unrecognized = (detail: string) =>
    badRequest(`the object provided is unrecognized (must be of type ${expected}): ${detail}`);
  switch (mediaType(request)) {
    case '':
    case JSON_TYPE:
      return parseJson(bytes.toString(), detail =>
        unrecognized(`couldn't get version/kind; json parse error: ${detail}`),
      );
    case YAML_TYPE:
      return parseYaml(bytes.toString(), detail => unrecognized(`yaml: ${detail}`));
    case PROTOBUF_TYPE: {
      const object = decodeProtobuf(bytes);
      if (object === undefined) throw unsupportedMediaType([JSON_TYPE, YAML_TYPE]);
      return object;
    }
    default:
      throw unsupportedMediaType([JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE]);
  }
}

/** The options in the body of a deletion; undefined when there is none. */
export async function readDeletion(request: Request): Promise<unknown> {
  const bytes = await request.readBody();
  if (bytes.length === 0) return undefined;
  const type = mediaType(request);
  if (type === YAML_TYPE) return parseYaml(bytes.toString(), badRequest);
  if (type === PROTOBUF_TYPE) return decodeProtobuf(bytes);
  return parseJson(bytes.toString(), detail => badRequest(`couldn't get version/kind; json parse error: ${detail}`));
}

/** What kind of patch it is. A strategic one needs to know of each field how it is merged; of custom kinds nobody does. */
export function patchType(request: Request, { schema }: Kind): Patch['type'] {
  const known = Object.entries(PATCH_TYPES).filter(([, type]) => type !== 'strategic' || schema === undefined);
  const found = known.find(([name]) => name === mediaType(request));
  if (found === undefined) throw unsupportedMediaType(known.map(([name]) => name));
  return found[1];
}

export async function readPatch(request: Request, type: Patch['type']): Promise<Patch> {
  const text = (await request.readBody()).toString();
  const fault = (detail: string) => badRequest(`error decoding patch: ${detail}`);
  switch (type) {
    case 'json':
      return { type, operations: parseJson(text, fault) };
    case 'merge':
    case 'strategic':
      return { type, body: parseJson(text, fault) };
    case 'apply':
      return { type, body: parseYaml(text, detail => badRequest(`error decoding YAML: ${detail}`)) };
  }
}

/** Lower case, without parameters; "" when the client doesn't say. */
function mediaType({ headers }: Request): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

type Fault = (detail: string) => Error;

function parseJson(text: string, fault: Fault): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault(text === '' ? 'unexpected end of JSON input' : Error.isError(error) ? error.message : 'unreadable');
  }
  return shallow(value, fault);
}

/** JSON is YAML, too, and most of what is applied; reading it as JSON is much faster. */
function parseYaml(text: string, fault: Fault): unknown {
  if (text.startsWith('{')) {
    try {
      return shallow(JSON.parse(text), fault);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  if (text.length > MAX_YAML) throw tooLarge(`limit of YAML is ${MAX_YAML}; send JSON`);
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true, logLevel: 'error', merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw fault(error.message.replace(/\s+/g, ' '));
  return shallow(plain(document, fault), fault);
}

/** A tree: what aliases share is copied, and none may stand inside its own anchor. */
function plain(document: ReturnType<typeof parseDocument>, fault: Fault): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: MAX_ALIASES })) ?? 'null');
  } catch {
    throw fault('its aliases multiply, or point nowhere or around themselves');
  }
}

/** What is nested too deeply must get no further. */
function shallow(value: unknown, fault: Fault): unknown {
  if (isDeep(value)) throw fault('exceeded max depth');
  return value;
}
