import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scopesFor, scopesOfTemplate, scopeTemplate } from '../../../src/registry/scope.ts';

const ours = 'repository:team/app:pull';

const cases = [
  { name: 'R2.11 is the default without a challenge', scope: undefined, want: [ours] },
  { name: 'C10 takes an empty scope as none', scope: '', want: [ours] },
  { name: 'C2 drops the placeholder repository of /v2/', scope: 'repository:user/image:pull', want: [ours] },
  { name: 'C3 removes push and other repositories', scope: `${ours},push repository:c:pull`, want: [ours] },
  { name: 'C6 keeps a literal *, then asks for the default', scope: '*', want: ['*', ours] },
  {
    name: 'C23 reads a name with a port whole, so it is another repository',
    scope: 'repository:reg.example.com:5000/team/app:pull',
    want: [ours],
  },
  {
    name: 'C24 R2.14 asks for what the challenge wants first',
    scope: 'repository:team/app:metadata_read',
    want: ['repository:team/app:metadata_read', ours],
  },
  {
    name: 'R2.13 keeps actions it does not know',
    scope: 'repository:team/app:content_read,pull,delete',
    want: ['repository:team/app:content_read,pull'],
  },
  { name: 'R2.13 asks for no right to write', scope: 'repository:team/app:*', want: [ours] },
  { name: 'R2.13 drops a scope with writing actions alone', scope: 'repository:team/app:push,delete', want: [ours] },
  { name: 'R2.13 drops other types', scope: 'registry:catalog:* repository(plugin):team/app:pull', want: [ours] },
  { name: 'R2.13 drops what is asked of another repository', scope: 'repository:c:metadata_read', want: [ours] },
  { name: 'R2.12 ignores what is no scope', scope: 'nonsense repository: : repository:team/app:', want: [ours] },
];

describe('scopesFor()', () => {
  test.each(cases)('$name', ({ scope, want }) => {
    expect(scopesFor('team/app', scope)).toEqual(want);
  });

  test('R2.12 finds a repository whose own name holds a colon', () => {
    expect(scopesFor('host:5000/app', 'repository:host:5000/app:pull')).toEqual(['repository:host:5000/app:pull']);
  });

  test('R2.13 whatever a challenge says, only our repository is read', () => {
    const piece = fc.constantFrom('repository', 'team/app', 'other', ':', ' ', ',', 'pull', 'push', 'delete', '*', 'x');
    fc.assert(
      fc.property(
        fc.array(piece).map(parts => parts.join('')),
        scope => {
          for (const text of scopesFor('team/app', scope)) {
            expect(text === '*' || text.startsWith('repository:team/app:')).toBe(true);
            const actions = text.split(':').at(-1)?.split(',') ?? [];
            if (text !== '*') for (const action of ['push', 'delete', '*']) expect(actions).not.toContain(action);
          }
        },
      ),
    );
  });
});

describe('R2.15 a learned scope template', () => {
  test('stands for the same scopes of another repository', () => {
    const template = scopeTemplate('team/app', 'repository:team/app:metadata_read');
    expect(scopesOfTemplate(template, 'team/web')).toEqual([
      'repository:team/web:metadata_read',
      'repository:team/web:pull',
    ]);
  });

  test('stands for what the challenge itself would', () => {
    const challenge = (repository: string) => `* repository:${repository}:delete,pull repository:${repository}:a,b,a`;
    const template = scopeTemplate('team/app', challenge('team/app'));
    expect(scopesOfTemplate(template, 'team/web')).toEqual(scopesFor('team/web', challenge('team/web')));
  });

  test('keeps nothing of a repository that is not ours', () => {
    expect(scopeTemplate('team/app', 'repository:secret/app:pull *')).not.toContain('secret');
  });
});
