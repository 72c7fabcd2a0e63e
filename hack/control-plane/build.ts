// Makes sure that a real kube-apiserver and etcd are there for e2e and the benches.
import { ensureControlPlane, versionLine } from './parts.ts';

try {
  const { apiServer, etcd } = ensureControlPlane(line => console.log(line));
  console.log(`${versionLine(apiServer)}\n${versionLine(etcd)}`);
} catch (error) {
  console.error(`hack/control-plane/build.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}
