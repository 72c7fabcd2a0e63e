import { type Document, isNode, LineCounter, parseAllDocuments, visit } from 'yaml';

/** Larger than any object an API server would store. */
const MAX_BYTES = 8 * 1024 * 1024;
/** A document may repeat anchors this often before it counts as a bomb. */
const MAX_ALIASES = 100;
const TOO_DEEP = 'nested too deeply';

/** A text that is no usable YAML or JSON. The message is one line: source, line and column, what is wrong. */
export class YamlFault extends Error {
  override readonly name = 'YamlFault';
}

/** One YAML or JSON document, and where in its source each value stands. */
export interface YamlDocument {
  readonly value: unknown;
  /** `isi.yaml:12:9` of the value at these keys, or of the nearest one around it. */
  position(keys: readonly (string | number)[]): string;
}

/**
 * Reads one document; a second one is a fault. `source` is how the text is called in messages. Throws `YamlFault` and
 * nothing else.
 */
export function readYaml(text: string, source: string): YamlDocument {
  const [document, second] = readYamlDocuments(text, source);
  if (document === undefined) throw new YamlFault(`${source}: there is nothing in it`);
  if (second !== undefined) throw new YamlFault(`${second.position([])}: a second document begins here; expected one`);
  return document;
}

/**
 * Reads all documents but empty ones; JSON is YAML, too. Duplicate keys, keys that are not text, unknown tags, aliases
 * without end and texts over 8 MiB are faults. Throws `YamlFault` and nothing else.
 */
export function readYamlDocuments(text: string, source: string): readonly YamlDocument[] {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new YamlFault(`${source}: larger than 8 MiB`);
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  return guarded(source, () => {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
      resolveKnownTags: false, // What JSON cannot say (!!binary, !!set) is no value here.
      logLevel: 'silent',
    });
    const documents = Array.isArray(parsed) ? parsed : [];
    for (const { errors, warnings } of documents) {
      const fault = errors[0] ?? warnings[0];
      if (fault === undefined) continue;
      const state = fault.code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : oneLine(fault.message);
      throw new YamlFault(`${place(fault.pos[0])}: ${state}`);
    }
    return documents.filter(isFilled).map(document => located(document, source, place));
  });
}

/** Between two `---` with nothing in it the parser sees a null of no length. */
function isFilled({ contents }: Document.Parsed): boolean {
  return contents !== null && contents.range[0] < contents.range[1];
}

function located(document: Document.Parsed, source: string, place: (offset: number) => string): YamlDocument {
  return {
    value: toPlain(document, source),
    position(keys) {
      for (let length = keys.length; length > 0; length -= 1) {
        const node = document.getIn(keys.slice(0, length), true);
        if (isNode(node) && node.range) return place(node.range[0]);
      }
      return place(document.contents?.range[0] ?? 0);
    },
  };
}

function toPlain(document: Document.Parsed, source: string): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // Thrown for aliases that multiply or point nowhere and for merges of what is no map.
    if (!Error.isError(error) || error.name === 'RangeError') throw error;
    throw new YamlFault(`${source}: ${oneLine(error.message)}`, { cause: error });
  }
  if (hasAliases(document) && isCircular(value))
    throw new YamlFault(`${source}: an alias stands inside its own anchor`);
  return value;
}

function hasAliases(document: Document.Parsed): boolean {
  let found = false;
  visit(document, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function isCircular(value: unknown, around: Set<unknown> = new Set()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.has(value)) return true;
  around.add(value);
  const circular = Object.values(value).some(part => isCircular(part, around));
  around.delete(value);
  return circular;
}

/** The parser recurses: a text that is nothing but nesting ends its stack. */
function guarded<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof YamlFault) throw error;
    const state = Error.isError(error) && error.name === 'RangeError' ? TOO_DEEP : 'not readable';
    throw new YamlFault(`${source}: ${state}`, { cause: error });
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
