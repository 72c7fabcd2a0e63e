import { describe, expect, test } from '@jest/globals';
import { isInContext } from '../../../hack/image/build-context.ts';
import { expand, pairsOf, parseDockerfile, processOf } from '../../../hack/image/dockerfile.ts';

describe('parseDockerfile()', () => {
  test('has the stages with their instructions, and every default of an argument', () => {
    const text = `# a comment
ARG BASE=node:24
FROM \${BASE}-slim AS build
WORKDIR /src

RUN npm ci && \\
    # in between
    npm test
FROM node
USER 1
`;
    expect(parseDockerfile(text).stages).toEqual([
      {
        name: 'build',
        from: 'node:24-slim',
        instructions: [
          { keyword: 'WORKDIR', text: '/src', line: 4 },
          { keyword: 'RUN', text: 'npm ci && npm test', line: 6 },
        ],
      },
      { name: undefined, from: 'node', instructions: [{ keyword: 'USER', text: '1', line: 10 }] },
    ]);
  });

  test('refuses what comes before the first stage', () => {
    expect(() => parseDockerfile('RUN a\n')).toThrow('Dockerfile:1: only ARG may stand before FROM');
    expect(() => parseDockerfile('FROM a b c\n')).toThrow('Dockerfile:1: "FROM a b c" cannot be read');
  });

  test('pairsOf() and expand() read what a LABEL says', () => {
    const text = expand(`a.b="c d" e="$F" g=\${H}`, new Map([['F', 'f']]));
    expect(pairsOf({ keyword: 'LABEL', text, line: 1 })).toEqual({ 'a.b': 'c d', e: 'f', g: `\${H}` });
  });
});

test('processOf() is what the containers of the last stage begin with', () => {
  const first = 'FROM node AS build\nENV A=1\nENTRYPOINT ["sh"]\n';
  const text = `${first}FROM node\nENV B=2\nENV C="3 4"\nENTRYPOINT ["node", "x.mjs"]\n`;
  expect(processOf(parseDockerfile(text))).toEqual({ entrypoint: ['node', 'x.mjs'], env: { B: '2', C: '3 4' } });
  expect(processOf(parseDockerfile('FROM node\n'))).toEqual({ entrypoint: [], env: {} });
});

describe('isInContext()', () => {
  const ignored = '# all but\n*\n\n!package.json\n!hack/build.ts\n!src\nsrc/secret\n';
  test.each([
    ['package.json', true],
    ['package-lock.json', false],
    ['hack/build.ts', true],
    ['hack/run.ts', false],
    ['src', true],
    ['src/a/b.ts', true],
    ['src/secret/key', false],
    ['sources', false],
  ])('%s: %s', (path, want) => {
    expect(isInContext(path, ignored)).toBe(want);
  });
});
