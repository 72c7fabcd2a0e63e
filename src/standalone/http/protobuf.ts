/** How Kubernetes wraps protobuf: four bytes, then a `runtime.Unknown`. */
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from('k8s\0');

/** What a field of a message becomes. */
interface Field {
  readonly name: string;
  readonly type: 'string' | 'bytes' | 'boolean' | 'integer' | Message;
  readonly many?: 'list' | 'map';
}
/** By field number. Fields that are not named here are skipped. */
type Message = Readonly<Record<number, Field>>;

const text = (name: string): Field => ({ name, type: 'string' });
const texts = (name: string): Field => ({ name, type: 'string', many: 'list' });
const flag = (name: string): Field => ({ name, type: 'boolean' });
const count = (name: string): Field => ({ name, type: 'integer' });
const part = (name: string, type: Message): Field => ({ name, type });
const parts = (name: string, type: Message): Field => ({ name, type, many: 'list' });
const textMap = (name: string): Field => ({ name, type: 'string', many: 'map' });
const bytesMap = (name: string): Field => ({ name, type: 'bytes', many: 'map' });

const OBJECT_META: Message = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  11: textMap('labels'),
  12: textMap('annotations'),
  14: texts('finalizers'),
};
const LOCAL_REFERENCE: Message = { 1: text('name') };
const OBJECT_REFERENCE: Message = {
  1: text('kind'),
  2: text('namespace'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: text('resourceVersion'),
  7: text('fieldPath'),
};
const RESOURCE_ATTRIBUTES: Message = {
  1: text('namespace'),
  2: text('verb'),
  3: text('group'),
  4: text('version'),
  5: text('resource'),
  6: text('subresource'),
  7: text('name'),
};
const PRECONDITIONS: Message = { 1: text('uid'), 2: text('resourceVersion') };
const metadata = part('metadata', OBJECT_META);

/** The kinds that kubectl sends this way, whatever it is told; everything else it sends as JSON. */
const KINDS: Readonly<Record<string, Message>> = {
  'v1 Namespace': { 1: metadata, 2: part('spec', { 1: texts('finalizers') }) },
  'v1 Secret': { 1: metadata, 2: bytesMap('data'), 3: text('type'), 4: textMap('stringData'), 5: flag('immutable') },
  'v1 ConfigMap': { 1: metadata, 2: textMap('data'), 3: bytesMap('binaryData'), 4: flag('immutable') },
  'v1 ServiceAccount': {
    1: metadata,
    2: parts('secrets', OBJECT_REFERENCE),
    3: parts('imagePullSecrets', LOCAL_REFERENCE),
    4: flag('automountServiceAccountToken'),
  },
  'v1 DeleteOptions': {
    1: count('gracePeriodSeconds'),
    2: part('preconditions', PRECONDITIONS),
    4: text('propagationPolicy'),
    5: texts('dryRun'),
  },
  'authorization.k8s.io/v1 SelfSubjectAccessReview': {
    1: metadata,
    2: part('spec', {
      1: part('resourceAttributes', RESOURCE_ATTRIBUTES),
      2: part('nonResourceAttributes', { 1: text('path'), 2: text('verb') }),
    }),
  },
  'authorization.k8s.io/v1 SelfSubjectRulesReview': { 1: metadata, 2: part('spec', { 1: text('namespace') }) },
  'authentication.k8s.io/v1 SelfSubjectReview': { 1: metadata },
};

const UNKNOWN: Message = {
  1: part('typeMeta', { 1: text('apiVersion'), 2: text('kind') }),
  2: { name: 'raw', type: 'bytes' },
};

/** The object as its JSON would say it; undefined for what is no protobuf, and for kinds that are not sent this way. */
export function decodeProtobuf(bytes: Buffer): object | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  try {
    const unknown = readMessage(bytes.subarray(MAGIC.length), UNKNOWN);
    const { apiVersion, kind } = (unknown['typeMeta'] ?? {}) as Record<string, string>;
    const message = KINDS[`${apiVersion} ${kind}`];
    if (message === undefined) return undefined;
    const raw = Buffer.from(String(unknown['raw'] ?? ''), 'base64');
    return { apiVersion, kind, ...readMessage(raw, message) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Throws a RangeError for bytes that break off or make no sense. */
function readMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.isDone) {
    const key = reader.varint();
    const field = message[key >>> 3];
    const value = reader.value(key & 7);
    if (field !== undefined) take(object, field, value);
  }
  return object;
}

function take(object: Record<string, unknown>, field: Field, value: number | Buffer): void {
  const { name, many } = field;
  if (many === undefined) {
    const told = shown(field, value);
    // Go writes what is not set as what is empty.
    if (told !== '' && told !== false && told !== 0) object[name] = told;
  } else if (many === 'list') {
    object[name] ??= [];
    (object[name] as unknown[]).push(shown(field, value));
  } else {
    object[name] ??= {};
    const entry = readMessage(asBytes(value), { 1: text('key'), 2: { name: 'value', type: field.type } });
    const of = { value: entry['value'] ?? '', enumerable: true, configurable: true, writable: true };
    // A key may be named `__proto__`.
    Object.defineProperty(object[name], String(entry['key'] ?? ''), of);
  }
}

function shown({ type }: Field, value: number | Buffer): unknown {
  if (type === 'integer') return value;
  if (type === 'boolean') return value !== 0;
  const bytes = asBytes(value);
  if (type === 'string') return bytes.toString();
  return type === 'bytes' ? bytes.toString('base64') : readMessage(bytes, type);
}

function asBytes(value: number | Buffer): Buffer {
  if (typeof value === 'number') throw new RangeError('a number where bytes should be');
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Numbers above 2^53 lose their last digits; none of ours is that large. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number breaks off');
  }

  /** A number, or bytes, as its wire type says. */
  value(wireType: number): number | Buffer {
    switch (wireType) {
      case 0:
        return this.varint();
      case 1:
        return this.#take(8);
      case 2:
        return this.#take(this.varint());
      case 5:
        return this.#take(4);
      default:
        throw new RangeError('an unknown wire type');
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a field breaks off');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}
