{{/* What the operator does in a namespace whose streams it looks after. */}}
{{- define "imagestream-operator.streamRules" -}}
# Streams: watched; created and extended only by imports of users and of whole repositories.
- apiGroups: [image.openshift.io]
  resources: [imagestreams]
  verbs: [get, list, watch, create, patch]
- apiGroups: [image.openshift.io]
  resources: [imagestreams/status]
  verbs: [patch]
# Imports: answered in place (the kind has no status subresource), removed after a while.
- apiGroups: [image.openshift.io]
  resources: [imagestreamimports]
  verbs: [get, list, watch, patch, delete]
# Pull secrets. RBAC cannot say "of these types" or "metadata alone": this lets the operator read every Secret of its
# scope. It watches the metadata of the two docker types, and reads those of a namespace only when it imports for it.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
# Tells of changes and failures beside the objects that they are about.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Images: created for new digests. Only who sees all streams knows which of them nobody names any more. */}}
{{- define "imagestream-operator.imageRules" -}}
# Images: created for new digests{{ if not .Values.watchNamespaces }}, marked and removed once nothing names them{{ end }}.
- apiGroups: [image.openshift.io]
  resources: [images]
  verbs: [get, list, watch, create, patch{{ if not .Values.watchNamespaces }}, delete{{ end }}]
{{- end }}
