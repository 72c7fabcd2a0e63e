import type { Cluster } from './control-plane.ts';
import { OPERATOR, type Operators } from './operator.ts';

/** What a node would do: runs the operator once there is a ServiceAccount for it. */
export class Deployed {
  readonly #cluster: Cluster;
  readonly #operators: Operators;
  readonly #registries: () => readonly object[];
  #runs = false;

  /** `registries` are entries of its registries file. */
  constructor(cluster: Cluster, operators: Operators, registries: () => readonly object[]) {
    this.#cluster = cluster;
    this.#operators = operators;
    this.#registries = registries;
  }

  /** Looks, and starts it when it is time. */
  async follow(): Promise<void> {
    if (this.#runs || !(await this.#isInstalled())) return;
    this.#runs = true;
    const operator = await this.#operators.start({ registries: this.#registries() });
    await operator.says('Working');
  }

  async #isInstalled(): Promise<boolean> {
    const account = ['get', 'serviceaccount', OPERATOR, '--namespace', OPERATOR, '--output=name'];
    return (await this.#cluster.kubectl.run(account)).status === 0;
  }
}
