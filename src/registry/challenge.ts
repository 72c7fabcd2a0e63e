/** One challenge of a `WWW-Authenticate` header: what the server accepts, and the words that came with it. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-case name; of a repeated name the first counts. */
  readonly params: ReadonlyMap<string, string>;
  readonly token68?: string;
}

/** The header is larger than anything honest (R2.8). */
export class ChallengeTooLarge extends Error {
  override readonly name = 'ChallengeTooLarge';

  constructor() {
    super('WWW-Authenticate is larger than 8 KiB, 8 challenges or 32 parameters');
  }
}

const MAX_CHARACTERS = 8 * 1024;
const MAX_CHALLENGES = 8;
const MAX_PARAMS = 32;

const SPACE = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const UNQUOTED = /[^ \t,"]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const UNREADABLE = /[^,]+/y;

/** These never send a bare token, so `realm=` after them is a parameter without a value. */
const WITHOUT_TOKEN68 = new Set(['bearer', 'basic']);

/**
 * All challenges of all `WWW-Authenticate` values, in order (R2.4 to R2.8). Broken parts are left out, never guessed.
 * Throws `ChallengeTooLarge`.
 */
export function parseChallenges(values: string | readonly string[] | undefined): readonly Challenge[] {
  const list = values === undefined ? [] : typeof values === 'string' ? [values] : values;
  if (list.reduce((sum, value) => sum + value.length, 0) > MAX_CHARACTERS) throw new ChallengeTooLarge();
  const challenges = list.flatMap(parseValue);
  if (challenges.length > MAX_CHALLENGES) throw new ChallengeTooLarge();
  return challenges;
}

/**
 * The challenge to answer: bearer with a realm before basic (R2.9). `realmRefused` says that policy refused the bearer
 * realm, which leaves basic.
 */
export function usableChallenge(
  challenges: readonly Challenge[],
  options: { readonly realmRefused?: boolean } = {},
): Challenge | undefined {
  const bearer = options.realmRefused
    ? undefined
    : challenges.find(({ scheme, params }) => scheme === 'bearer' && (params.get('realm') ?? '') !== '');
  return bearer ?? challenges.find(({ scheme }) => scheme === 'basic');
}

/** Why none of the challenges can be answered, in the words of `RegistryErrorReason`. */
export function unusableReason(challenges: readonly Challenge[]): 'noChallenge' | 'noRealm' | 'unsupportedScheme' {
  if (challenges.length === 0) return 'noChallenge';
  return challenges.some(({ scheme }) => scheme === 'bearer') ? 'noRealm' : 'unsupportedScheme';
}

interface Draft {
  readonly scheme: string;
  readonly params: Map<string, string>;
  token68?: string;
}

function parseValue(text: string): readonly Challenge[] {
  const drafts: Draft[] = [];
  let at = 0;
  /** Takes what the sticky pattern matches here; "" when it does not. */
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };

  for (take(SEPARATORS); at < text.length; take(SEPARATORS)) {
    const word = take(TOKEN);
    if (word === '') {
      take(UNREADABLE);
      continue;
    }
    take(SPACE);
    if (text[at] !== '=') {
      drafts.push(startChallenge(word.toLowerCase(), take));
      continue;
    }
    at += 1;
    take(SPACE);
    const quoted = text[at] === '"';
    const value = take(quoted ? QUOTED : UNQUOTED);
    // A quote that never closes swallows what follows, so nothing after it can be believed (R2.6).
    if (quoted && value === '') break;
    addParam(drafts.at(-1), word.toLowerCase(), quoted ? unquote(value) : value);
  }
  return drafts;
}

function startChallenge(scheme: string, take: (pattern: RegExp) => string): Draft {
  const token68 = WITHOUT_TOKEN68.has(scheme) ? '' : take(TOKEN68);
  return { scheme, params: new Map(), ...(token68 === '' ? {} : { token68 }) };
}

function addParam(challenge: Draft | undefined, name: string, value: string): void {
  if (challenge === undefined || challenge.params.has(name)) return;
  if (challenge.params.size === MAX_PARAMS) throw new ChallengeTooLarge();
  challenge.params.set(name, value);
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, '$1');
}
