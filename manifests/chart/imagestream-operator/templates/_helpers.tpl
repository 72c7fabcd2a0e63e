{{- define "imagestream-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the objects: that of the release, which says what it is of. */}}
{{- define "imagestream-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- $name := include "imagestream-operator.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- $full | trunc 48 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
Name of what is not in a namespace. An operator for some namespaces is likely to be one of several, which may be of
releases of the same name.
*/}}
{{- define "imagestream-operator.clusterName" -}}
{{- $full := include "imagestream-operator.fullname" . }}
{{- ternary (printf "%s-%s" $full .Release.Namespace) $full (not (empty .Values.watchNamespaces)) }}
{{- end }}

{{- define "imagestream-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "imagestream-operator.name" . | toYaml }}
app.kubernetes.io/instance: {{ .Release.Name | toYaml }}
{{- end }}

{{- define "imagestream-operator.labels" -}}
{{- include "imagestream-operator.labelsAnd" (list . dict) }}
{{- end }}

{{/* Labels of an object with more of its own: `list $ .Values.service.labels`. */}}
{{- define "imagestream-operator.labelsAnd" -}}
{{- $root := index . 0 }}
{{- $chart := printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- $labels := include "imagestream-operator.selectorLabels" $root | fromYaml }}
{{- $_ := set $labels "app.kubernetes.io/version" $root.Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $labels "helm.sh/chart" $chart }}
{{- include "imagestream-operator.merged" (list $labels (index . 1) $root.Values.labels) }}
{{- end }}

{{/* One of several sets of labels: of a name that is in two of them the first one's value counts. */}}
{{- define "imagestream-operator.merged" -}}
{{- $merged := dict }}
{{- range reverse . }}
{{- $merged = mergeOverwrite $merged (default dict .) }}
{{- end }}
{{- toYaml $merged }}
{{- end }}

{{- define "imagestream-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "imagestream-operator.fullname" .) .Values.serviceAccount.name | toYaml }}
{{- else }}
{{- required "serviceAccount.name: expected the name of one that is there, since serviceAccount.create is false" .Values.serviceAccount.name | toYaml }}
{{- end }}
{{- end }}

{{/* The ServiceAccount, as a subject of a binding. */}}
{{- define "imagestream-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "imagestream-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace | toYaml }}
{{- end }}

{{- define "imagestream-operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Name and key of the ConfigMap with the registries file, as JSON; nothing when there is none. */}}
{{- define "imagestream-operator.registriesFile" -}}
{{- $from := .Values.registriesFileFrom }}
{{- if and .Values.registriesFile $from.configMap }}
{{- fail "registriesFile and registriesFileFrom.configMap: expected one of them" }}
{{- else if .Values.registriesFile }}
{{- dict "name" (printf "%s-registries" (include "imagestream-operator.fullname" .)) "key" "registries.yaml" | toJson }}
{{- else if $from.configMap }}
{{- dict "name" $from.configMap "key" $from.key | toJson }}
{{- end }}
{{- end }}

{{/* Bytes of a quantity, such as 512Mi. */}}
{{- define "imagestream-operator.bytes" -}}
{{- $text := toString . }}
{{- $factors := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "" 1 }}
{{- $factor := get $factors (regexReplaceAll "^[0-9.e+]+" $text "") }}
{{- if not $factor }}
{{- fail (printf "resources.limits.memory: %q: expected a number with Ki, Mi, Gi, k, M, G or nothing after it, or set heapMiB" $text) }}
{{- end }}
{{- mulf (float64 (regexFind "^[0-9.e+]+" $text)) $factor }}
{{- end }}

{{/* The limit of the heap in MiB; nothing when there is none. */}}
{{- define "imagestream-operator.heapMiB" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources }}
{{- if .Values.heapMiB }}
{{- int64 .Values.heapMiB }}
{{- else if $limit }}
{{- divf (mulf (float64 (include "imagestream-operator.bytes" $limit)) 0.625) 1048576 | floor | int64 }}
{{- end }}
{{- end }}

{{/* Environment variables, those of extraEnv in place of own ones of the same name. */}}
{{- define "imagestream-operator.env" -}}
{{- $theirs := list }}
{{- range .Values.extraEnv }}
{{- $theirs = append $theirs .name }}
{{- end }}
{{- $heap := include "imagestream-operator.heapMiB" . }}
{{- if and $heap (not (has "NODE_OPTIONS" $theirs)) }}
# Leaves room below the memory limit for what is not on the heap.
- name: NODE_OPTIONS
  value: --max-old-space-size={{ $heap }}
{{- end }}
{{- range $name, $value := dict "HTTPS_PROXY" .Values.proxy.https "HTTP_PROXY" .Values.proxy.http "NO_PROXY" .Values.proxy.noProxy }}
{{- if and $value (not (has $name $theirs)) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What stands on the command line of the operator. */}}
{{- define "imagestream-operator.args" -}}
- operator
- --metrics-address=:{{ .Values.metrics.port }}
- --health-address=:{{ .Values.health.port }}
{{- with .Values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
{{- end }}
{{- with .Values.defaultPullSecret }}
- {{ printf "--default-pull-secret=%s" . | toYaml }}
{{- end }}
{{- if include "imagestream-operator.registriesFile" . }}
- --registries-file=/etc/imagestream-operator/registries.yaml
{{- end }}
{{- range $name, $value := .Values.options }}
{{- if kindIs "float64" $value }}
- --{{ kebabcase $name }}={{ int64 $value }}
{{- else if and (eq $name "images") (kindIs "bool" $value) }}
- --images={{ ternary "on" "off" $value }}
{{- else if ne (toString $value) "" }}
- {{ printf "--%s=%v" (kebabcase $name) $value | toYaml }}
{{- end }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Whether Image objects are kept. */}}
{{- define "imagestream-operator.keepsImages" -}}
{{- if has (toString .Values.options.images) (list "on" "true" "") }}yes{{ end }}
{{- end }}
