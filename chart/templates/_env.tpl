{{/* Settings of the operator, as its config.ts reads them. */}}
{{- define "operator.env" -}}
{{- $name := include "operator.fullname" . -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: ADMIN_PORT
  value: "9090"
- name: IMAGE_PULL_POLICY
  value: {{ .Values.image.pullPolicy }}
- name: LEASE_NAME
  value: {{ $name }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: POSTGRES_IMAGE
  value: {{ .Values.defaults.postgresImage | quote }}
- name: REDIS_IMAGE
  value: {{ .Values.defaults.redisImage | quote }}
- name: SERVER_IMAGE
  value: {{ .Values.defaults.serverImage | quote }}
- name: VERSION
  value: {{ .Values.defaults.version | default (include "operator.tag" .) | quote }}
- name: WATCH_NAMESPACES
  value: {{ include "operator.watchNamespaces" . | fromJsonArray | join "," | quote }}
{{- /* A small heap; what each is for: cdk8s/src/operator/workload.ts. */}}
- name: MALLOC_ARENA_MAX
  value: "2"
- name: MALLOC_MMAP_THRESHOLD_
  value: "131072"
- name: MALLOC_TRIM_THRESHOLD_
  value: "131072"
- name: NODE_OPTIONS
  value: --max-semi-space-size=2
{{- if or (ne $name "chatcluster-operator") (ne .Release.Namespace "chatcluster-system") }}
{{- /* Elsewhere KEDA is told to ask chatcluster-operator.chatcluster-system. */}}
- name: SCALER_URL
  value: {{ printf "http://%s.%s.svc:9090" $name .Release.Namespace | quote }}
{{- end }}
{{- end -}}
