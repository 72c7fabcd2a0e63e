import {
  forbiddenStatus,
  internalErrorStatus,
  invalidField,
  invalidStatus,
  notFoundStatus,
  quote,
  unauthorizedStatus,
} from '../api/errors.ts';
import type { Status } from '../api/status.ts';
import { InvalidContent } from '../image/content.ts';
import type { ImportFailure } from '../imagestream/result.ts';
import { isTransient, RegistryError } from '../registry/errors.ts';
import { contentWords, textOf } from './error-text.ts';
import { codesOf } from './oci-texts.ts';

/** What was asked for when an import failed. */
export interface Asked {
  /** Normalised reference of an image (import-semantics 1.4); the repository as typed for a list of tags. */
  readonly reference: string;
  readonly what: 'image' | 'tagList';
  /** The registry as typed; "" when it was implied. */
  readonly registry: string;
}

/**
 * The failure to answer with when asking a registry, or reading what it sent, threw `error` (import-semantics 7.1, 7.4
 * and 6). Code, reason, details and prefix are OpenShift's. An error that is neither the registry's nor its content's
 * is a fault of ours: the status says so and no more, the caller logs it.
 */
export function failureOf(error: unknown, asked: Asked): ImportFailure {
  if (error instanceof InvalidContent) return lasting(internalErrorStatus(withReference(error, asked)));
  if (!(error instanceof RegistryError)) return lasting(internalErrorStatus(`${asked.reference}: unexpected error`));
  const status = ROWS[asked.what].find(({ when }) => when(error))?.status ?? ELSE[asked.what];
  return {
    status: status(error, asked),
    transient: isTransient(error),
    ...(error.retryAtMs !== undefined && { retryAtMs: error.retryAtMs }),
  };
}

interface Row {
  readonly when: (error: RegistryError) => boolean;
  readonly status: StatusOf;
}

type StatusOf = (error: RegistryError, asked: Asked) => Status;

const BLOCKED: Row = {
  // With words of its own it is about what was asked, not about the registry.
  when: error => error.kind === 'blocked' && error.detail === undefined,
  status: (_error, { registry }) => blockedStatus(registry),
};

const NO_ACCESS: Row = {
  // What the token service says about credentials is told in its own words.
  when: error => error.from !== 'tokenService' && (error.kind === 'unauthorized' || says(error, 'UNAUTHORIZED')),
  status: (_error, { reference }) =>
    unauthorizedStatus(`you may not have access to the container image ${quote(reference)}`),
};

/** The first row that fits decides. */
const ROWS: Readonly<Record<Asked['what'], readonly Row[]>> = {
  image: [
    BLOCKED,
    {
      when: error => says(error, 'MANIFEST_UNKNOWN') && !textOf(error).endsWith('unknown blob'),
      status: (_error, { reference }) => notFoundStatus('dockerimage', reference),
    },
    NO_ACCESS,
    {
      when: error => textOf(error).endsWith('incorrect username or password'),
      status: (_error, { reference }) =>
        unauthorizedStatus(`incorrect username or password for image ${quote(reference)}`),
    },
  ],
  tagList: [
    BLOCKED,
    {
      when: error => says(error, 'NAME_UNKNOWN'),
      status: (_error, { reference }) => notFoundStatus('dockerimage', reference),
    },
    NO_ACCESS,
    {
      // Nobody could be asked: the one case of a client that could not be built.
      when: error => error.reason === 'endpointAddress',
      status: (error, { reference }) => internalErrorStatus(`${reference}: ${textOf(error)}`),
    },
  ],
};

const ELSE: Readonly<Record<Asked['what'], StatusOf>> = {
  image: (error, asked) => {
    const { cause } = error;
    const text = cause instanceof InvalidContent ? withReference(cause, asked) : `${asked.reference}: ${textOf(error)}`;
    return internalErrorStatus(text);
  },
  tagList: error => internalErrorStatus(textOf(error)),
};

/** Whether the registry (or its token service) gave this code. The body of a 5xx is never looked at. */
function says(error: RegistryError, code: string): boolean {
  return (error.status ?? 0) < 500 && codesOf(error.errors).has(code);
}

/** The text of a fault in content, with the reference before it where OpenShift has it (import-semantics 5). */
function withReference(content: InvalidContent, { reference }: Asked): string {
  return content.prefixed ? `${reference}: ${contentWords(content)}` : contentWords(content);
}

/** The registry is blocked by configuration (import-semantics 9); `registry` as typed, "" when it was implied. */
export function blockedStatus(registry: string): Status {
  return forbiddenStatus(`registry ${registry} blocked`);
}

/** `from.name` is no reference (import-semantics 3.2); the message begins with a space, as there is no kind. */
export function invalidNameStatus(name: string, problem: string): Status {
  return invalidStatus('', '', [invalidField('from.name', name, `invalid name: ${problem}`)]);
}

/** The second normalisation refused a reference (import-semantics 1.4). */
export function unparsableStatus(exactText: string, problem: string): Status {
  const byDigestForm = problem === 'invalid checksum digest format';
  return internalErrorStatus(byDigestForm ? problem : `unable to parse docker reference ${exactText}: ${problem}`);
}

/** A failure that asking again does not heal. */
export function lasting(status: Status): ImportFailure {
  return { status, transient: false };
}
