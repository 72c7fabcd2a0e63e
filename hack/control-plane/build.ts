// Makes sure that a real kube-apiserver and etcd are there for e2e and the benches.
import { ensureControlPlane } from './ensure.ts';
import { versionOf } from './parts.ts';

try {
  const { apiServer, etcd } = await ensureControlPlane(line => console.log(line));
  console.log(`kube-apiserver ${versionOf(apiServer)} ${apiServer}\netcd ${versionOf(etcd)} ${etcd}`);
} catch (error) {
  console.error(`hack/control-plane/build.ts: ${Error.isError(error) ? error.message : String(error)}`);
  process.exitCode = 1;
}
