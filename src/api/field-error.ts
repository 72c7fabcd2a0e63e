/**
 * What is wrong with one field of an object. Printed by `formatFieldError` exactly as OpenShift prints it (api-types,
 * "Conventions").
 */
export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.tags[latest].from.name`, `spec.images[0].from.kind`; "" for the object as a whole. */
  readonly path: string;
  /** The value found; printed by the types that print one. Absent reads as null. */
  readonly value?: unknown;
  /** Why it is wrong; "" when the type says it all. */
  readonly detail: string;
}

export type FieldErrorType = keyof typeof TYPES;

interface TypeText {
  /** `reason` of the StatusCause. */
  readonly reason: string;
  readonly words: string;
  readonly printsValue: boolean;
}

const TYPES = {
  invalid: { reason: 'FieldValueInvalid', words: 'Invalid value', printsValue: true },
  typeInvalid: { reason: 'FieldValueTypeInvalid', words: 'Invalid value', printsValue: true },
  required: { reason: 'FieldValueRequired', words: 'Required value', printsValue: false },
  forbidden: { reason: 'FieldValueForbidden', words: 'Forbidden', printsValue: false },
  notFound: { reason: 'FieldValueNotFound', words: 'Not found', printsValue: true },
  duplicate: { reason: 'FieldValueDuplicate', words: 'Duplicate value', printsValue: true },
  unsupported: { reason: 'FieldValueNotSupported', words: 'Unsupported value', printsValue: true },
  tooLong: { reason: 'FieldValueTooLong', words: 'Too long', printsValue: false },
  tooMany: { reason: 'FieldValueTooMany', words: 'Too many', printsValue: true },
  internal: { reason: 'InternalError', words: 'Internal error', printsValue: false },
} as const satisfies Readonly<Record<string, TypeText>>;

export function invalidField(path: string, value: unknown, detail: string): FieldError {
  return { type: 'invalid', path, value, detail };
}

export function requiredField(path: string, detail = ''): FieldError {
  return { type: 'required', path, detail };
}

export function forbiddenField(path: string, detail: string): FieldError {
  return { type: 'forbidden', path, detail };
}

export function notFoundField(path: string, value: unknown): FieldError {
  return { type: 'notFound', path, value, detail: '' };
}

export function internalField(path: string, detail: string): FieldError {
  return { type: 'internal', path, detail };
}

/** `spec.images[0].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported`. */
export function formatFieldError(error: FieldError): string {
  return `${error.path}: ${fieldErrorBody(error)}`;
}

/** The same without its path: `message` of a StatusCause. */
export function fieldErrorBody({ type, value, detail }: FieldError): string {
  const { words, printsValue } = TYPES[type];
  const parts: string[] = [words];
  if (printsValue) parts.push(formatValue(value));
  if (detail !== '') parts.push(detail);
  return parts.join(': ');
}

export function fieldErrorReason(type: FieldErrorType): string {
  return TYPES[type].reason;
}

/**
 * A text in double quotes as Go's `%q` prints it. Whatever is not printable is escaped, so that no message carries a
 * terminal's control characters or turns the direction of what follows.
 */
export function quote(text: string): string {
  const escaped = text.replace(
    /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu,
    char => SHORT_ESCAPES[char] ?? codeEscape(char),
  );
  return `"${escaped}"`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function codeEscape(char: string): string {
  // Half of a surrogate pair is no character: it has no UTF-8 form.
  const code = char.isWellFormed() ? (char.codePointAt(0) ?? 0xfffd) : 0xfffd;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? quote(value) : (JSON.stringify(value) ?? 'null');
}
