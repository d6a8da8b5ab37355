{{/* Of every object; "chatcluster-operator" for a release of this name or of the name "chatcluster". */}}
{{- define "operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if or (contains $name .Release.Name) (and (hasPrefix .Release.Name $name) (eq .Release.Name "chatcluster")) -}}
{{- ternary $name .Release.Name (eq .Release.Name "chatcluster") | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* "chatcluster-operator" is fixed: the network policies of chat pods let pods of this name in. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: chatcluster-operator
app.kubernetes.io/instance: {{ include "operator.fullname" . }}
{{- end -}}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "operator.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "operator.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (include "operator.tag" .) -}}
{{- end -}}
{{- end -}}

{{/* Namespaces that are watched, as JSON; empty: all. Says what to write where the values contradict each other. */}}
{{- define "operator.watchNamespaces" -}}
{{- if and (eq .Values.rbac.scope "namespaces") (not .Values.rbac.watchNamespaces) -}}
{{- fail "rbac.scope is \"namespaces\": list them in rbac.watchNamespaces, for example --set rbac.watchNamespaces={chat}" -}}
{{- end -}}
{{- if and (eq .Values.rbac.scope "cluster") .Values.rbac.watchNamespaces -}}
{{- fail "rbac.watchNamespaces is set but rbac.scope is \"cluster\": add --set rbac.scope=namespaces, or leave the list out" -}}
{{- end -}}
{{- .Values.rbac.watchNamespaces | uniq | toJson -}}
{{- end -}}

{{/* Namespaces in which Secrets may be read, as JSON. */}}
{{- define "operator.secretNamespaces" -}}
{{- if eq .Values.rbac.scope "namespaces" -}}
{{- include "operator.watchNamespaces" . -}}
{{- else -}}
{{- .Values.rbac.secretNamespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}
{{- end -}}

{{/* Whether there is a ServiceMonitor: "true" or nothing. */}}
{{- define "operator.hasServiceMonitor" -}}
{{- $mode := .Values.monitoring.serviceMonitor -}}
{{- if or (eq $mode "Enabled") (and (eq $mode "Auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor")) -}}
true
{{- end -}}
{{- end -}}

{{- define "operator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "operator.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/*
How the first ChatCluster is made: "plain", "hook", or not at all (nothing).
Before the first install the API server does not know its kind, and Helm looks up every kind before it makes anything. Helm 4 then makes
it by a hook after the CRD, and takes it over as a plain resource with the next upgrade. Helm 3 would take it over too, but lose
what that upgrade changes; there it is made by an upgrade after the install, as the notes say.
*/}}
{{- define "operator.chatClusterMode" -}}
{{- if .Values.chatCluster.enabled -}}
{{- if .Capabilities.APIVersions.Has "chatcluster.dev/v1beta1/ChatCluster" -}}
plain
{{- else if not (hasPrefix "v3." .Capabilities.HelmVersion.Version) -}}
hook
{{- end -}}
{{- end -}}
{{- end -}}
