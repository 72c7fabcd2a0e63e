import { badRequest } from '../faults.ts';

/** Whether labels are what a selector asks for. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

/** Every one of its requirements must hold; without any, all objects are meant. Throws a 400 for what it cannot read. */
export function readLabelSelector(text: string): LabelSelector {
  const requirements = readRequirements(text);
  return labels => requirements.every(holds => holds(labels));
}

type Requirement = LabelSelector;

const KEY = /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const TOKEN = /\s*(!=|==|=|!|,|\(|\)|<|>|[^\s!=,()<>]+)/y;

function readRequirements(text: string): readonly Requirement[] {
  const tokens = new Tokens(text);
  const requirements: Requirement[] = [];
  if (tokens.peek() === undefined) return requirements;
  for (;;) {
    requirements.push(readRequirement(tokens));
    const next = tokens.take();
    if (next === undefined) return requirements;
    if (next !== ',') throw unreadable(`found '${next}', expected: ',' or end`);
  }
}

function readRequirement(tokens: Tokens): Requirement {
  if (tokens.peek() === '!') {
    tokens.take();
    const key = readKey(tokens);
    return labels => !Object.hasOwn(labels, key);
  }
  const key = readKey(tokens);
  const operator = tokens.peek();
  if (operator === undefined || operator === ',') return labels => Object.hasOwn(labels, key);
  tokens.take();
  switch (operator) {
    case '=':
    case '==': {
      const value = readValue(tokens);
      return labels => labelOf(labels, key) === value;
    }
    case '!=': {
      const value = readValue(tokens);
      return labels => labelOf(labels, key) !== value;
    }
    case 'in': {
      const values = readValues(tokens);
      return labels => values.has(labelOf(labels, key) ?? NONE);
    }
    case 'notin': {
      const values = readValues(tokens);
      return labels => !values.has(labelOf(labels, key) ?? NONE);
    }
    case '<':
    case '>':
    case 'lt':
    case 'gt': {
      const bound = Number.parseInt(readValue(tokens), 10);
      const below = operator === '<' || operator === 'lt';
      if (Number.isNaN(bound)) throw unreadable(`for '${operator}' operators, the value must be an integer`);
      return labels => {
        const value = Number.parseInt(labelOf(labels, key) ?? '', 10);
        return below ? value < bound : value > bound;
      };
    }
    default:
      throw unreadable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/** No value of a label. */
const NONE = '!';

function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function readKey(tokens: Tokens): string {
  const key = tokens.take() ?? '';
  if (!KEY.test(key)) throw unreadable(`found '${key}', expected: identifier`);
  return key;
}

function readValue(tokens: Tokens): string {
  const next = tokens.peek();
  // `a=` asks for the empty value.
  if (next === undefined || next === ',') return '';
  return checked(tokens.take() ?? '');
}

function readValues(tokens: Tokens): ReadonlySet<string> {
  const values = new Set<string>();
  const opening = tokens.take() ?? '';
  if (opening !== '(') throw unreadable(`found '${opening}', expected: '('`);
  for (;;) {
    const next = tokens.peek();
    values.add(next === ',' || next === ')' ? '' : checked(tokens.take() ?? ''));
    const separator = tokens.take() ?? '';
    if (separator === ')') return values;
    if (separator !== ',') throw unreadable(`found '${separator}', expected: ',' or ')'`);
  }
}

function checked(value: string): string {
  if (!VALUE.test(value)) throw unreadable(`found '${value}', expected: identifier`);
  return value;
}

function unreadable(detail: string) {
  return badRequest(`unable to parse requirement: ${detail}`);
}

class Tokens {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) tokens.push(match[1] ?? '');
    this.#tokens = tokens;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  take(): string | undefined {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token;
  }
}
