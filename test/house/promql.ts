import { parser } from '@prometheus-io/lezer-promql';
import type { KnownMetrics } from './known-metrics.ts';

type Node = ReturnType<typeof parser.parse>['topNode'];
type Labels = ReadonlySet<string>;

/** What is wrong with a query, and the labels that its result has. */
export interface Reading {
  readonly faults: readonly string[];
  readonly labels: Labels;
}

/**
 * Holds a PromQL query against the metrics there are: every metric is one of them, and every label that is matched,
 * grouped or joined by is one that the metrics there have. Prometheus itself would answer with silence.
 */
export function readQuery(query: string, known: KnownMetrics): Reading {
  const faults: string[] = [];
  const labels = new QueryReader(query, known, faults).labelsOf(parser.parse(query).topNode);
  return { faults, labels };
}

const NO_LABELS: Labels = new Set();
/** Functions that make sense of what only ever grows, and of nothing else. */
const OF_COUNTERS = new Set(['rate', 'irate', 'increase', 'resets']);
/** Functions whose result has no labels, whatever they are given. */
const WITHOUT_LABELS = new Set(['absent', 'absent_over_time', 'scalar', 'vector', 'time']);
const SET_OPERATORS = new Set(['And', 'Or', 'Unless']);

class QueryReader {
  readonly #query: string;
  readonly #known: KnownMetrics;
  readonly #faults: string[];

  constructor(query: string, known: KnownMetrics, faults: string[]) {
    this.#query = query;
    this.#known = known;
    this.#faults = faults;
  }

  labelsOf(node: Node): Labels {
    if (node.type.isError) this.#fault(`cannot be read at "${this.#query.slice(node.from, node.from + 20)}"`);
    switch (node.name) {
      case 'VectorSelector':
        return this.#selected(node);
      case 'AggregateExpr':
        return this.#aggregated(node);
      case 'BinaryExpr':
        return this.#combined(node);
      case 'FunctionCall':
        return this.#called(node);
      default:
        return union(childrenOf(node).map(child => this.labelsOf(child)));
    }
  }

  #selected(node: Node): Labels {
    const name = this.#text(node.getChild('Identifier'));
    const metric = this.#known.get(name);
    if (metric === undefined) {
      this.#fault(`"${name}" is no metric`);
      return NO_LABELS;
    }
    for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
      const label = this.#text(matcher.getChild('LabelName'));
      const values = metric.labels.get(label);
      if (values === undefined) this.#fault(`"${name}" has no label "${label}"`);
      else if (values !== 'any') this.#checkValue(matcher, `${name}{${label}}`, values);
    }
    // What cannot be read in a selector is below it.
    for (const child of childrenOf(node)) this.labelsOf(child);
    return new Set(metric.labels.keys());
  }

  #checkValue(matcher: Node, what: string, values: readonly string[]): void {
    const wanted = this.#text(matcher.getChild('StringLiteral')).slice(1, -1);
    const operator = this.#text(matcher.getChild('MatchOp'));
    const alternatives = operator.includes('~') ? wanted.split('|') : [wanted];
    for (const one of alternatives) {
      const fits = operator.includes('~') ? (value: string) => new RegExp(`^(?:${one})$`).test(value) : undefined;
      if (!values.some(value => fits?.(value) ?? value === one)) this.#fault(`${what} is never "${one}"`);
    }
  }

  #aggregated(node: Node): Labels {
    const inner = this.#argumentsOf(node);
    const modifier = node.getChild('AggregateModifier');
    const named = this.#names(modifier?.getChild('GroupingLabels'));
    this.#mustHave(inner, named, 'groups');
    if (modifier?.getChild('Without')) return new Set([...inner].filter(label => !named.includes(label)));
    // topk and bottomk choose among series, and leave them as they are.
    if (modifier === null) return /^(top|bottom)k/.test(this.#text(node)) ? inner : NO_LABELS;
    return new Set(named);
  }

  #combined(node: Node): Labels {
    const operands = childrenOf(node).filter(({ name }) => /Expr$|Selector$|FunctionCall$|Literal$/.test(name));
    const [left = NO_LABELS, right = NO_LABELS] = operands.map(operand => this.labelsOf(operand));
    for (const child of childrenOf(node)) if (!operands.includes(child)) this.labelsOf(child);
    if (node.getChild('Or')) return union([left, right]);
    const clause = node.getChild('MatchingModifierClause');
    const isSetOperation = childrenOf(node).some(({ name }) => SET_OPERATORS.has(name));
    const isOn = clause?.getChild('On') != null;
    const [matched, included] = clause?.getChildren('GroupingLabels') ?? [];
    const names = this.#names(matched);
    if (isOn) for (const side of [left, right]) this.#mustHave(side, names, 'matches');
    if (isSetOperation) return left;
    // Beside a number there is nothing to match.
    if (right.size === 0) return left;
    if (left.size === 0) return right;
    if (clause?.getChild('GroupLeft')) return union([left, new Set(this.#names(included))]);
    if (clause?.getChild('GroupRight')) return union([right, new Set(this.#names(included))]);
    if (clause != null) return isOn ? new Set(names) : new Set([...left].filter(label => !names.includes(label)));
    if (!sameLabels(left, right)) this.#fault('both sides of an operator must have the same labels');
    return left;
  }

  #called(node: Node): Labels {
    const name = this.#text(node.getChild('FunctionIdentifier'));
    const inner = this.#argumentsOf(node);
    if (OF_COUNTERS.has(name)) this.#mustCount(node, name);
    if (WITHOUT_LABELS.has(name)) return NO_LABELS;
    if (name !== 'histogram_quantile') return inner;
    this.#mustHave(inner, ['le'], 'takes quantiles');
    return new Set([...inner].filter(label => label !== 'le'));
  }

  #mustCount(node: Node, name: string): void {
    const metric = this.#text(
      node.getChild('FunctionCallBody')?.getChild('MatrixSelector')?.getChild('VectorSelector'),
    );
    const type = this.#known.get(/^\w*/.exec(metric)?.[0] ?? '')?.type;
    if (type !== 'counter') this.#fault(`${name}() is for counters, and "${metric}" is none`);
  }

  #mustHave(labels: Labels, wanted: readonly string[], what: string): void {
    for (const label of wanted) if (!labels.has(label)) this.#fault(`${what} by "${label}", which is not there`);
  }

  #argumentsOf(node: Node): Labels {
    const body = node.getChild('FunctionCallBody');
    return body === null ? NO_LABELS : this.labelsOf(body);
  }

  #names(list: Node | null | undefined): readonly string[] {
    return list?.getChildren('LabelName').map(name => this.#text(name)) ?? [];
  }

  #text(node: Node | null | undefined): string {
    return node == null ? '' : this.#query.slice(node.from, node.to);
  }

  #fault(text: string): void {
    this.#faults.push(text);
  }
}

function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function union(sets: readonly Labels[]): Labels {
  return new Set(sets.flatMap(set => [...set]));
}

function sameLabels(a: Labels, b: Labels): boolean {
  return a.size === b.size && [...a].every(label => b.has(label));
}
