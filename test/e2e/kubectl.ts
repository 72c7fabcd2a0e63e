import { kubectlBinary } from '../../hack/tools/parts.ts';
import { createTool, type Tool } from './tool.ts';

export type Kubectl = Tool;

export function createKubectl(kubeconfig: () => string): Kubectl {
  return createTool({ name: 'kubectl', binary: kubectlBinary, kubeconfig });
}
