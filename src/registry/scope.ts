/** Stands for the repository in a learned scope (R2.15). No repository path can hold a brace. */
const REPOSITORY = '{repository}';

/** Actions a reader never asks for; `*` would grant all of them. */
const WRITING = new Set(['push', 'delete', '*']);

interface Scope {
  readonly name: string;
  readonly actions: readonly string[];
}

/**
 * The scopes to ask a token for (R2.11 to R2.14): those of the challenge that concern this repository, without the
 * right to write, then `repository:<repository>:pull` where they don't cover it.
 */
export function scopesFor(repository: string, challengeScope: string | undefined): readonly string[] {
  const wanted = new Set<string>();
  let pull = false;
  for (const text of (challengeScope ?? '').split(' ')) {
    if (text === '*') wanted.add(text);
    const scope = parseScope(text);
    if (scope?.name !== repository) continue;
    const actions = [...new Set(scope.actions)].filter(action => action !== '' && !WRITING.has(action));
    if (actions.length === 0) continue;
    wanted.add(`repository:${repository}:${actions.join(',')}`);
    pull ||= actions.includes('pull');
  }
  if (!pull) wanted.add(`repository:${repository}:pull`);
  return [...wanted];
}

/** What a challenge taught about the scopes an endpoint wants, with a placeholder for the repository (R2.15). */
export function scopeTemplate(repository: string, challengeScope: string | undefined): string {
  return scopesFor(REPOSITORY, (challengeScope ?? '').replaceAll(`:${repository}:`, `:${REPOSITORY}:`)).join(' ');
}

/** The scopes that a learned template stands for, of another repository. */
export function scopesOfTemplate(template: string, repository: string): readonly string[] {
  return template.replaceAll(REPOSITORY, repository).split(' ');
}

/** `repository:<name>:<actions>`; a name may hold a colon of its own (host and port), so the outer two count. */
function parseScope(text: string): Scope | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first === last || text.slice(0, first) !== 'repository') return undefined;
  return { name: text.slice(first + 1, last), actions: text.slice(last + 1).split(',') };
}
