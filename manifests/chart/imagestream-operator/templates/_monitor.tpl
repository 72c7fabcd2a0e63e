{{/* One endpoint of a ServiceMonitor or PodMonitor, with the values of that monitor. */}}
{{- define "imagestream-operator.endpoint" -}}
- port: metrics
  path: /metrics
  {{- with .interval }}
  interval: {{ . }}
  {{- end }}
  {{- with .scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- with .relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Metadata of an object of monitoring, with its values: `list $ .Values.serviceMonitor`. */}}
{{- define "imagestream-operator.monitoringMetadata" -}}
{{- $root := index . 0 }}
{{- $values := index . 1 }}
namespace: {{ default $root.Release.Namespace $values.namespace | toYaml }}
labels:
  {{- include "imagestream-operator.labelsAnd" (list $root $values.labels) | nindent 2 }}
{{- with $values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
